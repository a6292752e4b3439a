"""A webhook is made durable once; its verdict is written once; what waits for one is found."""

import json
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.shared import times
from gateway_backend.domain.webhooks.receipt import Receipt, ReceiptVerdict, WebhookKind
from gateway_backend.store.webhooks.receipts import FIRST_SWEEP, MOST_SWEEPS
from testing.builders import LATER, NOW
from testing.market_times import MINUTE
from testing.world import World


@pytest.fixture
def world() -> World:
    return World(now=NOW)


def raw(checksum: str = "C", **more: object) -> bytes:
    body = {"smallcaseAuthId": "account-1", "transactionId": "TRX_1", "timestamp": "T", "batchId": "b"}
    return json.dumps(body | {"checksum": checksum} | more).encode()


def record(world: World, body: bytes, at: timedelta = timedelta(0)) -> Receipt:
    return world.receipts.record(WebhookEnvelope.parse(body), body, received_at=NOW + at)


def decide(world: World, receipt: Receipt, reason: str = "CONFIRMED", *, erase: bool = False) -> None:
    world.receipts.record_verdict(receipt, ReceiptVerdict.APPLIED, reason, LATER, erase=erase)


# Recording -------------------------------------------------------------------------------------


def test_a_receipt_is_found_with_its_ids_and_its_body(world: World) -> None:
    receipt = record(world, raw())

    assert world.receipts.find(receipt.key) == receipt
    assert (receipt.kind, receipt.account_id, receipt.transaction_id) == (WebhookKind.ORDER, "account-1", "TRX_1")
    assert (receipt.received_at, receipt.is_pending, receipt.seen) == (NOW, True, 1)
    assert world.receipts.body(receipt.key) == raw()


def test_the_same_webhook_again_is_counted_on_its_receipt(world: World) -> None:
    record(world, raw())

    assert record(world, raw(), MINUTE).seen == 2
    assert record(world, raw(), MINUTE).received_at == NOW


def test_a_checksum_with_another_body_stands_beside_the_first_without_its_body(world: World) -> None:
    first, second = record(world, raw()), record(world, raw(batchId="other"))

    assert world.receipts.first_with_checksum("C") == first.key.body_hash != second.key.body_hash
    assert world.receipts.body(first.key) == raw()
    assert world.receipts.body(second.key) == b""


def test_an_unknown_receipt_is_not_found(world: World) -> None:
    receipt = record(world, raw())
    unknown = receipt.key._replace(body_hash="other")

    assert world.receipts.find(unknown) is None
    assert world.receipts.first_with_checksum("other") is None
    with pytest.raises(LookupError):
        world.receipts.body(unknown)


# Verdicts --------------------------------------------------------------------------------------


def test_a_verdict_is_written_once(world: World) -> None:
    receipt = record(world, raw())
    decide(world, receipt)
    decide(world, receipt, "ANOTHER")

    found = world.receipt(receipt.key)
    assert (found.verdict, found.reason, found.is_pending) == (ReceiptVerdict.APPLIED, "CONFIRMED", False)


def test_a_verdict_may_erase_the_body(world: World) -> None:
    receipt = record(world, raw())
    decide(world, receipt, erase=True)

    with pytest.raises(LookupError):
        world.receipts.body(receipt.key)
    assert world.receipt(receipt.key).verdict is ReceiptVerdict.APPLIED


# Those that wait -------------------------------------------------------------------------------


def test_a_receipt_without_a_verdict_is_overdue_after_two_minutes(world: World) -> None:
    receipt = record(world, raw())

    assert list(world.receipts.overdue(NOW + FIRST_SWEEP - timedelta(seconds=1))) == []
    assert list(world.receipts.overdue(NOW + FIRST_SWEEP)) == [receipt.key]


def test_a_receipt_with_a_verdict_is_not_overdue(world: World) -> None:
    decide(world, record(world, raw()))

    assert list(world.receipts.overdue(NOW + timedelta(days=9))) == []


