"""The Gateway secret's text, read again every minute, so that a rotation reaches warm workers too."""

import time
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.observability import count, logger
from gateway_backend.runtime.settings import settings

KEPT_SECONDS = 60.0
_THROTTLED = "ThrottlingException"


def gateway_secret() -> str:
    """Raises: StoreUnavailable when Secrets Manager does not give it and has not given it to this worker before."""
    return secret().text()


@cache
def secret() -> "Secret":
    return Secret()


class Secret:
    """As it was read last. While Secrets Manager is away that text counts; what it refuses to give counts no more."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._read_at = 0.0

    def text(self) -> str:
        """Raises: StoreUnavailable."""
        now = time.monotonic()
        if self._text is None or now - self._read_at >= KEPT_SECONDS:
            self._text, self._read_at = self._read(), now
        return self._text

    def _read(self) -> str:
        try:
            return str(client("secretsmanager").get_secret_value(SecretId=settings().gateway_secret_id)["SecretString"])
        except (ClientError, BotoCoreError) as error:
            if self._text is None or not _is_away(error):
                raise StoreUnavailable("The Gateway secret could not be read") from error
            logger.warning("secret not read again", error=type(error).__name__)
            count("SecretReadFailed")
            return self._text


def _is_away(error: ClientError | BotoCoreError) -> bool:
    """No answer, or one about itself; a refusal is about us, or about the secret."""
    if isinstance(error, BotoCoreError):
        return True
    response = error.response
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or response.get("Error", {}).get("Code") == _THROTTLED
