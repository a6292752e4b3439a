"""Idempotency keys of requests that create: `IDEMPOTENCY#<key>` / `REQUEST`.

A key is promised to one request (user and content). While that runs, a second one waits; when it fails the key is free
again; once it has created something, the same request gets the same thing back for a day. Where money moves and it is
not known what came of the first request, the key stays taken: nothing is sent twice.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import IdempotencyKeyReused, OutcomeUnknown, RequestInProgress
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Delete, Put, Update

KEPT = timedelta(days=1)
LEASE = timedelta(seconds=60)
"""Longer than any function may run: after it, a silent first request has died."""

_SK = "REQUEST"


def fingerprint(text: str, secret: str) -> str:
    """A keyed hash of a request, by which a repeat is recognised. A plain hash of a telephone number could be guessed.

    After a change of the secret a repeat counts as another request.
    """
    # A key of its own, so that no fingerprint can ever pass for a token signed with the same secret.
    key = hmac.digest(secret.encode(), b"gateway-backend idempotency", hashlib.sha256)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


class Claim(NamedTuple):
    """`attempt` is this request's own id; `created` is what an earlier one with the same key created."""

    key: str
    attempt: str
    created: str | None = None


class IdempotencyKeys:
    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, key: str, *, owner: str, content: str, attempt: str, now: datetime, once: bool = False) -> Claim:
        """Raises: IdempotencyKeyReused (another body or user), RequestInProgress; OutcomeUnknown.

        `once`: where money moves, a first request that has died is not tried again with the same key.
        """
        item = {
            "pk": _pk(key),
            "sk": _SK,
            "owner": owner,
            "content": content,
            "attempt": attempt,
            "startedAt": times.to_key(now),
            "expiresAt": int((now + KEPT).timestamp()),
            "once": once or None,
        }
        # DynamoDB deletes an expired item only after hours: until then it counts as gone here.
        free = (
            "attribute_not_exists(#pk) OR #expiresAt < :nowSeconds OR #attempt = :attempt"
            " OR (#owner = :owner AND #content = :content AND attribute_not_exists(#created)"
            " AND attribute_not_exists(#once) AND #startedAt < :dead)"
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
            return self._earlier(key, owner, content, attempt, dead=times.to_key(now - LEASE))
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

    def erase(self, key: str, owner: str) -> int:
        """Forget the key, if it is the user's: how many items that were. Those that created nothing end in a day."""
        item = self._table.get(_pk(key), _SK)
        if item is None or item["owner"] != owner:
            return 0
        self._table.delete_all([(_pk(key), _SK)])
        return 1

    def leave_open(self, claim: Claim) -> None:
        """It is unknown what became of the request: a repeat must get that answer, and not wait."""
        update = "SET #doubtful = :yes"
        values = {"yes": True, "attempt": claim.attempt}
        self._table.write(Update(_pk(claim.key), _SK, update, values, "#attempt = :attempt"))

    def _earlier(self, key: str, owner: str, content: str, attempt: str, *, dead: str) -> Claim:
        item = self._table.get(_pk(key), _SK)
        if item is None:
            raise RequestInProgress("The first request with this Idempotency-Key has just ended: try again")
        if item["owner"] != owner or item["content"] != content:
            raise IdempotencyKeyReused("Use a new Idempotency-Key for each new request")
        if "created" not in item and (item.get("doubtful") or (item.get("once") and item["startedAt"] < dead)):
            raise OutcomeUnknown
        if "created" not in item:
            raise RequestInProgress("Wait a moment and repeat the request with the same Idempotency-Key")
        return Claim(key, attempt, item["created"])


def _pk(key: str) -> str:
    return f"IDEMPOTENCY#{key}"
