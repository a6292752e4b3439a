"""From API Gateway's event to a request, and from a handler's result or failure to the answer."""

import base64
import gzip
import io
import json
import random
from collections.abc import Collection
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import (
    BodyTooLarge,
    GatewayUnavailable,
    IdempotencyKeyMissing,
    NotFound,
    NotSignedIn,
    RequestInvalid,
)
from gateway_backend.runtime import http
from gateway_backend.runtime.http import ANY, LARGEST_ANSWER, MAX_BODY_BYTES, Request, Response, endpoint
from gateway_backend.runtime.observability import logger

CANARY = "canary-eyJhbGciOi"


def event(body: str | None = None, **more: Any) -> dict[str, Any]:
    jwt = {"claims": {"sub": "user-1"}}
    return {
        "rawPath": "/v1/things/1",
        "requestContext": {
            "http": {"method": "GET"},
            "requestId": "request-1",
            "routeKey": "GET /v1/things/{id}",
            "authorizer": {"jwt": jwt},
        },
        "body": body,
    } | more


def request(body: str | None = None, **more: Any) -> Request:
    return Request.from_event(event(body, **more))


def answer_to(handle: Any, *, query: Collection[str] | None = (), **more: Any) -> dict[str, Any]:
    return endpoint(query=query)(handle)(event(**more), None)


def failing(error: Exception) -> Any:
    def handle(_request: Request) -> Response:
        raise error

    return handle


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What reaches the log."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


# The request -------------------------------------------------------------------------------------


def test_the_user_comes_from_the_verified_token() -> None:
    assert request().user == "user-1"


@pytest.mark.parametrize("claims", [{}, {"sub": ""}, {"sub": None}, {"sub": ["user-1"]}])
def test_a_token_without_a_subject_is_no_user(claims: dict[str, Any]) -> None:
    bad = event()
    bad["requestContext"]["authorizer"] = {"jwt": {"claims": claims}}

    with pytest.raises(NotSignedIn):
        _ = Request.from_event(bad).user


@pytest.mark.parametrize("subject", ["x" * 256, "user\n1", "\ud83d"])
def test_a_subject_that_could_be_no_key_is_no_user(subject: str) -> None:
    bad = event()
    bad["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": subject}}}

    with pytest.raises(NotSignedIn, match="255"):
        _ = Request.from_event(bad).user


def test_half_an_emoji_in_a_body_is_a_body() -> None:
    assert request("\ud83d{}").body == b"?{}"


def test_without_an_authorizer_there_is_no_user() -> None:
    open_route = event()
    del open_route["requestContext"]["authorizer"]

    with pytest.raises(NotSignedIn):
        _ = Request.from_event(open_route).user


def test_a_body_is_bytes_in_any_encoding() -> None:
    raw = '{"name":"₹"}'.encode()

    assert request('{"name":"₹"}').body == raw
    assert request(base64.b64encode(raw).decode(), isBase64Encoded=True).body == raw
    assert request(None).body == b""


@pytest.mark.parametrize("body", ["%%%", "abc", "YQ==YQ==", "YQ\n=="])
def test_bad_base64_is_a_bad_request(body: str) -> None:
    with pytest.raises(RequestInvalid, match="base64"):
        request(body, isBase64Encoded=True)
    assert json.loads(answer_to(lambda _: Response(), body=body, isBase64Encoded=True)["body"])["status"] == 400


@pytest.mark.parametrize("takes", [(), ("limit",)])
def test_a_query_parameter_that_the_route_does_not_take_is_refused_before_anything_is_done(takes: tuple[str]) -> None:
    done: list[Request] = []

    answer = answer_to(done.append, query=takes, queryStringParameters={"limit": "5", "Limit": "6"})

    assert (answer["statusCode"], done) == (400, [])
    assert json.loads(answer["body"])["detail"].startswith("limit" if not takes else "Limit")


def test_a_route_may_take_any_query_parameter() -> None:
    assert answer_to(lambda _: Response(), query=ANY, queryStringParameters={"x": "1"})["statusCode"] == 200


