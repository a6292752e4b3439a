"""What one broker account holds at one `snapshotDate` (contract 4)."""

from decimal import Decimal
from typing import NamedTuple

from gateway_backend.domain.shared.money import ZERO, tidy


class Leg(NamedTuple):
    """A quantity of shares and what one cost on average; a price of zero means the broker does not know it."""

    quantity: Decimal = ZERO
    average_price: Decimal = ZERO


class Security(NamedTuple):
    isin: str | None
    name: str
    nse_ticker: str | None
    bse_ticker: str | None
    demat: Leg
    nse: Leg = Leg()
    bse: Leg = Leg()
    transactable: Decimal = ZERO
    in_smallcases: Decimal = ZERO
    collateral: Decimal = ZERO
    suspended_on_nse: bool = False
    suspended_on_bse: bool = False


class MutualFund(NamedTuple):
    isin: str | None
    name: str
    folio: str | None
    units: Decimal
    average_price: Decimal


class Portfolio(NamedTuple):
    version: str
    securities: tuple[Security, ...]
    mutual_funds: tuple[MutualFund, ...]

    @property
    def size(self) -> int:
        """How many securities and fund folios are held."""
        return len(self.securities) + len(self.mutual_funds)

    def quantities(self) -> list[tuple[str, ...]]:
        """What is held, without what it is worth: comparable between two answers moments apart."""
        securities = [
            (s.isin or "", s.nse_ticker or "", *(str(tidy(leg.quantity)) for leg in (s.demat, s.nse, s.bse)))
            for s in self.securities
        ]
        return sorted(
            [*securities, *((f.isin or f.name, f.folio or "", str(tidy(f.units))) for f in self.mutual_funds)]
        )


class AccountPortfolio(NamedTuple):
    account_id: str
    broker: str
    portfolio: Portfolio
