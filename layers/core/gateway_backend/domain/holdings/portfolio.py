"""What one broker account holds at one `snapshotDate` (contract 4)."""

from decimal import Decimal
from typing import NamedTuple

from gateway_backend.domain.shared.money import ZERO, is_dust, rounded_off


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


class UnreadableRow(NamedTuple):
    """A holding of which Gateway's quantity cannot be read, with what is known of it."""

    isin: str | None = None
    name: str | None = None
    nse_ticker: str | None = None
    bse_ticker: str | None = None
    folio: str | None = None
    is_fund: bool = False


class Portfolio(NamedTuple):
    version: str
    securities: tuple[Security, ...]
    mutual_funds: tuple[MutualFund, ...]
    unreadable: tuple[UnreadableRow, ...] = ()

    @property
    def size(self) -> int:
        """How many securities and fund folios are held; what cannot be read counts, what is zero, or dust, does not."""
        held = sum(not all(is_dust(leg.quantity) for leg in (s.demat, s.nse, s.bse)) for s in self.securities)
        return held + sum(not is_dust(fund.units) for fund in self.mutual_funds) + len(self.unreadable)

    def quantities(self) -> list[tuple[str, ...]]:
        """What is held, without what it is worth: comparable between two answers moments apart."""
        securities = [
            (s.isin or "", s.nse_ticker or "", *(rounded_off(leg.quantity) for leg in (s.demat, s.nse, s.bse)))
            for s in self.securities
        ]
        funds = [(f.isin or f.name, f.folio or "", rounded_off(f.units)) for f in self.mutual_funds]
        unreadable = [tuple(str(member or "") for member in row) for row in self.unreadable]
        return sorted([*securities, *funds, *unreadable])


class AccountPortfolio(NamedTuple):
    """What an account holds, or what a mutual fund statement says: then `transaction_id` imported it."""

    account_id: str
    broker: str
    portfolio: Portfolio
    transaction_id: str | None = None
