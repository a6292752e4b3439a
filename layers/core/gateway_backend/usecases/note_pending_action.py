"""Note what Gateway recommends for an investment: a rebalance, a repair, an instalment (contract 3.1)."""

import re

from gateway_backend.domain.errors import GatewayForbidden, GatewayRefused
from gateway_backend.store.receipts import Receipt
from gateway_backend.usecases.applying import Applying, Quarantine, body_of
from gateway_backend.usecases.ask_recommendation import ask_recommendation
from gateway_backend.usecases.import_holdings import explained

_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")


def note_pending_action(receipt: Receipt, tools: Applying) -> str:
    """The webhook only says which investment to ask about: the action is Gateway's word when asked (contract 2.8)."""
    settling = tools.settling
    account = settling.accounts.find(receipt.account_id or "")
    if account is None:
        raise Quarantine("UNKNOWN_ACCOUNT")
    iscid = body_of(receipt, tools).get("iscid")
    if not isinstance(iscid, str) or not _IDENTIFIER.fullmatch(iscid):
        raise Quarantine("ISCID_UNREADABLE")
    try:
        return "CONFIRMED" if ask_recommendation(account.id, iscid, settling) else "NOTHING_PENDING"
    except GatewayForbidden as error:
        if isinstance(told := explained(error, account, settling.now, settling.gateway), GatewayForbidden):
            return "NEEDS_LOGIN"
        raise told from None
    except GatewayRefused:
        raise Quarantine("UNKNOWN_TO_GATEWAY") from None
