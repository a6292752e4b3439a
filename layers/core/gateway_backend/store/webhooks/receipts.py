"""Receipts: every authentic webhook, stored before it is acknowledged.

`RECEIPT#<checksum>` / `<body hash>`: a retry finds itself, a checksum used with another body stands beside the first.
`RECEIPT#<checksum>` / `FIRST`: which body that was.
`ACCOUNT#<id>`, or `TXN#<id>` where it is about no account / `RECEIPT#<checksum>#<body hash>`: an entry, written before
the receipt, so that an erasure finds each with consistent reads.
The Lists index holds those without a verdict (`PENDING#<shard>`), and of an account (`RECEIPTS#<id>`) those that former
releases decided, without an entry.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.domain.webhooks.receipt import Receipt, ReceiptKey, ReceiptVerdict, WebhookKind
from gateway_backend.store.connections.codec import account_pk
from gateway_backend.store.dynamodb.blobs import part_keys, put_with_blob, read_blob
from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import ConditionFailed, Put, Update
from gateway_backend.store.transactions.codec import transaction_pk

FIRST_SWEEP = timedelta(minutes=2)
MOST_SWEEPS = 12
_SHARDS = "0123456789abcdef"
_FIRST = "FIRST"
_ENTRY = "RECEIPT#"
_IS_RECEIPT = "attribute_exists(#kind)"


class Receipts:
    def __init__(self, table: Table, retention: timedelta) -> None:
        self._table = table
        self._retention = retention

    def record(self, envelope: WebhookEnvelope, raw: bytes, received_at: datetime) -> Receipt:
        """Make the webhook durable; one seen before is counted on its receipt instead.

        Of several bodies with one checksum only the first is kept: the others are evidence enough by their hash, and
        whoever has captured a checksum must not be able to fill the table.
        """
        item = self._item(envelope, received_at)
        body = raw if self._is_first(envelope, item["expiresAt"]) else b""
        self._table.write(Put(_entry(_receipt(item), item["expiresAt"])))
        try:
            put_with_blob(self._table, item, body, part_prefix=item["sk"], condition="attribute_not_exists(#pk)")
        except ConditionFailed:
            return self._count(item)
        return _receipt(item)

    def _is_first(self, envelope: WebhookEnvelope, expires_at: int) -> bool:
        pk = _pk(envelope.checksum or "")
        first = {"pk": pk, "sk": _FIRST, "bodyHash": envelope.body_hash, "expiresAt": expires_at}
        try:
            self._table.write(Put(first, "attribute_not_exists(#pk)"))
        except ConditionFailed:
            return self.first_with_checksum(envelope.checksum or "") == envelope.body_hash
        return True

    def _count(self, item: Item) -> Receipt:
        values = {"one": 1, "now": item["receivedAt"]}
        update = Update(item["pk"], item["sk"], "ADD #seen :one SET #lastSeenAt = :now", values, _IS_RECEIPT)
        try:
            return _receipt(self._table.update(update))
        except ConditionFailed:
            raise StoreUnavailable("The receipt was erased in this moment: send it again") from None

    def find(self, key: ReceiptKey) -> Receipt | None:
        item = self._table.get(_pk(key.checksum), key.body_hash)
        return _receipt(item) if item else None

    def body(self, key: ReceiptKey) -> bytes:
        """The raw body as received. Raises: LookupError when it is not kept (any more)."""
        item = self._table.get(_pk(key.checksum), key.body_hash)
        if item is None or "blob" not in item:
            raise LookupError("the receipt's body is not kept")
        return read_blob(self._table, item, part_prefix=item["sk"])

    def first_with_checksum(self, checksum: str) -> str | None:
        """The hash of the body that a checksum first came with; None when that is no longer kept."""
        item = self._table.get(_pk(checksum), _FIRST)
        return str(item["bodyHash"]) if item else None

    def record_verdict(
        self, receipt: Receipt, verdict: ReceiptVerdict, reason: str, now: datetime, *, erase: bool = False
    ) -> None:
        """Write down what became of it, once: a verdict stays. `erase` also forgets the body."""
        pk, sk = _pk(receipt.key.checksum), receipt.key.body_hash
        if not receipt.has_entry:
            self._table.write(Put(_entry(receipt, int((receipt.received_at + self._retention).timestamp()))))
        values: Item = {
            "verdict": verdict,
            "reason": reason,
            "now": times.to_text(now),
        }
        update = "SET #verdict = :verdict, #reason = :reason, #decidedAt = :now"
        parts = part_keys(self._table.get(pk, sk) or {}, sk) if erase else []
        if erase:
            # Together with the verdict: without its body, one that waits for a verdict could not be worked on again.
            update, values = f"{update}, #parts = :none", values | {"none": 0}
        update += " REMOVE #listKey, #listOrder" + (", #blob" if erase else "")
        try:
            undecided = f"{_IS_RECEIPT} AND attribute_not_exists(#verdict)"
            self._table.write(Update(pk, sk, update, values, undecided))
        except ConditionFailed:
            return
        self._table.delete_all(parts)

    def overdue(self, now: datetime) -> Iterator[ReceiptKey]:
        """Receipts whose message may be lost: still without a verdict, and looked after less and less often.

        The n-th sweep of a receipt comes two minutes times 2 to the n after it arrived: a long outage of Gateway
        is survived, and one that never succeeds stays without a verdict, for the operator to see.
        """
        for shard in _SHARDS:
            for item in self._table.every(f"PENDING#{shard}"):
                sweeps = int(item.get("sweeps", 0))
                if sweeps < MOST_SWEEPS and times.parse(item["listOrder"]) + FIRST_SWEEP * 2**sweeps <= now:
                    yield ReceiptKey(item["pk"].removeprefix("RECEIPT#"), item["sk"])

    def count_requeue(self, key: ReceiptKey) -> None:
        """Count a sweep, unless a verdict has come meanwhile."""
        update = Update(
            _pk(key.checksum), key.body_hash, "ADD #sweeps :one", {"one": 1}, "attribute_not_exists(#verdict)"
        )
        try:
            self._table.write(update)
        except ConditionFailed:
            return

    def count(self, account_id: str) -> int:
        """How many receipts about the account are kept."""
        return len(self._table.query(account_pk(account_id), prefix=_ENTRY))

    def of_account(self, account_id: str, received_until: datetime) -> Iterator[Receipt]:
        """Those about an account, with or without a verdict."""
        yield from self._entered(account_pk(account_id), received_until)
        for item in self._table.every(f"RECEIPTS#{account_id}", between=("0", times.to_key(received_until))):
            receipt = self.find(ReceiptKey(item["pk"].removeprefix(_pk("")), item["sk"]))
            if receipt:
                yield receipt

    def of_transaction(self, transaction_id: str, received_until: datetime) -> Iterator[Receipt]:
        """Those about a transaction and no account."""
        return self._entered(transaction_pk(transaction_id), received_until)

    def erase(self, receipt: Receipt) -> int:
        """Delete the receipt with its body and its entry: how many items that were."""
        pk, sk = _pk(receipt.key.checksum), receipt.key.body_hash
        entry = _entry(receipt, 0)
        gone = [*part_keys(self._table.get(pk, sk) or {}, sk), (pk, sk), (entry["pk"], entry["sk"])]
        self._table.delete_all(gone)
        return len(gone)

    def _entered(self, pk: str, received_until: datetime) -> Iterator[Receipt]:
        """An entry without a receipt stays until its time is over: the receipt may be written after it."""
        for entry in self._table.query(pk, prefix=_ENTRY):
            _, checksum, body_hash = entry["sk"].split("#")
            receipt = self.find(ReceiptKey(checksum, body_hash))
            if receipt and receipt.received_at <= received_until:
                yield receipt

    def _item(self, envelope: WebhookEnvelope, received_at: datetime) -> Item:
        return {
            "pk": _pk(envelope.checksum or ""),
            "sk": envelope.body_hash,
            "kind": envelope.kind,
            "timestamp": envelope.timestamp,
            "smallcaseAuthId": envelope.account_id,
            "transactionId": envelope.transaction_id,
            "snapshotDate": envelope.snapshot_date,
            "receivedAt": times.to_key(received_at),
            "seen": 1,
            "hasEntry": True,
            "listKey": f"PENDING#{envelope.body_hash[0]}",
            "listOrder": times.to_key(received_at),
            "expiresAt": int((self._counts_from(envelope, received_at) + self._retention).timestamp()),
        }

    def _counts_from(self, envelope: WebhookEnvelope, received_at: datetime) -> datetime:
        """One that is dated ahead of our clock can be replayed for longer, so it is remembered for longer, too."""
        try:
            signed_at = times.parse(envelope.timestamp or "")
        except ValueError:
            return received_at
        return max(received_at, min(signed_at, received_at + self._retention))


def _entry(receipt: Receipt, expires_at: int) -> Item:
    """What an account has of a receipt, or a transaction, where it is about no account."""
    is_of_account = receipt.account_id and receipt.kind is not WebhookKind.MUTUAL_FUNDS
    pk = account_pk(receipt.account_id or "") if is_of_account else transaction_pk(receipt.transaction_id or "")
    return {
        "pk": pk,
        "sk": f"{_ENTRY}{receipt.key.checksum}#{receipt.key.body_hash}",
        "expiresAt": expires_at,
    }


def _receipt(item: Item) -> Receipt:
    return Receipt(
        key=ReceiptKey(item["pk"].removeprefix("RECEIPT#"), item["sk"]),
        kind=WebhookKind(item["kind"]),
        received_at=times.parse(item["receivedAt"]),
        timestamp=item["timestamp"],
        account_id=item.get("smallcaseAuthId"),
        transaction_id=item.get("transactionId"),
        snapshot_date=item.get("snapshotDate"),
        verdict=ReceiptVerdict(item["verdict"]) if item.get("verdict") else None,
        reason=item.get("reason"),
        seen=int(item["seen"]),
        has_entry=bool(item.get("hasEntry")),
    )


def _pk(checksum: str) -> str:
    return f"RECEIPT#{checksum}"
