"""A transaction: Gateway's reports move it forward only, and the schedule checks it until it is settled."""

from copy import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import GRACE, Failure, Outcome, Report, Status
from gateway_backend.domain.transactions.transaction import CHECKS_BEFORE_EXPIRY, Transaction, begin
from testing.builders import NOW, transaction

BEGUN = transaction()
CANCELLED_AFTER_LOGIN = Failure(1012, "user_cancelled")
REPORTS = st.lists(
    st.builds(
        Report,
        st.just("TRX_1"),
        st.sampled_from(Status),
        expired=st.booleans(),
        account_id=st.sampled_from([None, "account-1"]),
        broker=st.sampled_from([None, "kite"]),
        failure=st.none(),
        order_requested=st.booleans(),
        outcome=st.none(),
        batches=st.just(()),
    ),
    max_size=6,
)
MOMENTS = st.timedeltas(timedelta(0), timedelta(hours=1)).map(lambda passed: NOW + passed)


def after(*reports: Report, now: datetime = NOW, begun: Transaction = BEGUN) -> Transaction:
    for report in reports:
        begun = begun.apply_report(report, now)
    return begun


def report(status: Status, **more: str | bool | Failure | None) -> Report:
    return replace(Report("TRX_1", status), **more)  # type: ignore[arg-type]


def unknown(transaction: Transaction, now: datetime) -> Transaction:
    """Gateway answers that there is no such transaction."""
    return transaction.record_failed_sync(now, is_unknown=True)


def wait(transaction: Transaction, since: datetime = NOW) -> float:
    """Minutes until the schedule checks it."""
    assert transaction.next_check_at is not None
    return (transaction.next_check_at - since) / timedelta(minutes=1)


# Reports -----------------------------------------------------------------------------------------


@given(REPORTS, MOMENTS)
def test_no_report_moves_a_transaction_back(reports: list[Report], now: datetime) -> None:
    transaction = BEGUN
    for report in reports:
        moved = transaction.apply_report(report, now)
        assert moved.status.rank >= transaction.status.rank
        assert moved.account_id == transaction.account_id or transaction.account_id is None
        transaction = moved


@given(REPORTS, MOMENTS, st.randoms())
def test_the_order_of_reports_does_not_matter(reports: list[Report], now: datetime, random: st.DataObject) -> None:
    def end(some: list[Report]) -> tuple[Status, str | None, str | None, bool]:
        found = after(*some, now=now)
        return found.status, found.account_id, found.broker, found.is_settled

    assert end(random.sample(reports, len(reports))) == end(reports)  # type: ignore[attr-defined]


def test_a_completed_transaction_stays_completed() -> None:
    late = (
        report(Status.USED),
        report(Status.COMPLETED),
        report(Status.ERRORED, failure=Failure(2000, "internal_error")),
    )

    for order in permutations(late):
        assert (after(*order).status, after(*order).failure) == (Status.COMPLETED, None)


@pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])
def test_a_transaction_that_the_user_left_open_expires(status: Status) -> None:
    assert after(report(status), now=BEGUN.expire_at + GRACE - timedelta(seconds=1)).status is status
    assert after(report(status), now=BEGUN.expire_at + GRACE).status is Status.EXPIRED
    assert after(report(status, expired=True)).status is Status.EXPIRED


@pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])
def test_a_transaction_whose_order_was_sent_does_not_expire(status: Status) -> None:
    sent = replace(Report("TRX_1", status), order_requested=True, expired=True)

    assert after(sent, now=BEGUN.expire_at + timedelta(days=1)).status is status


def test_a_transaction_in_progress_does_not_expire() -> None:
    assert after(report(Status.PROCESSING), now=BEGUN.expire_at + timedelta(days=1)).status is Status.PROCESSING


def test_a_completion_after_the_expiry_counts() -> None:
    assert after(report(Status.USED, expired=True), report(Status.COMPLETED)).status is Status.COMPLETED


def test_a_later_report_without_a_reason_keeps_the_failure() -> None:
    found = after(report(Status.USED, failure=CANCELLED_AFTER_LOGIN), report(Status.ERRORED))

    assert (found.status, found.failure) == (Status.ERRORED, CANCELLED_AFTER_LOGIN)


def test_the_first_named_account_stays() -> None:
    found = after(report(Status.USED, account_id="account-1"), report(Status.COMPLETED, account_id="account-2"))

    assert found.account_id == "account-1"


def test_a_report_without_an_outcome_keeps_the_recorded_outcome() -> None:
    bought = Outcome(scid="SCNM_1", iscid="5d94")
    with_outcome = replace(Report("TRX_1", Status.COMPLETED), outcome=bought)

    assert after(with_outcome, report(Status.COMPLETED)).outcome == bought


@pytest.mark.parametrize(
    ("named", "requested", "is_about"),
    [
        (None, None, True),
        ("account-1", None, True),
        (None, "account-1", True),
        ("account-1", "account-1", True),
        ("account-2", None, False),
        (None, "account-2", False),
        ("account-1", "account-2", False),
    ],
)
def test_a_transaction_is_about_the_first_named_and_the_requested_account(
    named: str | None, requested: str | None, is_about: bool
) -> None:
    assert replace(BEGUN, account_id=named, requested_account_id=requested).is_about("account-1") is is_about


