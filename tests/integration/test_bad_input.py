"""Every bad input gets problem+json with a code, a remedy in words and the right status; nothing is stored wrongly."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from testing.actors import AppUser, Sandbox, assert_problem
from testing.portfolios import holding, portfolio

SECRET = "sandbox-secret-not-a-real-one-32bytes"


@pytest.mark.parametrize(
    ("body", "naming"),
    [
        ({}, "intent"),
        ({"intent": "STEAL"}, "intent"),
        ({"intent": 7}, "intent"),
        ({"intent": "HOLDINGS_IMPORT", "version": "v3"}, "version"),
        ({"intent": "HOLDINGS_IMPORT", "assetConfig": {"mfHoldings": [1]}}, "mfHoldings"),
        ({"intent": "HOLDINGS_IMPORT", "assetConfig": "all"}, "assetConfig"),
        ({"intent": "HOLDINGS_IMPORT", "notes": "x" * 257}, "notes"),
        ({"intent": "HOLDINGS_IMPORT", "surprise": 1}, "surprise"),
        ([], ""),
    ],
    ids=["no-intent", "unknown-intent", "intent-type", "version", "flag", "config", "notes", "extra", "list"],
)
def test_a_create_that_does_not_fit_names_the_field(user: AppUser, body: Any, naming: str) -> None:
    assert_problem(user.create(body), 400, "REQUEST_INVALID", naming)
    assert user.get("/v1/transactions").json()["transactions"] == []


@pytest.mark.parametrize("body", [b"not json", b'{"intent":', b'{"intent":' + b"[" * 100_000, b"\xff"])
def test_a_body_that_is_not_json(user: AppUser, body: bytes) -> None:
    headers = {"idempotency-key": str(uuid.uuid4()), "content-type": "application/json"}
    assert_problem(user.http.post("/v1/transactions", content=body, headers=headers), 400, "REQUEST_INVALID")


def test_an_oversized_body(user: AppUser) -> None:
    headers = {"idempotency-key": str(uuid.uuid4())}
    answer = user.http.post("/v1/transactions", content=b" " * 300_000, headers=headers)
    assert_problem(answer, 413, "BODY_TOO_LARGE")


def test_a_create_needs_an_idempotency_key(user: AppUser) -> None:
    answer = user.post("/v1/transactions", {"intent": "CONNECT"})
    assert_problem(answer, 400, "IDEMPOTENCY_KEY_MISSING", "Idempotency-Key")


def test_a_key_belongs_to_one_body_and_one_user(new_user: Callable[[], AppUser]) -> None:
    first, second = new_user(), new_user()
    key = str(uuid.uuid4())
    assert first.create({"intent": "CONNECT"}, key).status_code == 201

    assert_problem(first.create({"intent": "HOLDINGS_IMPORT"}, key), 422, "IDEMPOTENCY_KEY_REUSED")
    assert_problem(second.create({"intent": "CONNECT"}, key), 422, "IDEMPOTENCY_KEY_REUSED")


def test_somebody_elses_things_do_not_exist(
    new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str
) -> None:
    owner, other = new_user(), new_user()
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = owner.import_from("groww", broker_account)

    unknown = f"TRX_{uuid.uuid4().hex}"
    for theirs, nothing in (
        (f"/v1/transactions/{transaction_id}", f"/v1/transactions/{unknown}"),
        (f"/v1/connections/{account_id}/holdings", "/v1/connections/ffffffffffffffffffffffff/holdings"),
    ):
        answers = [other.get(theirs), other.get(nothing)]
        for answer in answers:
            assert_problem(answer, 404, "NOT_FOUND")
        assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert_problem(other.send_result(transaction_id, {"resolved": {}}), 404, "NOT_FOUND")
    assert_problem(other.http.delete(f"/v1/connections/{account_id}"), 404, "NOT_FOUND")
    assert_problem(other.post("/v1/session", {"smallcaseAuthId": account_id}), 404, "NOT_FOUND")
    assert_problem(other.create({"intent": "HOLDINGS_IMPORT", "smallcaseAuthId": account_id}), 404, "NOT_FOUND")
    assert len(owner.connections()) == 1


def sdk_token(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    return jwt.encode({"smallcaseAuthId": "6195e288360acf9ebc060d99", **claims}, secret, algorithm=algorithm)


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (sdk_token(secret="the secret of quite another gateway!"), "SDK_TOKEN_INVALID"),
        (sdk_token(secret="", algorithm="none"), "SDK_TOKEN_INVALID"),
        (sdk_token(exp=int(time.time()) - 60), "SDK_TOKEN_EXPIRED"),
        (sdk_token()[:-3] + "abc", "SDK_TOKEN_INVALID"),
        ("not.a.token", "SDK_TOKEN_INVALID"),
    ],
    ids=["other-gateway", "alg-none", "expired", "tampered", "garbage"],
)
def test_a_token_that_proves_nothing_links_nothing(user: AppUser, token: str, code: str) -> None:
    transaction_id = user.begin()
    answer = user.send_result(transaction_id, {"resolved": {"smallcaseAuthToken": token, "broker": "groww"}})

    assert_problem(answer, 422, code)
    assert user.connections() == []


def test_a_token_for_another_account_than_the_transaction(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    result = sandbox.act(transaction_id, "complete", broker="groww", account=broker_account)
    result["resolved"]["smallcaseAuthToken"] = sdk_token()

    assert_problem(user.send_result(transaction_id, result), 409, "ACCOUNT_MISMATCH")


def test_a_strangers_token_moves_nothing(
    new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str
) -> None:
    """Mallory has seen a victim's token. Neither before nor after her own login does it get her the account."""
    victim, mallory = new_user(), new_user()
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    sandbox.put_account("groww", broker_account + "M", portfolio(holding(2)))
    stolen = sandbox.act(victim.begin(), "complete", broker="groww", account=broker_account, webhooks="drop")[
        "resolved"
    ]
    stolen = {name: stolen[name] for name in ("smallcaseAuthToken", "broker")}
    transaction_id = mallory.begin()

    assert mallory.send_result(transaction_id, {"resolved": stolen}).status_code == 202
    assert mallory.connections() == []
    own = sandbox.act(transaction_id, "complete", broker="groww", account=broker_account + "M", webhooks="drop")
    assert_problem(mallory.send_result(transaction_id, {"resolved": stolen}), 409, "ACCOUNT_MISMATCH")
    assert mallory.send_result(transaction_id, own).status_code == 200
    assert account_id not in [connection["smallcaseAuthId"] for connection in mallory.connections()]
    assert mallory.get(f"/v1/connections/{account_id}/holdings").status_code == 404


