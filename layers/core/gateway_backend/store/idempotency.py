"""Idempotency keys of requests that create: `IDEMPOTENCY#<key>` / `REQUEST`.

A key is promised to one request (user and content). While that runs, a second one waits; when it fails the key is free
again; once it has created something, the same request gets the same thing back for a day.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway_backend.domain import times
from gateway_backend.domain.errors import IdempotencyKeyReused, RequestInProgress
from gateway_backend.store.table import ConditionFailed, Delete, Put, Table, Update

KEPT = timedelta(days=1)
LEASE = timedelta(seconds=60)
"""Longer than any function may run: after it, a silent first request has died."""

_SK = "REQUEST"


@dataclass(frozen=True, slots=True)
class Claim:
    """`attempt` is this request's own id; `created` is what an earlier one with the same key created."""

    key: str
    attempt: str
    created: str | None = None


class IdempotencyKeys:
    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, key: str, *, owner: str, content: str, attempt: str, now: datetime) -> Claim:
        """Raises: IdempotencyKeyReused (another body or user), RequestInProgress."""
        item = {
            "pk": _pk(key),
            "sk": _SK,
            "owner": owner,
            "content": content,
            "attempt": attempt,
            "startedAt": times.to_key(now),
            "expiresAt": int((now + KEPT).timestamp()),
        }
        # DynamoDB deletes an expired item only after hours: until then it counts as gone here.
        free = (
            "attribute_not_exists(#pk) OR #expiresAt < :nowSeconds OR #attempt = :attempt"
            " OR (#owner = :owner AND #content = :content AND attribute_not_exists(#created) AND #startedAt < :dead)"
        )
        values = {
            "nowSeconds": int(now.timestamp()),
            "attempt": attempt,
            "owner": owner,
            "content": content,
            "dead": times.to_key(now - LEASE),
        }
        try:
            self._table.write(Put(item, free, values))
        except ConditionFailed:
            return self._earlier(key, owner, content, attempt)
        return Claim(key, attempt)

    def fulfilled(self, claim: Claim, created: str) -> Update:
        """The write that ties the key to what was created, for the same transaction that stores it."""
        values = {"created": created, "attempt": claim.attempt}
        return Update(_pk(claim.key), _SK, "SET #created = :created", values, "#attempt = :attempt")

    def release(self, claim: Claim) -> None:
        """The request failed and created nothing: the same key may try again."""
        still_ours = "#attempt = :attempt AND attribute_not_exists(#created)"
        try:
            self._table.write(Delete(_pk(claim.key), _SK, still_ours, {"attempt": claim.attempt}))
        except ConditionFailed:
            return

    def _earlier(self, key: str, owner: str, content: str, attempt: str) -> Claim:
        item = self._table.get(_pk(key), _SK)
        if item is None:
            raise RequestInProgress("The first request with this Idempotency-Key has just ended: try again")
        if item["owner"] != owner or item["content"] != content:
            raise IdempotencyKeyReused("Use a new Idempotency-Key for each new request")
        if "created" not in item:
            raise RequestInProgress("Wait a moment and repeat the request with the same Idempotency-Key")
        return Claim(key, attempt, item["created"])


def _pk(key: str) -> str:
    return f"IDEMPOTENCY#{key}"
