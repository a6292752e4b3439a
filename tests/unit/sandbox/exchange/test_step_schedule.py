"""Scheduled steps happen when their time has come, after-market orders when the market opens."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from testing.actors import eventually
from tests.unit.sandbox.examples import (
    A_MOMENT,
    EVENING,
    INFY,
    ISCID,
    TCS,
    between,
    order_of,
    place,
    place_open,
    statuses,
)
from tests.unit.sandbox.partner import Control, Partner

FILL_AFTER_30_MINUTES = {"after": "PT30M", "result": "fill", "price": 101}
TWO_STEPS = {
    "after": "PT18H",
    "result": "partial",
    "filled": 2,
    "price": 100.5,
    "later": FILL_AFTER_30_MINUTES,
}


def test_before_its_time_a_step_does_not_happen(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner, later=TWO_STEPS)
    control.advance("PT17H")
    assert partner.batch(batch["transactionId"]) == batch


def test_at_its_time_a_step_happens(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner, later=TWO_STEPS)
    control.advance("PT18H")
    assert order_of(partner.batch(batch["transactionId"]), "TCS")["filledQuantity"] == 2


def test_a_scheduled_step_survives_a_restart(
    start: Callable[[Path | str], TestClient], partner: Partner, tmp_path: Path
) -> None:
    control = Control(start(tmp_path / "state.db"))
    control.put_account()
    batch = place_open(control, partner, later=TWO_STEPS)
    Control(start(tmp_path / "state.db")).advance("PT18H")
    assert order_of(partner.batch(batch["transactionId"]), "TCS")["filledQuantity"] == 2


def test_a_step_can_schedule_another_step(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner, later=TWO_STEPS)
    control.advance("PT18H")
    control.advance("PT30M")
    assert partner.batch(batch["transactionId"])["status"] == "COMPLETED"


def test_several_steps_happen_when_the_clock_passes_them_at_once(
    control: Control, partner: Partner, auth_id: str
) -> None:
    batch = place_open(control, partner, later=TWO_STEPS)
    control.advance("P3D")
    assert order_of(partner.batch(batch["transactionId"]), "TCS")["averagePrice"] == 100.75


def test_the_last_scheduled_step_completes_the_transaction(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner, later=TWO_STEPS)
    control.advance("P3D")
    assert partner.details(batch["transactionId"], auth_id)["status"] == "COMPLETED"


# In India and in UTC, the date changes at different moments, and 18 hours may pass midnight or not.
@pytest.mark.parametrize("placed_at", ["2026-08-07T00:30:00Z", "2026-08-07T12:00:00Z", "2026-08-07T23:30:00Z"])
def test_a_scheduled_step_has_the_time_for_which_it_was_scheduled(
    control: Control, partner: Partner, auth_id: str, placed_at: str
) -> None:
    control.set_clock(placed_at)
    batch = place_open(control, partner, later=TWO_STEPS)
    control.advance("P3D")
    completed_after = between(placed_at, partner.batch(batch["transactionId"])["completedDate"])
    assert timedelta(hours=18, minutes=30) <= completed_after < timedelta(hours=18, minutes=30) + A_MOMENT


def test_a_step_of_a_control_call_replaces_the_scheduled_step(control: Control, partner: Partner, auth_id: str) -> None:
    batch = place_open(control, partner, later={"after": 60, "result": "fill"})
    control.step(batch["batchId"], "TCS", "open", quantity=9)
    control.advance(120)
    assert statuses(partner.batch(batch["transactionId"])) == {"TCS": "PLACED"}


def test_a_scheduled_step_needs_no_request_to_happen(control: Control, partner: Partner, auth_id: str) -> None:
    control.run_scenario(partner.new_order(TCS), orders={"TCS": {"later": {"after": 1, "result": "fill"}}})

    def both_webhooks_have_come() -> None:
        assert {body["status"] for body in partner.bodies} == {"PLACED", "COMPLETED"}

    eventually(both_webhooks_have_come, within=5)


def test_a_request_sees_all_steps_whose_time_has_come(control: Control, partner: Partner, auth_id: str) -> None:
    tickers = ("TCS", "INFY", "SBIN", "WIPRO", "RELIANCE")
    transaction_id = partner.new_order(*(TCS | {"ticker": ticker} for ticker in tickers))
    soon = {"later": {"after": 0.02, "result": "fill"}}
    control.run_scenario(transaction_id, orders=dict.fromkeys(tickers, soon), webhooks="drop")
    time.sleep(0.03)
    assert partner.batch(transaction_id)["status"] == "COMPLETED"


@pytest.fixture
def after_market(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """A batch that was placed on a Friday evening; the exchange will reject INFY."""
    control.set_clock(EVENING)
    control.call("PUT", "market", open=None)
    return place(control, partner, TCS, INFY, amo=True, orders={"INFY": {"result": "reject"}})


def test_orders_after_hours_are_after_market_orders(after_market: dict[str, Any]) -> None:
    assert after_market["variety"] == "amo"


def test_after_market_orders_are_open(after_market: dict[str, Any]) -> None:
    assert statuses(after_market) == {"TCS": "PLACED", "INFY": "PLACED"}


def test_after_market_orders_have_not_reached_the_exchange(after_market: dict[str, Any]) -> None:
    assert "exchangeOrderId" not in order_of(after_market, "TCS")


def test_the_transaction_of_after_market_orders_is_processing(partner: Partner, after_market: dict[str, Any]) -> None:
    assert partner.details(after_market["transactionId"])["status"] == "PROCESSING"


def test_after_market_orders_wait_over_the_weekend(
    control: Control, partner: Partner, after_market: dict[str, Any]
) -> None:
    control.set_clock("2026-08-09T12:00:00+05:30")
    assert partner.batch(after_market["transactionId"]) == after_market


def pass_monday(control: Control, partner: Partner, batch: dict[str, Any]) -> dict[str, Any]:
    """The batch after Monday's whole session has passed without a request."""
    control.set_clock("2026-08-10T20:00:00+05:30")
    return partner.batch(batch["transactionId"])


