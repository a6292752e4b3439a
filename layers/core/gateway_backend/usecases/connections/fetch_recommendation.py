"""Ask what Gateway recommends for an investment in a smallcase, and note it on the connection (contract 2.8)."""

from gateway_backend.contracts.connections.gateway_investment import Investment
from gateway_backend.contracts.transactions.gateway_details import parse_response
from gateway_backend.domain.connections.connection import PendingAction
from gateway_backend.domain.shared.errors import GatewayRefused
from gateway_backend.usecases.transactions.sync_context import SyncContext


def fetch_recommendation(account_id: str, iscid: str, context: SyncContext) -> bool:
    """Is anything recommended? Raises: GatewayRefused, also for an answer about another investment, and its kin."""
    investment = parse_response(Investment, context.gateway.investment(account_id, iscid, context.now))
    if investment.iscid != iscid:
        raise GatewayRefused
    action = None
    if investment.action:
        action = PendingAction(iscid, investment.action, context.now, investment.scid, investment.name)
    context.accounts.note_pending(account_id, iscid, action)
    return action is not None
