"""Whether an answer may replace the last good snapshot: a failure never looks like an empty portfolio."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.holdings.snapshot import (
    OUTSIDE_PORTFOLIO,
    Complete,
    Incomplete,
    Snapshot,
    judge,
    needs_confirmation,
)
from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.exact_json import members
from testing.portfolios import GUIDE_002, holding, portfolio

ACCOUNT = "6195e288360acf9ebc060d23"
NOW = datetime(2022, 3, 24, 12, 0, tzinfo=UTC)
HALF = Decimal("0.5")
GUIDE_DATA = members(GUIDE_002)["data"][0]


def verdict_on(
    text: str = GUIDE_DATA, account_id: str = ACCOUNT, now: datetime = NOW, *, funds_expected: bool = False
) -> Complete | Incomplete:
    return judge(members(text), account_id, now, funds_expected=funds_expected)


def changed(**member: Any) -> str:
    """Guide 002's data object with members set, or (None) left out."""
    data = {**json.loads(GUIDE_DATA), **member}
    return json.dumps({name: value for name, value in data.items() if value is not None})


def snapshot(text: str = GUIDE_DATA) -> Snapshot:
    outcome = verdict_on(text)
    assert isinstance(outcome, Complete), outcome
    return outcome.snapshot


def kept(snapshot: Snapshot) -> dict[str, Any]:
    """The data object as we find it again in the store."""
    found: dict[str, Any] = json.loads(snapshot.text)
    return found


def of_date(*securities: str, day: int = 20, more: str = "") -> Snapshot:
    return snapshot(portfolio(*securities, dates=f'"snapshotDate":"2022-03-{day:02}T10:00:00.000Z"{more}'))


def holding_number(size: int, day: int = 20) -> Snapshot:
    return of_date(*map(holding, range(size)), day=day)


# Complete ----------------------------------------------------------------------------------------


def test_guide_002_is_complete() -> None:
    found = snapshot()

    assert (found.account_id, found.broker) == (ACCOUNT, "groww")
    assert (found.portfolio.version, found.portfolio.size) == ("v2", 6)
    assert found.snapshot_date == "2022-03-24T11:24:00.871Z"
    assert found.as_of == datetime(2022, 3, 24, 11, 24, 0, 871000, tzinfo=UTC)


def test_the_portfolio_is_kept_to_the_letter_without_dates_and_ids() -> None:
    kept = members(snapshot().text)

    assert kept == {name: member for name, member in members(GUIDE_DATA).items() if name not in OUTSIDE_PORTFOLIO}
    assert set(kept) == {"smallcases", "securities"}
    assert '"totalReturns": 1.3100000000000023' in kept["smallcases"][0]


def test_an_empty_portfolio_is_complete_and_of_no_size() -> None:
    assert snapshot(changed(securities=[])).portfolio.size == 0


def test_fund_folios_count_towards_the_size() -> None:
    assert snapshot(changed(mutualFunds={"holdings": [{"fund": "A Fund", "quantity": 1}]})).portfolio.size == 7


def test_v1_is_recognised_by_its_shape() -> None:
    v1 = changed(securities={"holdings": [{"ticker": "PNB", "shares": 1, "averagePrice": 2}]}, smallcases=None)

    found = snapshot(v1).portfolio
    assert (found.version, found.size) == ("v1", 1)


def test_the_content_hash_does_not_depend_on_the_dates() -> None:
    later = changed(snapshotDate="2022-03-24T11:50:00.000Z", lastUpdate="2022-03-24T11:51:00.000Z")

    assert snapshot(later).content_hash == snapshot(changed()).content_hash
    assert snapshot(changed(securities=[])).content_hash != snapshot(changed()).content_hash


def test_a_date_in_another_zone_is_the_same_instant() -> None:
    assert snapshot(changed(snapshotDate="2022-03-24T16:54:00.871+05:30")).as_of == snapshot().as_of


# Incomplete --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ({"updating": True}, "UPDATING"),
        ({"updating": True, "securities": []}, "UPDATING"),
        ({"smallcaseAuthId": "0" * 24}, "OTHER_ACCOUNT"),
        ({"snapshotDate": None}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": ""}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": "yesterday"}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": 1648121040}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": "2022-03-24"}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": "2022-03-24T11:24:00"}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": "0001-01-01T00:00:00+05:30"}, "SNAPSHOT_DATE_UNREADABLE"),
        ({"snapshotDate": "2022-03-25T11:24:00.871Z"}, "SNAPSHOT_DATE_IN_FUTURE"),
        ({"securities": None}, "PORTFOLIO_UNREADABLE"),
        ({"securities": {"items": []}}, "PORTFOLIO_UNREADABLE"),
    ],
)
def test_an_answer_that_is_no_whole_portfolio_is_incomplete(member: dict[str, Any], reason: str) -> None:
    assert verdict_on(changed(**member)) == Incomplete(reason)


def test_holdings_of_another_account_are_incomplete() -> None:
    assert verdict_on(account_id="another-account") == Incomplete("OTHER_ACCOUNT")


