"""When an account is refreshed: spread over the window, once after each close, and retried with patience.

By example: Friday 20 and Monday 23 November 2026 are ordinary, Tuesday 24th is a holiday.
"""

from collections import Counter
from copy import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.refresh.page_message import encode_page, parse_page
from gateway_backend.domain.connections.connection import SLOTS, UPDATING_FOR, Connection, StoredSnapshot, slot_of
from gateway_backend.domain.connections.freshness import State
from gateway_backend.domain.connections.session import BrokerSession, SessionState, has_lapsed
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.refresh.page import FIRST_RETRY, LONGEST_RETRY, RefreshPage
from gateway_backend.domain.refresh.schedule import ROUNDS, RefreshTimes, is_due
from gateway_backend.domain.shared.errors import MessageUnreadable

KOLKATA = ZoneInfo("Asia/Kolkata")
CALENDAR = nse_calendar()
TIMES = RefreshTimes(delay=timedelta(minutes=15), spread=timedelta(minutes=20))
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
FRIDAY_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KOLKATA)
FRIDAY_CLOSE = FRIDAY_NOON + timedelta(hours=3, minutes=30)
WINDOW_OPENS, WINDOW_ENDS = FRIDAY_CLOSE + TIMES.delay, FRIDAY_CLOSE + TIMES.delay + TIMES.spread
SECOND_ROUND = WINDOW_OPENS + timedelta(minutes=90)
MONDAY_CLOSE = FRIDAY_CLOSE + timedelta(days=3)
NEWEST = StoredSnapshot("id", FRIDAY_NOON, "text", "text", "hash", "v2", 1, 0)
KITE = Connection("account-1", "user-1", "kite", FRIDAY_NOON, "TRX_1", snapshot=NEWEST)

MINUTES = st.integers(1, 120).map(lambda minutes: timedelta(minutes=minutes))
REFRESH_TIMES = st.builds(RefreshTimes, delay=MINUTES, spread=MINUTES)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda passed: FRIDAY_NOON + passed)


# Slots -----------------------------------------------------------------------------------------


def test_an_account_keeps_its_slot() -> None:
    assert slot_of("6195e288360acf9ebc060d23") == slot_of("6195e288360acf9ebc060d23") == 60


def test_accounts_are_spread_evenly_over_the_slots() -> None:
    filled = Counter(slot_of(f"{number:024x}") for number in range(100 * SLOTS))

    assert set(filled) == set(range(SLOTS))
    assert max(filled.values()) < 150
    assert min(filled.values()) > 60


