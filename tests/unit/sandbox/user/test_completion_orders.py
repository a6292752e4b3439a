"""What completed orders for a smallcase, and cancellations, result in (contract 2.3, 2.5, 6.1)."""

from typing import Any

import pytest

from tests.unit.sandbox.examples import (
    INFY,
    ISCID,
    SMALLCASE_TYPES,
    TCS,
    complete,
    order_of,
    place,
    statuses,
)
from tests.unit.sandbox.partner import Control, Partner


@pytest.fixture
def bought(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """What the SDK resolves with after the purchase of a new smallcase."""
    resolved: dict[str, Any] = complete(control, partner, partner.new_smallcase_order("BUY", scid="SCNM_0007"))
    return resolved


def data_of(partner: Partner, bought: dict[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = partner.details(bought["transactionId"])["success"]["data"]
    return data


def test_a_bought_smallcase_gets_an_id(bought: dict[str, Any]) -> None:
    assert len(bought["iscid"]) == 24


def test_a_bought_smallcase_keeps_its_scid(bought: dict[str, Any]) -> None:
    assert bought["scid"] == "SCNM_0007"


def test_the_details_contain_what_was_bought(partner: Partner, bought: dict[str, Any]) -> None:
    reference = {name: bought[name] for name in ("scid", "iscid", "name")}
    assert data_of(partner, bought) == reference | {"batches": bought["orderBatches"]}


def test_a_bought_smallcase_has_a_batch_of_two_securities(bought: dict[str, Any]) -> None:
    (batch,) = bought["orderBatches"]
    assert batch["quantity"] == 2


def test_the_batch_of_a_smallcase_is_filled(bought: dict[str, Any]) -> None:
    (batch,) = bought["orderBatches"]
    assert batch["status"] == "COMPLETED"


def test_the_batch_of_a_smallcase_has_a_label(bought: dict[str, Any]) -> None:
    (batch,) = bought["orderBatches"]
    assert batch["label"] == "BUY"


def test_a_bought_smallcase_is_an_investment(partner: Partner, auth_id: str, bought: dict[str, Any]) -> None:
    assert partner.investment(auth_id, bought["iscid"])["scid"] == "SCNM_0007"


def test_an_exit_sells_the_bought_smallcase(
    control: Control, partner: Partner, auth_id: str, bought: dict[str, Any]
) -> None:
    exiting = partner.new_smallcase_order("EXIT", auth_id, iscid=bought["iscid"])
    (batch,) = complete(control, partner, exiting)["orderBatches"]
    assert {order["transactionType"] for order in batch["orders"]} == {"SELL"}


@pytest.mark.parametrize("order_type", SMALLCASE_TYPES)
def test_an_order_for_a_smallcase_keeps_its_id(
    control: Control, partner: Partner, auth_id: str, order_type: str
) -> None:
    resolved = complete(control, partner, partner.new_smallcase_order(order_type, auth_id, iscid=ISCID))
    assert resolved["iscid"] == ISCID


@pytest.mark.parametrize("order_type", SMALLCASE_TYPES)
def test_an_order_for_a_smallcase_has_two_securities(
    control: Control, partner: Partner, auth_id: str, order_type: str
) -> None:
    resolved = complete(control, partner, partner.new_smallcase_order(order_type, auth_id, iscid=ISCID))
    assert len(resolved["orderBatches"][0]["orders"]) == 2


def test_a_smallcase_order_is_not_in_the_order_pull(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_smallcase_order("INVESTMORE", auth_id, iscid=ISCID)
    complete(control, partner, transaction_id)
    assert partner.batch(transaction_id) is None


def test_a_smallcase_order_publishes_no_webhook(control: Control, partner: Partner, auth_id: str) -> None:
    transaction_id = partner.new_smallcase_order("INVESTMORE", auth_id, iscid=ISCID)
    complete(control, partner, transaction_id, webhooks="hold")
    assert control.held_webhooks() == []


def require_action(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """What the SDK resolves with when a rebalance needs another action first."""
    transaction_id = partner.new_smallcase_order("REBALANCE", auth_id, iscid=ISCID)
    resolved: dict[str, Any] = control.run_scenario(transaction_id, action_required=True)["resolved"]
    return resolved


def test_a_smallcase_can_need_another_action_first(control: Control, partner: Partner, auth_id: str) -> None:
    details = partner.details(require_action(control, partner, auth_id)["transactionId"])
    assert details["status"] == "ACTION_REQUIRED"


def test_another_required_action_is_that_of_the_investment(control: Control, partner: Partner, auth_id: str) -> None:
    assert require_action(control, partner, auth_id)["iscid"] == ISCID


def test_the_details_contain_the_investment_of_the_required_action(
    control: Control, partner: Partner, auth_id: str
) -> None:
    details = partner.details(require_action(control, partner, auth_id)["transactionId"])
    assert details["success"]["data"]["iscid"] == ISCID


def test_before_another_action_nothing_is_ordered(control: Control, partner: Partner, auth_id: str) -> None:
    require_action(control, partner, auth_id)
    assert control.call("GET", "orders") == {"orders": []}


def test_before_another_action_no_order_is_sent(control: Control, partner: Partner, auth_id: str) -> None:
    details = partner.details(require_action(control, partner, auth_id)["transactionId"])
    assert details["flags"] == {"isOrderRequested": False}


def place_two(control: Control, partner: Partner, **scenario: Any) -> dict[str, Any]:
    """A batch with two open orders."""
    orders = {"TCS": {"result": "open"}, "INFY": {"result": "open"}}
    return place(control, partner, TCS, INFY, orders=orders, **scenario)


def cancel(control: Control, partner: Partner, auth_id: str, batch: dict[str, Any], ticker: str) -> dict[str, Any]:
    """The batch after the user has cancelled an order."""
    config = {"batchId": batch["batchId"], "ticker": ticker}
    complete(control, partner, partner.new_intent("CANCEL_ORDER", auth_id, orderConfig=config))
    return partner.batch(batch["transactionId"])


def test_the_user_can_cancel_an_open_order(control: Control, partner: Partner, auth_id: str) -> None:
    after = cancel(control, partner, auth_id, place_two(control, partner), "TCS")
    assert statuses(after) == {"TCS": "CANCELLED", "INFY": "PLACED"}


def test_an_order_that_the_user_cancelled_has_no_error_code(control: Control, partner: Partner, auth_id: str) -> None:
    after = cancel(control, partner, auth_id, place_two(control, partner), "TCS")
    assert order_of(after, "TCS")["errorCode"] is None


def test_a_batch_is_cancelled_when_the_user_has_cancelled_all_orders(
    control: Control, partner: Partner, auth_id: str
) -> None:
    batch = cancel(control, partner, auth_id, place_two(control, partner), "TCS")
    assert cancel(control, partner, auth_id, batch, "INFY")["status"] == "CANCELLED"


def test_a_cancelled_batch_completes_its_transaction(control: Control, partner: Partner, auth_id: str) -> None:
    batch = cancel(control, partner, auth_id, place_two(control, partner), "TCS")
    cancel(control, partner, auth_id, batch, "INFY")
    assert partner.details(batch["transactionId"])["status"] == "COMPLETED"


def test_the_user_can_cancel_an_after_market_order(control: Control, partner: Partner, auth_id: str) -> None:
    control.call("PUT", "market", open=False)
    after = cancel(control, partner, auth_id, place_two(control, partner, amo=True), "TCS")
    assert statuses(after) == {"TCS": "CANCELLED AMO", "INFY": "PLACED"}


def cancel_amo(control: Control, partner: Partner, auth_id: str, iscid: str = ISCID) -> None:
    complete(control, partner, partner.new_intent("CANCEL_AMO", auth_id, orderConfig={"iscid": iscid}))


def invest_after_hours(control: Control, partner: Partner, auth_id: str) -> str:
    """The transaction of after-market orders for the smallcase."""
    control.call("PUT", "market", open=False)
    transaction_id = partner.new_smallcase_order("INVESTMORE", auth_id, iscid=ISCID)
    control.run_scenario(transaction_id, amo=True)
    return transaction_id


def test_cancelling_after_market_orders_cancels_those_of_securities(
    control: Control, partner: Partner, auth_id: str
) -> None:
    control.call("PUT", "market", open=False)
    batches = [place_two(control, partner, amo=True) for _ in range(2)]
    cancel_amo(control, partner, auth_id)
    assert [partner.batch(batch["transactionId"])["status"] for batch in batches] == ["CANCELLED", "CANCELLED"]


def test_cancelling_after_market_orders_cancels_those_of_the_investment(
    control: Control, partner: Partner, auth_id: str
) -> None:
    transaction_id = invest_after_hours(control, partner, auth_id)
    cancel_amo(control, partner, auth_id)
    assert partner.details(transaction_id)["success"]["data"]["batches"][0]["status"] == "CANCELLED"


def test_cancelling_after_market_orders_leaves_those_of_other_investments(
    control: Control, partner: Partner, auth_id: str
) -> None:
    transaction_id = invest_after_hours(control, partner, auth_id)
    cancel_amo(control, partner, auth_id, iscid="0" * 24)
    assert partner.details(transaction_id)["success"]["data"]["batches"][0]["status"] == "PLACED"


def test_after_the_cancellation_an_investment_shows_no_after_market_orders(
    control: Control, partner: Partner, auth_id: str
) -> None:
    invest_after_hours(control, partner, auth_id)
    cancel_amo(control, partner, auth_id)
    assert partner.investment(auth_id, ISCID)["flags"] == {"amoPending": False}


def test_cancelling_after_market_orders_leaves_regular_orders(control: Control, partner: Partner, auth_id: str) -> None:
    regular = place_two(control, partner)
    cancel_amo(control, partner, auth_id)
    assert partner.batch(regular["transactionId"]) == regular
