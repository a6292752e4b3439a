"""What becomes of each kind of webhook, authentic or not, over HTTP (docs/architecture.md, the path of an import)."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from testing.actors import AppUser, Sandbox, eventually
from testing.portfolios import holding, isins, portfolio
from tests.integration.aws import Aws
from tests.integration.signed_webhooks import holdings_webhook, instant, signed


@pytest.fixture
def post(outputs: dict[str, Any]) -> Callable[[Any], httpx.Response]:
    def send(body: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{outputs['apiUrl']}/webhooks/smallcase"
        return httpx.post(url, content=content, headers={"content-type": "application/json"}, timeout=60)

    return send


@pytest.fixture
def linked(user: AppUser, sandbox: Sandbox, broker_account: str) -> tuple[AppUser, str, str]:
    """A user with an imported account: (user, account id, the import's transaction id)."""
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(2)))
    return user, account_id, user.import_from("groww", broker_account)


Post = Callable[[Any], httpx.Response]
Linked = tuple[AppUser, str, str]


def decided(aws: Aws, checksum: str, verdict: str, reason: str) -> list[dict[str, Any]]:
    def check() -> list[dict[str, Any]]:
        receipts = aws.receipts(checksum)
        assert (verdict, reason) in [(r.get("verdict"), r.get("reason")) for r in receipts], receipts
        return receipts

    return list(eventually(check))


def test_an_authentic_one_is_kept_and_applied(linked: Linked, post: Post, aws: Aws) -> None:
    _, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, snapshotDate=instant(timedelta(hours=1)))

    assert post(body).status_code == 200
    decided(aws, body["checksum"], "APPLIED", "CONFIRMED")


def test_a_repeat_is_counted_and_has_no_second_effect(linked: Linked, post: Post, aws: Aws) -> None:
    user, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, snapshotDate=instant(timedelta(hours=1)))
    before = user.holdings_of(account_id)["data"]

    assert [post(body).status_code for _ in range(3)] == [200, 200, 200]

    receipts = decided(aws, body["checksum"], "APPLIED", "CONFIRMED")
    assert [receipt["seen"] for receipt in receipts] == ["3"]
    assert user.holdings_of(account_id)["data"] == before


def test_what_it_says_is_never_taken_for_truth(linked: Linked, post: Post, aws: Aws) -> None:
    """The checksum is valid, the content is made up: Gateway's own answer stays."""
    user, account_id, transaction_id = linked
    body = holdings_webhook(
        account_id, transaction_id, snapshotDate=instant(timedelta(hours=1)), securities=[json.loads(holding(700))]
    )
    assert post(body).status_code == 200

    decided(aws, body["checksum"], "APPLIED", "CONFIRMED")
    assert isins(user.holdings_of(account_id)) == {json.loads(holding(n))["isin"] for n in (1, 2)}


def test_a_newer_date_that_gateway_does_not_confirm_is_quarantined(linked: Linked, post: Post, aws: Aws) -> None:
    user, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, snapshotDate=instant(-timedelta(minutes=4)), securities=[])
    assert post(body).status_code == 200

    decided(aws, body["checksum"], "QUARANTINED", "NOT_CONFIRMED")
    assert len(user.holdings_of(account_id)["data"]["securities"]) == 2


def test_an_unknown_transaction_is_quarantined(post: Post, aws: Aws, linked: Linked) -> None:
    _, account_id, _ = linked
    body = holdings_webhook(account_id, f"TRX_{uuid.uuid4().hex}")
    assert post(body).status_code == 200
    decided(aws, body["checksum"], "QUARANTINED", "UNKNOWN_TRANSACTION")


def test_another_users_account_is_quarantined(
    post: Post, aws: Aws, linked: Linked, new_user: Callable[[], AppUser]
) -> None:
    """A captured checksum of a victim's account with the attacker's own transaction moves nothing."""
    victim, account_id, _ = linked
    attacker = new_user()
    body = holdings_webhook(account_id, attacker.begin())
    assert post(body).status_code == 200

    decided(aws, body["checksum"], "QUARANTINED", "ACCOUNT_OF_ANOTHER_USER")
    assert attacker.connections() == []
    assert len(victim.connections()) == 1


def test_an_account_that_gateway_does_not_tie_to_the_transaction_is_not_linked(
    user: AppUser, sandbox: Sandbox, broker_account: str, post: Post, aws: Aws
) -> None:
    mine, not_mine = broker_account, broker_account + "X"
    sandbox.put_account("groww", mine, portfolio(holding(1)))
    stranger = sandbox.put_account("groww", not_mine, portfolio(holding(2)))
    transaction_id = user.begin()
    sandbox.act(transaction_id, "complete", broker="groww", account=mine, webhooks="drop")
    body = holdings_webhook(stranger, transaction_id)
    assert post(body).status_code == 200

    decided(aws, body["checksum"], "QUARANTINED", "ACCOUNT_MISMATCH")
    assert user.connections() == []


def test_one_from_before_the_replay_window_is_quarantined(linked: Linked, post: Post, aws: Aws) -> None:
    _, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, timestamp=instant(timedelta(days=6)))
    assert post(body).status_code == 200
    decided(aws, body["checksum"], "QUARANTINED", "OUTSIDE_REPLAY_WINDOW")


