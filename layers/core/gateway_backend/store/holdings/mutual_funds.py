"""Mutual fund statements: `TXN#<id>` / `FUNDS`, one for an import, never replaced.

`USER#<sub>` / `FUNDS`: which is the user's newest.
"""

import hashlib
from datetime import datetime
from typing import NamedTuple

from gateway_backend.domain.shared import times
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.connections.codec import user_pk
from gateway_backend.store.dynamodb.blobs import put_with_blob, read_blob
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put

_SK, _PARTS = "FUNDS", "FUNDSPART"


class Statement(NamedTuple):
    """`text` is JSON as Gateway sent it, without the investor's personal data."""

    transaction_id: str
    text: str
    received_at: datetime


class MutualFunds:
    def __init__(self, table: Table) -> None:
        self._table = table

    def save_first(self, transaction: Transaction, statement: str, received_at: datetime) -> bool:
        """False when another one is there: the first counts. Repeating it changes nothing."""
        content = hashlib.sha256(statement.encode()).hexdigest()
        item = {
            "pk": _pk(transaction.id),
            "sk": _SK,
            "owner": transaction.owner,
            "contentHash": content,
            "receivedAt": times.to_key(received_at),
        }
        body, prefix = statement.encode(), f"{_PARTS}#{content[:8]}"
        try:
            put_with_blob(self._table, item, body, part_prefix=prefix, condition="attribute_not_exists(#pk)")
        except ConditionFailed:
            stored = self._table.get(_pk(transaction.id), _SK)
            if stored is None or stored["contentHash"] != content:
                return False
        self._note_newest(transaction, received_at)
        return True

    def _note_newest(self, transaction: Transaction, received_at: datetime) -> None:
        note = {
            "pk": user_pk(transaction.owner),
            "sk": _SK,
            "transactionId": transaction.id,
            "receivedAt": times.to_key(received_at),
        }
        is_newer = "attribute_not_exists(#pk) OR #receivedAt < :receivedAt"
        try:
            self._table.write(Put(note, is_newer, {"receivedAt": note["receivedAt"]}))
        except ConditionFailed:
            return

    def find(self, transaction_id: str) -> Statement | None:
        item = self._table.get(_pk(transaction_id), _SK)
        if item is None:
            return None
        text = read_blob(self._table, item, part_prefix=f"{_PARTS}#{item['contentHash'][:8]}").decode()
        return Statement(transaction_id, text, times.parse(item["receivedAt"]))

    def newest(self, owner: str) -> Statement | None:
        item = self._table.get(user_pk(owner), _SK)
        return self.find(item["transactionId"]) if item else None

    def forget_newest(self, owner: str, until: datetime) -> int:
        """Delete the note of which one is the newest, if that came until then: how many items that were."""
        item = self._table.get(user_pk(owner), _SK)
        if item is None or times.parse(item["receivedAt"]) > until:
            return 0
        self._table.delete_all([(item["pk"], item["sk"])])
        return 1

    def erase(self, transaction_id: str) -> int:
        """Delete the statement: how many items that were."""
        items = self._table.outline(_pk(transaction_id), prefix=_SK)
        self._table.delete_all([(item["pk"], item["sk"]) for item in items])
        return len(items)


def _pk(transaction_id: str) -> str:
    return f"TXN#{transaction_id}"
