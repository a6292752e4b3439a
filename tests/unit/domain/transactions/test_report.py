"""Gateway's report of a transaction: when it ends, and what its outcome changes."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gateway_backend.domain.transactions.report import GRACE, Outcome, Report, Status
from testing.builders import NOW, transaction

EXPIRE_AT = transaction().expire_at


def test_funds_with_a_date_keep_it() -> None:
    dated = Outcome(Decimal("1200.50"), NOW - timedelta(minutes=3))

    assert Outcome().updated(dated, NOW) == dated


def test_funds_without_a_date_are_as_of_now() -> None:
    assert Outcome().updated(Outcome(Decimal("1200.50")), NOW) == Outcome(Decimal("1200.50"), NOW)


def test_the_same_funds_without_a_date_keep_the_date_they_had() -> None:
    recorded = Outcome(Decimal("1200.50"), NOW - timedelta(minutes=3))

    assert recorded.updated(Outcome(Decimal("1200.50")), NOW) == recorded


def test_no_outcome_leaves_the_recorded_outcome() -> None:
    recorded = Outcome(scid="SCNM_1", iscid="5d94")

    assert recorded.updated(None, NOW) is recorded


@pytest.mark.parametrize("status", [status for status in Status if not status.is_left_open])
def test_a_status_that_the_user_cannot_leave_open_does_not_expire(status: Status) -> None:
    assert Report("TRX_1", status, expired=True).status_at(EXPIRE_AT + GRACE, EXPIRE_AT) is status


@pytest.mark.parametrize(
    ("report", "can_have_orders"),
    [
        (Report("TRX_1", Status.INITIALIZED), False),
        (Report("TRX_1", Status.INITIALIZED, order_requested=True), True),
        (Report("TRX_1", Status.USED), True),
    ],
)
def test_a_report_can_have_orders_once_the_user_has_acted(report: Report, can_have_orders: bool) -> None:
    assert report.can_have_orders is can_have_orders
