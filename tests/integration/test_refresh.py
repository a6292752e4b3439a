"""Holdings stay fresh without their user, or a login is asked for: on the virtual clock, with the real schedules."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from gateway_backend.domain.connections.connection import SLOTS, slot_of
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared import times
from testing.actors import AppUser, Sandbox, eventually, exact
from testing.portfolios import holding, isins, portfolio
from tests.integration.aws import Aws, BusTap

A_TICK = 150
"""Seconds in which the schedules have come round: every minute, give or take the emulator's own ten seconds."""
REFRESH_OVER = timedelta(minutes=40)
"""After the close: 15 minutes of delay, 20 of spread, a tick."""


def isin(number: int) -> str:
    return str(json.loads(holding(number))["isin"])


def health(user: AppUser) -> dict[str, Any]:
    (connection,) = user.connections()
    return connection


def close_market(clock: Sandbox, calendar: MarketCalendar) -> datetime:
    """Go to where the refresh after the next close should be over; that close."""
    close = calendar.next_close(clock.now())
    clock.set_clock(close + REFRESH_OVER)
    return close


def run_refresh(aws: Aws, close: datetime) -> None:
    """Without waiting for the schedule, and until every slot has been queued and its pages have been worked on."""

    def over() -> None:
        aws.invoke("plan_refresh")
        items = {item["sk"]["S"]: item for item in aws.items(f"REFRESH#{times.to_key(close)}")}
        assert int(items.pop("PLAN")["slots"]["N"]) == SLOTS
        assert items
        assert all("done" in page for page in items.values())

    eventually(over, within=A_TICK)


def event_counts(tap: BusTap, account_id: str) -> Counter[str]:
    return Counter(tap.names(smallcaseAuthId=account_id))


@pytest.mark.parametrize("webhooks", ["send", "drop"])
def test_a_portfolio_follows_its_broker_until_the_session_dies_and_heals_with_a_login(
    webhooks: str, user: AppUser, clock: Sandbox, calendar: MarketCalendar, aws: Aws, broker_account: str
) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1, 5), holding(2)))
    with aws.tap() as tap:
        began = clock.now()
        transaction_id = user.begin()
        clock.act(transaction_id, "complete", broker="kite", account=broker_account, webhooks=webhooks)
        clock.advance_clock(minutes=3)  # without a webhook the schedule asks about it then

        def imported() -> None:
            assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]
            assert event_counts(tap, account_id) == {
                "ConnectionLinked": 1,
                "HoldingsImported": 1,
                "TransactionFinished": 1,
            }

        eventually(imported, within=A_TICK)
        close = calendar.next_close(began)
        assert close < times.parse(health(user)["nextDue"]) < close + REFRESH_OVER

        clock.trade("kite", broker_account, portfolio(holding(1, 8), holding(3)))
        close_market(clock, calendar)
        if webhooks == "drop":  # once with the real schedule is enough: it takes a minute
            run_refresh(aws, close)

        def refreshed() -> None:
            assert isins(user.holdings_of(account_id)) == {isin(1), isin(3)}
            assert event_counts(tap, account_id)["HoldingsChanged"] == 1

        eventually(refreshed, within=A_TICK)
        freshness = health(user)["freshness"]
        assert (freshness["state"], freshness["sessionsMissed"]) == ("FRESH", 0)
        assert times.parse(freshness["asOf"]) > close
        changes = exact(user.get("/v1/holdings/changes", params={"since": began.isoformat()}))["changes"]
        assert {change["isin"]: change["kind"] for change in changes} == {
            isin(1): "QUANTITY_CHANGED",
            isin(2): "REMOVED",
            isin(3): "ADDED",
        }

        clock.end_session(account_id)
        clock.trade("kite", broker_account, portfolio(holding(1, 8), holding(3), holding(4)))
        run_refresh(aws, close_market(clock, calendar))
        assert (health(user)["state"], health(user)["reason"]) == ("NEEDS_LOGIN", "SNAPSHOT_NOT_MOVING")
        run_refresh(aws, close_market(clock, calendar))
        aws.invoke("flag_stale_sessions")
        assert health(user)["freshness"]["action"] == "RECONNECT"
        assert health(user)["freshness"]["sessionsMissed"] == 2
        assert isins(user.holdings_of(account_id)) == {isin(1), isin(3)}, "the last good one is still served"

        user.import_from("kite", broker_account)

        def healed() -> None:
            assert (health(user)["state"], health(user)["freshness"]["state"]) == ("ACTIVE", "FRESH")
            assert event_counts(tap, account_id) == {
                "ConnectionLinked": 1,
                "HoldingsImported": 2,
                "TransactionFinished": 2,
                "HoldingsChanged": 2,
                "ConnectionNeedsLogin": 1,
                "HoldingsStale": 1,
                "ConnectionRepaired": 1,
            }

        eventually(healed)
        assert isins(user.holdings_of(account_id)) == {isin(1), isin(3), isin(4)}