def test_nothing_is_kept_by_a_cache_unless_it_says_so() -> None:
    plain, tagged = answer_to(lambda _: Response()), answer_to(lambda _: request().unless_unchanged("", "tag"))

    assert plain["headers"]["cache-control"] == "no-store"
    assert answer_to(failing(BodyTooLarge()))["headers"]["cache-control"] == "no-store"
    assert tagged["headers"]["cache-control"] == "private, no-cache"


def test_the_limit_of_a_body_counts_bytes() -> None:
    assert len(request("x" * MAX_BODY_BYTES).body) == MAX_BODY_BYTES
    for too_large in (request("x" * (MAX_BODY_BYTES + 1)), request("₹" * (MAX_BODY_BYTES // 2))):
        with pytest.raises(BodyTooLarge):
            _ = too_large.body


@pytest.mark.parametrize("value", ["6195e288360acf9ebc060d23", "TRX_06726c28769e44b8920bd6eb5bbeef17", "a-b"])
def test_an_identifier_is_taken_from_the_path(value: str) -> None:
    assert request(pathParameters={"id": value}).identifier() == value


@pytest.mark.parametrize("value", ["", "a/b", "a#b", "a b", "ä", "a" * 65, "a\n", "%2e%2e"])
def test_an_invalid_identifier_finds_nothing(value: str) -> None:
    assert request(pathParameters={"id": value}).identifier() == "-"
    assert request().identifier() == "-"


def test_a_whole_number_has_a_default_and_bounds() -> None:
    def limit(**query: str) -> int:
        return request(queryStringParameters=query).whole_number("limit", default=20, most=100)

    assert (limit(), limit(limit="1"), limit(limit="100")) == (20, 1, 100)
    for value in ("0", "101", "-1", "1.5", "", "abc", "1e1", "٣", " 5", "9" * 5000):
        with pytest.raises(RequestInvalid, match=r"limit: .* 1 to 100"):
            limit(limit=value)


def test_a_choice_is_limited_and_the_first_by_default() -> None:
    assert request().choice("version", ("v2", "v1")) == "v2"
    assert request(queryStringParameters={"version": "v1"}).choice("version", ("v2", "v1")) == "v1"
    with pytest.raises(RequestInvalid, match="version: must be one of v2, v1"):
        request(queryStringParameters={"version": "v3"}).choice("version", ("v2", "v1"))


def test_an_idempotency_key_is_required_in_any_case_of_letters() -> None:
    assert request(headers={"IDEMPOTENCY-Key": "abc"}).idempotency_key == "abc"
    for headers in (None, {}, {"idempotency-key": ""}):
        with pytest.raises(IdempotencyKeyMissing):
            _ = request(headers=headers).idempotency_key
    for key in ("a b", "ä", "k" * 129, "a\n"):
        with pytest.raises(RequestInvalid, match="128"):
            _ = request(headers={"idempotency-key": key}).idempotency_key


# The answer --------------------------------------------------------------------------------------


@pytest.mark.parametrize("etags", ['"tag-1"', 'W/"tag-1"', '"other", "tag-1"', "*"])
def test_a_matching_etag_gets_304(etags: str) -> None:
    response = request(headers={"If-None-Match": etags}).unless_unchanged("text", '"tag-1"')

    assert (response.status, response.body, response.headers["etag"]) == (304, "", '"tag-1"')


@pytest.mark.parametrize(
    "headers", [{}, {"if-none-match": '"other"'}, {"if-none-match": ""}, {"if-none-match": "tag-1"}]
)
def test_another_etag_or_none_gets_the_body_and_its_etag(headers: dict[str, str]) -> None:
    response = request(headers=headers).unless_unchanged("text", '"tag-1"')

    assert (response.status, response.body, response.headers["etag"]) == (200, "text", '"tag-1"')


def test_a_handlers_answer_is_passed_on_with_the_correlation_id(log: io.StringIO) -> None:
    answer = answer_to(lambda _: Response(201, '{"a":1}', headers={"x-more": "1"}))

    assert (answer["statusCode"], answer["body"]) == (201, '{"a":1}')
    assert answer["headers"] == {
        "content-type": "application/json",
        "x-correlation-id": "request-1",
        "cache-control": "no-store",
        "x-more": "1",
    }


def test_an_expected_failure_is_a_problem_with_a_remedy(log: io.StringIO) -> None:
    answer = answer_to(failing(NotFound("No such thing")))

    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answer["body"]) == {
        "type": "urn:gateway-backend:problem:not-found",
        "title": "There is nothing here for this user",
        "status": 404,
        "detail": "No such thing",
        "instance": "/v1/things/1",
        "code": "NOT_FOUND",
        "retryable": False,
        "action": "NONE",
        "correlationId": "request-1",
    }


def test_a_retryable_failure_has_a_retry_after_header(log: io.StringIO) -> None:
    assert answer_to(failing(GatewayUnavailable()))["headers"]["retry-after"] == "2"
    assert "retry-after" not in answer_to(failing(NotFound()))["headers"]


@pytest.mark.parametrize("error", [ValueError(CANARY), KeyError(CANARY), RuntimeError(CANARY), AssertionError(CANARY)])
def test_a_bug_is_a_500_whose_message_reaches_neither_caller_nor_log(error: Exception, log: io.StringIO) -> None:
    answer = answer_to(failing(error), body=CANARY, headers={"authorization": CANARY})

    assert answer["statusCode"] == 500
    assert json.loads(answer["body"])["code"] == "INTERNAL"
    assert CANARY not in json.dumps(answer)
    assert type(error).__name__ in log.getvalue()
    assert CANARY not in log.getvalue()


@pytest.mark.parametrize(
    ("error", "counted"), [(ValueError(), ["UnexpectedError"]), (NotFound(), []), (GatewayUnavailable(), [])]
)
def test_only_a_bug_is_counted_as_an_unexpected_error(
    error: Exception, counted: list[str], log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[str] = []
    monkeypatch.setattr(http, "count", found.append)

    answer_to(failing(error))

    assert found == counted


def test_a_request_is_logged_in_a_single_short_line(log: io.StringIO) -> None:
    answer_to(lambda _: Response(body=CANARY), body=CANARY, headers={"authorization": CANARY})

    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["status"] == 200
    assert json.loads(line)["correlationId"] == "request-1"
    assert CANARY not in line
    assert len(line) < 600


# Large answers -----------------------------------------------------------------------------------

LARGE = json.dumps([{"isin": f"INE{number:09d}", "quantity": number} for number in range(200_000)])


def served(body: str, headers: dict[str, str]) -> dict[str, Any]:
    return answer_to(lambda _request: Response(body=body, headers={"etag": '"tag"'}), headers=headers)


def test_an_answer_that_lambda_could_not_send_is_compressed() -> None:
    answer = served(LARGE, {"Accept-Encoding": "br, gzip"})

    assert len(LARGE) > LARGEST_ANSWER > len(json.dumps(answer))
    assert answer["isBase64Encoded"] is True
    assert (answer["headers"]["content-encoding"], answer["headers"]["etag"]) == ("gzip", '"tag"')
    assert gzip.decompress(base64.b64decode(answer["body"])).decode() == LARGE


def test_an_answer_is_measured_as_lambda_sends_it() -> None:
    """Within JSON a quotation mark is two characters."""
    quotes = '"' * (LARGEST_ANSWER - 1000)

    assert served(quotes, {"accept-encoding": "gzip"})["isBase64Encoded"] is True
    assert served("-" * (LARGEST_ANSWER - 1000), {"accept-encoding": "gzip"})["isBase64Encoded"] is False


def test_a_caller_that_takes_nothing_compressed_learns_the_remedy() -> None:
    answer = served(LARGE, {})

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "ANSWER_TOO_LARGE")
    assert "gzip" in json.loads(answer["body"])["detail"]


def test_an_answer_that_is_too_large_even_compressed_is_refused() -> None:
    noise = base64.b64encode(random.Random(1).randbytes(9_000_000)).decode()
    answer = served(noise, {"accept-encoding": "gzip"})

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (422, "ANSWER_TOO_LARGE")
