"""Webhooks are retried after 15 minutes, 24 and 48 hours (contract 3.3)."""

from typing import Any

import httpx
import pytest

from tests.unit.sandbox.examples import import_holdings
from tests.unit.sandbox.partner import Control, Partner

REFUSED = 503


@pytest.fixture
def refused(control: Control, partner: Partner, auth_id: str) -> str:
    """An import whose webhook the partner refuses."""
    partner.answer_status = REFUSED
    transaction_id = import_holdings(control, partner, webhooks="send")
    control.wait_for_deliveries(1)
    return transaction_id


def retry_until_the_end(control: Control) -> list[dict[str, Any]]:
    """The deliveries after all retries have become due in turn."""
    for attempts, wait in ((2, "PT15M"), (3, "PT24H"), (4, "PT48H")):
        control.advance(wait)
        control.wait_for_deliveries(attempts)
    return control.deliveries()


@pytest.mark.usefixtures("refused")
def test_before_15_minutes_nothing_is_retried(control: Control, partner: Partner) -> None:
    control.advance("PT14M")
    # Another webhook shows that the sender has looked for due webhooks since.
    later = import_holdings(control, partner, webhooks="send")
    assert [delivery["transactionId"] for delivery in control.wait_for_deliveries(2)][1:] == [later]


@pytest.mark.usefixtures("refused")
def test_a_refused_webhook_is_sent_four_times(control: Control) -> None:
    assert [delivery["attempt"] for delivery in retry_until_the_end(control)] == [1, 2, 3, 4]


@pytest.mark.usefixtures("refused")
def test_every_attempt_has_its_status(control: Control) -> None:
    assert {delivery["status"] for delivery in retry_until_the_end(control)} == {REFUSED}


@pytest.mark.usefixtures("refused")
def test_every_attempt_sends_the_same_bytes(control: Control, partner: Partner) -> None:
    retry_until_the_end(control)
    assert len(set(partner.received)) == 1


@pytest.mark.usefixtures("refused")
def test_after_the_fourth_attempt_nothing_is_retried(control: Control) -> None:
    retry_until_the_end(control)
    assert control.retry() == []


@pytest.mark.usefixtures("refused")
def test_a_retry_can_be_sent_at_once(control: Control) -> None:
    (delivery,) = control.retry()
    assert delivery["attempt"] == 2


@pytest.mark.usefixtures("refused")
def test_an_accepted_retry_is_the_last(control: Control, partner: Partner) -> None:
    partner.answer_status = 204
    control.retry()
    assert control.retry() == []


def test_a_forged_webhook_is_not_retried(control: Control, partner: Partner, auth_id: str) -> None:
    partner.answer_status = 401
    import_holdings(control, partner)
    control.fire(mode="forged")
    assert control.retry() == []


@pytest.fixture
def unanswered(control: Control, partner: Partner, auth_id: str) -> dict[str, Any]:
    """The delivery of a webhook that did not reach the partner."""
    import_holdings(control, partner)

    async def unreachable(*_: Any, **__: Any) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.AsyncClient, "post", unreachable)
        (delivery,) = control.fire()
    return delivery


def test_a_delivery_without_an_answer_has_no_status(unanswered: dict[str, Any]) -> None:
    assert unanswered["status"] is None


def test_a_delivery_without_an_answer_has_the_reason(unanswered: dict[str, Any]) -> None:
    assert "connection refused" in unanswered["answer"]


@pytest.mark.usefixtures("unanswered")
def test_a_webhook_without_an_answer_is_retried(control: Control) -> None:
    assert control.retry()[0]["status"] == 200
