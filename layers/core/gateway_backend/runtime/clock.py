"""The one clock. On the local cloud it follows the sandbox's virtual time (CLOCK_URL); on AWS there is none."""

import json
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway_backend.runtime.settings import settings

_ASKED_EVERY_SECONDS = 0.5


def now() -> datetime:
    real = datetime.now(UTC)
    url = settings().clock_url
    return real + _offset(url, int(time.monotonic() / _ASKED_EVERY_SECONDS)) if url else real


@lru_cache(maxsize=1)
def _offset(url: str, _tick: int) -> timedelta:
    import urllib.request  # nobody on AWS needs it

    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the template lets loopback in only
        return timedelta(seconds=json.load(answer)["offsetSeconds"])
