"""A webhook, and the kinds and modes of webhooks that there are."""

from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import uuid4

WebhookKind = Literal["holdings", "holdings_v1", "mf", "order", "pending_action"]
WebhookMode = Literal[
    "normal",
    "duplicate",
    "late",
    "reordered",
    "forged",
    "forged_body",
    "wrong_secret",
    "tampered",
    "truncated",
    "huge",
]
Body = dict[str, Any]

# The modes that Gateway itself can cause. The others come from an attacker or a broken network: nobody retries those.
RETRIED_MODES = ("normal", "duplicate", "late", "reordered")


@dataclass(frozen=True)
class Webhook:
    """A webhook; every attempt sends the same bytes."""

    id: str
    kind: str
    mode: str
    transaction_id: str | None
    text: str
    is_retried: bool

    @classmethod
    def new(cls, kind: WebhookKind, mode: WebhookMode, body: Body, text: str) -> Self:
        """`text` is what is sent for `body`, and differs from it in some modes."""
        return cls(
            id=_new_id(),
            kind=kind,
            mode=mode,
            transaction_id=body.get("transactionId"),
            text=text,
            is_retried=mode in RETRIED_MODES,
        )

    def duplicate(self) -> "Webhook":
        return Webhook(**vars(self) | {"id": _new_id(), "mode": "duplicate"})


def _new_id() -> str:
    return f"whk_{uuid4().hex}"