@pytest.mark.parametrize("member", [{}, {"mutualFunds": None}])
def test_an_answer_without_the_expected_funds_is_incomplete(member: dict[str, Any]) -> None:
    text = json.dumps(json.loads(GUIDE_DATA) | member)

    assert isinstance(verdict_on(text), Complete)
    assert verdict_on(text, funds_expected=True) == Incomplete("MUTUAL_FUNDS_MISSING")


def test_an_empty_list_of_funds_is_complete() -> None:
    assert isinstance(verdict_on(changed(mutualFunds={"holdings": []}), funds_expected=True), Complete)


def test_clocks_may_differ_a_little() -> None:
    taken = snapshot().as_of

    assert isinstance(verdict_on(now=taken - times.CLOCK_SKEW), Complete)
    assert verdict_on(now=taken - times.CLOCK_SKEW - timedelta(milliseconds=1)) == Incomplete("SNAPSHOT_DATE_IN_FUTURE")


@given(
    st.dictionaries(
        st.sampled_from(
            ["securities", "smallcases", "mutualFunds", "snapshotDate", "updating", "broker", "lastUpdate"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["holdings", "public", "nse", "quantity", "isin"]), inner, max_size=3)
            ),
        ),
    )
)
def test_any_answer_is_judged_without_a_crash(member: dict[str, Any]) -> None:
    found = verdict_on(json.dumps(json.loads(GUIDE_DATA) | member))

    assert isinstance(found, Complete | Incomplete)
    if isinstance(found, Complete):
        assert needs_confirmation(found.snapshot, kept(found.snapshot), HALF) is (found.snapshot.portfolio.size == 0)


# Confirmation by a second pull -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now_held", "last_held", "needed"),
    [
        (range(0), range(1), True),
        (range(0), range(0), True),
        (range(4), range(10), True),
        (range(5), range(10), True),
        (range(6), range(10), False),
        (range(10), range(10), False),
        (range(20), range(10), False),
        (range(1), range(0), False),
        (range(10, 20), range(10), True),  # as many as before, but others
        (range(4, 30), range(8), True),  # half of them gone while many others were bought
    ],
)
def test_an_empty_or_shrunken_portfolio_needs_confirmation(now_held: range, last_held: range, needed: bool) -> None:
    last = kept(of_date(*map(holding, last_held)))

    assert needs_confirmation(of_date(*map(holding, now_held)), last, HALF) is needed


def test_a_first_portfolio_needs_confirmation_only_when_empty() -> None:
    assert not needs_confirmation(holding_number(1), None, HALF)
    assert needs_confirmation(holding_number(0), None, HALF)


@pytest.mark.parametrize(("share", "needed"), [("0.3", True), ("0.31", False), ("1", False)])
def test_the_share_that_needs_confirmation_is_a_setting(share: str, needed: bool) -> None:
    last = kept(holding_number(10))

    assert needs_confirmation(holding_number(7), last, Decimal(share)) is needed


def test_selling_a_part_of_every_security_needs_no_confirmation() -> None:
    last = kept(of_date(*(holding(number, quantity=10) for number in range(4))))

    assert not needs_confirmation(of_date(*(holding(number, quantity=1) for number in range(4))), last, HALF)


def test_v1_securities_held_in_smallcases_only_are_compared_too() -> None:
    def v1(shares: str, *constituents: str) -> Snapshot:
        inside = ",".join(f'{{"ticker":"{ticker}","shares":5}}' for ticker in constituents)
        smallcases = f'{{"public":[{{"constituents":[{inside}]}}],"private":{{"investments":[]}}}}'
        return snapshot(
            f'{{"snapshotDate":"2022-03-20T10:00:00.000Z","securities":{{"holdings":[{shares}]}},'
            f'"smallcases":{smallcases}}}'
        )

    share = '{"ticker":"PNB","shares":1,"averagePrice":2}'
    last = v1(share, "INFY", "TCS", "SBIN")
    assert last.portfolio.size == 4

    assert needs_confirmation(v1(share), kept(last), HALF)
    assert not needs_confirmation(v1(share, "INFY", "TCS"), kept(last), HALF)


def agrees(first: Snapshot, second: Snapshot) -> bool:
    return first.quantities_hash == second.quantities_hash


def test_prices_may_move_between_two_pulls_but_no_quantity() -> None:
    first = of_date(holding(1, 10, "100.05"), holding(2))

    assert agrees(first, of_date(holding(2, price="99"), holding(1, 10, "101")))
    assert not agrees(first, of_date(holding(1, 9, "100.05"), holding(2)))
    assert not agrees(first, of_date(holding(1, 10, "100.05"), holding(3)))


def test_positions_are_compared_too() -> None:
    moved = holding(1).replace('"nse":{"quantity":0', '"nse":{"quantity":1')
    assert moved != holding(1)

    assert not agrees(of_date(holding(1)), of_date(moved))


def test_fund_units_are_compared_as_numbers() -> None:
    def with_units(units: str) -> Snapshot:
        fund = f'{{"fund":"A Fund","isin":"INF1","folio":"1/2","quantity":{units}}}'
        return of_date(more=f',"mutualFunds":{{"holdings":[{fund}]}}')

    assert agrees(with_units("12.50"), with_units("12.5"))
    assert not agrees(with_units("12.50"), with_units("12.51"))
