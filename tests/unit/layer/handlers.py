"""A function's own handler, run on a table in memory: what it answers and what it logs."""

import importlib.util
import json
import logging
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest

from bench.memory_table import MemoryClient
from gateway_backend.runtime import clients, secrets
from gateway_backend.runtime.observability import logger
from gateway_backend.runtime.settings import settings
from tests.template import CHECKOUT, template

SECRET = "a-made-up-secret-of-32-bytes-or-so"
ENVIRONMENT = {
    name: value if isinstance(value, str) else str(template()["Parameters"].get(value["Ref"], {}).get("Default", "x"))
    for name, value in template()["Globals"]["Function"]["Environment"]["Variables"].items()
}
"""What every function gets when each parameter has its default."""


@dataclass
class Answered:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Secrets:
    def get_secret_value(self, **_: Any) -> dict[str, str]:
        return {"SecretString": json.dumps({"gatewayName": "demogateway", "secret": SECRET, "apiSecret": "api"})}


@dataclass
class Functions:
    """Calls functions with their own event of `events/`, changed as the caller says."""

    monkeypatch: pytest.MonkeyPatch
    table: Any = field(default_factory=MemoryClient)
    logged: StringIO = field(default_factory=StringIO)

    def __post_init__(self) -> None:
        services = {"dynamodb": self.table, "secretsmanager": Secrets()}
        for module in (clients, secrets):
            self.monkeypatch.setattr(module, "client", services.__getitem__)
        self.environment()
        handler = logging.StreamHandler(self.logged)
        handler.setFormatter(logger.registered_formatter)
        self.monkeypatch.setattr(logger._logger, "handlers", [handler])

    def environment(self, **variables: str) -> None:
        for name, value in (ENVIRONMENT | variables).items():
            self.monkeypatch.setenv(name, value)
        for remembered in (settings, secrets._read):
            remembered.cache_clear()

    def call(
        self, function: str, body: Any = None, *, user: str = "user-1", key: str = "key-1", path_id: str = ""
    ) -> Answered:
        event = json.loads((CHECKOUT / "events" / f"{function}.json").read_text())
        event["requestContext"]["authorizer"]["jwt"]["claims"]["sub"] = user
        event["headers"]["idempotency-key"] = key
        # Each request has an id of its own.
        event["requestContext"]["requestId"] = f"request-{self.logged.tell()}"
        if path_id:
            event["pathParameters"] = {"id": path_id}
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        answer = self._handler(function)(event, None)
        return Answered(answer["statusCode"], json.loads(answer["body"]), answer["headers"])

    def _handler(self, function: str) -> Any:
        spec = importlib.util.spec_from_file_location(
            f"app_of_{function}", CHECKOUT / "functions" / function / "app.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.handler
