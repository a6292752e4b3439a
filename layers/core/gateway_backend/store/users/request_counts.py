"""`REQUESTS#<hash of sub>` / `<kind>#<minute>`: how many requests a user has made; TTL of an hour.

The key has a hash, so that nothing of the user is left to erase.
"""

import hashlib
from datetime import datetime, timedelta

from gateway_backend.domain.shared import times
from gateway_backend.domain.users.request_budget import Budgeted, minute_of
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import Update

_KEPT = timedelta(hours=1)


class RequestCounts:
    def __init__(self, table: Table) -> None:
        self._table = table

    def count(self, user: str, kind: Budgeted, now: datetime) -> int:
        """Count one more; how many that are in this minute."""
        pk = f"REQUESTS#{hashlib.sha256(user.encode()).hexdigest()[:32]}"
        values = {"one": 1, "end": int((now + _KEPT).timestamp())}
        sk = f"{kind}#{times.to_key(minute_of(now))}"
        item = self._table.update(Update(pk, sk, "ADD #requests :one SET #expiresAt = :end", values))
        return int(item["requests"])
