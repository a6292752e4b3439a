"""The one clock. On the local cloud it follows the sandbox's virtual time (CLOCK_URL); on AWS there is none."""

import json
from datetime import UTC, datetime, timedelta

from gateway_backend.runtime.settings import settings


def now() -> datetime:
    real, url = datetime.now(UTC), settings().clock_url
    return real + _offset(url) if url else real


def _offset(url: str) -> timedelta:
    import urllib.request  # nobody on AWS needs it

    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the template lets loopback in only
        return timedelta(seconds=json.load(answer)["offsetSeconds"])
