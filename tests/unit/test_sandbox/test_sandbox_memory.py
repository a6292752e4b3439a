"""What survives a restart, what a reset forgets, and the virtual clock."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sandbox.auth.app_tokens import AppTokens
from sandbox.state import State

from .partner import Control, Partner

Start = Callable[[Path | str], TestClient]


def test_a_restart_forgets_nothing(start: Start, partner: Partner, tmp_path: Path) -> None:
    control = Control(start(tmp_path / "new" / "state.db"))
    auth_id = control.account()["smallcaseAuthId"]
    transaction_id = partner.new_transaction()
    control.act(transaction_id)
    control.wait_for_deliveries(1)
    control.call("PUT", "faults", route="transaction", fault="error_500")
    control.call("POST", "clock", advance=1000)
    before = partner.holdings(auth_id), partner.details(transaction_id)["status"], control.deliveries()

    control = Control(start(tmp_path / "new" / "state.db"))

    after = partner.holdings(auth_id), partner.details(transaction_id)["status"], control.deliveries()
    assert after == before
    assert partner.create().status_code == 500
    assert control.call("GET", "clock")["offsetSeconds"] == 1000


def test_a_webhook_on_its_way_at_a_crash_is_sent_after_it(start: Start, partner: Partner, tmp_path: Path) -> None:
    partner.answers = 503
    control = Control(start(tmp_path / "state.db"))
    control.account()
    control.act(partner.new_transaction())
    control.wait_for_deliveries(1)
    partner.answers = 200

    control = Control(start(tmp_path / "state.db"))
    control.call("POST", "clock", advance="PT15M")

    assert [made["status"] for made in control.wait_for_deliveries(2)] == [503, 200]


def test_a_crash_in_the_middle_of_a_change_leaves_none_of_it(tmp_path: Path) -> None:
    state = State(tmp_path / "state.db")
    state.put("thing", "one", {"digits": 1})

    def half_a_change() -> None:
        with state.atomic():
            state.put("thing", "two", {})
            raise sqlite3.OperationalError("disk full")

    with pytest.raises(sqlite3.OperationalError):
        half_a_change()

    assert State(tmp_path / "state.db").items("thing") == [("one", {"digits": 1})]


def test_the_issuers_key_is_made_once(tmp_path: Path) -> None:
    first = AppTokens("http://issuer.test", "app", State(tmp_path / "state.db"))
    second = AppTokens("http://issuer.test", "app", State(tmp_path / "state.db"))
    assert first.key_set() == second.key_set()


def test_a_reset_forgets_everything_but_the_key(start: Start, partner: Partner, tmp_path: Path) -> None:
    control = Control(start(tmp_path / "state.db"))
    auth_id = control.account()["smallcaseAuthId"]
    control.act(partner.new_transaction())
    control.wait_for_deliveries(1)
    control.call("PUT", "faults", route="holdings", fault="error_500")
    control.call("POST", "clock", advance=1000)
    keys = control.client.get("/.well-known/jwks.json").json()

    control.call("POST", "reset")

    assert partner.pull(auth_id, version="v2").status_code == 403
    assert control.deliveries() == []
    assert control.call("GET", "faults") == {"faults": []}
    assert control.call("GET", "clock")["offsetSeconds"] == 0
    assert start(tmp_path / "state.db").get("/.well-known/jwks.json").json() == keys


def test_a_webhook_under_way_at_a_reset_leaves_no_trace(control: Control, partner: Partner) -> None:
    control.account()
    control.act(partner.new_transaction(), webhooks="hold")
    app: Any = control.client.app
    partner.answers = 503
    partner.meanwhile = app.state.services.reset

    control.fire()

    assert control.deliveries() == []
    assert control.call("POST", "webhooks/retry") == {"deliveries": []}


def test_the_clock_can_be_set_and_goes_on_from_there(control: Control, partner: Partner) -> None:
    control.call("POST", "clock", advance=1000)
    control.call("POST", "clock", now="2026-08-03T15:30:00+05:30")
    expires = datetime.fromisoformat(partner.create().json()["data"]["expireAt"])
    passed = expires - timedelta(minutes=5) - datetime(2026, 8, 3, 10, 0, tzinfo=UTC)
    assert timedelta(0) <= passed < timedelta(seconds=5)


def test_the_clock_can_be_given_back(control: Control) -> None:
    control.call("POST", "clock", advance="P3D")
    assert control.call("DELETE", "clock")["offsetSeconds"] == 0
    assert control.call("GET", "clock")["offsetSeconds"] == 0


@pytest.mark.parametrize(
    "body",
    [{}, {"now": "noon"}, {"now": "2026-08-03T10:00:00"}, {"advance": 1, "now": "2026-08-03T10:00:00Z"}],
)
def test_a_clock_order_says_one_clear_thing(control: Control, body: dict[str, object]) -> None:
    assert control.client.post("/_sandbox/clock", json=body).status_code == 400


def test_a_token_is_over_only_by_both_clocks(control: Control, partner: Partner) -> None:
    expires_soon = int(datetime.now(UTC).timestamp()) + 300
    token = partner.token(exp=expires_soon)

    control.call("POST", "clock", advance=3600)
    later = partner.post_transaction({"intent": "CONNECT"}, partner.headers(x_gateway_authtoken=token))
    over = partner.token(exp=expires_soon - 600)
    too_late = partner.post_transaction({"intent": "CONNECT"}, partner.headers(x_gateway_authtoken=over))

    assert (later.status_code, too_late.status_code) == (200, 403)


@pytest.mark.parametrize("body", ["{", "[1]", "[" * 100_000])
def test_a_body_that_is_no_order_is_explained(control: Control, body: str) -> None:
    answer = control.client.post("/_sandbox/app-token", content=body)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_body_that_is_no_object_is_explained_without_a_class_name(control: Control) -> None:
    answer = control.client.post("/_sandbox/app-token", json=[1])
    assert answer.json()["detail"] == "Input should be an object"
