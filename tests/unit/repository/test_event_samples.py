"""events/ holds what AWS really passes to every function, and our code parses it."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway_backend.contracts.refresh.page_message import encode_page, parse_page
from gateway_backend.contracts.shared.parse_body import parse_body
from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.contracts.transactions.sdk_result import parse_sdk_result
from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.market.brokers import is_long_lived
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.webhooks.receipt import ReceiptKey, WebhookKind
from gateway_backend.gateway import tokens
from gateway_backend.gateway.checksums import is_authentic
from gateway_backend.runtime.http import Request
from gateway_backend.runtime.streams import Change
from gateway_backend.usecases.events.publish import events_of
from ops.api_reference.gateway_models import WebhookBody
from ops.api_reference.parameters import IDEMPOTENCY_KEY
from ops.api_reference.routes import ROUTES
from sandbox.settings import Settings
from testing.template import CHECKOUT, events, folder, functions, resources

EVENTS = {path.stem: json.loads(path.read_text()) for path in sorted((CHECKOUT / "events").glob("*.json"))}
FUNCTIONS = {folder(name): function for name, function in functions().items()}
ROUTE_OF = {route.function: route for route in ROUTES}
SANDBOX = Settings()
STREAM = EVENTS["publish_events"]["Records"]
STREAMED_ACCOUNTS = {
    (image["pk"]["S"].removeprefix("ACCOUNT#"), image["broker"]["S"])
    for image in (record["dynamodb"]["NewImage"] for record in STREAM)
    if image["sk"]["S"] == "STATUS"
}


def function_of(name: str) -> str:
    return name.partition("-")[0]


def named(*kinds: str) -> list[str]:
    """The events of the functions with such a trigger."""
    return [name for name in EVENTS if any(events(FUNCTIONS[function_of(name)], kind) for kind in kinds)]


def request_of(name: str) -> Request:
    return Request.from_event(EVENTS[name])


def test_every_function_has_its_event_and_every_event_its_function() -> None:
    folders = {path.parent.name for path in (CHECKOUT / "functions").glob("*/app.py")}
    assert {function_of(name) for name in EVENTS} == folders == set(FUNCTIONS)


@pytest.mark.parametrize("name", named("HttpApi"))
def test_an_http_event_is_a_request_to_the_route(name: str) -> None:
    route, event, request = ROUTE_OF[function_of(name)], EVENTS[name], request_of(name)
    assert (event["version"], event["routeKey"]) == ("2.0", request.route)
    assert request.route == f"{route.method} {route.path}"
    assert request.path == route.path.format(**request.path_parameters)
    assert (request.method, request.path) == (route.method, event["rawPath"])
    assert request.claims.get("sub") == ("user-1" if route.needs_user else None)
    assert bool(request.raw_body) == (route.body is not None)
    assert set(request.query) <= {parameter.name for parameter in route.query}


@pytest.mark.parametrize("name", [name for name in named("HttpApi") if ROUTE_OF[function_of(name)].body])
def test_the_body_of_an_http_event_matches_the_model(name: str) -> None:
    model = ROUTE_OF[function_of(name)].body
    assert model is not None
    assert parse_body(model, request_of(name).body)


@pytest.mark.parametrize(
    "name", [name for name in named("HttpApi") if IDEMPOTENCY_KEY in ROUTE_OF[function_of(name)].headers]
)
def test_an_event_that_creates_something_has_an_idempotency_key(name: str) -> None:
    assert request_of(name).idempotency_key


def test_the_sdk_result_holds_a_token_that_the_local_cloud_accepts() -> None:
    body = parse_body(ResultRequest, request_of("complete_transaction").body)
    result = parse_sdk_result(body.given, rejected=body.was_rejected)
    assert result.transaction_id == request_of("complete_transaction").identifier()
    account_id = tokens.account_of(result.token or "", SANDBOX.secret, datetime.now(UTC))
    assert account_id == request_of("get_account_holdings").identifier()


@pytest.mark.parametrize(
    ("name", "kind"), [("receive_webhook", WebhookKind.HOLDINGS_V2), ("receive_webhook-order", WebhookKind.ORDER)]
)
def test_a_webhook_is_authentic_to_the_local_cloud(name: str, kind: WebhookKind) -> None:
    envelope = WebhookEnvelope.parse(request_of(name).raw_body)
    assert envelope.kind is kind
    (signed,) = envelope.signed_texts
    assert is_authentic(signed, envelope.checksum, [SANDBOX.api_secret])


def test_the_webhook_is_smallcases_own_sample() -> None:
    def portfolio(body: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in body.items() if name != "checksum"}

    sample = json.loads((CHECKOUT / "tests/fixtures/holdings-v2-webhook.json").read_text())
    assert portfolio(json.loads(request_of("receive_webhook").raw_body)) == portfolio(sample)
    assert WebhookBody.model_validate(sample)


@pytest.mark.parametrize("name", named("SQS"))
def test_a_queue_event_is_of_the_queue_that_triggers_the_function(name: str) -> None:
    (record,) = EVENTS[name]["Records"]
    (source,) = events(FUNCTIONS[function_of(name)], "SQS")
    queue = record["eventSourceARN"].rpartition("-")[2]
    assert source["Queue"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert queue in resources("AWS::SQS::Queue")
    assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()
    assert record["eventSource"] == "aws:sqs"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_the_webhook_message_names_the_receipt_of_the_webhook() -> None:
    (record,) = EVENTS["apply_webhook"]["Records"]
    envelope = WebhookEnvelope.parse(request_of("receive_webhook").raw_body)
    assert ReceiptKey.parse(record["body"]) == ReceiptKey(envelope.checksum or "", envelope.body_hash)


def test_the_refresh_message_is_a_page_of_long_lived_accounts_after_a_close() -> None:
    (record,) = EVENTS["refresh_snapshots"]["Records"]
    page = parse_page(record["body"])
    assert encode_page(page) == record["body"]
    assert page.account_ids
    assert {*page.account_ids} <= {account for account, broker in STREAMED_ACCOUNTS if is_long_lived(broker)}
    assert nse_calendar().last_close(page.close) == page.close
    sent_at = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)
    assert nse_calendar().last_close(sent_at) == page.close


def passes(key: str, rule: str) -> bool:
    wanted = json.loads(rule)
    return key == wanted if isinstance(wanted, str) else key.startswith(wanted["prefix"])


def test_the_stream_event_passes_the_filter_and_gives_events() -> None:
    (source,) = events(FUNCTIONS["publish_events"], "DynamoDB")
    (accepted,) = (json.loads(rule["Pattern"])["dynamodb"]["Keys"] for rule in source["FilterCriteria"]["Filters"])
    keys = {record["dynamodb"]["Keys"]["sk"]["S"] for record in STREAM}
    matching = {rule: {key for key in keys if passes(key, rule)} for rule in map(json.dumps, accepted["sk"]["S"])}
    assert all(matching.values())
    assert keys == set().union(*matching.values())
    assert {record["eventSource"] for record in STREAM} == {"aws:dynamodb"}
    refreshed_alone, *rest = (events_of(Change.of(record)) for record in STREAM)
    assert not refreshed_alone
    assert all(rest)


@pytest.mark.parametrize("name", named("ScheduleV2"))
def test_a_schedule_event_comes_from_the_scheduler(name: str) -> None:
    event = EVENTS[name]
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert event["resources"][0].startswith(f"arn:aws:scheduler:{event['region']}:{event['account']}:schedule/")
