"""The Gateway secret's text, kept for a minute, so that a rotation reaches warm workers too."""

import time
from functools import lru_cache

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime.clients import client
from gateway_backend.runtime.settings import settings

_KEPT_SECONDS = 60


def gateway_secret() -> str:
    """Raises: StoreUnavailable when Secrets Manager does not answer."""
    return _read(settings().gateway_secret_id, int(time.monotonic() // _KEPT_SECONDS))


@lru_cache(maxsize=1)
def _read(secret_id: str, _minute: int) -> str:
    try:
        return str(client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"])
    except (ClientError, BotoCoreError) as error:
        raise StoreUnavailable("The Gateway secret could not be read") from error
