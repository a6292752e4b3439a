"""An HTTP server in the place of smallcase Gateway: it gives the replies that a test sets, and records the requests."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """`pieces_apart`: seconds between the pieces of a body that trickles, `letters_apart`: between a header's."""

    body: str | bytes = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0
    hang_up: bool = False
    pieces_apart: float = 0
    letters_apart: float = 0


def success(data: Any) -> Reply:
    return Reply(json.dumps({"success": True, "errors": None, "data": data}))


class ReceivedRequest(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)


class FakeGateway:
    """Gives the replies in turn, and the last of them for ever. `ports` are those of the connections."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: list[Reply] = []
        self.requests: list[ReceivedRequest] = []
        self.ports: set[int] = set()

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    gateway: FakeGateway

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.gateway.ports.add(self.client_address[1])
        self.gateway.requests.append(ReceivedRequest(self.command, self.path, dict(self.headers), body))
        reply = self.gateway.next_reply()
        time.sleep(reply.after_seconds)
        self.close_connection = reply.hang_up or reply.after_seconds > 0
        if self.close_connection:
            return
        content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
        if reply.letters_apart:
            self._trickle(reply)
            return
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

    def _trickle(self, reply: Reply) -> None:
        self.close_connection = True
        with suppress(ConnectionError):
            for letter in b"HTTP/1.1 200 OK\r\nx-padding: " + b"x" * 1000:
                self.wfile.write(bytes([letter]))
                time.sleep(reply.letters_apart)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def running_gateway() -> Iterator[FakeGateway]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    gateway = _Handler.gateway = FakeGateway(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
