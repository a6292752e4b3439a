"""Note what Gateway recommends for an investment: a rebalance, a repair, an instalment (contract 3.1)."""

import re

from gateway_backend.domain.shared.errors import GatewayForbidden, GatewayRefused
from gateway_backend.store.webhooks.receipts import Receipt
from gateway_backend.usecases.connections.fetch_recommendation import fetch_recommendation
from gateway_backend.usecases.holdings.import_holdings import diagnose_forbidden
from gateway_backend.usecases.webhooks.webhook_context import Quarantine, WebhookContext, parse_receipt_body

_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")


def record_pending_action(receipt: Receipt, context: WebhookContext) -> str:
    """The webhook only says which investment to ask about: the action is Gateway's word when asked (contract 2.8)."""
    sync = context.sync
    account = sync.accounts.find(receipt.account_id or "")
    if account is None:
        raise Quarantine("UNKNOWN_ACCOUNT")
    iscid = parse_receipt_body(receipt, context).get("iscid")
    if not isinstance(iscid, str) or not _IDENTIFIER.fullmatch(iscid):
        raise Quarantine("ISCID_UNREADABLE")
    try:
        return "CONFIRMED" if fetch_recommendation(account.id, iscid, sync) else "NOTHING_PENDING"
    except GatewayForbidden as error:
        if isinstance(told := diagnose_forbidden(error, account, sync.now, sync.gateway), GatewayForbidden):
            return "NEEDS_LOGIN"
        raise told from None
    except GatewayRefused:
        raise Quarantine("UNKNOWN_TO_GATEWAY") from None
