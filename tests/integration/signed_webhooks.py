"""Webhooks as Gateway signs them (contract 3.2), made here so that a test can vary every member."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from testing.portfolios import holding

API_SECRET = "sandbox-api-secret-not-a-real-one"


def instant(ago: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) - ago).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signed(body: dict[str, Any], subject: str, secret: str = API_SECRET) -> dict[str, Any]:
    text = body["timestamp"] + body[subject]
    return body | {"checksum": hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()}


def holdings_webhook(account_id: str, transaction_id: str, **changed: Any) -> dict[str, Any]:
    body = {
        "securities": [json.loads(holding(1))],
        "smallcases": {"public": [], "private": {}},
        "updating": False,
        "lastUpdate": instant(),
        "snapshotDate": instant(timedelta(minutes=5)),
        "smallcaseAuthId": account_id,
        "broker": "groww",
        "transactionId": transaction_id,
        "timestamp": instant(),
    }
    return signed(body | changed, "smallcaseAuthId")
