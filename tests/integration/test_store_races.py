"""Two at work on one account or receipt: the store itself against the local cloud's DynamoDB, step by step."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.holdings.snapshot import Complete, Snapshot, judge
from gateway_backend.domain.shared.errors import AccountOfAnotherUser, ConnectionWithdrawn, NotFound
from gateway_backend.domain.shared.exact_json import members
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.domain.webhooks.receipt import ReceiptVerdict, WebhookKind
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.webhooks.receipts import Receipts
from gateway_backend.usecases.holdings.import_holdings import record_snapshot
from testing.portfolios import holding, portfolio
from testing.world import World
from tests.integration.aws import Aws

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def table(aws: Aws) -> Table:
    return Table(aws.client("dynamodb"), aws.outputs["tableName"])


@pytest.fixture
def world(table: Table) -> World:
    return World(table, now=NOW)


@pytest.fixture
def account_id() -> str:
    return uuid.uuid4().hex[:24]


@pytest.fixture
def receipts(table: Table) -> Receipts:
    return Receipts(table, timedelta(days=30))


def begun(owner: str, at: datetime = NOW) -> Transaction:
    expiry = at + timedelta(minutes=5)
    return Transaction(f"TRX_{uuid.uuid4().hex}", owner, Intent.HOLDINGS_IMPORT, at, expiry, "")


def snapshot(account_id: str, securities: int, minutes: int = 0) -> Snapshot:
    taken = (NOW + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = portfolio(*[holding(number) for number in range(securities)], dates=f'"snapshotDate":"{taken}"')
    outcome = judge(members(text), account_id, NOW + timedelta(days=1))
    assert isinstance(outcome, Complete)
    return outcome.snapshot


def record(world: World, pulled_for: Connection, snapshot: Snapshot) -> None:
    record_snapshot(pulled_for, snapshot, world.pull_context, lapsed=False, ends_session=True)


def test_of_two_imports_that_read_the_same_status_the_newer_stays(world: World, account_id: str) -> None:
    read_by_both = world.link_with(begun("race-asha"), account_id)
    record(world, read_by_both, snapshot(account_id, 3, minutes=5))
    record(world, read_by_both, snapshot(account_id, 2, minutes=1))

    assert len(world.stored_holdings(account_id) or {}) == 3


def test_at_one_date_the_larger_stays(world: World, account_id: str) -> None:
    world.link_with(begun("race-asha"), account_id)
    for securities in (0, 4, 2):
        record(world, world.connection(account_id), snapshot(account_id, securities))

    assert len(world.stored_holdings(account_id) or {}) == 4


def test_an_import_that_outlives_an_unlinking_leaves_nothing(world: World, account_id: str, aws: Aws) -> None:
    under_way = world.link_with(begun("race-asha"), account_id)
    world.now += timedelta(seconds=1)
    world.unlink(account_id, "race-asha")

    with pytest.raises(NotFound):
        record(world, under_way, snapshot(account_id, 3))
    assert {item["sk"]["S"].partition("#")[0] for item in aws.items(f"ACCOUNT#{account_id}")} == {"ERASED"}


def test_it_does_not_touch_the_next_owners_identical_snapshot(world: World, account_id: str) -> None:
    under_way = world.link_with(begun("race-asha"), account_id)
    world.now += timedelta(seconds=1)
    world.unlink(account_id, "race-asha")
    world.now += timedelta(minutes=1)
    record(world, world.link_with(begun("race-ravi", world.now), account_id), snapshot(account_id, 3))

    with pytest.raises(NotFound):
        record(world, under_way, snapshot(account_id, 3))
    assert len(world.stored_holdings(account_id) or {}) == 3


def test_an_account_cannot_get_a_second_owner(world: World, account_id: str) -> None:
    world.link_with(begun("race-asha"), account_id)

    with pytest.raises(AccountOfAnotherUser):
        world.link_with(begun("race-ravi"), account_id)


def test_an_unlinked_account_does_not_come_back_by_an_old_transaction(world: World, account_id: str) -> None:
    world.link_with(begun("race-asha"), account_id)
    world.now += timedelta(minutes=1)
    world.unlink(account_id, "race-asha")

    with pytest.raises(ConnectionWithdrawn):
        world.link_with(begun("race-asha"), account_id)
    assert world.connections.find(account_id) is None


def envelope(checksum: str, body_hash: str) -> WebhookEnvelope:
    return WebhookEnvelope(WebhookKind.HOLDINGS_V2, body_hash, "2026-11-20T12:00:00.000Z", checksum, "account", "TRX_1")


def test_a_verdict_is_written_once(receipts: Receipts) -> None:
    checksum = uuid.uuid4().hex
    receipt = receipts.record(envelope(checksum, "a" * 64), b"{}", NOW)
    receipts.record_verdict(receipt, ReceiptVerdict.APPLIED, "CONFIRMED", NOW)
    receipts.record_verdict(receipt, ReceiptVerdict.QUARANTINED, "NOT_CONFIRMED", NOW)

    found = receipts.find(receipt.key)
    assert found
    assert (found.verdict, found.reason) == (ReceiptVerdict.APPLIED, "CONFIRMED")


def test_an_erased_receipt_does_not_come_back(receipts: Receipts, table: Table, aws: Aws) -> None:
    checksum = uuid.uuid4().hex
    receipt = receipts.record(envelope(checksum, "a" * 64), b"{}", NOW)
    table.delete_all([(f"RECEIPT#{checksum}", "a" * 64)])
    receipts.record_verdict(receipt, ReceiptVerdict.APPLIED, "CONFIRMED", NOW)

    assert receipts.find(receipt.key) is None
    assert aws.receipts(checksum) == []


def test_only_the_first_body_with_a_checksum_is_kept(receipts: Receipts) -> None:
    checksum = uuid.uuid4().hex
    first = receipts.record(envelope(checksum, "a" * 64), b'{"first":1}', NOW)
    second = receipts.record(envelope(checksum, "b" * 64), b'{"second":2}', NOW)

    assert receipts.first_with_checksum(checksum) == "a" * 64
    assert (receipts.body(first.key), receipts.body(second.key)) == (b'{"first":1}', b"")
    assert receipts.record(envelope(checksum, "a" * 64), b'{"first":1}', NOW).seen == 2


def test_a_body_that_was_split_is_whole_and_is_erased_whole(receipts: Receipts, aws: Aws) -> None:
    checksum = uuid.uuid4().hex
    body = b"".join(uuid.uuid4().bytes for _ in range(60_000))  # does not compress: three parts
    receipt = receipts.record(envelope(checksum, "a" * 64), body, NOW)
    assert receipts.body(receipt.key) == body

    receipts.record_verdict(receipt, ReceiptVerdict.QUARANTINED, "CONNECTION_WITHDRAWN", NOW, erase=True)
    assert [item["sk"]["S"] for item in aws.items(f"RECEIPT#{checksum}")] == ["FIRST", "a" * 64]
    with pytest.raises(LookupError):
        receipts.body(receipt.key)
