"""Receipts whose message was lost are queued again, and each time is counted."""

from datetime import timedelta

import pytest

from gateway_backend.domain.webhooks.receipt import ReceiptKey
from gateway_backend.usecases.webhooks.requeue_receipts import requeue_receipts
from testing.market_times import MINUTE
from testing.world import World


@pytest.fixture
def world() -> World:
    return World()


def receive(world: World, account_id: str = "a") -> ReceiptKey:
    return world.receive_webhook({"smallcaseAuthId": account_id, "transactionId": "TRX_1", "securities": []})


def requeue(world: World, after: timedelta) -> int:
    world.now += after
    world.sqs.sent.clear()
    return requeue_receipts(now=world.now, receipts=world.receipts, queue=world.queue)


def test_a_receipt_that_waits_for_two_minutes_is_queued_again(world: World) -> None:
    receive(world)

    assert requeue(world, MINUTE) == 0
    assert requeue(world, MINUTE) == 1
    assert len(world.sqs.sent) == 1


def test_the_next_time_comes_later(world: World) -> None:
    receive(world)
    requeue(world, 2 * MINUTE)

    assert requeue(world, MINUTE) == 0
    assert requeue(world, MINUTE) == 1


def test_a_receipt_with_a_verdict_is_not_queued(world: World) -> None:
    key = receive(world)
    world.apply_receipt(key)

    assert requeue(world, 9 * MINUTE) == 0


def test_what_the_queue_does_not_take_is_not_counted(world: World) -> None:
    receive(world)
    world.sqs.capacity = 0

    assert requeue(world, 2 * MINUTE) == 0
    world.sqs.capacity = 100
    assert requeue(world, timedelta(0)) == 1
