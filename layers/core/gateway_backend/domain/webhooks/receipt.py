"""The receipt of a webhook: that it arrived, and what became of it."""

from copy import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gateway_backend.domain.transactions.intents import Intent


class WebhookKind(StrEnum):
    HOLDINGS_V2 = "HOLDINGS_V2"
    HOLDINGS_V1 = "HOLDINGS_V1"
    ORDER = "ORDER"
    MUTUAL_FUNDS = "MUTUAL_FUNDS"
    PENDING_ACTION = "PENDING_ACTION"
    UNKNOWN = "UNKNOWN"  # authentic, and of a kind that is new to us: kept for the operator


class ReceiptVerdict(StrEnum):
    """What became of a webhook. QUARANTINED: it was not confirmed, and changed nothing."""

    APPLIED = "APPLIED"
    QUARANTINED = "QUARANTINED"


class ReceiptKey(NamedTuple):
    """Which webhook it is: Gateway's checksum, and the SHA-256 of the body, which the checksum does not cover."""

    checksum: str
    body_hash: str

    def to_text(self) -> str:
        return f"{self.checksum}/{self.body_hash}"

    @classmethod
    def parse(cls, text: str) -> "ReceiptKey":
        """Raises: ValueError."""
        checksum, body_hash = text.split("/")
        return cls(checksum, body_hash)


class Receipt(NamedTuple):
    """`seen` counts deliveries; `verdict` is None while it waits to be applied.

    `has_entry`: its account or transaction tells of it, as former releases did only with the verdict.
    """

    key: ReceiptKey
    kind: WebhookKind
    received_at: datetime
    timestamp: str
    account_id: str | None = None
    transaction_id: str | None = None
    snapshot_date: str | None = None
    verdict: ReceiptVerdict | None = None
    reason: str | None = None
    seen: int = 1
    has_entry: bool = False

    @property
    def is_pending(self) -> bool:
        return self.verdict is None

    def about(self, intent: Intent) -> "Receipt":
        """A statement may come without its intent: then its transaction's tells what it is (contract 3.7)."""
        is_statement = self.kind is WebhookKind.UNKNOWN and intent is Intent.MF_HOLDINGS_IMPORT
        return replace(self, kind=WebhookKind.MUTUAL_FUNDS) if is_statement else self
