"""The address of the local cloud: it serves the web app's files and forwards every other request to the HTTP API.

It forwards a few requests at a time, because the emulator starts a worker for every request that finds none idle.
It forwards bodies and headers byte for byte, as API Gateway does.
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
MAX_CONCURRENT_REQUESTS = 4

# These belong to one connection and not to the message (RFC 9110 section 7.6.1). uvicorn itself answers `expect`.
_HOP_BY_HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"}
# API Gateway times out after 30 s. The read timeout leaves time for a cold start on a busy laptop.
_TIMEOUT = httpx.Timeout(connect=5, read=45, write=30, pool=None)

_log = logging.getLogger("reverse_proxy")


def create_app(emulator: str, api_host: str, web: Path, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """Create the application. The emulator routes a request to the HTTP API by its host name, `api_host`."""
    proxy = ApiProxy(emulator, api_host, transport)
    routes: list[BaseRoute] = [Route("/healthz", _healthz)]
    if web.is_dir():
        routes += [Mount(prefix, app=proxy) for prefix in API_PREFIXES]
        routes.append(Mount("/", app=StaticFiles(directory=web, html=True)))
    app = Starlette(routes=routes)
    # The default and not a mount, because a mount's pattern does not match a path with a line break.
    app.router.default = proxy
    return app


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


class ApiProxy:
    """An ASGI application that forwards every request to the HTTP API."""

    def __init__(self, emulator: str, api_host: str, transport: httpx.AsyncBaseTransport | None) -> None:
        self._emulator = emulator
        self._api_host = api_host.encode()
        self._client = httpx.AsyncClient(transport=transport, trust_env=False)
        self._semaphore = asyncio.Semaphore(MAX_CONCURRENT_REQUESTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._semaphore:
            try:
                response = await self._forward(Request(scope, receive))
            except ClientDisconnect:
                return
            await response(scope, receive, send)

    async def _forward(self, request: Request) -> Response:
        try:
            upstream = await self._client.send(self._upstream_request(request), stream=True)
        except httpx.TransportError as error:
            _log.error("%s %s: the emulator did not answer: %r", request.method, request.url.path, error)
            return JSONResponse({"message": "Service Unavailable"}, status_code=503)
        if _is_function_failure(upstream):
            text = (await upstream.aread()).decode(errors="replace")
            _log.error("%s %s: the function failed: %s", request.method, request.url.path, text)
            return JSONResponse({"message": "Internal Server Error"}, status_code=500)
        return _relay(upstream)

    def _upstream_request(self, request: Request) -> httpx.Request:
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
    """Return path and query as the client wrote them: the function decodes the escapes."""
    path: bytes = scope["raw_path"]
    query: bytes = scope["query_string"]
    return path + b"?" + query if query else path


def _is_function_failure(upstream: httpx.Response) -> bool:
    # A function's own 502 is problem+json. The emulator answers in plain JSON when a function raises.
    return upstream.status_code == 502 and upstream.headers.get("content-type") == "application/json"


def _relay(upstream: httpx.Response) -> Response:
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
