"""Average prices that Gateway gave once and gives as zero now: a price of zero is unknown (contract 4.2).

The known price of a holding stays while its quantity does. It stands beside Gateway's own text, which is kept as it is.
"""

from collections import Counter
from collections.abc import Mapping
from copy import replace
from decimal import Decimal
from typing import NamedTuple

from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import Leg, MutualFund, Portfolio, Security
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.money import nearly_equal

type KnownPrices = Mapping[str, Decimal]
"""Which holding of a portfolio -> its average price in rupees."""


class StoredPortfolio(NamedTuple):
    """Gateway's own JSON text of a portfolio, and the prices that it lacks."""

    text: str
    known_prices: KnownPrices

    def parse(self) -> Portfolio:
        portfolio = parse_portfolio(exact_json.loads(self.text))
        return fill_prices(portfolio, self.known_prices) if self.known_prices else portfolio


def lacks_prices(portfolio: Portfolio) -> bool:
    return any(quantity and not price for _, quantity, price in _holdings(portfolio))


def keep_prices(last: Portfolio, portfolio: Portfolio) -> KnownPrices:
    """The last portfolio's prices of what is held in the same quantity now and has none.

    Of two rows of one name, two lots perhaps, nobody can tell which price is whose.
    """
    before, after = _holdings(last), _holdings(portfolio)
    ambiguous = _repeated(before) | _repeated(after)
    known = {name: (quantity, price) for name, quantity, price in before if price and name not in ambiguous}
    return {
        name: known[name][1]
        for name, quantity, price in after
        if quantity and not price and name in known and nearly_equal(known[name][0], quantity)
    }


def fill_prices(portfolio: Portfolio, prices: KnownPrices) -> Portfolio:
    """The portfolio with these prices where it has none."""

    def filled(leg: Leg, name: str) -> Leg:
        return leg if leg.average_price else replace(leg, average_price=prices.get(name, leg.average_price))

    securities = tuple(
        replace(
            security,
            demat=filled(security.demat, _name(security, "demat")),
            nse=filled(security.nse, _name(security, "nse")),
            bse=filled(security.bse, _name(security, "bse")),
        )
        for security in portfolio.securities
    )
    funds = tuple(
        fund if fund.average_price else replace(fund, average_price=prices.get(_fund_name(fund), fund.average_price))
        for fund in portfolio.mutual_funds
    )
    return replace(portfolio, securities=securities, mutual_funds=funds)


def _holdings(portfolio: Portfolio) -> list[tuple[str, Decimal, Decimal]]:
    """(which one, quantity, average price)."""
    legs = [
        (_name(security, place), leg.quantity, leg.average_price)
        for security in portfolio.securities
        for place, leg in (("demat", security.demat), ("nse", security.nse), ("bse", security.bse))
    ]
    return [*legs, *((_fund_name(fund), fund.units, fund.average_price) for fund in portfolio.mutual_funds)]


def _repeated(holdings: list[tuple[str, Decimal, Decimal]]) -> set[str]:
    return {name for name, times in Counter(name for name, _, _ in holdings).items() if times > 1}


def _name(security: Security, place: str) -> str:
    return f"{security.isin or security.nse_ticker or security.bse_ticker or security.name}/{place}"


def _fund_name(fund: MutualFund) -> str:
    return f"{fund.isin or fund.name}/{fund.folio or ''}/units"