def test_a_session_that_comes_back_by_itself_heals(
    user: AppUser, clock: Sandbox, calendar: MarketCalendar, aws: Aws, broker_account: str
) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    clock.set_clock(calendar.next_close(clock.now()) + timedelta(minutes=1))
    user.import_from("kite", broker_account)
    clock.end_session(account_id, answer="forbidden")
    run_refresh(aws, close_market(clock, calendar))
    assert (health(user)["state"], health(user)["reason"]) == ("NEEDS_LOGIN", "GATEWAY_FORBIDDEN")

    clock.revive_session(account_id)
    run_refresh(aws, close_market(clock, calendar))

    assert (health(user)["state"], health(user)["reason"]) == ("ACTIVE", None)
    assert health(user)["freshness"]["state"] == "FRESH"


FAULTS = ("error_500", "rate_limit", "truncated", "empty_portfolio", "half_portfolio", "schema_drift", "updating")


def test_what_goes_wrong_at_gateway_shrinks_nothing_flags_nobody_and_is_tried_again(
    new_user: Callable[[], AppUser], clock: Sandbox, calendar: MarketCalendar, aws: Aws
) -> None:
    users = {fault: new_user() for fault in FAULTS}
    for fault, user in users.items():
        account_id = clock.put_account("kite", user.sub[-12:], portfolio(*(holding(number) for number in range(4))))
        user.import_from("kite", user.sub[-12:])
        clock.fault("holdings", fault, times=1 if fault.endswith("portfolio") else 4, account_id=account_id)
    close = close_market(clock, calendar)
    run_refresh(aws, close)

    for fault, user in users.items():
        assert isins(user.holdings_of(health(user)["smallcaseAuthId"])) == {isin(number) for number in range(4)}, fault
        assert health(user)["state"] == "ACTIVE", fault
        assert times.parse(health(user)["freshness"]["asOf"]) < close, fault

    clock.clear_faults()

    def refreshed() -> None:
        late = [f for f, user in users.items() if times.parse(health(user)["freshness"]["asOf"]) < close]
        assert late == []

    eventually(refreshed, within=A_TICK)


def test_wrong_keys_of_ours_flag_nobody(
    user: AppUser, clock: Sandbox, calendar: MarketCalendar, aws: Aws, broker_account: str
) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    transaction_id = user.import_from("kite", broker_account)
    clock.fault("holdings", "error_403", times=3, account_id=account_id)
    clock.fault("transactiondetails", "error_403", times=3, account_id=account_id)
    run_refresh(aws, close_market(clock, calendar))

    assert (health(user)["state"], health(user)["lastFailure"]) == ("ACTIVE", "GATEWAY_KEYS_REFUSED")
    clock.clear_faults()
    assert user.get(f"/v1/transactions/{transaction_id}").status_code == 200


def test_an_account_unlinked_while_its_page_waits_is_left_alone(
    user: AppUser, clock: Sandbox, calendar: MarketCalendar, aws: Aws, broker_account: str
) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    user.import_from("kite", broker_account)
    close = close_market(clock, calendar)
    assert user.http.delete(f"/v1/connections/{account_id}").status_code == 204
    page = {"close": times.to_text(close), "attempt": 0, "accounts": [account_id]}
    aws.client("sqs").send_message(QueueUrl=aws.outputs["refreshQueueUrl"], MessageBody=json.dumps(page))
    run_refresh(aws, close)

    assert user.connections() == []
    assert {item["sk"]["S"].partition("#")[0] for item in aws.items(f"ACCOUNT#{account_id}")} == {"ERASED"}


def test_a_poison_message_ends_as_a_dead_letter_and_blocks_nobody(
    user: AppUser, clock: Sandbox, calendar: MarketCalendar, aws: Aws, broker_account: str
) -> None:
    queues, url = aws.client("sqs"), aws.outputs["refreshQueueUrl"]
    for poison in ("not json", "{}", '{"close": "tomorrow", "attempt": 0, "accounts": []}'):
        queues.send_message(QueueUrl=url, MessageBody=poison)
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    user.import_from("kite", broker_account)
    clock.trade("kite", broker_account, portfolio(holding(1), holding(2)))
    run_refresh(aws, close_market(clock, calendar))
    assert isins(user.holdings_of(account_id)) == {isin(1), isin(2)}


