"""Brokers differ in what they can do (contract 7.1, 7.2)."""

from tests.unit.sandbox.examples import TCS
from tests.unit.sandbox.partner import Control, Partner


def test_a_broker_without_holdings_import_cannot_import(control: Control, partner: Partner) -> None:
    control.put_account(broker="sbi")
    assert control.run_scenario(partner.new_transaction(), broker="sbi")["rejected"]["code"] == 1006


def test_a_broker_without_holdings_import_can_connect(control: Control, partner: Partner) -> None:
    control.put_account(broker="sbi")
    transaction_id = partner.new_transaction(intent="CONNECT")
    assert control.run_scenario(transaction_id, broker="sbi")["resolved"]["broker"] == "sbi"


def test_a_broker_without_securities_orders_cannot_order(control: Control, partner: Partner) -> None:
    control.put_account(broker="dhan")
    assert control.run_scenario(partner.new_order(TCS), broker="dhan")["rejected"]["code"] == 1006


def test_a_broker_with_virtual_money_can_do_what_the_real_broker_can(control: Control, partner: Partner) -> None:
    control.put_account(broker="kite-leprechaun")
    assert "resolved" in control.run_scenario(partner.new_transaction(), broker="kite-leprechaun")