def test_a_checksum_with_another_body_is_quarantined(linked: Linked, post: Post, aws: Aws) -> None:
    _, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, snapshotDate=instant(timedelta(hours=1)))
    assert post(body).status_code == 200
    decided(aws, body["checksum"], "APPLIED", "CONFIRMED")

    assert post(body | {"securities": []}).status_code == 200
    receipts = decided(aws, body["checksum"], "QUARANTINED", "CHECKSUM_REUSED")
    assert sorted(receipt["verdict"] for receipt in receipts) == ["APPLIED", "QUARANTINED"]


def test_an_order_about_a_holdings_import_is_quarantined(linked: Linked, post: Post, aws: Aws) -> None:
    _, account_id, transaction_id = linked
    body = signed(
        {
            "batchId": "5ef5b24a4d6cd54b4a3a8c11",
            "orders": [],
            "transactionId": transaction_id,
            "smallcaseAuthId": account_id,
            "timestamp": instant(),
        },
        "smallcaseAuthId",
    )
    assert post(body).status_code == 200
    decided(aws, body["checksum"], "QUARANTINED", "INTENT_MISMATCH")


def test_mutual_funds_are_kept_with_their_own_checksum(post: Post, aws: Aws) -> None:
    statement = {"intent": "MF_HOLDINGS_IMPORT", "timestamp": instant(), "summary": []}
    body = signed(statement | {"transactionId": f"TRX_{uuid.uuid4().hex}"}, "transactionId")
    assert post(body).status_code == 200
    receipts = decided(aws, body["checksum"], "QUARANTINED", "UNKNOWN_TRANSACTION")
    assert receipts[0]["kind"] == "MUTUAL_FUNDS"


def test_a_pending_action_that_gateway_knows_nothing_of_is_quarantined(linked: Linked, post: Post, aws: Aws) -> None:
    _, account_id, _ = linked
    body = signed(
        {"iscid": "5f2d22636678954954f29a2d", "smallcaseAuthId": account_id, "timestamp": instant()}, "smallcaseAuthId"
    )
    assert post(body).status_code == 200
    decided(aws, body["checksum"], "QUARANTINED", "UNKNOWN_TO_GATEWAY")


def test_version_1_webhooks_are_understood(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin({"intent": "HOLDINGS_IMPORT", "version": "v1"})
    sandbox.act(transaction_id, "complete", broker="groww", account=broker_account)

    def imported() -> None:
        assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]
        assert len(user.holdings_of(account_id)["data"]["securities"]) == 1

    eventually(imported)


@pytest.mark.parametrize(
    ("change", "status"),
    [({"checksum": "0" * 64}, 401), ({"checksum": None}, 401), ({"checksum": 7}, 401)],
    ids=["wrong", "missing", "no-text"],
)
def test_without_a_valid_checksum_nothing_is_kept(
    change: dict[str, Any], status: int, linked: Linked, post: Post, aws: Aws
) -> None:
    _, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id)
    answer = post({name: value for name, value in (body | change).items() if value is not None})

    assert answer.status_code == status
    assert answer.json()["code"] in ("NOT_AUTHENTIC", "BODY_UNREADABLE")
    assert aws.receipts(body["checksum"]) == []
    assert aws.receipts(str(change["checksum"])) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"{}",
        b'{"hello":"world"}',
        b'{"a":' * 100_000,
        b"\xff\xfe",
        b'{"smallcaseAuthId":1}',
    ],
    ids=["empty", "cut", "list", "text", "no-members", "unknown-shape", "deep", "binary", "wrong-types"],
)
def test_what_is_no_webhook_is_refused(body: bytes, post: Post) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "BODY_UNREADABLE")


def test_an_oversized_body_is_refused(linked: Linked, post: Post, aws: Aws) -> None:
    _, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, padding="x" * (4 * 1024 * 1024))
    answer = post(body)
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert aws.receipts(body["checksum"]) == []


def test_a_receipt_whose_message_was_lost_is_found_by_the_sweep(linked: Linked, post: Post, aws: Aws) -> None:
    """Nothing acknowledged is lost: the queue forgets, the receipt does not."""
    _, account_id, transaction_id = linked
    body = holdings_webhook(account_id, transaction_id, snapshotDate=instant(timedelta(hours=1)))
    assert post(body).status_code == 200
    receipt = decided(aws, body["checksum"], "APPLIED", "CONFIRMED")[0]
    forget_verdict(aws, receipt)

    aws.invoke("reconcile_transactions")
    decided(aws, body["checksum"], "APPLIED", "CONFIRMED")


def forget_verdict(aws: Aws, receipt: dict[str, Any]) -> None:
    """As if it had arrived ten minutes ago and its message had been lost."""
    long_ago = (datetime.now(UTC) - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    aws.client("dynamodb").update_item(
        TableName=aws.outputs["tableName"],
        Key={"pk": {"S": receipt["pk"]}, "sk": {"S": receipt["sk"]}},
        UpdateExpression="SET listKey = :pending, listOrder = :then REMOVE verdict, reason",
        ExpressionAttributeValues={":pending": {"S": f"PENDING#{receipt['sk'][0]}"}, ":then": {"S": long_ago}},
    )
