"""Where a transaction stands, and how its orders, refusals and the schedule move it to its end."""

from copy import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.orders.batch import Batch
from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import GRACE, NO_OUTCOME, Failure, Outcome, Report, Status
from gateway_backend.domain.transactions.transaction import (
    CHECKS_BEFORE_EXPIRY,
    GIVEN_UP_AFTER,
    IMPORT_GIVEN_UP_AFTER,
    ORDERS_GIVEN_UP_AFTER,
    STUCK_AFTER,
    SYNC_INTERVAL,
    WATCHED_FOR,
    Phase,
    Transaction,
    begin,
)
from testing.builders import COMPLETED, LATER, NOW, batch, transaction
from testing.moments import SECOND

ORDER_PENDING = Failure(4006, "order_pending")
CANCELLED = Failure(1012, "user_cancelled")
EXPIRE_AT = transaction().expire_at


def order_transaction(**members: Any) -> Transaction:
    return transaction(**({"intent": Intent.TRANSACTION, "order": OrderRequest("SECURITIES")} | members))


# Phases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "now", "phase"),
    [
        (transaction(), NOW, Phase.OPEN),
        (transaction(status=Status.PROCESSING), NOW, Phase.OPEN),
        (transaction(status=Status.COMPLETED), NOW, Phase.ENDED),
        (transaction(status=Status.COMPLETED, result_persisted=True), NOW, Phase.SETTLED),
        (transaction(status=Status.CANCELLED, account_id="account-1"), NOW, Phase.SETTLED),
        (order_transaction(status=Status.ERRORED), NOW, Phase.ENDED),
    ],
)
def test_the_phase_of_a_transaction(found: Transaction, now: datetime, phase: Phase) -> None:
    assert found.phase(now) is phase


WATCHED = order_transaction(status=Status.ERRORED, account_id="account-1", result_persisted=True)


def test_an_order_transaction_that_ended_badly_after_a_login_is_watched() -> None:
    assert WATCHED.phase(EXPIRE_AT + WATCHED_FOR - SECOND) is Phase.WATCHED


@pytest.mark.parametrize(
    ("found", "now"),
    [
        (WATCHED, EXPIRE_AT + WATCHED_FOR),
        (replace(WATCHED, account_id=None), NOW),
        (replace(WATCHED, has_orders=True), NOW),
        (replace(WATCHED, status=Status.COMPLETED), NOW),
    ],
    ids=["for too long", "before a login", "its order is recorded", "a good end"],
)
def test_an_order_transaction_is_not_watched(found: Transaction, now: datetime) -> None:
    assert found.phase(now) is Phase.SETTLED


@pytest.mark.parametrize(("passed", "just_synced"), [(SYNC_INTERVAL - SECOND, True), (SYNC_INTERVAL, False)])
def test_a_sync_counts_as_recent_for_a_moment(passed: timedelta, just_synced: bool) -> None:
    assert transaction(synced_at=NOW).was_just_synced(NOW + passed) is just_synced


@pytest.mark.parametrize(
    ("found", "age", "stuck"),
    [
        (transaction(), STUCK_AFTER, False),
        (transaction(), STUCK_AFTER + SECOND, True),
        (order_transaction(has_orders=True), STUCK_AFTER + SECOND, False),
        (transaction(status=Status.EXPIRED), STUCK_AFTER + SECOND, False),
    ],
    ids=["young", "old", "an order may be open for long", "settled"],
)
def test_an_old_open_transaction_is_stuck(found: Transaction, age: timedelta, stuck: bool) -> None:
    assert found.is_stuck(NOW + age) is stuck


# The failure that is shown ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "shown"),
    [
        (transaction(status=Status.ERRORED, failure=CANCELLED), CANCELLED),
        (order_transaction(status=Status.PROCESSING, failure=CANCELLED), None),
        (order_transaction(status=Status.ERRORED, failure=CANCELLED, has_orders=True), None),
        (order_transaction(status=Status.ERRORED, failure=ORDER_PENDING, has_orders=True), ORDER_PENDING),
        (
            order_transaction(status=Status.ERRORED, failure=ORDER_PENDING, has_orders=True, result_persisted=True),
            None,
        ),
        (transaction(), None),
    ],
    ids=["failed", "in progress", "an order exists", "pending", "pending and settled since", "no failure"],
)
def test_no_failure_is_shown_that_invites_to_order_again(found: Transaction, shown: Failure | None) -> None:
    assert found.shown_failure == shown


