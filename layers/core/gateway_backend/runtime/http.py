"""From API Gateway's event to a request, from an answer or an error to its response."""

import base64
import binascii
import json
import re
import time
import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import (
    AnswerTooLarge,
    BodyTooLarge,
    DomainError,
    IdempotencyKeyMissing,
    Internal,
    NotSignedIn,
    RequestInvalid,
)
from gateway_backend.runtime.observability import count, flush_metrics, frames_of, logger
from gateway_backend.runtime.start_check import Handler, with_start_check

MAX_BODY_BYTES = 256 * 1024
"""For bodies that the app sends; webhooks have a limit of their own."""

LARGEST_ANSWER = 6 * 1000 * 1000
"""What a Lambda function may answer with, as JSON; a little is left for the headers."""

_GZIP = 31
"""zlib's number for that format."""

LONGEST_SUBJECT = 255
"""OpenID Connect Core, section 2. A longer one could not be part of every key of the table."""

_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,128}")
_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,64}")


ANY = None
"""For a route whose caller may send query parameters that we do not know."""


class View(Protocol):
    """A pydantic model; named by what is needed of it, because reads that splice text do without pydantic."""

    def model_dump_json(self, *, by_alias: bool) -> str: ...


class ExactView(Protocol):
    def model_dump(self, *, by_alias: bool) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    route: str
    id: str
    headers: dict[str, str] = field(repr=False)
    query: dict[str, str]
    path_parameters: dict[str, str]
    claims: dict[str, Any] = field(repr=False)
    raw_body: bytes = field(repr=False)

    @classmethod
    def from_event(cls, event: dict[str, Any]) -> "Request":
        context = event["requestContext"]
        return cls(
            method=context["http"]["method"],
            path=event["rawPath"],
            route=context.get("routeKey", event.get("routeKey", "")),
            id=context["requestId"],
            headers={name.lower(): value for name, value in (event.get("headers") or {}).items()},
            query=event.get("queryStringParameters") or {},
            path_parameters=event.get("pathParameters") or {},
            claims=context.get("authorizer", {}).get("jwt", {}).get("claims") or {},
            raw_body=_body(event),
        )

    @property
    def user(self) -> str:
        """The user's id, from the token that API Gateway has verified; never from a path or body."""
        subject = self.claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise NotSignedIn("The access token names no user (sub)")
        if len(subject) > LONGEST_SUBJECT or not subject.isprintable():
            raise NotSignedIn(f"The access token's sub must have at most {LONGEST_SUBJECT} printable characters")
        return subject

    @property
    def body(self) -> bytes:
        if len(self.raw_body) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes")
        return self.raw_body

    @property
    def idempotency_key(self) -> str:
        """Raises: IdempotencyKeyMissing; RequestInvalid when it is no short printable text."""
        key = self.headers.get("idempotency-key")
        if not key:
            raise IdempotencyKeyMissing(
                "Idempotency-Key: send a new UUID with each new request, the same with a repeat"
            )
        if not _IDEMPOTENCY_KEY.fullmatch(key):
            raise RequestInvalid("Idempotency-Key: 1 to 128 printable ASCII characters, a UUID for example")
        return key

    def identifier(self, name: str = "id") -> str:
        """A path parameter that names a thing; one that cannot be an id is simply not found."""
        value = self.path_parameters.get(name, "")
        return value if _IDENTIFIER.fullmatch(value) else "-"

    def unless_unchanged(self, text: str, etag: str) -> "Response":
        """200 with the text, or 304 when the caller already has what the tag stands for."""
        tags = {tag.strip().removeprefix("W/") for tag in self.headers.get("if-none-match", "").split(",")}
        headers = {"etag": etag, "cache-control": "private, no-cache"}
        return Response(304, headers=headers) if tags & {etag, "*"} else Response(body=text, headers=headers)

    def refuse_other_than(self, query: Collection[str]) -> None:
        """Raises: RequestInvalid, naming a query parameter that the route does not take."""
        for name in self.query:
            if name not in query:
                takes = f"it takes {', '.join(query)}" if query else "it takes none"
                raise RequestInvalid(
                    f"{exact_json.storable(name[:64])}: this route has no such query parameter; {takes}"
                )

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """A query parameter with a few possible values, the first of them by default."""
        value = self.query.get(name, allowed[0])
        if value not in allowed:
            raise RequestInvalid(f"{name}: must be one of {', '.join(filter(None, allowed))}")
        return value

    def whole_number(self, name: str, *, default: int, most: int) -> int:
        value = self.query.get(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) or not 1 <= int(value) <= most:
            raise RequestInvalid(f"{name}: must be a whole number from 1 to {most}")
        return int(value)


