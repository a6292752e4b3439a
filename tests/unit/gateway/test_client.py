"""The Gateway client: what it sends, and what it makes of the answers."""

import gzip
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from gateway_backend.domain.shared.errors import (
    GatewayUnavailable,
)
from gateway_backend.domain.transactions.report import Failure, Report, Status
from gateway_backend.gateway import client, tokens
from gateway_backend.gateway.client import Gateway
from testing.fake_gateway import FakeGateway, Reply, success
from testing.gateway_calls import ACCOUNT, CREATED, EVERY_CALL, KEYS, NOW, Call, create, details, holdings
from testing.portfolios import GUIDE_002


def with_token(token: str) -> Reply:
    return success({"transactionDetails": {"status": "COMPLETED", "success": {"smallcaseAuthToken": token}}})


# Requests ----------------------------------------------------------------------------------------


def test_a_transaction_is_created_with_both_keys(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [success(CREATED)]

    made = create(gateway)

    ((method, path, headers, body),) = fake.requests
    assert (method, path, json.loads(body)) == ("POST", "/gateway/demogateway/transaction", {"intent": "CONNECT"})
    assert (headers["x-gateway-secret"], headers["x-gateway-authtoken"]) == ("api-secret", "token-1")
    assert (made.transaction_id, made.expire_at) == ("TRX_1", datetime(2026, 11, 20, 10, 5, tzinfo=UTC))


def test_details_are_requested_as_a_guest(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [
        success({"transactionDetails": {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "broker": "kite"}})
    ]

    assert details(gateway) == Report("TRX_1", Status.COMPLETED, False, ACCOUNT, "kite")

    ((_, path, headers, _),) = fake.requests
    assert path == "/v1/demogateway/engine/transactiondetails?transactionId=TRX_1"
    assert tokens.account_of(headers["x-gateway-authtoken"], KEYS.secret, NOW) is None


@pytest.mark.parametrize(("mutual_funds", "more"), [(False, {}), (True, {"mfHoldings": ["true"]})])
def test_holdings_are_requested_in_v2_for_the_account(
    fake: FakeGateway, gateway: Gateway, mutual_funds: bool, more: dict[str, list[str]]
) -> None:
    fake.replies = [Reply(GUIDE_002)]

    gateway.holdings(ACCOUNT, NOW, mutual_funds=mutual_funds)

    ((_, path, headers, _),) = fake.requests
    assert urlsplit(path).path == "/v1/demogateway/engine/user/holdings"
    assert fake.requests[0].query == {"version": ["v2"]} | more
    assert tokens.account_of(headers["x-gateway-authtoken"], KEYS.secret, NOW) == ACCOUNT


def test_holdings_keep_every_digit(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002)]

    found = holdings(gateway)

    assert found["securities"][0] in GUIDE_002
    assert '"totalReturns": 1.3100000000000023' in found["smallcases"][0]


# Whose transaction -------------------------------------------------------------------------------


def test_the_transactions_own_token_names_the_account_when_nothing_else_does(
    fake: FakeGateway, gateway: Gateway
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    fake.replies = [with_token(tokens.connected_token(ACCOUNT, KEYS.secret, long_ago))]

    assert details(gateway).account_id == ACCOUNT


def test_a_token_of_another_gateway_is_refused(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [with_token(tokens.connected_token(ACCOUNT, "another-made-up-secret-of-32-bytes", NOW))]

    with pytest.raises(GatewayUnavailable):
        details(gateway)


def test_a_failed_transaction_is_reported_with_its_reason(fake: FakeGateway, gateway: Gateway) -> None:
    error = {"value": True, "code": 1003, "message": "consent_denied"}
    fake.replies = [success({"transaction": {"status": "ERRORED", "authId": ACCOUNT, "error": error}})]

    assert details(gateway) == Report("TRX_1", Status.ERRORED, False, ACCOUNT, None, Failure(1003, "consent_denied"))


# The shared session ------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [False, True])
def test_a_connection_is_used_for_the_next_call(packed: bool, fake: FakeGateway, gateway: Gateway) -> None:
    plain = Reply(GUIDE_002)
    fake.replies = [Reply(gzip.compress(GUIDE_002.encode()), headers={"content-encoding": "gzip"}) if packed else plain]

    assert holdings(gateway) == holdings(gateway)
    assert len(fake.ports) == 1


def test_a_cookie_is_not_sent_with_the_next_request(fake: FakeGateway, gateway: Gateway) -> None:
    reply = success({"securities": []})
    reply.headers = {"set-cookie": "session=of-user-1; Path=/"}
    fake.replies = [reply]

    holdings(gateway)
    holdings(gateway)

    assert [name for _, _, headers, _ in fake.requests for name in headers if name.lower() == "cookie"] == []


def test_a_proxy_in_the_environment_is_ignored(
    fake: FakeGateway, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    fake.replies = [success({"securities": []})]

    assert holdings(gateway)


# The size of an answer ---------------------------------------------------------------------------


@EVERY_CALL
def test_an_answer_that_is_too_large_is_refused(
    call: Call, fake: FakeGateway, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LARGEST_ANSWER", 1000)
    fake.replies = [Reply(GUIDE_002)]

    with pytest.raises(GatewayUnavailable, match="too large"):
        call(gateway)


def test_an_endless_answer_is_not_read_to_the_end(fake: FakeGateway, gateway: Gateway) -> None:
    unpacked = b"[" + b" " * (client.LARGEST_ANSWER * 4)
    fake.replies = [Reply(gzip.compress(unpacked), headers={"content-encoding": "gzip"})]

    with pytest.raises(GatewayUnavailable, match="too large"):
        holdings(gateway)


def test_an_answer_just_below_the_limit_is_read_whole(fake: FakeGateway, gateway: Gateway) -> None:
    note = "x" * (client.LARGEST_ANSWER - 1000)
    fake.replies = [success({"securities": [], "note": note})]

    assert holdings(gateway)["note"] == (f'"{note}"', note)
