"""The schedule that checks open transactions: how often, for how long, and what one failure leaves to the next run."""

import time
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.transactions.report import GRACE, Status
from gateway_backend.store.transactions.codec import META, transaction_pk
from gateway_backend.usecases.transactions import reconcile as module
from gateway_backend.usecases.webhooks import requeue_receipts
from testing.fakes import STORE_DOWN
from testing.market_times import HOUR, MINUTE, SECOND
from testing.reconciliations import EXPIRES, reconcile, reconcile_for, report, to_check, world_with_open_import
from testing.world import World


@pytest.fixture
def world() -> World:
    return world_with_open_import()


# How often -------------------------------------------------------------------------------------


def test_a_new_transaction_is_left_to_its_webhook_for_two_minutes(world: World) -> None:
    world.now += 2 * MINUTE - SECOND
    assert reconcile(world)["transactionsChecked"] == 0

    world.now += SECOND
    assert reconcile(world)["transactionsChecked"] == 1


def test_an_open_transaction_is_checked_less_and_less_often(world: World) -> None:
    report(world, Status.PROCESSING)
    checked = reconcile_for(world, timedelta(hours=20))
    pauses = [later - earlier for earlier, later in pairwise(checked)]

    assert checked[0] == 2 * MINUTE
    assert pauses == sorted(pauses)
    assert pauses[:4] == [4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE]
    assert max(pauses) <= 6 * HOUR
    assert len(checked) < 12


def test_a_queue_that_does_not_answer_does_not_keep_transactions_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        world.receive_webhook({"smallcaseAuthId": f"a{number}", "batchId": "b"})
    world.now += 2 * MINUTE
    monkeypatch.setattr(requeue_receipts, "SECONDS", 0.05)
    tried: list[str] = []

    def time_out(**_: Any) -> None:
        tried.append("")
        time.sleep(0.03)
        raise STORE_DOWN

    world.sqs.send_message_batch = time_out  # type: ignore[method-assign, assignment]

    assert reconcile(world)["transactionsChecked"] == 1
    assert len(tried) < 5


def test_a_settled_transaction_is_checked_no_more(world: World) -> None:
    report(world, Status.CANCELLED)

    assert len(reconcile_for(world, timedelta(hours=20))) == 1


def test_a_transaction_that_is_open_for_more_than_a_day_is_counted_for_the_operator(world: World) -> None:
    report(world, Status.PROCESSING)
    world.now += timedelta(days=1)
    assert reconcile(world)["transactionsStuck"] == 0

    world.now += 6 * HOUR
    assert reconcile(world)["transactionsStuck"] == 1


def test_a_transaction_that_stays_open_for_a_week_is_given_up(world: World) -> None:
    report(world, Status.PROCESSING)
    world.now += timedelta(days=7)
    reconcile(world)
    assert to_check(world) == ["TRX_1"]

    world.now += 7 * HOUR
    reconcile(world)
    assert to_check(world) == []


def test_an_order_that_ended_badly_after_a_login_is_checked_again_for_a_day() -> None:
    world = World()
    world.begin_order("TRX_1")
    report(world, Status.CANCELLED, smallcaseAuthId="a", broker="groww")
    world.now += 2 * MINUTE

    assert reconcile(world)["transactionsSettled"] == 1
    assert to_check(world) == ["TRX_1"]

    reconcile_for(world, timedelta(hours=26))
    assert to_check(world) == []


# What one run does -----------------------------------------------------------------------------


def test_many_transactions_are_checked_in_a_single_run(world: World) -> None:
    for number in range(250):
        world.begin_transaction(f"OTHER_{number}")
    world.now = EXPIRES + GRACE

    counted = reconcile(world, threads=10)
    assert (counted["transactionsChecked"], counted["transactionsSettled"]) == (251, 251)


def test_a_transaction_whose_item_cannot_be_read_is_left_to_the_next_run(world: World) -> None:
    world.begin_transaction("TRX_2")
    world.now = EXPIRES + GRACE
    world.client.fail_for("TXN#TRX_1")
    assert reconcile(world)["transactionsSettled"] == 1

    world.client.before_call = None
    assert reconcile(world)["transactionsSettled"] == 1


def test_a_transaction_that_is_erased_in_between_counts_as_settled(world: World) -> None:
    """The index still lists it, and the other transactions are checked all the same."""
    world.begin_transaction("TRX_2")
    world.now = EXPIRES + GRACE
    world.client.before_next(["get_item"], lambda: world.table.delete_all([(transaction_pk("TRX_1"), META)]))

    assert reconcile(world)["transactionsSettled"] == 2
    assert world.transactions.find("TRX_1") is None


def test_what_there_is_no_time_for_waits_for_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.now = EXPIRES
    with monkeypatch.context() as patch:
        patch.setattr(module, "SECONDS", 0)
        assert reconcile(world)["transactionsChecked"] == 0
    assert reconcile(world)["transactionsChecked"] == 1


def test_an_end_that_another_worker_stores_in_between_is_not_undone(world: World) -> None:
    """Gateway's answer to this run was made before the user finished."""
    report(world, Status.USED)
    world.now = EXPIRES + GRACE

    def other() -> None:
        world.complete_login("TRX_1", "a")
        reconcile(world)

    world.gateway.before_reply = other
    reconcile(world)

    found = world.transaction("TRX_1")
    assert (found.status, found.result_persisted) == (Status.COMPLETED, True)
    world.now += timedelta(days=1)
    assert reconcile(world)["transactionsChecked"] == 0


def test_a_receipt_whose_message_was_lost_is_queued_again(world: World) -> None:
    body = b'{"timestamp":"2026-11-19T12:30:00.000Z","transactionId":"TRX_1","checksum":"a-checksum"}'
    receipt = world.receipts.record(WebhookEnvelope.parse(body), body, world.now)
    world.now += 2 * MINUTE

    assert reconcile(world)["queued"] == 1
    assert [message for message, _ in world.sqs.sent] == [receipt.key.to_text()]
