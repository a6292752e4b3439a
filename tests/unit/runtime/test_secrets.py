"""The secret is read again every minute; an outage of Secrets Manager does not take it from a worker that has it."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime import secrets
from gateway_backend.runtime.secrets import KEPT_SECONDS, Secret
from testing.backend import environment

AWAY = EndpointConnectionError(endpoint_url="https://secrets.example")


def refusal(code: str, status: int) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetSecretValue")


class SecretsManager:
    """Gives the text that it holds, or fails."""

    def __init__(self) -> None:
        self.text = "first"
        self.failure: Exception | None = None
        self.reads = 0

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        self.reads += 1
        if self.failure:
            raise self.failure
        return {"SecretString": self.text}


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> SecretsManager:
    manager = SecretsManager()
    monkeypatch.setattr(secrets, "client", lambda _service: manager)
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    return manager


def pass_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.monotonic() + KEPT_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)


def test_it_is_read_once_a_minute(manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret()
    assert [secret.text(), secret.text()] == ["first", "first"]
    assert manager.reads == 1

    manager.text = "second"
    pass_a_minute(monkeypatch)
    assert secret.text() == "second"


@pytest.mark.parametrize("failure", [AWAY, refusal("InternalServiceError", 500), refusal("ThrottlingException", 400)])
def test_during_an_outage_the_last_text_counts(
    manager: SecretsManager, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = Secret()
    secret.text()
    manager.failure = failure
    pass_a_minute(monkeypatch)

    assert [secret.text(), secret.text()] == ["first", "first"]
    assert manager.reads == 2, "an outage is not asked about with every request"


def test_what_was_taken_from_us_counts_no_more(manager: SecretsManager, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret()
    secret.text()
    manager.failure = refusal("AccessDeniedException", 400)
    pass_a_minute(monkeypatch)

    with pytest.raises(StoreUnavailable):
        secret.text()


def test_a_worker_that_has_never_read_it_has_none(manager: SecretsManager) -> None:
    manager.failure = AWAY

    with pytest.raises(StoreUnavailable):
        Secret().text()