def test_a_user_refreshes_at_once_but_not_all_the_time(user: AppUser, clock: Sandbox, broker_account: str) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    user.import_from("kite", broker_account)
    clock.trade("kite", broker_account, portfolio(holding(1), holding(2)))

    first, second = user.refresh(account_id), user.refresh(account_id)

    assert (first.status_code, first.json()["refresh"]) == (200, "REFRESHED")
    assert first.json()["connection"]["freshness"]["state"] == "FRESH"
    assert (second.status_code, second.json()["code"], second.json()["action"]) == (429, "REFRESH_TOO_SOON", "WAIT")
    assert isins(user.holdings_of(account_id)) == {isin(1), isin(2)}
    clock.advance_clock(minutes=2)
    assert user.refresh(account_id).status_code == 200


@pytest.mark.parametrize("broker", ["groww", "kite"])
def test_where_only_a_login_helps_the_import_is_ready(
    broker: str, user: AppUser, clock: Sandbox, broker_account: str
) -> None:
    account_id = clock.put_account(broker, broker_account, portfolio(holding(1)))
    user.import_from(broker, broker_account)
    clock.end_session(account_id, answer="forbidden")

    answer = user.refresh(account_id, key=f"refresh-{account_id}")

    assert (answer.status_code, answer.json()["refresh"]) == (201, "LOGIN_NEEDED"), answer.text
    transaction = answer.json()["transaction"]
    result = clock.act(transaction["transactionId"], "complete", broker=broker, account=broker_account)
    assert user.send_result(transaction["transactionId"], result).json()["status"] == "COMPLETED"
    assert health(user)["state"] == "ACTIVE"


def test_a_refresh_that_gateway_cannot_answer_says_so_and_keeps_the_last_holdings(
    user: AppUser, clock: Sandbox, broker_account: str
) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    user.import_from("kite", broker_account)
    clock.fault("holdings", "error_500", times=3, account_id=account_id)
    answer = user.refresh(account_id)
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (502, "GATEWAY_UNAVAILABLE", True)
    assert isins(user.holdings_of(account_id)) == {isin(1)}
    assert health(user)["lastFailure"] == "GATEWAY_UNAVAILABLE"


def test_a_snapshot_of_another_broker_is_flagged_stale_once(
    user: AppUser, clock: Sandbox, calendar: MarketCalendar, aws: Aws, broker_account: str
) -> None:
    account_id = clock.put_account("groww", broker_account, portfolio(holding(1)))
    with aws.tap() as tap:
        user.import_from("groww", broker_account)
        aws.invoke("flag_stale_sessions")
        close_market(clock, calendar)
        eventually(lambda: _assert_stale(user, tap, account_id), within=A_TICK)
        close_market(clock, calendar)
        aws.invoke("flag_stale_sessions")
        assert event_counts(tap, account_id)["HoldingsStale"] == 1
        assert health(user)["state"] == "ACTIVE", "no session is lost: it never had one that lasts"


def _assert_stale(user: AppUser, tap: BusTap, account_id: str) -> None:
    assert (health(user)["freshness"]["state"], health(user)["freshness"]["action"]) == ("STALE", "RECONNECT")
    assert event_counts(tap, account_id)["HoldingsStale"] == 1


@pytest.mark.parametrize("outcome", ["cancel_before_login", "cancel_after_login"])
def test_a_transaction_that_its_user_left_expires_without_anybody_asking(
    outcome: str, user: AppUser, clock: Sandbox, aws: Aws, broker_account: str
) -> None:
    clock.put_account("groww", broker_account, portfolio(holding(1)))
    with aws.tap() as tap:
        transaction_id = user.begin()
        clock.act(transaction_id, outcome, broker="groww", account=broker_account)
        clock.advance_clock(hours=1)
        aws.invoke("reconcile_transactions")

        def finished() -> None:
            events = [e for e in tap.events(transactionId=transaction_id) if e["detail-type"] == "TransactionFinished"]
            assert [event["detail"]["status"] for event in events] in (["EXPIRED"], ["ERRORED"])

        eventually(finished, within=A_TICK)


def test_two_planners_at_once_and_one_that_comes_late_lose_and_repeat_nothing(
    new_user: Callable[[], AppUser], clock: Sandbox, calendar: MarketCalendar, aws: Aws
) -> None:
    users = [new_user() for _ in range(3)]
    ids = []
    for user in users:
        ids.append(clock.put_account("kite", user.sub[-12:], portfolio(holding(1))))
        user.import_from("kite", user.sub[-12:])
    assert len({slot_of(account_id) for account_id in ids}) > 1
    close = close_market(clock, calendar)
    planned = [aws.invoke("plan_refresh") for _ in range(2)]
    run_refresh(aws, close)

    assert sum(plan["slotsPlanned"] for plan in planned) <= SLOTS
    for user, account_id in zip(users, ids, strict=True):
        assert times.parse(user.holdings_of(account_id)["data"]["snapshotDate"]) > close
