"""The one address of the local cloud: the web app's files, and everything else passed on to the HTTP API.

The emulator starts a worker for every request that finds none idle, so requests queue here, a few at a time.
Bodies and headers pass as they are: a webhook's bytes are what its checksum was made of.
"""

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import httpx
import typer
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

API_PREFIXES = ("/v1", "/webhooks")
REQUESTS_IN_FLIGHT = 4

# Of one connection, not of the message (RFC 9110 section 7.6.1); `expect` is answered by our own server.
_HOP_BY_HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"}
# API Gateway gives up on a function after 30 s; the rest is for a cold start on a busy laptop.
_TIMEOUT = httpx.Timeout(connect=5, read=45, write=30, pool=None)

_log = logging.getLogger("front_door")


def create_app(emulator: str, api_host: str, web: Path, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """`api_host` is the HTTP API's own host name, by which the emulator tells it from every other service."""
    proxy = ApiProxy(emulator, api_host, transport)
    routes: list[BaseRoute] = [Route("/healthz", _healthz)]
    if web.is_dir():
        routes += [Mount(prefix, app=proxy) for prefix in API_PREFIXES]
        routes.append(Mount("/", app=StaticFiles(directory=web, html=True)))
    app = Starlette(routes=routes)
    # Not a mount: its pattern would miss a path with a line break in it.
    app.router.default = proxy
    return app


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class ApiProxy:
    """An ASGI application that answers what the HTTP API answers."""

    def __init__(self, emulator: str, api_host: str, transport: httpx.AsyncBaseTransport | None) -> None:
        self._emulator = emulator
        self._api_host = api_host.encode()
        self._client = httpx.AsyncClient(transport=transport, trust_env=False)
        self._turn = asyncio.Semaphore(REQUESTS_IN_FLIGHT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._turn:
            try:
                response = await self._answer(Request(scope, receive))
            except ClientDisconnect:
                return
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        try:
            upstream = await self._client.send(self._request(request), stream=True)
        except httpx.TransportError as error:
            _log.error("%s %s: the emulator did not answer: %r", request.method, request.url.path, error)
            return JSONResponse({"message": "Service Unavailable"}, status_code=503)
        if _is_function_failure(upstream):
            text = (await upstream.aread()).decode(errors="replace")
            _log.error("%s %s: the function failed: %s", request.method, request.url.path, text)
            return JSONResponse({"message": "Internal Server Error"}, status_code=500)
        return _passed_on(upstream)

    def _request(self, request: Request) -> httpx.Request:
        headers = [
            (name, self._api_host if name == b"host" else value)
            for name, value in request.headers.raw
            if name not in _HOP_BY_HOP
        ]
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        return httpx.Request(
            request.method,
            self._emulator,
            headers=headers,
            content=request.stream() if has_body else None,
            extensions={"target": _target(request.scope), "timeout": _TIMEOUT.as_dict()},
        )


def _target(scope: Scope) -> bytes:
    """Path and query as the client wrote them: escapes are the function's to read."""
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _is_function_failure(upstream: httpx.Response) -> bool:
    # Our own 502 is problem+json; plain JSON is the emulator's, with the exception's text.
    return upstream.status_code == 502 and upstream.headers.get("content-type") == "application/json"


def _passed_on(upstream: httpx.Response) -> Response:
    response = StreamingResponse(
        upstream.aiter_raw(), status_code=upstream.status_code, background=BackgroundTask(upstream.aclose)
    )
    response.raw_headers = [
        (name.lower(), value) for name, value in upstream.headers.raw if name.lower() not in _HOP_BY_HOP
    ]
    return response


def main(
    port: Annotated[int, typer.Option()],
    emulator: Annotated[str, typer.Option()],
    api_host: Annotated[str, typer.Option()],
    web: Annotated[Path, typer.Option()],
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        create_app(emulator, api_host, web),
        host="127.0.0.1",
        port=port,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=10,
    )


if __name__ == "__main__":
    typer.run(main)
