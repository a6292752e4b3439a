"""Every error that a function can answer with is declared at its route."""

import pytest

from gateway_backend.domain.shared import errors
from gateway_backend.domain.shared.errors import DomainError
from ops.api_reference.route import Route
from ops.api_reference.routes import ROUTES
from testing import reach
from testing.template import CHECKOUT

GATEWAY_CALLED = {"GatewayUnavailable", "GatewayTimeout", "GatewayRefused", "GatewayForbidden"}
"""What can go wrong in a call of Gateway; a read that makes such a call answers with what is stored."""
TOKEN_OF_GATEWAY = {"SdkTokenInvalid", "SdkTokenExpired"}
"""Raised for a token in Gateway's own answer, too, and then turned into GatewayUnavailable."""
LINKING = {"ConnectionWithdrawn", "AccountMismatch", "AccountOfAnotherUser"}
"""Stored with the transaction, which a read gives as it is."""
STAYS_INSIDE = {
    "get_transaction": GATEWAY_CALLED | TOKEN_OF_GATEWAY | LINKING,
    "get_order": GATEWAY_CALLED | TOKEN_OF_GATEWAY | LINKING,
    # An account that is unlinked meanwhile need not be.
    "erase_user_data": {"NotFound"},
    "complete_transaction": GATEWAY_CALLED,
    # An opening moves no money, so that its key is never left in doubt.
    "create_account_opening": {"OutcomeUnknown"},
    # What it starts is an import, never an order.
    "request_refresh": {"OutcomeUnknown", "OrderIsFinal"} | TOKEN_OF_GATEWAY,
    # An account that is unlinked meanwhile is left out.
    "get_holdings": {"NotFound"},
    "get_holding_changes": {"NotFound"},
    "export_holdings": {"NotFound"},
}
"""Function -> errors that its code raises somewhere and no caller can receive."""


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.function)
def test_every_error_that_the_code_can_raise_is_declared(route: Route) -> None:
    raised = reach.errors_raised(CHECKOUT / "functions" / route.function / "app.py")
    raised -= {"RequestInvalid"} if route.body is None and not route.query else set()  # bodies are decoded for all
    assert raised - {kind.__name__ for kind in route.problems} == STAYS_INSIDE.get(route.function, set())


def test_every_error_that_an_app_can_receive_is_declared() -> None:
    listed = {kind for route in ROUTES for kind in route.problems}
    everything = {
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, DomainError) and kind is not DomainError
    }
    only_inside = {errors.NotYet, errors.MessageUnreadable, errors.GatewayKeysRefused}
    assert everything - listed - only_inside == set()
