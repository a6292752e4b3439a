"""Accept a webhook: an authentic one is stored, then queued; of any other nothing is kept."""

import json
from collections import Counter
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import BodyTooLarge, BodyUnreadable, NotAuthentic, StoreUnavailable
from gateway_backend.domain.webhooks.receipt import ReceiptKey, ReceiptVerdict, WebhookKind
from gateway_backend.usecases.webhooks import accept
from gateway_backend.usecases.webhooks.accept import MAX_WEBHOOK_BYTES, accept_webhook
from testing.counters import counters_of
from testing.gateway import KEYS
from testing.market_times import SECOND
from testing.webhook_bodies import holdings
from testing.world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def counters(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    return counters_of(monkeypatch, accept)


def of_length(world: World, length: int) -> bytes:
    raw = world.signed_webhook(holdings(world))
    return raw + b" " * (length - len(raw))


def changed(world: World, **members: Any) -> bytes:
    """An authentic webhook, with these members changed afterwards."""
    return json.dumps(json.loads(world.signed_webhook(holdings(world))) | members).encode()


def test_an_authentic_webhook_is_stored_as_it_was_received(world: World) -> None:
    raw = world.signed_webhook(holdings(world))
    key = world.receive_raw(raw)

    receipt = world.receipt(key)
    assert (receipt.kind, receipt.received_at, receipt.is_pending) == (WebhookKind.HOLDINGS_V2, world.now, True)
    assert (receipt.transaction_id, receipt.account_id) == ("TRX_1", "a")
    assert world.receipts.body(key) == raw


def test_a_stored_webhook_is_queued(world: World, counters: Counter[str]) -> None:
    key = world.receive_webhook(holdings(world))

    assert world.sqs.messages == [key.to_text()]
    assert ReceiptKey.parse(world.sqs.messages[0]) == key
    assert counters == {}


def test_a_webhook_is_stored_before_it_is_queued(world: World) -> None:
    stored: list[int] = []
    world.sqs.after_send = lambda: stored.append(len(world.memory.items()))
    world.receive_webhook(holdings(world))

    assert stored == [len(world.memory.items())] != [0]


def test_a_webhook_that_the_queue_refuses_is_stored_all_the_same(world: World) -> None:
    world.sqs.capacity = 0

    assert world.receipt(world.receive_webhook(holdings(world))).is_pending


def test_a_webhook_signed_with_the_previous_secret_is_accepted(world: World) -> None:
    receipt = accept_webhook(
        world.signed_webhook(holdings(world)),
        now=world.now,
        api_secrets=("the-next-secret", *KEYS.api_secrets),
        receipts=world.receipts,
        queue=world.queue,
    )

    assert receipt.is_pending


def test_a_webhook_of_the_greatest_length_is_accepted(world: World) -> None:
    assert world.receipt(world.receive_raw(of_length(world, MAX_WEBHOOK_BYTES))).is_pending


# Repeats ---------------------------------------------------------------------------------------


def test_a_repeated_webhook_is_counted_on_its_receipt(world: World) -> None:
    raw = world.signed_webhook(holdings(world))
    first = world.receive_raw(raw)
    world.now += SECOND
    second = world.receive_raw(raw)

    assert second == first
    assert world.receipt(first).seen == 2


def test_a_repeated_webhook_without_a_verdict_is_queued_again(world: World) -> None:
    raw = world.signed_webhook(holdings(world))
    key = world.receive_raw(raw)
    world.receive_raw(raw)

    assert world.sqs.messages == [key.to_text()] * 2


def test_a_repeated_webhook_with_a_verdict_is_not_queued_again(world: World) -> None:
    raw = world.signed_webhook(holdings(world))
    key = world.receive_raw(raw)
    world.receipts.record_verdict(world.receipt(key), ReceiptVerdict.APPLIED, "CONFIRMED", world.now)
    world.receive_raw(raw)

    assert world.sqs.messages == [key.to_text()]


# Refusals --------------------------------------------------------------------------------------


def refused(world: World, raw: bytes, error: type[Exception]) -> bool:
    """Whether the error is raised and nothing is stored or queued."""
    with pytest.raises(error):
        world.receive_raw(raw)
    return world.memory.items() == [] and world.sqs.messages == []


def test_a_webhook_that_is_too_long_is_refused(world: World, counters: Counter[str]) -> None:
    assert refused(world, of_length(world, MAX_WEBHOOK_BYTES + 1), BodyTooLarge)
    assert counters == {"WebhookRejected": 1}


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"{}", b'{"smallcaseAuthId":"a","timestamp":"now"}'])
def test_a_body_of_no_known_shape_is_refused(world: World, counters: Counter[str], raw: bytes) -> None:
    assert refused(world, raw, BodyUnreadable)
    assert counters == {"WebhookRejected": 1}


@pytest.mark.parametrize(
    "members",
    [
        {"checksum": "0" * 64},
        {"checksum": None},
        {"checksum": ""},
        {"timestamp": "2026-11-19T12:30:00.001Z"},
        {"smallcaseAuthId": "b"},
    ],
)
def test_a_webhook_whose_checksum_is_wrong_is_refused(
    world: World, counters: Counter[str], members: dict[str, Any]
) -> None:
    assert refused(world, changed(world, **members), NotAuthentic)
    assert counters == {"WebhookRejected": 1}


def test_while_the_store_is_away_the_error_is_raised_and_nothing_queued(world: World, counters: Counter[str]) -> None:
    """Gateway sends the webhook again."""
    world.client.fail_on("put_item")

    assert refused(world, world.signed_webhook(holdings(world)), StoreUnavailable)
    assert counters == {}