@dataclass(frozen=True, slots=True)
class Response:
    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    is_base64: bool = False

    def compressed_if_large(self, request: Request) -> "Response":
        """Raises: AnswerTooLarge, when it is too large even so, or the caller takes nothing compressed."""
        if _fits(self.body):
            return self
        if "gzip" not in request.headers.get("accept-encoding", ""):
            raise AnswerTooLarge("Accept-Encoding: send gzip, as every HTTP client can; or read account by account")
        body = base64.b64encode(zlib.compress(self.body.encode(), wbits=_GZIP)).decode()
        if len(body) > LARGEST_ANSWER:
            raise AnswerTooLarge("Read account by account: GET /v1/connections/{id}/holdings")
        headers = {**self.headers, "content-encoding": "gzip", "vary": "accept-encoding"}
        return replace(self, body=body, headers=headers, is_base64=True)

    @classmethod
    def of(cls, view: "View", status: int = 200) -> "Response":
        return cls(status, view.model_dump_json(by_alias=True))

    @classmethod
    def created(cls, view: "View", status: int = 201, *, replayed: bool) -> "Response":
        """`replayed`: an earlier request with the same Idempotency-Key has created it."""
        headers = {"idempotent-replayed": "true"} if replayed else {}
        return cls(status, view.model_dump_json(by_alias=True), headers=headers)

    @classmethod
    def exact(cls, view: "ExactView", status: int = 200) -> "Response":
        """Like `of`, for what holds amounts: a Decimal becomes a JSON number with all its digits."""
        return cls(status, exact_json.dumps(view.model_dump(by_alias=True)))


type Handle = Callable[[Request], Response]


def endpoint(*, query: Collection[str] | None = ()) -> Callable[[Handle], Handler]:
    """A Lambda handler around `handle`: one log line per request, every failure as problem+json.

    `query` names the query parameters that the route takes. Any other is refused, as an unknown member of a body is:
    one that is mistyped would be passed over in silence.
    """

    def decorate(handle: Handle) -> Handler:
        return with_start_check(lambda event, _context: _respond(handle, event, query))

    return decorate


def _respond(handle: Handle, event: dict[str, Any], query: Collection[str] | None) -> dict[str, Any]:
    started = time.perf_counter()
    request_id = event["requestContext"]["requestId"]
    response, code = _answer(handle, event, query, request_id)
    logger.info(
        "request",
        route=event["requestContext"].get("routeKey"),
        status=response.status,
        code=code,
        ms=round((time.perf_counter() - started) * 1000),
        correlationId=request_id,
    )
    flush_metrics()
    return {
        "statusCode": response.status,
        "headers": {
            "content-type": response.content_type,
            "x-correlation-id": request_id,
            "cache-control": "no-store",
            **response.headers,
        },
        "body": response.body,
        "isBase64Encoded": response.is_base64,
    }


def _answer(
    handle: Handle, event: dict[str, Any], query: Collection[str] | None, request_id: str
) -> tuple[Response, str | None]:
    try:
        request = Request.from_event(event)
        if query is not ANY:
            request.refuse_other_than(query)
        return handle(request).compressed_if_large(request), None
    except DomainError as error:
        return problem(error, event["rawPath"], request_id), error.code
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes an answer
        count("UnexpectedError")
        logger.error("unexpected", error=type(error).__name__, where=frames_of(error), correlationId=request_id)
        internal = Internal("This is our fault. Quote the correlationId when you contact support.")
        return problem(internal, event["rawPath"], request_id), internal.code


def problem(error: DomainError, path: str, correlation_id: str) -> Response:
    """RFC 9457."""
    body = {
        "type": f"urn:gateway-backend:problem:{error.code.lower().replace('_', '-')}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": path,
        "code": error.code,
        "retryable": error.retryable,
        "action": error.action,
        "correlationId": correlation_id,
    }
    headers = {"retry-after": str(error.retry_after_seconds)} if error.retryable else {}
    return Response(error.status, json.dumps(body), "application/problem+json", headers)


def _fits(body: str) -> bool:
    """Within a JSON text every quotation mark takes two characters, so only a small body need not be measured."""
    return len(body) < LARGEST_ANSWER // 6 or len(json.dumps(body).encode()) <= LARGEST_ANSWER


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode(errors="replace")  # halves of surrogate pairs are characters of no text
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise RequestInvalid("The body is not valid base64") from None
