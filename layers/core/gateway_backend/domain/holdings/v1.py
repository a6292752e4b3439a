"""The v1 form of a v2 portfolio, with v1's own limits (contract 4.1)."""

from typing import Any

from gateway_backend.domain.holdings.consolidate import cost
from gateway_backend.domain.holdings.portfolio import Portfolio
from gateway_backend.domain.shared.money import ZERO, net


def v1_securities(portfolio: Portfolio) -> dict[str, Any]:
    """The v1 `securities` member of a v2 portfolio, with v1's own limits (contract 4.1).

    Positions are folded into shares, smallcase shares are left out, and stocks listed on BSE only do not appear.
    """
    holdings = []
    for security in portfolio.securities:
        legs = [security.demat, security.nse, security.bse]
        shares = net([*(leg.quantity for leg in legs), -security.in_smallcases])
        if security.nse_ticker is None or not shares:
            continue
        average, _ = cost(legs)
        holdings.append(
            {
                "name": security.name,
                "ticker": security.nse_ticker,
                "averagePrice": average or ZERO,
                "shares": shares,
            }
        )
    return {"holdings": holdings}
