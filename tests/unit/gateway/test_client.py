"""The Gateway client against a Gateway that misbehaves: each way it can fail has a name, and a create is sent once."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from gateway_backend.domain.shared.errors import (
    DomainError,
    GatewayForbidden,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
)
from gateway_backend.domain.transactions.report import Failure, Report, Status
from gateway_backend.gateway import client, tokens
from gateway_backend.gateway.client import Gateway, open_session
from gateway_backend.gateway.keys import GatewayKeys
from testing.portfolios import GUIDE_002

NOW = datetime.now(UTC)
KEYS = GatewayKeys("demogateway", "a-made-up-secret-of-32-bytes-or-so", ("api-secret", "previous-api-secret"))
ACCOUNT = "6195e288360acf9ebc060d23"
CREATED = {"transactionId": "TRX_1", "expireAt": "2026-11-20T10:05:00.000Z"}


@dataclass
class Reply:
    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0
    hang_up: bool = False
    pieces_apart: float = 0
    """Seconds between the pieces of a body that trickles."""


def success(data: Any) -> Reply:
    return Reply(json.dumps({"success": True, "errors": None, "data": data}))


class FakeGateway:
    """Answers with the replies in turn, the last one for ever; remembers what it was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: list[Reply] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections: set[int] = set()

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def queries(self) -> list[dict[str, list[str]]]:
        return [parse_qs(urlsplit(path).query) for _, path, _, _ in self.asked]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway: ClassVar[FakeGateway]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.gateway.connections.add(self.client_address[1])
        self.gateway.asked.append((self.command, self.path, dict(self.headers), body))
        reply = self.gateway.next_reply()
        time.sleep(reply.after_seconds)
        self.close_connection = reply.hang_up or reply.after_seconds > 0
        if self.close_connection:
            return
        content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
        self.send_response(reply.status)
        for name, value in ({"content-length": str(len(content))} | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if not reply.pieces_apart:
            self.wfile.write(content)
            return
        self.close_connection = True
        with suppress(ConnectionError):
            for at in range(0, len(content), 100):
                self.wfile.write(content[at : at + 100])
                time.sleep(reply.pieces_apart)

    do_POST = do_GET  # noqa: N815 - the name that http.server asks for

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def fake() -> Iterator[FakeGateway]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    _Handler.gateway = FakeGateway(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield _Handler.gateway
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def gateway(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    monkeypatch.setattr(client, "READ_SECONDS", 0.2)
    for pause in ("backoff_factor", "backoff_jitter"):
        monkeypatch.setattr(client._READ_RETRIES, pause, 0)
    return Gateway(open_session(), fake.url + "/", KEYS)


type Call = Callable[[Gateway], Any]


def create(gateway: Gateway) -> Any:
    return gateway.create_transaction({"intent": "CONNECT"}, "token-1")


def details(gateway: Gateway) -> Any:
    return gateway.transaction("TRX_1", NOW)


def holdings(gateway: Gateway) -> Any:
    return gateway.holdings(ACCOUNT, NOW, mutual_funds=False)


EVERY_CALL = pytest.mark.parametrize("call", [create, details, holdings])
READS = pytest.mark.parametrize("call", [details, holdings])

# What is asked ---------------------------------------------------------------------------------


def test_a_create_is_posted_with_both_keys(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [success(CREATED)]

    made = create(gateway)

    ((method, path, headers, body),) = fake.asked
    assert (method, path, json.loads(body)) == ("POST", "/gateway/demogateway/transaction", {"intent": "CONNECT"})
    assert (headers["x-gateway-secret"], headers["x-gateway-authtoken"]) == ("api-secret", "token-1")
    assert (made.transaction_id, made.expire_at) == ("TRX_1", datetime(2026, 11, 20, 10, 5, tzinfo=UTC))


def test_details_are_asked_for_as_a_guest(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [
        success({"transactionDetails": {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "broker": "kite"}})
    ]

    assert details(gateway) == Report("TRX_1", Status.COMPLETED, False, ACCOUNT, "kite")

    ((_, path, headers, _),) = fake.asked
    assert path == "/v1/demogateway/engine/transactiondetails?transactionId=TRX_1"
    assert tokens.account_of(headers["x-gateway-authtoken"], KEYS.secret, NOW) is None


@pytest.mark.parametrize(("mutual_funds", "more"), [(False, {}), (True, {"mfHoldings": ["true"]})])
def test_holdings_are_asked_for_in_v2_for_the_account(
    fake: FakeGateway, gateway: Gateway, mutual_funds: bool, more: dict[str, list[str]]
) -> None:
    fake.replies = [Reply(GUIDE_002)]

    gateway.holdings(ACCOUNT, NOW, mutual_funds=mutual_funds)

    ((_, path, headers, _),) = fake.asked
    assert urlsplit(path).path == "/v1/demogateway/engine/user/holdings"
    assert fake.queries == [{"version": ["v2"]} | more]
    assert tokens.account_of(headers["x-gateway-authtoken"], KEYS.secret, NOW) == ACCOUNT


def test_holdings_keep_every_digit(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002)]

    found = holdings(gateway)

    assert found["securities"][0] in GUIDE_002
    assert '"totalReturns": 1.3100000000000023' in found["smallcases"][0]


# Whose transaction -----------------------------------------------------------------------------


def with_token(token: str) -> Reply:
    return success({"transactionDetails": {"status": "COMPLETED", "success": {"smallcaseAuthToken": token}}})


def test_the_transactions_own_token_names_the_account_when_nothing_else_does(
    fake: FakeGateway, gateway: Gateway
) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    fake.replies = [with_token(tokens.connected_token(ACCOUNT, KEYS.secret, long_ago))]

    assert details(gateway).account_id == ACCOUNT


def test_a_token_of_another_gateway_names_nobody(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [with_token(tokens.connected_token(ACCOUNT, "another-made-up-secret-of-32-bytes", NOW))]

    with pytest.raises(GatewayUnavailable):
        details(gateway)


def test_a_failed_transaction_is_reported_with_its_reason(fake: FakeGateway, gateway: Gateway) -> None:
    error = {"value": True, "code": 1003, "message": "consent_denied"}
    fake.replies = [success({"transaction": {"status": "ERRORED", "authId": ACCOUNT, "error": error}})]

    assert details(gateway) == Report("TRX_1", Status.ERRORED, False, ACCOUNT, None, Failure(1003, "consent_denied"))


@pytest.mark.parametrize("packed", [False, True])
def test_a_connection_serves_one_call_after_the_other(packed: bool, fake: FakeGateway, gateway: Gateway) -> None:
    plain = Reply(GUIDE_002)
    fake.replies = [Reply(gzip.compress(GUIDE_002.encode()), headers={"content-encoding": "gzip"}) if packed else plain]

    assert holdings(gateway) == holdings(gateway)
    assert len(fake.connections) == 1


# What a shared session must not carry ----------------------------------------------------------


def test_a_cookie_of_one_user_does_not_go_out_with_another_request(fake: FakeGateway, gateway: Gateway) -> None:
    reply = success({"securities": []})
    reply.headers = {"set-cookie": "session=of-user-1; Path=/"}
    fake.replies = [reply]

    holdings(gateway)
    holdings(gateway)

    assert [name for _, _, headers, _ in fake.asked for name in headers if name.lower() == "cookie"] == []


def test_nothing_in_the_environment_leads_our_keys_elsewhere(
    fake: FakeGateway, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    fake.replies = [success({"securities": []})]

    assert holdings(gateway)


# Answers that are a no -------------------------------------------------------------------------


@EVERY_CALL
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(Reply('{"success":false,"errors":["Invalid JWT"]}'), GatewayRefused, id="success false on 200"),
        pytest.param(Reply('{"success":false,"errors":"one text"}', 400), GatewayRefused, id="400"),
        pytest.param(Reply('{"success":true,"data":{}}', 400), GatewayRefused, id="400 that says success"),
        pytest.param(Reply('{"errors":null,"data":{}}'), GatewayRefused, id="success missing"),
        pytest.param(Reply('{"success":"true","data":{}}'), GatewayRefused, id="success a text"),
        pytest.param(Reply('{"success":false,"errors":["no"]}', 403), GatewayForbidden, id="403"),
        pytest.param(Reply('{"success":false,"errors":["no"]}', 401), GatewayForbidden, id="401"),
        # Somebody in front of Gateway: it says nothing about the account or our keys.
        pytest.param(Reply("<html>no</html>", 403), GatewayUnavailable, id="403 in HTML"),
        pytest.param(Reply("", 401), GatewayUnavailable, id="401 of nobody"),
        pytest.param(Reply("<html>Down for maintenance</html>"), GatewayUnavailable, id="HTML"),
        pytest.param(Reply(""), GatewayUnavailable, id="nothing"),
        pytest.param(Reply('{"success":true,"data":{"transac'), GatewayUnavailable, id="cut off"),
        pytest.param(Reply("[]"), GatewayUnavailable, id="a list"),
        pytest.param(Reply(b'{"success":true,"data":"\xff"}'), GatewayUnavailable, id="not UTF-8"),
        pytest.param(Reply("[" * 100_000), GatewayUnavailable, id="nested without end"),
        pytest.param(Reply('{"success":true,"data":null}'), GatewayUnavailable, id="no data"),
        pytest.param(Reply('{"success":true,"data":[]}'), GatewayUnavailable, id="data of another shape"),
        pytest.param(Reply("x", 503), GatewayUnavailable, id="503"),
    ],
)
def test_each_failure_has_its_name(
    call: Call, reply: Reply, error: type[DomainError], fake: FakeGateway, gateway: Gateway
) -> None:
    fake.replies = [reply]

    with pytest.raises(error) as failed:
        call(gateway)
    assert type(failed.value) is error


def test_gateways_own_words_go_no_further(fake: FakeGateway, gateway: Gateway) -> None:
    """They may quote what was sent, and `detail` reaches the app."""
    fake.replies = [Reply(json.dumps({"success": False, "errors": ["Invalid JWT eyJhbGciOi"]}), 400)]

    with pytest.raises(GatewayRefused) as refused:
        details(gateway)
    assert refused.value.detail == "smallcase Gateway refused the request (400)"


@EVERY_CALL
def test_a_redirect_is_not_followed_with_our_keys(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply("", 302, {"location": fake.url + "/elsewhere"}), success(CREATED)]

    with pytest.raises(GatewayUnavailable):
        call(gateway)
    assert len(fake.asked) == 1


@EVERY_CALL
def test_an_answer_that_could_not_be_handed_on_is_refused(
    call: Call, fake: FakeGateway, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "LARGEST_ANSWER", 1000)
    fake.replies = [Reply(GUIDE_002)]

    with pytest.raises(GatewayUnavailable, match="too large"):
        call(gateway)


@READS
def test_a_body_that_breaks_off_is_no_answer(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002[:500], headers={"content-length": str(len(GUIDE_002)), "connection": "close"})]

    with pytest.raises(GatewayUnavailable):
        call(gateway)


def test_an_answer_packed_wrongly_is_no_answer(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002, headers={"content-encoding": "gzip"})]

    with pytest.raises(GatewayUnavailable):
        holdings(gateway)


def test_an_answer_without_end_is_not_read_to_the_end(fake: FakeGateway, gateway: Gateway) -> None:
    unpacked = b"[" + b" " * (client.LARGEST_ANSWER * 4)
    fake.replies = [Reply(gzip.compress(unpacked), headers={"content-encoding": "gzip"})]

    with pytest.raises(GatewayUnavailable, match="too large"):
        holdings(gateway)


def test_an_answer_just_below_the_limit_is_read_whole(fake: FakeGateway, gateway: Gateway) -> None:
    note = "x" * (client.LARGEST_ANSWER - 1000)
    fake.replies = [success({"securities": [], "note": note})]

    assert holdings(gateway)["note"] == (f'"{note}"', note)


# No answer -------------------------------------------------------------------------------------


@EVERY_CALL
def test_a_gateway_that_does_not_answer_is_asked_once_and_not_waited_for(
    call: Call, fake: FakeGateway, gateway: Gateway
) -> None:
    fake.replies = [Reply(GUIDE_002, after_seconds=0.4)]

    with pytest.raises(GatewayTimeout):
        call(gateway)
    assert len(fake.asked) == 1


def test_all_the_calls_of_one_request_share_one_deadline(
    fake: FakeGateway, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.replies = [Reply(GUIDE_002)]
    holdings(gateway)
    begun = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: begun + client.PATIENCE_SECONDS)

    with pytest.raises(GatewayTimeout):
        holdings(gateway)
    assert len(fake.asked) == 1


def test_a_call_waits_no_longer_than_the_deadline(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)
    gateway = Gateway(open_session(), fake.url, KEYS)
    fake.replies = [Reply(GUIDE_002, after_seconds=1.5)]
    begun = time.monotonic()

    with pytest.raises(GatewayTimeout):
        holdings(gateway)
    assert time.monotonic() - begun < 1


def test_a_body_that_stops_half_way_is_a_timeout(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002, pieces_apart=0.5)]

    with pytest.raises(GatewayTimeout):
        holdings(gateway)


def test_a_body_that_trickles_is_not_waited_for(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)
    gateway = Gateway(open_session(), fake.url, KEYS)
    fake.replies = [Reply(GUIDE_002, pieces_apart=0.1)]
    begun = time.monotonic()

    with pytest.raises(GatewayTimeout):
        holdings(gateway)
    assert time.monotonic() - begun < 1


@EVERY_CALL
def test_a_gateway_that_is_not_there_is_unavailable_and_no_key_is_quoted(call: Call, fake: FakeGateway) -> None:
    nowhere = Gateway(requests.Session(), "http://127.0.0.1:1", KEYS)

    with pytest.raises(GatewayUnavailable) as failed:
        call(nowhere)
    assert "TRX_1" not in f"{failed.value!r} {failed.value.__cause__!r}"


# Trying again ----------------------------------------------------------------------------------


@READS
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_read_is_tried_again_and_then_works(call: Call, status: int, fake: FakeGateway, gateway: Gateway) -> None:
    answer = success({"status": "USED", "securities": []})
    fake.replies = [Reply("busy", status), Reply("busy", status), answer]

    assert call(gateway)
    assert len(fake.asked) == 3


@READS
def test_a_connection_that_breaks_is_opened_again(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    """Gateway closes idle connections, and a Lambda worker may sleep through that."""
    fake.replies = [Reply(hang_up=True), success({"status": "USED", "securities": []})]

    assert call(gateway)
    assert len(fake.asked) == 2


def test_a_create_whose_connection_breaks_is_not_sent_again(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(hang_up=True), success(CREATED)]

    with pytest.raises(GatewayUnavailable):
        create(gateway)
    assert len(fake.asked) == 1


@READS
def test_a_read_is_not_tried_for_ever(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply("busy", 429)]

    with pytest.raises(GatewayUnavailable, match="429"):
        call(gateway)
    assert len(fake.asked) == 3


@READS
def test_a_no_is_not_asked_again(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply('{"success":false}', 403)]

    with pytest.raises(GatewayForbidden):
        call(gateway)
    assert len(fake.asked) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_create_is_sent_once_whatever_comes_back(status: int, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply("busy", status), success(CREATED)]

    with pytest.raises(GatewayUnavailable):
        create(gateway)
    assert len(fake.asked) == 1
