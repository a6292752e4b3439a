"""A v2 portfolio served in the form of v1."""

from decimal import Decimal

from gateway_backend.domain.holdings.portfolio import Portfolio
from gateway_backend.domain.holdings.v1 import v1_securities
from testing.builders import leg, security


def test_a_v2_portfolio_served_as_v1_has_the_limits_of_v1() -> None:
    held = (
        security(quantity=10, in_smallcases=Decimal(3), nse=leg(2, "60"), bse=leg(-1)),
        security("INE2", nse_ticker=None, bse_ticker="BSEONLY"),
        security("INE3", nse_ticker="ALLIN", quantity=5, in_smallcases=Decimal(5)),
    )

    assert v1_securities(Portfolio("v2", held, ())) == {
        "holdings": [
            {
                "name": "Punjab National Bank",
                "ticker": "PNB",
                "averagePrice": Decimal("51.66666667"),
                "shares": Decimal(8),
            }
        ]
    }


def test_what_binary_noise_leaves_beside_smallcases_is_not_shown() -> None:
    held = security(quantity=0.1 + 0.2, in_smallcases=Decimal("0.3"))

    assert v1_securities(Portfolio("v2", (held,), ())) == {"holdings": []}
