"""The front door passes requests on untouched, a few at a time, and fails as API Gateway would."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.front_door import REQUESTS_IN_FLIGHT, create_app

API_HOST = "abc123.execute-api.localhost:3002"
NO_WEB = Path("no-such-folder")

Upstream = Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]


def ask(upstream: Upstream, method: str, path: str, web: Path = NO_WEB, times: int = 1, **more: Any) -> httpx.Response:
    """The last of `times` equal requests made at once."""

    async def everybody() -> list[httpx.Response]:
        app = create_app("http://emulator", API_HOST, web, httpx.MockTransport(upstream))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://door") as client:
            return await asyncio.gather(*(client.request(method, path, **more) for _ in range(times)))

    return asyncio.run(everybody())[-1]


def answering(status: int, content: bytes = b"", **headers: str) -> Upstream:
    async def upstream(_request: httpx.Request) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, headers=named, stream=httpx.ByteStream(content))

    return upstream


def test_the_api_gets_the_bytes_the_path_and_the_headers_that_were_sent() -> None:
    seen: list[httpx.Request] = []

    async def upstream(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return await answering(200)(request)

    body = b'{"amount": -36.65253999999927,\r\n "raw": "\xff"}'
    twice = [("X-Twice", "1"), ("X-Twice", "2"), ("Content-Length", str(len(body)))]
    ask(upstream, "POST", "/webhooks/smallcase/a%2Fb?x=1%2B1", content=body, headers=twice)
    assert seen[0].content == body
    assert seen[0].extensions["target"] == b"/webhooks/smallcase/a%2Fb?x=1%2B1"
    assert seen[0].headers.get_list("x-twice") == ["1", "2"]
    assert seen[0].headers["host"] == API_HOST
    assert "transfer-encoding" not in seen[0].headers


@pytest.mark.parametrize(("status", "kind"), [(502, "application/problem+json"), (401, "application/json")])
def test_the_caller_gets_the_answer_as_it_was_given(status: int, kind: str) -> None:
    upstream = answering(status, b'{"code": "ANY"}', content_type=kind, etag='"v1"', transfer_encoding="chunked")
    answer = ask(upstream, "GET", "/v1/holdings")
    assert (answer.status_code, answer.content) == (status, b'{"code": "ANY"}')
    assert (answer.headers["content-type"], answer.headers["etag"]) == (kind, '"v1"')
    assert "transfer-encoding" not in answer.headers


def test_a_function_that_failed_is_a_500_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    upstream = answering(502, b'{"errorMessage": "division by zero"}', content_type="application/json")
    answer = ask(upstream, "GET", "/v1/holdings")
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
    assert "division by zero" in caplog.text


def test_an_emulator_that_does_not_answer_is_a_503() -> None:
    async def upstream(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert ask(upstream, "GET", "/v1/holdings").status_code == 503


def test_requests_wait_for_their_turn() -> None:
    now = most = 0

    async def upstream(request: httpx.Request) -> httpx.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return await answering(200)(request)

    assert ask(upstream, "GET", "/v1/holdings", times=5 * REQUESTS_IN_FLIGHT).status_code == 200
    assert most == REQUESTS_IN_FLIGHT


def test_the_web_app_is_served_beside_the_api(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<h1>Portfolio</h1>")
    upstream = answering(200, b"from the API")
    assert ask(upstream, "GET", "/", web=tmp_path).text == "<h1>Portfolio</h1>"
    assert ask(upstream, "GET", "/v1/holdings", web=tmp_path).text == "from the API"
