"""Transactions: `TXN#<id>` / `META`.

The index Lists lists a user's by time, the index Work those that are open (`OPEN#<shard>`) by their next check.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from gateway_backend.domain import exact_json, times
from gateway_backend.domain.errors import NotFound
from gateway_backend.domain.intents import Intent
from gateway_backend.domain.transactions import Failure, Outcome, Status, Transaction
from gateway_backend.store.codec import Item, digits, number_of
from gateway_backend.store.table import ConditionFailed, Put, Table, Update, Write

if TYPE_CHECKING:
    from gateway_backend.domain.order_requests import OrderRequest

_META = "META"
_SHARDS = "0123456789abcdef"
_NOT_OPEN = "#workKey, #workOrder"


class Transactions:
    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, transaction: Transaction, *together_with: Write) -> None:
        """Store a new transaction, all or nothing with the other writes. Raises: ConditionFailed."""
        self._table.write_together([Put(_item(transaction), "attribute_not_exists(#pk)"), *together_with])

    def find(self, transaction_id: str) -> Transaction | None:
        item = self._table.get(_pk(transaction_id), _META)
        return read_transaction(item) if item else None

    def owned(self, transaction_id: str, owner: str) -> Transaction:
        """Raises: NotFound when it is unknown or somebody else's."""
        transaction = self.find(transaction_id)
        if transaction is None or transaction.owner != owner:
            raise NotFound("No such transaction")
        return transaction

    def list(self, owner: str, *, after: Item | None, limit: int) -> tuple[list[Transaction], Item | None]:
        """A page of the user's transactions, newest first, and where the next page starts."""
        page, following = self._table.list(_list_key(owner), descending=True, after=after, limit=limit)
        return [read_transaction(item) for item in page], following

    def forget_account(self, owner: str, account_id: str) -> None:
        """Of the user's transactions with an account: what was asked for and what came back. That they were stays."""
        for item in self._table.every(_list_key(owner)):
            if item.get("smallcaseAuthId") == account_id:
                update = Update(item["pk"], _META, "REMOVE #outcome, #order, #note", condition="attribute_exists(#pk)")
                self._table.write(update)

    def advance(self, transaction: Transaction) -> Transaction:
        """Store a later state; what is stored stays when it is further on. Gives what is stored afterwards."""
        changed = _mutable(transaction)
        is_done = transaction.is_settled and not transaction.is_watched(
            transaction.updated_at or transaction.created_at
        )
        update = Update(
            _pk(transaction.id),
            _META,
            _setting(changed, settled=is_done, ended_well=transaction.status is Status.COMPLETED),
            changed if is_done else changed | _open(transaction),
            condition="attribute_exists(#pk) AND #statusRank <= :statusRank",
        )
        try:
            self._table.write(update)
        except ConditionFailed:
            return self.find(transaction.id) or transaction
        return transaction

    def mark_result_persisted(self, transaction: Transaction, now: datetime) -> Transaction:
        """What it brought is stored: nothing is left to do for it.

        Unless another worker has just found an order that this one had not seen: then it stays open.
        """
        done = replace(transaction, stored=True, updated_at=now)
        values = {"yes": True, "now": times.to_text(now)}
        update = f"SET #stored = :yes, #updatedAt = :now{'' if done.is_watched(now) else f' REMOVE {_NOT_OPEN}'}"
        condition = "attribute_exists(#pk)" if transaction.placed else "attribute_not_exists(#placed)"
        try:
            self._table.write(Update(_pk(transaction.id), _META, update, values, condition))
        except ConditionFailed:
            return self.find(transaction.id) or transaction
        return done

    def mark_placed(self, transaction: Transaction, *, is_open: bool) -> Transaction:
        """An order of it is known; while one is open, so is the transaction, even if it had been settled."""
        placed = replace(transaction, placed=True, stored=transaction.stored and not is_open)
        if placed == transaction:
            return transaction
        update, values = "SET #placed = :yes", {"yes": True}
        if is_open:
            update, values = f"{update}, {_STAYS_OPEN} REMOVE #stored", values | _open(placed)
        self._table.write(Update(_pk(transaction.id), _META, update, values))
        return placed

    def refuse(self, transaction: Transaction, reason: str, now: datetime) -> Transaction:
        """Its account may not be linked to this user: nothing more will come of it, but for an order it placed."""
        refused = replace(transaction, refused=reason, updated_at=now)
        values = {"reason": reason, "now": times.to_text(now)}
        update = f"SET #refused = :reason, #updatedAt = :now{f' REMOVE {_NOT_OPEN}' if refused.is_settled else ''}"
        self._table.write(Update(_pk(transaction.id), _META, update, values))
        return refused

    def to_check(self, now: datetime) -> Iterator[str]:
        """Ids of the open transactions whose next check is due."""
        for shard in _SHARDS:
            for item in self._table.work(f"OPEN#{shard}", until=times.to_key(now)):
                yield item["pk"].removeprefix("TXN#")

    def checked(self, transaction: Transaction, now: datetime, *, last: bool = False) -> None:
        """Put an open transaction's next check off, or give it up; one that has settled meanwhile is left alone."""
        once_more = replace(transaction, checks=transaction.checks + 1)
        values: Item = {"next": times.to_key(once_more.next_check(now)), "one": 1}
        update = "SET #workOrder = :next ADD #checks :one"
        if last:
            update, values = f"REMOVE {_NOT_OPEN}", {}
        try:
            self._table.write(Update(_pk(transaction.id), _META, update, values, "attribute_exists(#workKey)"))
        except ConditionFailed:
            return


