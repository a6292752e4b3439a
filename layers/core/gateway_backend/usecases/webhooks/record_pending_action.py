"""Record what Gateway recommends for an investment: a rebalance, a repair, an instalment (contract 3.1)."""

import re

from gateway_backend.domain.shared.errors import GatewayForbidden, GatewayRefused
from gateway_backend.domain.webhooks.receipt import Receipt
from gateway_backend.usecases.connections.recommendation import fetch_recommendation
from gateway_backend.usecases.contexts import WebhookContext
from gateway_backend.usecases.holdings.import_holdings import diagnose_forbidden
from gateway_backend.usecases.webhooks.confirmation import Quarantine, parse_receipt_body, unknown_to_gateway

_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")


def record_pending_action(receipt: Receipt, context: WebhookContext) -> str:
    """The webhook only names the investment: the action is what Gateway answers about it (contract 2.8)."""
    connection = context.sync.connections.find(receipt.account_id or "")
    if connection is None:
        raise Quarantine("UNKNOWN_ACCOUNT")
    iscid = parse_receipt_body(receipt, context).get("iscid")
    if not isinstance(iscid, str) or not _IDENTIFIER.fullmatch(iscid):
        raise Quarantine("ISCID_UNREADABLE")
    try:
        return "CONFIRMED" if fetch_recommendation(connection, iscid, context.sync) else "NOTHING_PENDING"
    except GatewayForbidden as error:
        cause = diagnose_forbidden(error, connection, context.sync.pull)
        if isinstance(cause, GatewayForbidden):
            return "NEEDS_LOGIN"
        raise cause from None
    except GatewayRefused:
        raise unknown_to_gateway(context) from None
