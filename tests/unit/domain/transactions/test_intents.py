"""Which intents need a linked account (contract 2.1, 2.3)."""

import pytest

from gateway_backend.domain.transactions.intents import Intent, needs_account


@pytest.mark.parametrize(
    ("intent", "needed"),
    [
        (Intent.HOLDINGS_IMPORT, False),
        (Intent.CONNECT, False),
        (Intent.FETCH_FUNDS, True),
        (Intent.AUTHORISE_HOLDINGS, True),
        (Intent.SIP_SETUP, True),
        (Intent.IMR_SETUP, True),
        (Intent.SUBSCRIPTION, False),
        (Intent.MF_HOLDINGS_IMPORT, False),
        (Intent.CANCEL_ORDER, False),
        (Intent.CANCEL_AMO, True),
    ],
)
def test_an_intent_needs_a_linked_account_where_the_contract_demands_it(intent: Intent, needed: bool) -> None:
    assert needs_account(intent) is needed


@pytest.mark.parametrize(
    ("order_type", "needed"), [("SECURITIES", False), ("BUY", False), ("EXIT", True), ("REPAIR", True)]
)
def test_an_order_needs_a_linked_account_unless_it_begins_an_investment(order_type: str, needed: bool) -> None:
    assert needs_account(Intent.TRANSACTION, order_type) is needed
