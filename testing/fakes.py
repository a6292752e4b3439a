"""Clients of AWS in memory: SQS, EventBridge, Secrets Manager, and DynamoDB with interruptions."""

import json
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import EndpointConnectionError

from gateway_backend.contracts.refresh.page_message import parse_page
from gateway_backend.domain.refresh.page import RefreshPage
from testing.gateway import KEYS

READS = ("get_item", "query")
BATCH_WRITES = ("put_item", "transact_write_items")
"""The operations that write an order batch, later and at first."""

STORE_DOWN = EndpointConnectionError(endpoint_url="https://store.example")


class Crash(BaseException):
    """The worker dies here: our code catches no such exception."""


class InterruptibleClient:
    """The table's client. `before_call` is called with each operation and its request first, and may raise."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.before_call: Callable[[str, dict[str, Any]], object] | None = None

    @property
    def write_units(self) -> int:
        return int(self._client.write_units)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            if self.before_call:
                self.before_call(operation, request)
            return getattr(self._client, operation)(**request)

        return call

    def before_next(self, operations: Container[str], action: Callable[[], object]) -> None:
        """Run the action once, before the next call of one of the operations: another worker comes between."""

        def before_call(operation: str, _request: dict[str, Any]) -> None:
            if operation in operations:
                self.before_call = None
                action()

        self.before_call = before_call

    def fail_for(self, pk: str, error: Exception = STORE_DOWN) -> None:
        """Every read and write of a single item in that partition fails."""

        def before_call(_operation: str, request: dict[str, Any]) -> None:
            if request.get("Key", {}).get("pk") == {"S": pk}:
                raise error

        self.before_call = before_call

    def fail_on(self, *operations: str, error: BaseException = STORE_DOWN) -> None:
        """Every call of one of the operations fails."""

        def before_call(operation: str, _request: dict[str, Any]) -> None:
            if operation in operations:
                raise error

        self.before_call = before_call

    def crash_after(self, writes: int) -> None:
        """The worker dies at the write after that many."""
        left = writes

        def before_call(operation: str, _request: dict[str, Any]) -> None:
            nonlocal left
            left -= operation not in READS
            if left < 0:
                raise Crash

        self.before_call = before_call


class SqsClient:
    """Takes `capacity` messages, then refuses."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        """Messages and their delay in seconds."""

        self.capacity = 1_000_000
        self.after_send: Callable[[], object] | None = None
        """Called once, when the next messages have been sent and the sender has no answer yet."""

    def send_message_batch(self, *, Entries: list[dict[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        taken, refused = Entries[: self.capacity], Entries[self.capacity :]
        self.capacity -= len(taken)
        self.sent += [(entry["MessageBody"], entry["DelaySeconds"]) for entry in taken]
        after_send, self.after_send = self.after_send, None
        if after_send:
            after_send()
        return {"Failed": [{"Id": entry["Id"], "Code": "InternalError"} for entry in refused]}

    def change_message_visibility(self, **_: Any) -> None:
        """A message that failed is delivered again sooner."""

    @property
    def messages(self) -> list[str]:
        return [message for message, _ in self.sent]

    @property
    def pages(self) -> list[RefreshPage]:
        return [parse_page(message) for message in self.messages]


@dataclass
class EventBridgeClient:
    """Refuses entries whose detail contains one of `refused`, and fails whole calls with `error`, if there is one."""

    refused: Sequence[str] = ()
    error: Exception | None = None
    calls: list[list[dict[str, str]]] = field(default_factory=list)
    entries: list[dict[str, str]] = field(default_factory=list)
    """Those that were taken."""

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append(Entries)
        if self.error:
            raise self.error
        answers = [self._answer(entry) for entry in Entries]
        return {"FailedEntryCount": sum("ErrorCode" in answer for answer in answers), "Entries": answers}

    def _answer(self, entry: dict[str, str]) -> dict[str, str]:
        if any(text in entry["Detail"] for text in self.refused):
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded"}
        self.entries.append(entry)
        return {"EventId": "accepted"}

    @property
    def published_ids(self) -> list[str]:
        return [json.loads(entry["Detail"])["id"] for entry in self.entries]


class SecretsManagerClient:
    """Holds the secret of the gateway."""

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        secret = {"gatewayName": KEYS.gateway_name, "secret": KEYS.secret, "apiSecret": KEYS.api_secret}
        return {"SecretString": json.dumps(secret)}
