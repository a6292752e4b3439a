"""Every function's own handler in one process: on a table in memory, with queues, a bus and a Gateway that are fakes.

A handler is called with the event of `events/`, changed as the caller says, as AWS would call it.
"""

import importlib.util
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO
from types import ModuleType
from typing import Any

import pytest

from gateway_backend.bootstrap import contexts, services, stores
from gateway_backend.gateway import client as gateway_client
from gateway_backend.runtime import batches, clients, clock, secrets
from gateway_backend.runtime.observability import logger, metrics
from gateway_backend.runtime.settings import settings
from testing.fakes import EventBridgeClient, SecretsManagerClient, SqsClient
from testing.gateway import FakeGateway
from testing.market_times import THURSDAY_EVENING
from testing.memory_table import MemoryClient
from testing.template import CHECKOUT, functions, template


@dataclass
class Answer:
    status: int
    body: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Backend:
    """`logged` is what the functions have logged."""

    monkeypatch: pytest.MonkeyPatch
    now: datetime = THURSDAY_EVENING
    table: Any = field(default_factory=MemoryClient)
    sqs: SqsClient = field(default_factory=SqsClient)
    bus: EventBridgeClient = field(default_factory=EventBridgeClient)
    gateway: FakeGateway = field(init=False)
    logged: StringIO = field(default_factory=StringIO)
    next_request: int = 1

    def __post_init__(self) -> None:
        self.gateway = FakeGateway(lambda: self.now)
        aws = {
            "dynamodb": self.table,
            "secretsmanager": SecretsManagerClient(),
            "sqs": self.sqs,
            "events": self.bus,
        }
        for module in (services, stores, clients, secrets, batches):
            self.monkeypatch.setattr(module, "client", aws.__getitem__)
        self.monkeypatch.setattr(gateway_client, "open_session", lambda: self.gateway)
        self.monkeypatch.setattr(clock, "now", lambda: self.now)
        self.monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
        log = logging.StreamHandler(self.logged)
        log.setFormatter(logger.registered_formatter)
        self.monkeypatch.setattr(logger._logger, "handlers", [log])
        for name, value in environment().items():
            self.monkeypatch.setenv(name, value)

    def set(self, variable: str, value: str) -> None:
        """An environment variable, as every worker has it from now on."""
        self.monkeypatch.setenv(variable, value)

    def request(
        self,
        function: str,
        body: Any = None,
        *,
        user: str = "asha",
        path_id: str = "",
        query: dict[str, str] | None = None,
        key: str | None = "",
    ) -> Answer:
        """An HTTP request of the app's user, or of Gateway for `receive_webhook`.

        `body` is JSON, or text or bytes as they are. Each request has an Idempotency-Key of its own unless one is
        given; None sends none.
        """
        number, self.next_request = self.next_request, self.next_request + 1
        event = _event(function)
        event["requestContext"]["requestId"] = f"request-{number}"
        if "authorizer" in event["requestContext"]:
            event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = user
        event["headers"]["idempotency-key"] = f"key-{number}" if key == "" else key
        event["queryStringParameters"] = query or {}
        if path_id:
            event["pathParameters"] = dict.fromkeys(event["pathParameters"], path_id)
        if body is not None:
            text = body.decode() if isinstance(body, bytes) else body
            event["body"] = text if isinstance(text, str) else json.dumps(text)
            event["isBase64Encoded"] = False
        answer = self.handler(function)(event, None)
        return Answer(answer["statusCode"], answer["body"], answer["headers"])

    def message(self, function: str, body: str, attempt: int = 1) -> bool:
        """A message of a queue; whether it was worked off."""
        event = _event(function)
        (record,) = event["Records"]
        record["body"], record["attributes"]["ApproximateReceiveCount"] = body, str(attempt)
        return not self.handler(function)(event, None)["batchItemFailures"]

    def schedule(self, function: str) -> dict[str, int]:
        """A schedule fires; the function's counters."""
        return dict(self.handler(function)({}, None))

    def handler(self, function: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
        """As a new worker has it: its module is run anew, and everything it works with is made anew."""
        made = (value for module in (stores, services, contexts) for value in vars(module).values())
        for made_once in (settings, secrets.secret, *made):
            if hasattr(made_once, "cache_clear"):
                made_once.cache_clear()
        spec = importlib.util.spec_from_file_location(f"app_of_{function}", CHECKOUT / f"functions/{function}/app.py")
        assert spec is not None
        assert spec.loader is not None
        module: ModuleType = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.handler  # type: ignore[no-any-return]


def environment() -> dict[str, str]:
    """Every variable of every function, each parameter at its default."""
    variables: dict[str, Any] = {}
    for function in functions().values():
        variables |= function["Environment"]["Variables"]
    parameters = template()["Parameters"]
    return {
        name: value if isinstance(value, str) else str(parameters.get(_reference(value), {}).get("Default", "x"))
        for name, value in variables.items()
    }


def _event(function: str) -> dict[str, Any]:
    return dict(json.loads((CHECKOUT / "events" / f"{function}.json").read_text()))


def _reference(value: dict[str, Any]) -> str:
    ((_, reference),) = value.items()
    return str(reference)
