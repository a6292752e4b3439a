"""A transaction as the item `TXN#<id>` / `META`.

The index Lists lists a user's by time; the index Work lists those that are to be checked (`OPEN#<shard>`) by when.
"""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Failure, Outcome, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.store.dynamodb.codec import Item, digits, number_of
from gateway_backend.store.dynamodb.versions import VERSION

if TYPE_CHECKING:
    from gateway_backend.domain.orders.request import OrderRequest

META = "META"
SHARDS = "0123456789abcdef"


def transaction_pk(transaction_id: str) -> str:
    return f"TXN#{transaction_id}"


def list_key(owner: str) -> str:
    return f"USER#{owner}"


def to_item(transaction: Transaction) -> Item:
    """An attribute without a value is None or missing."""
    failure = transaction.failure
    return {
        "pk": transaction_pk(transaction.id),
        "sk": META,
        "listKey": list_key(transaction.owner),
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
        "order": _order_members(transaction.order),
        "outcome": _outcome_members(transaction.outcome) | _listed_members(transaction) or None,
        "status": transaction.status,
        "statusRank": transaction.status.rank,
        "smallcaseAuthId": transaction.account_id,
        "broker": transaction.broker,
        "error": {"code": failure.code, "message": failure.message} if failure else None,
        "stored": transaction.result_persisted or None,
        "placed": transaction.has_orders or None,
        "refused": transaction.link_refusal,
        "updatedAt": _text(transaction.updated_at),
        "reconciledAt": _text(transaction.synced_at),
        "checks": transaction.checks or None,
        "completedAt": _text(transaction.completed_at),
        "pricesAwaitedUntil": _text(transaction.prices_awaited_until),
        "erased": transaction.is_erased or None,
        **_work_position(transaction),
    }


def from_item(item: Item) -> Transaction:
    """From the table, its stream, or the index Lists, which does not hold everything: that one is only for reading."""
    error, listed = item.get("error"), item.get("outcome", {})
    return Transaction(
        id=item["pk"].removeprefix(transaction_pk("")),
        owner=item["owner"],
        intent=Intent(item["intent"]),
        created_at=times.parse(item["createdAt"]),
        expire_at=times.parse(item["expireAt"]),
        correlation_id=item.get("correlationId", ""),
        version=item["version"],
        mutual_funds=bool(item.get("mutualFunds")),
        requested_account_id=item.get("requestedAccountId") or listed.get("requestedAccountId"),
        note=item.get("note"),
        order=_order(item),
        outcome=_outcome(item.get("outcome", {})),
        status=Status(item["status"]),
        account_id=item.get("smallcaseAuthId"),
        broker=item.get("broker"),
        failure=Failure(int(error["code"]), error["message"]) if error else None,
        result_persisted=bool(item.get("stored")),
        has_orders=bool(item.get("placed") or listed.get("placed")),
        link_refusal=item.get("refused"),
        updated_at=_instant(item, "updatedAt"),
        synced_at=_instant(item, "reconciledAt"),
        checks=int(item.get("checks", 0)),
        next_check_at=_instant(item, "workOrder"),
        completed_at=_instant(item, "completedAt"),
        prices_awaited_until=_instant(item, "pricesAwaitedUntil"),
        is_erased=bool(item.get("erased")),
        item_version=int(item.get(VERSION, 0)),
    )


def _work_position(transaction: Transaction) -> Item:
    if transaction.next_check_at is None:
        return {}
    shard = hashlib.sha256(transaction.id.encode()).hexdigest()[0]
    return {"workKey": f"OPEN#{shard}", "workOrder": times.to_key(transaction.next_check_at)}


def _order_members(order: "OrderRequest | None") -> Item | None:
    if order is None:
        return None
    # Imported when there is an order: the cold start of an import does not pay for it.
    from gateway_backend.store.orders.request_codec import encode_order

    return encode_order(order)


def _order(item: Item) -> "OrderRequest | None":
    if "order" not in item:
        return None
    from gateway_backend.store.orders.request_codec import decode_order

    return decode_order(item["order"])


def _outcome_members(outcome: Outcome) -> Item:
    members = {
        "funds": digits(outcome.funds),
        "fundsAt": _text(outcome.funds_at),
        "scid": outcome.scid,
        "iscid": outcome.iscid,
        "name": outcome.name,
        "sip": exact_json.dumps(outcome.sip) if outcome.sip else None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _listed_members(transaction: Transaction) -> Item:
    """What a list must show as well: the index has the attribute `outcome`, and lets no other be added to it."""
    members: Item = {"requestedAccountId": transaction.requested_account_id, "placed": transaction.has_orders or None}
    return {name: value for name, value in members.items() if value is not None}


def _outcome(members: Item) -> Outcome:
    return Outcome(
        funds=number_of(members.get("funds")),
        funds_at=_instant(members, "fundsAt"),
        scid=members.get("scid"),
        iscid=members.get("iscid"),
        name=members.get("name"),
        sip=exact_json.loads(members["sip"]) if "sip" in members else None,
    )


def _text(instant: datetime | None) -> str | None:
    return times.to_text(instant) if instant else None


def _instant(item: Item, name: str) -> datetime | None:
    return times.parse(item[name]) if item.get(name) else None
