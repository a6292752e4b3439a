"""Ask what Gateway recommends for an investment in a smallcase, and note it on the connection (contract 2.8)."""

from gateway_backend.contracts.gateway_wire import fit
from gateway_backend.contracts.investment_wire import Investment
from gateway_backend.domain.accounts import PendingAction
from gateway_backend.domain.errors import GatewayRefused
from gateway_backend.usecases.settling import Settling


def ask_recommendation(account_id: str, iscid: str, tools: Settling) -> bool:
    """Is anything recommended? Raises: GatewayRefused, also for an answer about another investment, and its kin."""
    investment = fit(Investment, tools.gateway.investment(account_id, iscid, tools.now))
    if investment.iscid != iscid:
        raise GatewayRefused
    action = None
    if investment.action:
        action = PendingAction(iscid, investment.action, tools.now, investment.scid, investment.name)
    tools.accounts.note_pending(account_id, iscid, action)
    return action is not None
