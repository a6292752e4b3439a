"""The webhook checksum (contract 3.2): HMAC-SHA256 keyed by the API secret, in hex."""

import hashlib
import hmac
from collections.abc import Sequence


def checksum(text: str, api_secret: str) -> str:
    return hmac.new(api_secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_authentic(text: str, claimed: str | None, api_secrets: Sequence[str]) -> bool:
    """Whether `claimed` was made with one of the API secrets; compared in constant time."""
    if not claimed:
        return False
    claimed_bytes = claimed.encode()
    # A list, not a generator: every secret is tried, so that the time does not reveal which one matched.
    return any([hmac.compare_digest(checksum(text, secret).encode(), claimed_bytes) for secret in api_secrets])  # noqa: C419
