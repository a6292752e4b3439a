"""A page of accounts to refresh, as it travels through the queue."""

import json

from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import MessageUnreadable


def encode_page(page: RefreshPage) -> str:
    body = {
        "close": times.to_text(page.close),
        "round": page.round,
        "attempt": page.attempt,
        "accounts": page.account_ids,
    }
    return json.dumps(body, separators=(",", ":"))


def parse_page(message: str) -> RefreshPage:
    """Raises: MessageUnreadable."""
    try:
        body = json.loads(message)
        close, accounts = times.parse(body["close"]), tuple(body["accounts"])
        counts = [body["attempt"], body.get("round", 0)]
    except (ValueError, KeyError, TypeError):
        raise MessageUnreadable("The message is no page of accounts") from None
    if not all(type(n) is int and n >= 0 for n in counts) or not all(isinstance(account, str) for account in accounts):
        raise MessageUnreadable("The page's attempt or accounts are not what they should be")
    return RefreshPage(close, accounts, *counts)
