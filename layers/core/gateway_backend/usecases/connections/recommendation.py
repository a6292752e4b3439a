"""Fetch what Gateway recommends for an investment in a smallcase, and record it on the connection (contract 2.8)."""

from gateway_backend.contracts.connections.gateway_investment import Investment
from gateway_backend.contracts.shared.gateway_model import parse_response
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import PendingAction
from gateway_backend.domain.shared.errors import GatewayRefused
from gateway_backend.usecases.contexts import SyncContext


def fetch_recommendation(connection: Connection, iscid: str, context: SyncContext) -> bool:
    """Whether anything is recommended.

    Raises: GatewayRefused, also for an answer about another investment; what else the client raises.
    """
    investment = parse_response(Investment, context.gateway.investment(connection.id, iscid, context.now))
    if investment.iscid != iscid:
        raise GatewayRefused
    action = None
    if investment.action:
        action = PendingAction(iscid, investment.action, context.now, investment.scid, investment.name)
    context.connections.update(connection, lambda stored: stored.record_recommendation(iscid, action))
    return action is not None
