"""The reverse proxy forwards requests unchanged, a few at a time, and fails as API Gateway does."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.reverse_proxy import MAX_CONCURRENT_REQUESTS, create_app

API_HOST = "abc123.execute-api.localhost:3002"
NO_WEB = Path("no-such-folder")

Upstream = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def send(upstream: Upstream, method: str, path: str, web: Path = NO_WEB, times: int = 1, **more: Any) -> httpx.Response:
    """Send `times` equal requests at once and return the last response."""

    async def send_all() -> list[httpx.Response]:
        app = create_app("http://emulator", API_HOST, web, httpx.MockTransport(upstream))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://proxy") as client:
            return await asyncio.gather(*(client.request(method, path, **more) for _ in range(times)))

    return asyncio.run(send_all())[-1]


def respond_with(status: int, content: bytes = b"", **headers: str) -> Upstream:
    async def upstream(_request: httpx.Request) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, headers=named, stream=httpx.ByteStream(content))

    return upstream


BODY = b'{"amount": -36.65253999999927,\r\n "raw": "\xff"}'


@pytest.fixture(scope="module")
def forwarded() -> httpx.Request:
    """A webhook as the HTTP API receives it."""
    received: list[httpx.Request] = []

    async def upstream(request: httpx.Request) -> httpx.Response:
        received.append(request)
        return await respond_with(200)(request)

    headers = [("X-Twice", "1"), ("X-Twice", "2"), ("Content-Length", str(len(BODY)))]
    send(upstream, "POST", "/webhooks/smallcase/a%2Fb?x=1%2B1", content=BODY, headers=headers)
    return received[0]


def test_the_body_is_forwarded_byte_for_byte(forwarded: httpx.Request) -> None:
    assert forwarded.content == BODY


def test_the_path_and_the_query_are_forwarded_with_their_escapes(forwarded: httpx.Request) -> None:
    assert forwarded.extensions["target"] == b"/webhooks/smallcase/a%2Fb?x=1%2B1"


def test_a_repeated_header_is_forwarded_as_often_as_it_was_sent(forwarded: httpx.Request) -> None:
    assert forwarded.headers.get_list("x-twice") == ["1", "2"]


def test_the_host_is_that_of_the_http_api(forwarded: httpx.Request) -> None:
    assert forwarded.headers["host"] == API_HOST


def test_a_body_of_known_length_is_not_chunked(forwarded: httpx.Request) -> None:
    assert "transfer-encoding" not in forwarded.headers


@pytest.mark.parametrize(("status", "media_type"), [(502, "application/problem+json"), (401, "application/json")])
class TestTheResponse:
    @pytest.fixture
    def response(self, status: int, media_type: str) -> httpx.Response:
        headers = {"content_type": media_type, "etag": '"v1"', "transfer_encoding": "chunked"}
        return send(respond_with(status, b'{"code": "ANY"}', **headers), "GET", "/v1/holdings")

    def test_keeps_its_status(self, response: httpx.Response, status: int, media_type: str) -> None:
        assert response.status_code == status

    def test_keeps_its_body(self, response: httpx.Response, status: int, media_type: str) -> None:
        assert response.content == b'{"code": "ANY"}'

    def test_keeps_its_headers(self, response: httpx.Response, status: int, media_type: str) -> None:
        assert {"content-type": media_type, "etag": '"v1"'}.items() <= dict(response.headers).items()

    def test_loses_the_headers_of_the_connection(self, response: httpx.Response, status: int, media_type: str) -> None:
        assert "transfer-encoding" not in response.headers


class TestAFunctionThatRaises:
    @pytest.fixture
    def response(self) -> httpx.Response:
        upstream = respond_with(502, b'{"errorMessage": "division by zero"}', content_type="application/json")
        return send(upstream, "GET", "/v1/holdings")

    def test_is_a_500(self, response: httpx.Response) -> None:
        assert response.status_code == 500

    def test_does_not_show_its_exception_to_the_caller(self, response: httpx.Response) -> None:
        assert response.json() == {"message": "Internal Server Error"}

    def test_has_its_exception_in_the_log(self, caplog: pytest.LogCaptureFixture, response: httpx.Response) -> None:
        assert "division by zero" in "".join(record.getMessage() for record in caplog.get_records("setup"))


def test_an_emulator_that_does_not_answer_is_a_503() -> None:
    async def upstream(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert send(upstream, "GET", "/v1/holdings").status_code == 503


def test_only_so_many_requests_are_forwarded_at_once() -> None:
    concurrent = peak = 0

    async def upstream(request: httpx.Request) -> httpx.Response:
        nonlocal concurrent, peak
        concurrent += 1
        peak = max(peak, concurrent)
        await asyncio.sleep(0.01)
        concurrent -= 1
        return await respond_with(200)(request)

    send(upstream, "GET", "/v1/holdings", times=5 * MAX_CONCURRENT_REQUESTS)

    assert peak == MAX_CONCURRENT_REQUESTS


@pytest.mark.parametrize(("path", "text"), [("/", "<h1>Portfolio</h1>"), ("/v1/holdings", "from the API")])
def test_the_web_app_is_served_beside_the_api(path: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>Portfolio</h1>")

    assert send(respond_with(200, b"from the API"), "GET", path, web=tmp_path).text == text
