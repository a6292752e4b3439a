"""What becomes of a webhook while a service of AWS is away: the handler itself, in this process."""

import importlib.util
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from gateway_backend.bootstrap import contexts, services, stores
from gateway_backend.gateway.checksums import checksum
from gateway_backend.runtime import clients, secrets, settings
from testing.backend import environment as environment_of_template
from testing.template import CHECKOUT
from tests.integration.aws import Aws
from tests.integration.signed_webhooks import API_SECRET, holdings_webhook

UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, outputs: dict[str, Any]) -> Iterator[pytest.MonkeyPatch]:
    given = environment_of_template() | {
        "TABLE_NAME": outputs["tableName"],
        "GATEWAY_SECRET_ID": outputs["gatewaySecretArn"],
        "GATEWAY_BASE_URL": outputs["sandboxUrl"],
        "WEBHOOK_QUEUE_URL": outputs["webhookQueueUrl"],
        "CLOCK_URL": "",
        "AWS_ENDPOINT_URL": outputs["awsEndpoint"],
        "AWS_REGION": outputs["region"],
        "AWS_DEFAULT_REGION": outputs["region"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("gateway_backend.runtime.http.flush_metrics", lambda: None)  # no namespace in this process
    forget_collaborators()
    yield monkeypatch
    forget_collaborators()


def forget_collaborators() -> None:
    """A new worker starts: nothing is left of what the last one made."""
    made = (value for module in (stores, services, contexts) for value in vars(module).values())
    made_once = (settings.settings, clients.client, clients._session, secrets.secret, *made)
    for make in made_once:
        if hasattr(make, "cache_clear"):
            make.cache_clear()


def receive_webhook() -> ModuleType:
    path = CHECKOUT / "functions" / "receive_webhook" / "app.py"
    specification = importlib.util.spec_from_file_location("receive_webhook", path)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def deliver(module: ModuleType, body: dict[str, Any]) -> dict[str, Any]:
    event = json.loads((CHECKOUT / "events" / "receive_webhook.json").read_text())
    return dict(module.handler(event | {"body": json.dumps(body), "isBase64Encoded": False}, None))


def webhook() -> dict[str, Any]:
    return holdings_webhook("6195e288360acf9ebc060d23", "TRX_00000000000000000000000000000001")


@pytest.mark.parametrize("service", ["DYNAMODB", "SECRETS_MANAGER"])
def test_it_is_refused_with_503_so_that_gateway_sends_it_again(
    service: str, environment: pytest.MonkeyPatch, aws: Aws
) -> None:
    environment.setenv(f"AWS_ENDPOINT_URL_{service}", UNREACHABLE)
    body = webhook()
    answer = deliver(receive_webhook(), body)

    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (503, "STORE_UNAVAILABLE")
    assert aws.receipts(body["checksum"]) == []


def test_it_is_acknowledged_and_kept_although_the_queue_is_away(environment: pytest.MonkeyPatch, aws: Aws) -> None:
    environment.setenv("AWS_ENDPOINT_URL_SQS", UNREACHABLE)
    body = webhook()
    answer = deliver(receive_webhook(), body)

    assert answer["statusCode"] == 200
    (receipt,) = aws.receipts(body["checksum"])
    assert receipt["listKey"].startswith("PENDING#")


def test_one_signed_with_the_previous_api_secret_is_authentic(environment: pytest.MonkeyPatch, aws: Aws) -> None:
    """While smallcase rotates the API secret, both are good."""
    module = receive_webhook()
    rotated = {"gatewayName": "sandboxgateway", "secret": "s", "apiSecret": "new", "previousApiSecret": API_SECRET}
    environment.setattr(secrets, "gateway_secret", lambda: json.dumps(rotated))
    old, new, wrong = webhook(), webhook(), webhook()
    subject = new["timestamp"] + new["smallcaseAuthId"]
    new["checksum"], wrong["checksum"] = checksum(subject, "new"), checksum(subject, "older")

    assert [deliver(module, body)["statusCode"] for body in (old, new, wrong)] == [200, 200, 401]
