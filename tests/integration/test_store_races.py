"""Two at work on one account or receipt: the store itself against the local cloud's DynamoDB, step by step."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from gateway_backend.contracts.webhook_envelope import WebhookEnvelope, WebhookKind
from gateway_backend.domain.accounts import Account
from gateway_backend.domain.errors import AccountOfAnotherUser, ConnectionWithdrawn, NotFound
from gateway_backend.domain.exact_json import members
from gateway_backend.domain.intents import Intent
from gateway_backend.domain.snapshots import Complete, Snapshot, judge
from gateway_backend.domain.transactions import Transaction
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.receipts import Receipts, ReceiptVerdict
from gateway_backend.store.table import Table
from tests.integration.aws import Aws
from tests.portfolios import holding, portfolio

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def table(aws: Aws) -> Table:
    return Table(aws.client("dynamodb"), aws.outputs["tableName"])


@pytest.fixture
def accounts(table: Table) -> Accounts:
    return Accounts(table)


@pytest.fixture
def account_id() -> str:
    return uuid.uuid4().hex[:24]


def transaction(owner: str, begun_at: datetime = NOW) -> Transaction:
    expiry = begun_at + timedelta(minutes=5)
    return Transaction(f"TRX_{uuid.uuid4().hex}", owner, Intent.HOLDINGS_IMPORT, begun_at, expiry, "")


def snapshot(account_id: str, securities: int, minutes: int = 0) -> Snapshot:
    taken = (NOW + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = portfolio(*[holding(number) for number in range(securities)], dates=f'"snapshotDate":"{taken}"')
    outcome = judge(members(text), account_id, NOW + timedelta(days=1))
    assert isinstance(outcome, Complete)
    return outcome.snapshot


def linked(accounts: Accounts, account_id: str, owner: str, begun_at: datetime = NOW) -> Account:
    accounts.link(account_id, "groww", transaction(owner, begun_at), begun_at)
    return accounts.owned(account_id, owner)


def securities_of(accounts: Accounts, account_id: str, owner: str) -> int:
    _, text = accounts.owned_with_portfolio(account_id, owner)
    return len(members(text or "{}")["securities"][1])


def test_of_two_imports_that_read_the_same_status_the_newer_stays(accounts: Accounts, account_id: str) -> None:
    read_by_both = linked(accounts, account_id, "race-asha")
    assert accounts.record(read_by_both, snapshot(account_id, 3, minutes=5), NOW) is True
    assert accounts.record(read_by_both, snapshot(account_id, 2, minutes=1), NOW) is False

    assert securities_of(accounts, account_id, "race-asha") == 3


def test_at_one_date_the_larger_stays(accounts: Accounts, account_id: str) -> None:
    account = linked(accounts, account_id, "race-asha")
    assert accounts.record(account, snapshot(account_id, 0), NOW) is True
    assert accounts.record(accounts.owned(account_id, "race-asha"), snapshot(account_id, 4), NOW) is True
    assert accounts.record(accounts.owned(account_id, "race-asha"), snapshot(account_id, 2), NOW) is False

    assert securities_of(accounts, account_id, "race-asha") == 4


def test_an_import_that_outlives_an_unlinking_leaves_nothing(accounts: Accounts, account_id: str, aws: Aws) -> None:
    under_way = linked(accounts, account_id, "race-asha")
    unlinked_at = accounts.unlink(account_id, "race-asha", NOW + timedelta(seconds=1))
    accounts.erase_snapshots(account_id, unlinked_at)

    with pytest.raises(NotFound):
        accounts.record(under_way, snapshot(account_id, 3), NOW + timedelta(seconds=2))
    assert [item["sk"]["S"] for item in aws.items(f"ACCOUNT#{account_id}")] == ["ERASED"]


def test_it_does_not_touch_the_next_owners_identical_snapshot(accounts: Accounts, account_id: str) -> None:
    under_way = linked(accounts, account_id, "race-asha")
    accounts.unlink(account_id, "race-asha", NOW + timedelta(seconds=1))
    later = NOW + timedelta(minutes=1)
    accounts.record(linked(accounts, account_id, "race-ravi", later), snapshot(account_id, 3), later)

    with pytest.raises(NotFound):
        accounts.record(under_way, snapshot(account_id, 3), later)
    assert securities_of(accounts, account_id, "race-ravi") == 3


def test_an_account_cannot_get_a_second_owner_or_come_back_by_an_old_transaction(
    accounts: Accounts, account_id: str
) -> None:
    linked(accounts, account_id, "race-asha")
    with pytest.raises(AccountOfAnotherUser):
        accounts.link(account_id, "groww", transaction("race-ravi"), NOW)
    accounts.unlink(account_id, "race-asha", NOW + timedelta(minutes=1))
    with pytest.raises(ConnectionWithdrawn):
        accounts.link(account_id, "groww", transaction("race-asha"), NOW + timedelta(minutes=2))
    assert accounts.find(account_id) is None


def notice(checksum: str, body_hash: str) -> WebhookEnvelope:
    return WebhookEnvelope(WebhookKind.HOLDINGS_V2, body_hash, "2026-11-20T12:00:00.000Z", checksum, "account", "TRX_1")


def test_a_verdict_is_written_once(table: Table) -> None:
    receipts, checksum = Receipts(table), uuid.uuid4().hex
    receipt = receipts.keep(notice(checksum, "a" * 64), b"{}", NOW)
    receipts.decide(receipt, ReceiptVerdict.APPLIED, "CONFIRMED", NOW)
    receipts.decide(receipt, ReceiptVerdict.QUARANTINED, "NOT_CONFIRMED", NOW)

    found = receipts.find(receipt.key)
    assert found
    assert (found.verdict, found.reason) == (ReceiptVerdict.APPLIED, "CONFIRMED")


def test_an_erased_receipt_does_not_come_back(table: Table, aws: Aws) -> None:
    receipts, checksum = Receipts(table), uuid.uuid4().hex
    receipt = receipts.keep(notice(checksum, "a" * 64), b"{}", NOW)
    table.delete_all([(f"RECEIPT#{checksum}", "a" * 64)])
    receipts.decide(receipt, ReceiptVerdict.APPLIED, "CONFIRMED", NOW)

    assert receipts.find(receipt.key) is None
    assert aws.receipts(checksum) == []


def test_only_the_first_body_with_a_checksum_is_kept(table: Table) -> None:
    receipts, checksum = Receipts(table), uuid.uuid4().hex
    first = receipts.keep(notice(checksum, "a" * 64), b'{"first":1}', NOW)
    second = receipts.keep(notice(checksum, "b" * 64), b'{"second":2}', NOW)

    assert receipts.first_with_checksum(checksum) == "a" * 64
    assert (receipts.body(first.key), receipts.body(second.key)) == (b'{"first":1}', b"")
    assert receipts.keep(notice(checksum, "a" * 64), b'{"first":1}', NOW).seen == 2


def test_a_body_that_was_split_is_whole_and_is_erased_whole(table: Table, aws: Aws) -> None:
    receipts, checksum = Receipts(table), uuid.uuid4().hex
    body = b"".join(uuid.uuid4().bytes for _ in range(60_000))  # does not compress: three parts
    receipt = receipts.keep(notice(checksum, "a" * 64), body, NOW)
    assert receipts.body(receipt.key) == body

    receipts.decide(receipt, ReceiptVerdict.QUARANTINED, "CONNECTION_WITHDRAWN", NOW, erase=True)
    assert [item["sk"]["S"] for item in aws.items(f"RECEIPT#{checksum}")] == ["FIRST", "a" * 64]
    with pytest.raises(LookupError):
        receipts.body(receipt.key)
