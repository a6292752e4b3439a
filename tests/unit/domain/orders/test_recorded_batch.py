"""A batch on record: every report makes a step of it, or changes nothing."""

from copy import replace
from datetime import datetime, timedelta

import pytest

from gateway_backend.domain.orders.batch import Batch, BatchStatus, OrderStatus
from gateway_backend.domain.orders.recorded_batch import (
    BatchPhase,
    BatchStep,
    PlacedBy,
    RecordedBatch,
    apply_report,
    left_out,
)
from gateway_backend.domain.orders.request import RequestedSecurity
from testing.builders import COMPLETED, LATER, NOW, batch, order

PLACED_BY = PlacedBy("TRX_1", "user-1", "account-1", "kite", "Two banks")
OF_UNKNOWN_ACCOUNT = PLACED_BY._replace(account_id=None, broker=None)


def first_step(report: Batch, placed_by: PlacedBy = PLACED_BY) -> BatchStep:
    step = apply_report(None, report, placed_by, NOW)
    assert step is not None
    return step


def next_step(report: Batch, recorded: RecordedBatch, placed_by: PlacedBy = PLACED_BY) -> BatchStep:
    step = apply_report(recorded, report, placed_by, LATER)
    assert step is not None
    return step


# Steps ------------------------------------------------------------------------------------------


def test_the_first_report_is_recorded_as_the_first_revision() -> None:
    recorded = first_step(batch()).after

    assert recorded == RecordedBatch(batch(), *PLACED_BY, placed_at=NOW, updated_at=NOW, revision=1)


def test_a_report_with_something_new_is_the_next_revision() -> None:
    recorded = first_step(batch()).after
    step = next_step(COMPLETED, recorded)

    assert step.before is recorded
    assert (step.after.batch, step.after.revision) == (COMPLETED, 2)
    assert (step.after.placed_at, step.after.updated_at) == (NOW, LATER)


def test_a_report_with_nothing_new_is_no_step() -> None:
    recorded = first_step(batch()).after

    assert apply_report(recorded, batch(reported_at=LATER), PLACED_BY, LATER) is None


def test_an_account_found_later_is_a_step() -> None:
    recorded = first_step(batch(), OF_UNKNOWN_ACCOUNT).after
    after = next_step(batch(), recorded).after

    assert (after.account_id, after.broker, after.revision) == ("account-1", "kite", 2)


def test_the_first_account_of_a_batch_stays() -> None:
    recorded = first_step(batch()).after

    assert next_step(COMPLETED, recorded, PLACED_BY._replace(account_id="account-2")).after.account_id == "account-1"


@pytest.mark.parametrize(("report", "phase"), [(batch(), BatchPhase.OPEN), (COMPLETED, BatchPhase.FINAL)])
def test_the_phase_of_a_recorded_batch(report: Batch, phase: BatchPhase) -> None:
    assert first_step(report).after.phase is phase


# Fills ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("report", "fills"), [(batch(), False), (COMPLETED, True)])
def test_a_first_step_fills_more_when_shares_were_filled(report: Batch, fills: bool) -> None:
    assert first_step(report).fills_more is fills


def test_a_step_with_more_shares_filled_fills_more() -> None:
    recorded = first_step(batch(BatchStatus.PLACED, order(filled=4))).after

    assert next_step(COMPLETED, recorded).fills_more


def test_a_step_without_more_shares_filled_does_not_fill_more() -> None:
    recorded = first_step(batch(BatchStatus.PLACED, order(filled=4))).after
    cancelled = batch(BatchStatus.CANCELLED, order(OrderStatus.CANCELLED, filled=4))

    assert not next_step(cancelled, recorded).fills_more


def test_what_was_filled_before_the_account_was_found_counts_as_filled_by_the_step() -> None:
    recorded = first_step(COMPLETED, OF_UNKNOWN_ACCOUNT).after

    assert next_step(COMPLETED, recorded).fills_more


@pytest.mark.parametrize(
    ("completed_at", "filled_by"),
    [
        ("2026-11-20T09:59:00.000Z", NOW - timedelta(minutes=1)),
        ("2026-11-20T10:01:00.000Z", NOW),  # Gateway's clock is ahead of ours
        ("2026-11-19T10:00:00.000Z", NOW),  # before the transaction began
        ("yesterday", NOW),
        (None, NOW),
    ],
)
def test_a_batch_was_filled_by_its_end_or_by_now(completed_at: str | None, filled_by: datetime) -> None:
    assert (
        first_step(replace(COMPLETED, completed_at=completed_at)).filled_by(NOW - timedelta(hours=1), NOW) == filled_by
    )


# What the user took out --------------------------------------------------------------------------


def test_a_requested_security_in_no_batch_was_left_out() -> None:
    requested = [RequestedSecurity(ticker, 10, "BUY") for ticker in ("AXISBANK", "M&M", "HDFCBANK")]
    placed = [batch(BatchStatus.PLACED, order(ticker="HDFCBANK", side="SELL")), batch(BatchStatus.PLACED, order())]

    assert left_out(requested, placed) == [requested[1]]
    assert left_out(requested, []) == requested
    assert left_out([], placed) == []
