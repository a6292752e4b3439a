"""The operator adds what NSE announces to the running stack, and it counts without a deployment."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway_backend.domain.market.calendar import MarketCalendar
from testing.actors import AppUser, Sandbox
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws


@pytest.fixture
def calendar_as_before(aws: Aws, clock: Sandbox) -> Iterator[None]:
    """Nothing is added when the test ends, and every worker has read that."""
    yield
    aws.client("dynamodb").delete_item(
        TableName=aws.outputs["tableName"], Key={"pk": {"S": "CALENDAR"}, "sk": {"S": "NSE"}}
    )
    clock.advance_clock(minutes=6)


@pytest.mark.usefixtures("calendar_as_before")
def test_a_holiday_that_is_added_misses_no_session(
    user: AppUser, clock: Sandbox, aws: Aws, broker_account: str, calendar: MarketCalendar
) -> None:
    clock.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    close = calendar.next_close(clock.now())
    clock.set_clock(close + timedelta(minutes=1))
    assert sessions_missed(user) == 1

    assert "closed" in aws.ops("calendar", "add", f"{close:%Y-%m-%d}=closed")
    clock.advance_clock(minutes=6)
    assert sessions_missed(user) == 0

    aws.ops("calendar", "remove", f"{close:%Y-%m-%d}")
    clock.advance_clock(minutes=6)
    assert sessions_missed(user) == 1


@pytest.mark.usefixtures("calendar_as_before")
def test_the_end_of_the_holidays_is_covered_or_acknowledged(aws: Aws, clock: Sandbox) -> None:
    assert "known until 2028-12-31" in aws.ops("calendar", "cover", "2028-12-31")
    clock.advance_clock(minutes=6)
    assert aws.invoke("plan_refresh")["calendarDaysLeft"] > 365

    today = clock.now().date()
    assert "silent until" in aws.ops("calendar", "acknowledge", f"{today + timedelta(days=30)}")
    clock.advance_clock(minutes=6)
    assert "calendarDaysLeft" not in aws.invoke("plan_refresh")


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "2027-03-10"),
        ("add", "2027-03-10=shut"),
        ("add", "10-03-2027=closed"),
        ("remove", "2027-03-10"),
        ("cover", "2024-12-31"),
        ("acknowledge", "2099-01-01"),
        ("show", "--stack", "another"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_changes_nothing(aws: Aws, arguments: tuple[str, ...]) -> None:
    printed = aws.ops("calendar", *arguments, succeeds=False)

    assert arguments[-1].partition("=")[0] in printed
    assert "Nothing was added" in aws.ops("calendar", "show")


def sessions_missed(user: AppUser) -> int:
    (connection,) = user.connections()
    return int(connection["freshness"]["sessionsMissed"])
