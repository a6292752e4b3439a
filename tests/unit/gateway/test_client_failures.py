"""Every way in which Gateway can fail has an error of its own."""

import json
import time

import pytest
import requests

from gateway_backend.domain.shared.errors import (
    DomainError,
    GatewayForbidden,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
)
from gateway_backend.gateway import client
from gateway_backend.gateway.client import Gateway, open_session
from testing.fake_gateway import FakeGateway, Reply, success
from testing.gateway_calls import CREATED, EVERY_CALL, KEYS, READS, Call, details, holdings
from testing.portfolios import GUIDE_002

# Refusals and unusable answers -------------------------------------------------------------------


@EVERY_CALL
@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(Reply('{"success":false,"errors":["Invalid JWT"]}'), GatewayRefused, id="success false on 200"),
        pytest.param(Reply('{"success":false,"errors":"a text"}', 400), GatewayRefused, id="400"),
        pytest.param(Reply('{"success":true,"data":{}}', 400), GatewayRefused, id="400 with success"),
        pytest.param(Reply('{"errors":null,"data":{}}'), GatewayRefused, id="success missing"),
        pytest.param(Reply('{"success":"true","data":{}}'), GatewayRefused, id="success a text"),
        pytest.param(Reply('{"success":false,"errors":["no"]}', 403), GatewayForbidden, id="403"),
        pytest.param(Reply('{"success":false,"errors":["no"]}', 401), GatewayForbidden, id="401"),
        # It comes from a proxy before Gateway, and means nothing for the account or our keys.
        pytest.param(Reply("<html>no</html>", 403), GatewayUnavailable, id="403 in HTML"),
        pytest.param(Reply("", 401), GatewayUnavailable, id="401 without a body"),
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
def test_every_failure_has_an_error_of_its_own(
    call: Call, reply: Reply, error: type[DomainError], fake: FakeGateway, gateway: Gateway
) -> None:
    fake.replies = [reply]

    with pytest.raises(error) as failed:
        call(gateway)
    assert type(failed.value) is error


def test_gateways_own_error_texts_are_not_passed_on(fake: FakeGateway, gateway: Gateway) -> None:
    """They may quote what was sent, and `detail` reaches the app."""
    fake.replies = [Reply(json.dumps({"success": False, "errors": ["Invalid JWT eyJhbGciOi"]}), 400)]

    with pytest.raises(GatewayRefused) as refused:
        details(gateway)
    assert refused.value.detail == "smallcase Gateway refused the request (400)"


@EVERY_CALL
def test_a_redirect_is_not_followed(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply("", 302, {"location": fake.url + "/elsewhere"}), success(CREATED)]

    with pytest.raises(GatewayUnavailable):
        call(gateway)
    assert len(fake.requests) == 1


@READS
def test_a_truncated_body_is_unavailable(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002[:500], headers={"content-length": str(len(GUIDE_002)), "connection": "close"})]

    with pytest.raises(GatewayUnavailable):
        call(gateway)


def test_a_wrongly_compressed_body_is_unavailable(fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002, headers={"content-encoding": "gzip"})]

    with pytest.raises(GatewayUnavailable):
        holdings(gateway)


# No answer ---------------------------------------------------------------------------------------


@EVERY_CALL
def test_a_gateway_that_does_not_answer_is_called_once(call: Call, fake: FakeGateway, gateway: Gateway) -> None:
    fake.replies = [Reply(GUIDE_002, after_seconds=0.4)]

    with pytest.raises(GatewayTimeout):
        call(gateway)
    assert len(fake.requests) == 1


def test_all_calls_of_a_request_share_a_deadline(
    fake: FakeGateway, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.replies = [Reply(GUIDE_002)]
    holdings(gateway)
    begun = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: begun + client.PATIENCE_SECONDS)

    with pytest.raises(GatewayTimeout):
        holdings(gateway)
    assert len(fake.requests) == 1


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


def test_a_body_that_trickles_is_a_timeout(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)
    gateway = Gateway(open_session(), fake.url, KEYS)
    fake.replies = [Reply(GUIDE_002, pieces_apart=0.1)]
    begun = time.monotonic()

    with pytest.raises(GatewayTimeout):
        holdings(gateway)
    assert time.monotonic() - begun < 1


@EVERY_CALL
def test_headers_that_trickle_are_a_timeout(call: Call, fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)
    gateway = Gateway(open_session(), fake.url, KEYS)
    fake.replies = [Reply(letters_apart=0.05)]
    begun = time.monotonic()

    with pytest.raises(GatewayTimeout):
        call(gateway)
    assert time.monotonic() - begun < 1


def test_retries_end_with_the_deadline(fake: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(client._READ_RETRIES, "backoff_factor", 1)
    gateway = Gateway(open_session(), fake.url, KEYS)
    fake.replies = [Reply("busy", 503)]
    begun = time.monotonic()

    with pytest.raises(GatewayTimeout):
        holdings(gateway)
    assert time.monotonic() - begun < 1


@EVERY_CALL
def test_an_unreachable_gateway_is_unavailable_and_no_id_is_quoted(call: Call, fake: FakeGateway) -> None:
    nowhere = Gateway(requests.Session(), "http://127.0.0.1:1", KEYS)

    with pytest.raises(GatewayUnavailable) as failed:
        call(nowhere)
    assert "TRX_1" not in f"{failed.value!r} {failed.value.__cause__!r}"