@pytest.mark.parametrize(
    ("now", "begun"),
    [
        (FRIDAY_CLOSE, 0),
        (WINDOW_OPENS - SECOND, 0),
        (WINDOW_OPENS, 1),
        (WINDOW_OPENS + SECOND, 1),
        (WINDOW_OPENS + TIMES.spread / 2, SLOTS // 2 + 1),
        (WINDOW_ENDS - SECOND, SLOTS),
        (WINDOW_ENDS, SLOTS),
        (SECOND_ROUND - SECOND, SLOTS),
        (SECOND_ROUND, SLOTS + 1),
        (SECOND_ROUND + TIMES.spread / 2, SLOTS + SLOTS // 2 + 1),
        (SECOND_ROUND + TIMES.spread, 2 * SLOTS),
        (WINDOW_ENDS + timedelta(days=2), 2 * SLOTS),
    ],
)
def test_the_slots_begin_one_after_the_other_in_two_rounds(now: datetime, begun: int) -> None:
    assert TIMES.slots_begun(FRIDAY_CLOSE, now) == begun


@given(REFRESH_TIMES, MOMENTS, MOMENTS)
def test_no_slot_that_has_begun_becomes_one_that_has_not(
    refresh_times: RefreshTimes, one: datetime, other: datetime
) -> None:
    now, later = sorted([one, other])
    begun = refresh_times.slots_begun(FRIDAY_CLOSE, now)

    assert 0 <= begun <= refresh_times.slots_begun(FRIDAY_CLOSE, later) <= SLOTS * ROUNDS


@given(REFRESH_TIMES, st.integers(0, SLOTS - 1))
def test_every_slot_begins_within_the_spread(refresh_times: RefreshTimes, slot: int) -> None:
    begins_at = refresh_times.begins_at(slot, FRIDAY_CLOSE)

    assert timedelta(0) <= begins_at - FRIDAY_CLOSE - refresh_times.delay < refresh_times.spread
    assert refresh_times.slots_begun(FRIDAY_CLOSE, begins_at - SECOND) <= slot
    assert refresh_times.slots_begun(FRIDAY_CLOSE, begins_at + SECOND) > slot


# Due -------------------------------------------------------------------------------------------


def next_due(account: Connection, now: datetime) -> datetime | None:
    return TIMES.next_due(account, now, CALENDAR)


def test_a_fresh_account_is_next_due_in_its_slot_after_the_next_close() -> None:
    assert next_due(KITE, FRIDAY_NOON) == TIMES.begins_at(slot_of(KITE.id), FRIDAY_CLOSE)

    refreshed = replace(KITE, snapshot=replace(NEWEST, as_of=WINDOW_ENDS))
    assert next_due(refreshed, WINDOW_ENDS) == TIMES.begins_at(slot_of(KITE.id), MONDAY_CLOSE)


def test_what_has_not_succeeded_yet_is_still_due_after_the_last_close() -> None:
    assert next_due(KITE, WINDOW_ENDS) == TIMES.begins_at(slot_of(KITE.id), FRIDAY_CLOSE)
    assert next_due(KITE, MONDAY_CLOSE) == TIMES.begins_at(slot_of(KITE.id), MONDAY_CLOSE)


@pytest.mark.parametrize(
    "account",
    [
        replace(KITE, broker="groww"),
        replace(KITE, broker="a-new-broker"),
        replace(KITE, snapshot=None),
        replace(KITE, session=BrokerSession(SessionState.NEEDS_LOGIN)),
    ],
    ids=lambda account: f"{account.broker} {account.session.state} {account.as_of and 'imported'}",
)
def test_where_only_a_login_helps_nothing_is_due_by_itself(account: Connection) -> None:
    assert next_due(account, WINDOW_ENDS) is None


@given(MOMENTS, MOMENTS, MOMENTS)
def test_the_next_refresh_never_moves_back(as_of: datetime, one: datetime, other: datetime) -> None:
    now, later = sorted([one, other])
    account = replace(KITE, snapshot=replace(NEWEST, as_of=min(as_of, now)))
    due, due_later = next_due(account, now), next_due(account, later)

    assert due is not None
    assert due_later is not None
    assert due <= due_later
    assert (due <= CALENDAR.last_close(now) + TIMES.delay + TIMES.spread) is is_due(account, now, CALENDAR)


@pytest.mark.parametrize(
    ("as_of", "now", "due", "lapsed"),
    [
        (None, MONDAY_CLOSE, False, False),
        (FRIDAY_NOON, FRIDAY_CLOSE - SECOND, False, False),
        (FRIDAY_NOON, FRIDAY_CLOSE, True, False),  # cut by the snapshot: Gateway may only be slow
        (FRIDAY_NOON, MONDAY_CLOSE - SECOND, True, False),
        (FRIDAY_NOON, MONDAY_CLOSE, True, True),
        (FRIDAY_CLOSE, MONDAY_CLOSE - SECOND, False, False),
        (FRIDAY_CLOSE, MONDAY_CLOSE, True, True),
    ],
)
def test_due_after_a_close_and_lapsed_after_a_whole_session(
    as_of: datetime | None, now: datetime, due: bool, lapsed: bool
) -> None:

    snapshot = replace(NEWEST, as_of=as_of) if as_of else None

    assert is_due(replace(KITE, snapshot=snapshot), now, CALENDAR) is due
    assert (as_of is not None and has_lapsed(as_of, now, CALENDAR)) is lapsed


# What the user is told -------------------------------------------------------------------------


def state(account: Connection, now: datetime) -> State:
    return account.verdict(now, CALENDAR).state


def test_a_refresh_under_way_shows_until_its_lease_ends() -> None:
    leased = replace(KITE, lease_until=WINDOW_OPENS)

    assert leased.is_leased(WINDOW_OPENS - SECOND)
    assert state(leased, WINDOW_OPENS - SECOND) is State.UPDATING
    assert not leased.is_leased(WINDOW_OPENS)
    assert state(leased, WINDOW_OPENS) is State.DUE


def test_the_brokers_word_that_it_is_updating_is_passed_on_for_a_while() -> None:
    told = replace(KITE, last_failure="UPDATING", last_attempt_at=WINDOW_OPENS)

    assert state(told, WINDOW_OPENS) is State.UPDATING
    assert state(told, WINDOW_OPENS + UPDATING_FOR - SECOND) is State.UPDATING
    assert state(told, WINDOW_OPENS + UPDATING_FOR) is State.DUE


def test_another_failure_is_not_called_an_update() -> None:
    failed = replace(KITE, last_failure="GATEWAY_TIMEOUT", last_attempt_at=WINDOW_OPENS)

    assert state(failed, WINDOW_OPENS) is State.DUE


def test_a_login_that_is_needed_is_not_hidden_by_a_refresh_under_way() -> None:
    lapsed = replace(KITE, session=BrokerSession(SessionState.NEEDS_LOGIN), lease_until=WINDOW_ENDS)

    assert state(lapsed, WINDOW_OPENS) is State.STALE


# Pages -----------------------------------------------------------------------------------------

PAGES = st.builds(
    RefreshPage,
    close=MOMENTS.map(lambda moment: moment.astimezone(UTC).replace(microsecond=0)),
    account_ids=st.lists(st.text(min_size=1), max_size=5).map(tuple),
    attempt=st.integers(0, 1000),
    round=st.integers(0, 1),
)


@given(PAGES)
def test_a_page_comes_out_of_the_queue_as_it_went_in(page: RefreshPage) -> None:
    read = parse_page(encode_page(page))

    assert read == page
    assert read.id == page.id


def test_a_page_is_known_by_its_close_its_round_its_attempt_and_its_accounts() -> None:
    page = RefreshPage(FRIDAY_CLOSE, ("a", "b"))
    others = [
        replace(page, close=MONDAY_CLOSE),
        replace(page, attempt=1),
        replace(page, round=1),
        replace(page, round=1, attempt=1),
        replace(page, account_ids=("b", "a")),
        replace(page, account_ids=("a",)),
    ]

    assert page.id == replace(page, close=FRIDAY_CLOSE.astimezone(UTC)).id
    assert len({page.id, *(other.id for other in others)}) == 1 + len(others)


def test_the_next_attempt_is_another_page_of_what_is_left() -> None:
    again = RefreshPage(FRIDAY_CLOSE, ("a", "b", "c"), attempt=3, round=1).again(("b",))

    assert again == RefreshPage(FRIDAY_CLOSE, ("b",), attempt=4, round=1)


def test_each_attempt_begins_with_another_account() -> None:
    """One that always fails must not be the only probe."""
    page, first = RefreshPage(FRIDAY_CLOSE, ("a", "b", "c")), []
    for _ in range(3):
        page = page.again(page.account_ids)
        first.append(page.account_ids[0])

    assert first == ["b", "c", "a"]


def test_a_message_that_names_no_round_is_of_the_first() -> None:
    assert parse_page('{"close":"2026-11-20T10:00:00Z","attempt":2,"accounts":["a"]}') == RefreshPage(
        FRIDAY_CLOSE, ("a",), attempt=2
    )


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_a_retry_waits_between_half_a_minute_and_a_quarter_of_an_hour(attempt: int, jitter: int) -> None:
    delay = RefreshPage(FRIDAY_CLOSE, (), attempt).retry_delay(jitter)

    assert FIRST_RETRY / 2 <= delay <= LONGEST_RETRY


def test_each_retry_waits_twice_as_long_less_a_random_part() -> None:
    pages = [RefreshPage(FRIDAY_CLOSE, (), attempt) for attempt in range(6)]

    assert [page.retry_delay(0) / MINUTE for page in pages] == [1, 2, 4, 8, 15, 15]
    assert [page.retry_delay(100) / MINUTE for page in pages] == [0.5, 1, 2, 4, 7.5, 7.5]


@pytest.mark.parametrize(
    "message",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"close":"yesterday","attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00","attempt":0,"accounts":[]}',
        '{"close":1,"attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":-1,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":"0","accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":true,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","round":-1,"attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","round":null,"attempt":0,"accounts":[]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":0,"accounts":[1]}',
        '{"close":"2026-11-20T10:00:00Z","attempt":0,"accounts":null}',
        '{"close":"2026-11-20T10:00:00Z","attempt":0}',
    ],
)
def test_a_poisoned_message_has_a_name(message: str) -> None:
    with pytest.raises(MessageUnreadable):
        parse_page(message)