def test_after_market_orders_get_their_result_when_the_market_opens(
    control: Control, partner: Partner, after_market: dict[str, Any]
) -> None:
    assert statuses(pass_monday(control, partner, after_market)) == {"TCS": "COMPLETE", "INFY": "REJECTED"}


def test_after_market_orders_complete_at_the_opening(
    control: Control, partner: Partner, after_market: dict[str, Any]
) -> None:
    # 9:15 in India.
    assert pass_monday(control, partner, after_market)["completedDate"] == "2026-08-10T03:45:00.000Z"


def test_after_market_orders_keep_their_variety(
    control: Control, partner: Partner, after_market: dict[str, Any]
) -> None:
    assert pass_monday(control, partner, after_market)["variety"] == "amo"


@pytest.fixture
def waiting(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """An after-market order in a market that stays closed."""
    control.call("PUT", "market", open=False)
    return place(control, partner, TCS, amo=True)


def test_in_a_market_that_stays_closed_orders_wait(control: Control, partner: Partner, waiting: dict[str, Any]) -> None:
    control.advance("P5D")
    assert partner.batch(waiting["transactionId"])["status"] == "PLACED"


def test_opening_the_market_executes_waiting_orders(
    control: Control, partner: Partner, waiting: dict[str, Any]
) -> None:
    control.call("PUT", "market", open=True)
    assert partner.batch(waiting["transactionId"])["status"] == "COMPLETED"


def test_an_after_market_order_has_a_cancellation_of_its_own(control: Control, waiting: dict[str, Any]) -> None:
    assert statuses(control.step(waiting["batchId"], "TCS", "cancel_amo")) == {"TCS": "CANCELLED AMO"}


def test_a_batch_of_cancelled_after_market_orders_is_cancelled(control: Control, waiting: dict[str, Any]) -> None:
    assert control.step(waiting["batchId"], "TCS", "cancel_amo")["status"] == "CANCELLED"


def test_a_cancelled_after_market_order_is_not_executed(
    control: Control, partner: Partner, waiting: dict[str, Any]
) -> None:
    control.step(waiting["batchId"], "TCS", "cancel_amo")
    control.call("PUT", "market", open=True)
    assert partner.batch(waiting["transactionId"])["status"] == "CANCELLED"


def test_an_investment_shows_its_after_market_orders(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    control.run_scenario(partner.new_smallcase_order("INVESTMORE", auth_id, iscid=ISCID), amo=True)
    assert partner.investment(auth_id, ISCID)["flags"] == {"amoPending": True}


def test_the_clock_of_a_scheduled_step_is_the_sandboxs(control: Control, partner: Partner, auth_id: str) -> None:
    control.advance("P30D")
    batch = place_open(control, partner, later={"after": "PT1H", "result": "fill"})
    now = datetime.fromisoformat(control.now())
    control.set_clock((now + timedelta(hours=1)).isoformat())
    assert partner.batch(batch["transactionId"])["status"] == "COMPLETED"