def test_the_client_does_not_name_the_broker(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    result = sandbox.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="drop")
    result["resolved"]["broker"] = "=HYPERLINK(0)"

    assert user.send_result(transaction_id, result).status_code == 200
    assert user.connections()[0]["broker"] == "groww"


@pytest.mark.parametrize(
    ("body", "naming"),
    [
        ({"platform": "web"}, "resolved"),
        ({"platform": "web", "resolved": {}, "rejected": {}}, "resolved"),
        ({"platform": "toaster", "resolved": {}}, "platform"),
        ({"resolved": {}}, "platform"),
    ],
)
def test_a_result_that_does_not_fit(user: AppUser, body: dict[str, Any], naming: str) -> None:
    answer = user.post(f"/v1/transactions/{user.begin()}/result", body)
    assert_problem(answer, 400, "REQUEST_INVALID", naming)


def test_a_result_about_another_transaction(user: AppUser) -> None:
    answer = user.send_result(user.begin(), {"resolved": {"transactionId": f"TRX_{uuid.uuid4().hex}"}})
    assert_problem(answer, 400, "REQUEST_INVALID", "transactionId")


def test_an_expired_transaction_ends(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    result = sandbox.act(transaction_id, "expire", broker="groww", account=broker_account)
    assert result["rejected"]["code"] == 1005

    assert_problem(user.send_result(transaction_id, result), 409, "TRANSACTION_EXPIRED", "start a new one")
    shown = user.get(f"/v1/transactions/{transaction_id}").json()
    assert (shown["status"], shown["final"], shown["error"]["code"]) == ("EXPIRED", True, 1005)
    assert user.connections() == []


@pytest.mark.parametrize("cursor", ["x", "AAAA", "bm90IG91cnMgYXQgYWxsIG5vdCBvdXJz", "%00"])
def test_a_cursor_that_is_not_ours(user: AppUser, cursor: str) -> None:
    assert_problem(user.get("/v1/transactions", params={"cursor": cursor}), 400, "CURSOR_INVALID", "cursor")


def test_a_cursor_of_another_user(new_user: Callable[[], AppUser]) -> None:
    first, second = new_user(), new_user()
    for _ in range(3):
        first.begin()
    cursor = None
    while cursor is None:
        cursor = first.get("/v1/transactions", params={"limit": 1}).json()["nextCursor"]
    assert_problem(second.get("/v1/transactions", params={"cursor": cursor}), 400, "CURSOR_INVALID")


@pytest.mark.parametrize("limit", ["0", "-1", "101", "many", "1.5", ""])
def test_a_limit_out_of_range(user: AppUser, limit: str) -> None:
    assert_problem(user.get("/v1/transactions", params={"limit": limit}), 400, "REQUEST_INVALID", "limit")


def test_an_unknown_version(user: AppUser) -> None:
    answer = user.get("/v1/connections/6195e288360acf9ebc060d23/holdings", params={"version": "v3"})
    assert_problem(answer, 400, "REQUEST_INVALID", "version")


@pytest.mark.parametrize("header", [{}, {"authorization": "Bearer x.y.z"}, {"authorization": ""}])
def test_without_a_valid_access_token_there_is_no_answer(outputs: dict[str, Any], header: dict[str, str]) -> None:
    assert httpx.get(f"{outputs['apiUrl']}/v1/holdings", headers=header, timeout=60).status_code == 401
