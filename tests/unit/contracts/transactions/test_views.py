"""A transaction as the app sees it: its failure has a text and an action for the user."""

from datetime import timedelta

import pytest

from gateway_backend.contracts.orders.views import OrderView
from gateway_backend.contracts.transactions.views import TransactionView
from gateway_backend.domain.shared.errors import Action
from gateway_backend.domain.transactions import messages as transaction_messages
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Failure, Status
from testing.builders import NOW, transaction

TRANSACTION_CODES = [
    *(90, 100, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1010, 1011, 1012, 1013, 1014, 2000, 2001),
    *(3000, 3001, 3002, 3003, 3004, 4000, 4003, 4004, 4005, 4006),
]


@pytest.mark.parametrize("code", TRANSACTION_CODES)
def test_every_failure_is_shown_with_a_text_and_an_action(code: int) -> None:
    failed = transaction(intent=Intent.TRANSACTION, status=Status.ERRORED, failure=Failure(code, "message_of_gateway"))

    for error in (OrderView.of(failed, []).error, TransactionView.of(failed).error):
        assert error is not None
        assert error.text.endswith(".")
        assert error.text != transaction_messages.UNKNOWN.text or code == 2000
        assert "message_of_gateway" not in error.text
        assert error.action in Action


def test_a_failed_transaction_is_shown_with_a_text_for_the_user() -> None:
    failed = transaction(
        created_at=NOW + timedelta(milliseconds=1),
        status=Status.ERRORED,
        failure=Failure(1003, "consent_denied"),
        note="mine",
    )

    shown = TransactionView.of(failed).model_dump(by_alias=True, mode="json")

    assert shown["error"] == {
        "code": 1003,
        "message": "consent_denied",
        "text": "You did not allow access to your broker account.",
        "action": "RECONNECT",
    }
    assert (shown["transactionId"], shown["createdAt"], shown["final"]) == ("TRX_1", "2026-11-20T10:00:00.001Z", True)
    assert "owner" not in shown


@pytest.mark.parametrize(
    ("reason", "code"),
    [("ACCOUNT_MISMATCH", 10001), ("ACCOUNT_OF_ANOTHER_USER", 10002), ("CONNECTION_WITHDRAWN", 10003)],
)
def test_a_refused_link_has_a_status_and_a_code_of_its_own(reason: str, code: int) -> None:
    refused = transaction(link_refusal=reason, status=Status.COMPLETED)

    shown = TransactionView.of(refused)

    assert shown.final
    assert shown.error is not None
    assert (shown.status, shown.error.code, shown.error.message) == ("LINK_REFUSED", code, reason)


def test_an_order_whose_link_is_refused_keeps_the_status_of_the_order() -> None:
    order = transaction(intent=Intent.TRANSACTION, link_refusal="ACCOUNT_OF_ANOTHER_USER", status=Status.COMPLETED)

    assert TransactionView.of(order).status is Status.COMPLETED