# Failed syncs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])
def test_an_open_transaction_that_gateway_does_not_know_expires(status: Status) -> None:
    left, over = replace(BEGUN, status=status, checks=CHECKS_BEFORE_EXPIRY), BEGUN.expire_at + GRACE

    assert unknown(left, over - timedelta(seconds=1)).status is status
    assert (unknown(left, over).status, unknown(left, over).updated_at) == (Status.EXPIRED, over)


def test_an_unknown_transaction_expires_after_several_checks_only() -> None:
    left = replace(BEGUN, checks=CHECKS_BEFORE_EXPIRY - 1)

    assert unknown(left, BEGUN.expire_at + timedelta(days=1)).status is BEGUN.status


@pytest.mark.parametrize("status", [status for status in Status if status.rank > Status.USED.rank])
def test_an_unknown_transaction_in_progress_or_ended_does_not_expire(status: Status) -> None:
    recorded = replace(BEGUN, status=status, checks=CHECKS_BEFORE_EXPIRY)

    assert unknown(recorded, BEGUN.expire_at + timedelta(days=30)).status is status


# Checks of the schedule --------------------------------------------------------------------------


def test_checks_become_less_frequent() -> None:
    waits, transaction = [], begin(BEGUN)
    for _ in range(9):
        transaction = transaction.postpone_check(NOW)
        waits.append(wait(transaction))

    assert [wait(begin(BEGUN), BEGUN.created_at), *waits] == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360]
    assert wait(replace(BEGUN, checks=10_000).postpone_check(NOW)) == 360


def test_an_order_is_checked_at_least_every_hour() -> None:
    order = replace(BEGUN, intent=Intent.TRANSACTION, checks=10_000)

    assert wait(order.postpone_check(NOW)) == 60


# Its end -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "intent", "stored", "refused", "settled"),
    [
        (Status.USED, Intent.HOLDINGS_IMPORT, False, None, False),
        (Status.PROCESSING, Intent.HOLDINGS_IMPORT, False, None, False),
        (Status.ACTION_REQUIRED, Intent.IMR_SETUP, False, None, True),
        (Status.COMPLETED, Intent.HOLDINGS_IMPORT, False, None, False),
        (Status.COMPLETED, Intent.HOLDINGS_IMPORT, True, None, True),
        (Status.COMPLETED, Intent.CONNECT, False, None, True),
        (Status.ERRORED, Intent.HOLDINGS_IMPORT, False, None, True),
        (Status.CANCELLED, Intent.HOLDINGS_IMPORT, False, None, True),
        (Status.EXPIRED, Intent.HOLDINGS_IMPORT, False, None, True),
        (Status.USED, Intent.CONNECT, False, "ACCOUNT_OF_ANOTHER_USER", True),
        (Status.COMPLETED, Intent.MF_HOLDINGS_IMPORT, False, None, False),
        (Status.COMPLETED, Intent.MF_HOLDINGS_IMPORT, True, None, True),
        # An order may live on when its transaction has ended.
        (Status.PROCESSING, Intent.TRANSACTION, False, None, False),
        (Status.COMPLETED, Intent.TRANSACTION, False, None, False),
        (Status.ACTION_REQUIRED, Intent.TRANSACTION, False, None, False),
        (Status.ERRORED, Intent.TRANSACTION, False, None, False),
        (Status.EXPIRED, Intent.TRANSACTION, False, None, False),
        (Status.ERRORED, Intent.TRANSACTION, True, None, True),
        (Status.PROCESSING, Intent.TRANSACTION, False, "ACCOUNT_OF_ANOTHER_USER", False),
        (Status.COMPLETED, Intent.TRANSACTION, False, "ACCOUNT_MISMATCH", False),
        (Status.COMPLETED, Intent.TRANSACTION, True, "ACCOUNT_MISMATCH", True),
        (Status.PROCESSING, Intent.TRANSACTION, False, "CONNECTION_WITHDRAWN", True),
    ],
)
def test_a_transaction_is_settled_when_its_end_is_known_and_its_result_stored(
    status: Status, intent: Intent, stored: bool, refused: str | None, settled: bool
) -> None:
    assert (
        replace(BEGUN, status=status, intent=intent, result_persisted=stored, link_refusal=refused).is_settled
        is settled
    )


@pytest.mark.parametrize(
    ("order", "status", "code", "requested", "expected"),
    [
        ("SECURITIES", Status.COMPLETED, None, False, True),
        ("BUY", Status.COMPLETED, None, False, False),
        ("SECURITIES", Status.ERRORED, 1012, False, False),
        ("SECURITIES", Status.ERRORED, 4006, False, True),
        ("BUY", Status.ERRORED, 4006, False, True),
        ("SECURITIES", Status.USED, None, True, True),
        ("SECURITIES", Status.EXPIRED, None, False, False),
    ],
)
def test_settling_waits_for_a_batch_once_an_order_was_sent(
    order: str, status: Status, code: int | None, requested: bool, expected: bool
) -> None:
    failure = Failure(code, "message") if code else None
    transaction = replace(BEGUN, intent=Intent.TRANSACTION, order=OrderRequest(order), status=status, failure=failure)

    settled = transaction.settle_orders([], NOW, order_requested=requested).is_settled
    assert settled is (status.is_final and not expected)
