"""The receipt of a webhook and the key that identifies it."""

import pytest

from gateway_backend.domain.webhooks.receipt import Receipt, ReceiptKey, ReceiptVerdict, WebhookKind
from testing.builders import NOW

KEY = ReceiptKey("checksum", "hash-of-the-body")


def test_a_key_is_parsed_from_its_text() -> None:
    assert ReceiptKey.parse(KEY.to_text()) == KEY


@pytest.mark.parametrize("text", ["", "checksum", "checksum/hash/more"])
def test_another_text_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match="unpack"):
        ReceiptKey.parse(text)


def test_a_receipt_without_a_verdict_is_pending() -> None:
    assert Receipt(KEY, WebhookKind.ORDER, NOW, "timestamp").is_pending


@pytest.mark.parametrize("verdict", ReceiptVerdict)
def test_a_receipt_with_a_verdict_is_not_pending(verdict: ReceiptVerdict) -> None:
    assert not Receipt(KEY, WebhookKind.ORDER, NOW, "timestamp", verdict=verdict).is_pending