# Client failures, refusals, completion ----------------------------------------------------------


def test_the_first_failure_that_the_sdk_reports_is_kept() -> None:
    failed = transaction().record_client_failure(CANCELLED, NOW)

    assert failed.record_client_failure(ORDER_PENDING, LATER).failure == CANCELLED


def test_a_refused_link_settles_a_transaction_without_orders() -> None:
    refused = transaction(next_check_at=LATER).refuse_link("ACCOUNT_MISMATCH", NOW)

    assert refused.phase(NOW) is Phase.SETTLED
    assert refused.next_check_at is None


def test_the_same_refusal_again_changes_nothing() -> None:
    refused = transaction().refuse_link("ACCOUNT_MISMATCH", NOW)

    assert refused.refuse_link("ACCOUNT_MISMATCH", LATER) is refused


def test_withdrawn_consent_replaces_another_refusal() -> None:
    refused = order_transaction(link_refusal="ACCOUNT_MISMATCH").refuse_link("CONNECTION_WITHDRAWN", NOW)

    assert refused.link_refusal == "CONNECTION_WITHDRAWN"


def test_no_refusal_replaces_withdrawn_consent() -> None:
    withdrawn = order_transaction(link_refusal="CONNECTION_WITHDRAWN")

    assert withdrawn.refuse_link("ACCOUNT_MISMATCH", NOW) is withdrawn


def test_a_completed_transaction_is_settled_whatever_gateways_status() -> None:
    completed = transaction().complete(Report("TRX_1", Status.ERRORED, failure=CANCELLED), NOW)

    assert (completed.status, completed.failure, completed.phase(NOW)) == (Status.COMPLETED, None, Phase.SETTLED)


def test_a_result_stored_already_changes_nothing() -> None:
    stored = transaction(result_persisted=True)

    assert stored.persist_result(LATER) is stored


def test_erased_content_leaves_that_the_transaction_took_place() -> None:
    full = order_transaction(note="mine", outcome=Outcome(iscid="5d94"), status=Status.COMPLETED)

    assert full.erase_content() == replace(full, note=None, order=None, outcome=NO_OUTCOME, is_erased=True)


def test_what_gateway_reports_later_does_not_bring_erased_content_back() -> None:
    erased = transaction(intent=Intent.FETCH_FUNDS).erase_content()

    report = Report("TRX_1", Status.COMPLETED, outcome=Outcome(funds=Decimal(5)))

    assert erased.apply_report(report, NOW).outcome == NO_OUTCOME


# Failed syncs -----------------------------------------------------------------------------------


def test_a_failed_sync_is_dated_and_changes_no_status() -> None:
    failed = transaction(checks=CHECKS_BEFORE_EXPIRY).record_failed_sync(EXPIRE_AT + GRACE, is_unknown=False)

    assert (failed.status, failed.synced_at) == (Status.INITIALIZED, EXPIRE_AT + GRACE)


def test_an_ended_order_transaction_that_gateway_does_not_know_for_hours_has_no_order() -> None:
    ended = order_transaction(status=Status.ERRORED, checks=CHECKS_BEFORE_EXPIRY)

    assert ended.record_failed_sync(EXPIRE_AT + GRACE, is_unknown=True).is_settled


def test_an_order_is_not_lost_when_gateway_does_not_know_its_transaction_for_a_moment() -> None:
    completed = order_transaction(status=Status.COMPLETED, account_id="account-1")

    assert not completed.record_failed_sync(NOW, is_unknown=True).is_settled


def test_an_ended_transaction_with_an_order_waits_for_gateway_to_know_it_again() -> None:
    ordered = order_transaction(status=Status.ERRORED, has_orders=True)

    assert not ordered.record_failed_sync(NOW, is_unknown=True).is_settled


# Orders -----------------------------------------------------------------------------------------


def test_an_open_order_opens_a_settled_transaction_again() -> None:
    opened = WATCHED.record_orders(NOW, is_open=True)

    assert opened.phase(NOW) is Phase.ENDED
    assert opened.next_check_at is not None


def test_a_final_order_leaves_a_settled_transaction_settled() -> None:
    assert WATCHED.record_orders(NOW, is_open=False) == replace(WATCHED, has_orders=True)


def test_an_order_recorded_already_changes_nothing() -> None:
    ordered = order_transaction(has_orders=True)

    assert ordered.record_orders(NOW, is_open=True) is ordered


