"""Steps of tests in which calls of the sandbox run into faults."""

from typing import Any

import httpx

from tests.unit.sandbox.examples import AUTH_ID
from tests.unit.sandbox.partner import Control, Partner


def add_fault(control: Control, fault: str, route: str = "holdings", **more: Any) -> list[dict[str, Any]]:
    """The faults that wait."""
    faults: list[dict[str, Any]] = control.call("PUT", "faults", route=route, fault=fault, **more)["faults"]
    return faults


def fetch_with(control: Control, partner: Partner, fault: str, auth_id: str = AUTH_ID, **more: Any) -> httpx.Response:
    add_fault(control, fault, **more)
    return partner.fetch_holdings(auth_id, version="v2", mfHoldings="true")


def data_with(control: Control, partner: Partner, fault: str, auth_id: str = AUTH_ID, **more: Any) -> Any:
    return fetch_with(control, partner, fault, auth_id, **more).json()["data"]


def transactions_in(control: Control) -> list[Any]:
    app: Any = control.client.app
    return list(app.state.services.state.items("transaction"))
