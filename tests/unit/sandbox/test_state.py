"""State survives restarts and crashes; a reset clears it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.state import State
from tests.unit.sandbox.examples import TCS, import_holdings, place_open
from tests.unit.sandbox.partner import Control, Partner

Start = Callable[[Path | str], TestClient]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A state file in a folder that does not exist yet."""
    return tmp_path / "new" / "state.db"


def test_a_restart_keeps_holdings(start: Start, partner: Partner, file: Path) -> None:
    control = Control(start(file))
    auth_id = control.put_account()
    import_holdings(control, partner)
    before = partner.holdings(auth_id)
    start(file)
    assert partner.holdings(auth_id) == before


def test_a_restart_keeps_transactions(start: Start, partner: Partner, file: Path) -> None:
    control = Control(start(file))
    control.put_account()
    transaction_id = import_holdings(control, partner)
    start(file)
    assert partner.details(transaction_id)["status"] == "COMPLETED"


def test_a_restart_keeps_deliveries(start: Start, partner: Partner, file: Path) -> None:
    control = Control(start(file))
    control.put_account()
    import_holdings(control, partner, webhooks="send")
    before = control.wait_for_deliveries(1)
    assert Control(start(file)).deliveries() == before


def test_a_restart_keeps_faults(start: Start, partner: Partner, file: Path) -> None:
    Control(start(file)).call("PUT", "faults", route="transaction", fault="error_500")
    start(file)
    assert partner.create().status_code == 500


def test_a_restart_keeps_the_clock(start: Start, file: Path) -> None:
    Control(start(file)).advance(1000)
    assert Control(start(file)).call("GET", "clock")["offsetSeconds"] == 1000


def test_a_webhook_that_waits_for_a_retry_is_sent_after_a_restart(start: Start, partner: Partner, file: Path) -> None:
    partner.answer_status = 503
    control = Control(start(file))
    control.put_account()
    import_holdings(control, partner, webhooks="send")
    control.wait_for_deliveries(1)
    partner.answer_status = 200

    control = Control(start(file))
    control.advance("PT15M")

    assert [delivery["status"] for delivery in control.wait_for_deliveries(2)] == [503, 200]


def test_a_crash_in_an_atomic_change_leaves_nothing_of_it(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    state.put("thing", "first", {"digits": 1})

    def crash_halfway() -> None:
        with state.atomic():
            state.put("thing", "second", {})
            raise sqlite3.OperationalError("disk full")

    with pytest.raises(sqlite3.OperationalError):
        crash_halfway()

    assert State(tmp_path / "state.db").items("thing") == [("first", {"digits": 1})]


def test_a_transaction_keeps_its_stored_names(control: Control, partner: Partner) -> None:
    """State files of earlier versions stay readable."""
    partner.new_transaction()
    app: Any = control.client.app
    ((_, stored),) = app.state.services.state.items("transaction")
    assert {"asked", "looks", "ran_out"} <= stored.keys()


def test_a_reset_clears_holdings(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner)
    control.call("POST", "reset")
    assert partner.fetch_holdings(auth_id, version="v2").status_code == 403


def test_a_reset_clears_deliveries(control: Control, partner: Partner, auth_id: str) -> None:
    import_holdings(control, partner, webhooks="send")
    control.wait_for_deliveries(1)
    control.call("POST", "reset")
    assert control.deliveries() == []


def test_a_reset_clears_faults(control: Control) -> None:
    control.call("PUT", "faults", route="holdings", fault="error_500")
    control.call("POST", "reset")
    assert control.call("GET", "faults") == {"faults": []}


def test_a_reset_clears_the_clock(control: Control) -> None:
    control.advance(1000)
    control.call("POST", "reset")
    assert control.call("GET", "clock")["offsetSeconds"] == 0


def test_a_reset_clears_orders_and_their_scheduled_steps(control: Control, partner: Partner, auth_id: str) -> None:
    place_open(control, partner, later={"after": 60, "result": "fill"})
    control.call("POST", "reset")
    control.advance(120)
    assert control.call("GET", "orders") == {"orders": []}


def test_a_reset_opens_the_market(control: Control) -> None:
    control.call("PUT", "market", open=False)
    control.call("POST", "reset")
    assert control.call("GET", "market")["open"] is True


def test_a_reset_clears_the_shape_of_the_order_pull(control: Control, partner: Partner) -> None:
    control.call("PUT", "settings", ordersShape="array")
    control.call("POST", "reset")
    assert partner.fetch_orders(partner.new_order(TCS)).json()["data"] is None


def test_a_reset_keeps_the_key_of_app_tokens(start: Start, file: Path) -> None:
    client = start(file)
    keys = client.get("/.well-known/jwks.json").json()
    Control(client).call("POST", "reset")
    assert start(file).get("/.well-known/jwks.json").json() == keys


def fire_during_a_reset(control: Control, partner: Partner) -> None:
    """A reset happens between the sending of a webhook and its answer, which is an error."""
    import_holdings(control, partner, webhooks="hold")
    app: Any = control.client.app
    partner.answer_status = 503
    partner.before_answer = app.state.services.reset
    control.fire()


def test_a_webhook_in_flight_at_a_reset_is_no_delivery(control: Control, partner: Partner, auth_id: str) -> None:
    fire_during_a_reset(control, partner)
    assert control.deliveries() == []


def test_a_webhook_in_flight_at_a_reset_is_not_retried(control: Control, partner: Partner, auth_id: str) -> None:
    fire_during_a_reset(control, partner)
    assert control.retry() == []