def test_each_further_sweep_comes_later_and_the_last_is_the_last(world: World) -> None:
    receipt, moments = record(world, raw()), []
    for number in range(MOST_SWEEPS):
        due = NOW + FIRST_SWEEP * 2**number
        assert list(world.receipts.overdue(due)) == [receipt.key]
        moments.append(due)
        world.receipts.count_requeue(receipt.key)

    assert all(earlier < later for earlier, later in pairwise(moments))
    assert list(world.receipts.overdue(NOW + timedelta(days=90))) == []


# Remembering -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signed", "days"), [(NOW, 90), (NOW - timedelta(days=5), 90), (NOW + timedelta(days=5), 95)], ids=str
)
def test_a_receipt_is_remembered_for_as_long_as_its_webhook_could_be_replayed(
    world: World, signed: datetime, days: int
) -> None:
    receipt = record(world, raw(timestamp=times.to_text(signed)))

    for item in world.memory.items():
        assert int(item["expiresAt"]["N"]) == int((NOW + timedelta(days=days)).timestamp())
    assert world.receipts.find(receipt.key) == receipt


def test_a_date_that_is_absurd_keeps_a_receipt_twice_as_long_at_most(world: World) -> None:
    record(world, raw(timestamp="9999-12-31T00:00:00Z"))

    for item in world.memory.items():
        assert int(item["expiresAt"]["N"]) <= int((NOW + timedelta(days=180)).timestamp())


# Erasing ---------------------------------------------------------------------------------------


def erase(world: World, received_until: datetime = NOW) -> int:
    """Those about the account: how many items that were."""
    return sum(map(world.receipts.erase, list(world.receipts.of_account("account-1", received_until))))


def test_an_accounts_receipts_from_before_its_unlinking_are_erased(world: World) -> None:
    old, new = record(world, raw("1")), record(world, raw("2"), 10 * MINUTE)
    other = record(world, raw("3", smallcaseAuthId="account-2"))
    for receipt in (old, new, other):
        decide(world, receipt)

    assert world.receipts.count("account-1") == 2
    assert erase(world, NOW + MINUTE) == 2

    assert world.receipts.find(old.key) is None
    assert world.receipts.find(new.key) is not None
    assert world.receipts.find(other.key) is not None


def test_a_receipt_that_waits_for_its_verdict_is_erased_with_its_account(world: World) -> None:
    receipt = record(world, raw())

    erase(world)

    assert world.receipts.find(receipt.key) is None


def test_an_entry_stays_while_its_receipt_is_on_the_way(world: World) -> None:
    """The entry is written first."""
    receipt = record(world, raw())
    item = world.memory.peek("RECEIPT#C", receipt.key.body_hash) or {}
    world.memory.forget("RECEIPT#C", receipt.key.body_hash)
    assert erase(world) == 0

    world.memory.put_item(Item=item)
    assert erase(world) == 2


def test_a_webhook_that_came_again_after_the_unlinking_is_erased_with_its_receipt_of_before(world: World) -> None:
    receipt = record(world, raw())
    record(world, raw(), 10 * MINUTE)

    assert erase(world) == 2
    assert world.receipts.find(receipt.key) is None


def test_a_receipt_that_a_former_release_stored_is_found_when_it_has_its_verdict(world: World) -> None:
    receipt = record(world, raw())
    for address in world.memory.addresses("ACCOUNT#account-1"):
        world.memory.forget(*address)
    decide(world, receipt._replace(has_entry=False))

    erase(world)

    assert world.receipts.find(receipt.key) is None


def test_a_receipt_that_a_former_release_decided_is_found_in_the_index(world: World) -> None:
    receipt = record(world, raw())
    world.memory.forget(*world.memory.addresses("ACCOUNT#account-1")[0])
    item = world.memory.peek("RECEIPT#C", receipt.key.body_hash) or {}
    listed = {"listKey": {"S": "RECEIPTS#account-1"}, "listOrder": {"S": times.to_key(NOW)}}
    world.memory.put_item(Item=item | listed)

    assert erase(world) == 2


def test_a_statements_receipt_is_found_by_its_transaction(world: World) -> None:
    receipt = record(world, raw(intent="MF_HOLDINGS_IMPORT"))

    assert list(world.receipts.of_account("account-1", NOW)) == []
    assert list(world.receipts.of_transaction("TRX_1", NOW)) == [receipt]