@pytest.mark.parametrize(
    ("status", "batches", "settles"),
    [
        (Status.COMPLETED, [COMPLETED], True),
        (Status.ERRORED, [COMPLETED], True),
        (Status.ERRORED, [], True),
        (Status.PROCESSING, [COMPLETED], False),
        (Status.COMPLETED, [batch()], False),
        (Status.COMPLETED, [COMPLETED, batch(id="batch-2")], False),
    ],
)
def test_orders_settle_a_transaction_that_has_ended_once_all_are_final(
    status: Status, batches: list[Batch], settles: bool
) -> None:
    settled = order_transaction(status=status).settle_orders(batches, NOW, order_requested=False)

    assert settled.is_settled is settles


def test_a_transaction_whose_orders_are_final_is_completed_without_a_failure() -> None:
    failed = order_transaction(status=Status.ERRORED, failure=ORDER_PENDING, has_orders=True)
    settled = failed.settle_orders([COMPLETED], NOW, order_requested=True)

    assert (settled.status, settled.failure) == (Status.COMPLETED, None)


def test_a_transaction_that_needs_action_keeps_that_status() -> None:
    found = order_transaction(status=Status.ACTION_REQUIRED, has_orders=True)

    assert found.settle_orders([COMPLETED], NOW, order_requested=True).status is Status.ACTION_REQUIRED


def test_a_worker_that_saw_no_order_does_not_settle_a_transaction_with_an_order() -> None:
    ordered = order_transaction(status=Status.ERRORED, has_orders=True)

    assert ordered.settle_orders([], NOW, order_requested=False) is ordered


# Checks of the schedule -------------------------------------------------------------------------


def test_a_settled_transaction_is_not_checked() -> None:
    assert transaction(status=Status.EXPIRED, next_check_at=NOW).postpone_check(NOW).next_check_at is None


@pytest.mark.parametrize(
    ("found", "patience"),
    [(begin(transaction()), GIVEN_UP_AFTER), (order_transaction(has_orders=True), ORDERS_GIVEN_UP_AFTER)],
    ids=["without orders", "with orders"],
)
def test_an_open_transaction_is_given_up_after_a_long_time(found: Transaction, patience: timedelta) -> None:
    assert found.postpone_check(NOW + patience).next_check_at is not None
    assert found.postpone_check(NOW + patience + SECOND).next_check_at is None


def test_an_ended_order_transaction_without_a_batch_is_settled_when_it_is_given_up() -> None:
    ended = order_transaction(status=Status.COMPLETED)

    assert ended.postpone_check(NOW + GIVEN_UP_AFTER + SECOND).is_settled


@pytest.mark.parametrize(
    ("found", "code"),
    [(transaction(), 1005), (transaction(status=Status.PROCESSING), 1005), (order_transaction(), 2000)],
    ids=["open", "at work", "order"],
)
def test_a_transaction_that_is_given_up_ends_with_what_the_user_can_do(found: Transaction, code: int) -> None:
    given_up = found.postpone_check(NOW + GIVEN_UP_AFTER + SECOND)

    assert (given_up.is_settled, given_up.status, given_up.next_check_at) == (True, Status.ERRORED, None)
    assert given_up.shown_failure is not None
    assert given_up.shown_failure.code == code


def test_an_order_at_the_exchange_is_not_called_over() -> None:
    assert not order_transaction(has_orders=True).postpone_check(NOW + ORDERS_GIVEN_UP_AFTER + SECOND).is_settled


COMPLETED_LOGIN = transaction(status=Status.COMPLETED, completed_at=LATER, account_id="account-1")


def test_holdings_that_do_not_come_within_an_hour_of_the_login_end_the_import() -> None:
    over = LATER + IMPORT_GIVEN_UP_AFTER

    assert not COMPLETED_LOGIN.postpone_check(over).is_settled
    failed = COMPLETED_LOGIN.postpone_check(over + SECOND)
    assert (failed.is_settled, failed.shown_failure) == (True, Failure(2001, "holdings_import_error"))


def test_a_report_after_the_end_revives_the_import() -> None:
    failed = COMPLETED_LOGIN.postpone_check(LATER + IMPORT_GIVEN_UP_AFTER + SECOND)

    revived = failed.apply_report(Report("TRX_1", Status.COMPLETED), LATER + IMPORT_GIVEN_UP_AFTER + SECOND)
    assert (revived.phase(LATER), revived.failure) == (Phase.ENDED, None)