def _item(transaction: Transaction) -> Item:
    return {
        "pk": _pk(transaction.id),
        "sk": _META,
        "listKey": _list_key(transaction.owner),
        "listOrder": f"{times.to_key(transaction.created_at)}#{transaction.id}",
        "owner": transaction.owner,
        "intent": transaction.intent,
        "version": transaction.version,
        "mutualFunds": transaction.mutual_funds,
        "requestedAccountId": transaction.requested_account_id,
        "createdAt": times.to_key(transaction.created_at),
        "expireAt": times.to_text(transaction.expire_at),
        "correlationId": transaction.correlation_id,
        "note": transaction.note,
        "order": _order(transaction),
        **_open(transaction),
        **_mutable(transaction),
    }


def _open(transaction: Transaction) -> Item:
    """Where an open transaction stands in the Work index."""
    return {
        "workKey": f"OPEN#{hashlib.sha256(transaction.id.encode()).hexdigest()[0]}",
        "workOrder": times.to_key(transaction.next_check(transaction.updated_at or transaction.created_at)),
    }


_STAYS_OPEN = ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in ("workKey", "workOrder"))


def _setting(changed: Item, *, settled: bool, ended_well: bool) -> str:
    """An open transaction is in the index, also one that had ended and has come back to life.

    What somebody else has noted as its failure is forgotten only when it has ended well.
    """
    assignments = "SET " + ", ".join(f"#{name} = :{name}" for name in changed)
    if not settled:
        assignments += f", {_STAYS_OPEN}"
    removed = (["#error"] if ended_well and "error" not in changed else []) + ([_NOT_OPEN] if settled else [])
    return assignments + (f" REMOVE {', '.join(removed)}" if removed else "")


def _mutable(transaction: Transaction) -> Item:
    failure = transaction.failure
    state = {
        "status": transaction.status,
        "statusRank": transaction.status.rank,
        "smallcaseAuthId": transaction.account_id,
        "broker": transaction.broker,
        "error": {"code": failure.code, "message": failure.message} if failure else None,
        "outcome": _outcome(transaction.outcome) or None,
        "updatedAt": times.to_text(transaction.updated_at) if transaction.updated_at else None,
        "reconciledAt": times.to_text(transaction.reconciled_at) if transaction.reconciled_at else None,
    }
    return {name: value for name, value in state.items() if value is not None}


def _order(transaction: Transaction) -> Item | None:
    if transaction.order is None:
        return None
    from gateway_backend.store.order_requests import encode_order  # an import does not pay for it

    return encode_order(transaction.order)


def _read_order(item: Item) -> "OrderRequest | None":
    if "order" not in item:
        return None
    from gateway_backend.store.order_requests import read_order

    return read_order(item["order"])


def _outcome(outcome: Outcome) -> Item:
    told = {
        "funds": digits(outcome.funds),
        "fundsAt": times.to_text(outcome.funds_at) if outcome.funds_at else None,
        "scid": outcome.scid,
        "iscid": outcome.iscid,
        "name": outcome.name,
        "sip": exact_json.dumps(outcome.sip) if outcome.sip else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _read_outcome(item: Item) -> Outcome:
    return Outcome(
        funds=number_of(item.get("funds")),
        funds_at=times.parse(item["fundsAt"]) if "fundsAt" in item else None,
        scid=item.get("scid"),
        iscid=item.get("iscid"),
        name=item.get("name"),
        sip=exact_json.loads(item["sip"]) if "sip" in item else None,
    )


def read_transaction(item: Item) -> Transaction:
    """From a META item, as the table or its stream gives it."""
    error = item.get("error")
    return Transaction(
        id=item["pk"].removeprefix("TXN#"),
        owner=item["owner"],
        intent=Intent(item["intent"]),
        created_at=times.parse(item["createdAt"]),
        expire_at=times.parse(item["expireAt"]),
        correlation_id=item.get("correlationId", ""),
        version=item["version"],
        mutual_funds=bool(item.get("mutualFunds")),
        requested_account_id=item.get("requestedAccountId"),
        note=item.get("note"),
        order=_read_order(item),
        outcome=_read_outcome(item.get("outcome", {})),
        status=Status(item["status"]),
        account_id=item.get("smallcaseAuthId"),
        broker=item.get("broker"),
        failure=Failure(int(error["code"]), error["message"]) if error else None,
        stored=bool(item.get("stored")),
        placed=bool(item.get("placed")),
        refused=item.get("refused"),
        updated_at=times.parse(item["updatedAt"]) if item.get("updatedAt") else None,
        reconciled_at=times.parse(item["reconciledAt"]) if item.get("reconciledAt") else None,
        checks=int(item.get("checks", 0)),
    )


def _pk(transaction_id: str) -> str:
    return f"TXN#{transaction_id}"


def _list_key(owner: str) -> str:
    return f"USER#{owner}"
