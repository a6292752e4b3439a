"""The sandbox's clock can be moved, and goes on from there."""

from datetime import datetime, timedelta

import pytest

from tests.unit.sandbox.examples import A_MOMENT, between
from tests.unit.sandbox.partner import Control, Partner


def test_a_clock_that_was_set_goes_on_from_there(control: Control) -> None:
    control.set_clock("2026-08-03T15:30:00+05:30")
    assert timedelta(0) <= between("2026-08-03T10:00:00Z", control.now()) < A_MOMENT


def test_setting_the_clock_replaces_an_earlier_advance(control: Control) -> None:
    control.advance(1000)
    control.set_clock("2026-08-03T10:00:00Z")
    assert between("2026-08-03T10:00:00Z", control.now()) < A_MOMENT


def test_transactions_go_by_the_clock(control: Control, partner: Partner) -> None:
    control.set_clock("2026-08-03T10:00:00Z")
    created_at = partner.details(partner.new_transaction())["createdAt"]
    assert timedelta(0) <= between("2026-08-03T10:00:00Z", created_at) < A_MOMENT


def test_deleting_the_clock_returns_to_the_machines_time(control: Control) -> None:
    control.advance("P3D")
    control.call("DELETE", "clock")
    assert control.call("GET", "clock")["offsetSeconds"] == 0


def test_deleting_the_clock_answers_the_new_offset(control: Control) -> None:
    control.advance("P3D")
    assert control.call("DELETE", "clock")["offsetSeconds"] == 0


def test_the_time_is_written_as_gateway_writes_it(control: Control) -> None:
    now = control.now()
    assert datetime.fromisoformat(now).isoformat(timespec="milliseconds") == now.replace("Z", "+00:00")


@pytest.mark.parametrize(
    "body",
    [{}, {"now": "noon"}, {"now": "2026-08-03T10:00:00"}, {"advance": 1, "now": "2026-08-03T10:00:00Z"}],
)
def test_an_unclear_clock_body_is_refused(control: Control, body: dict[str, object]) -> None:
    assert control.client.post("/_sandbox/clock", json=body).status_code == 400
