"""A mutual fund statement is kept once, without the investor, and only for an import of ours."""

from typing import Any

import pytest

from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import NotYet
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.usecases.holdings.read_mutual_funds import read_mutual_funds
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE
from testing.order_world import pull, with_account
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


STATEMENT = {
    "summary": [{"scheme": "Flexi Cap", "folio": "123/45", "isin": "INF879O01027", "units": 101.0000000000000007}],
    "investor": {"name": "Asha Rao", "address": "12 MG Road"},
    "pan": "ABCPE1234F",
    "email": "asha@example.com",
    "transactions": [{"scheme": "Flexi Cap", "mobile": "9876543210", "amount": -36.65253999999927}],
    "linked": ["ABCPE1234F", "asha@example.com", "Flexi Cap"],
}
PERSONAL = ("ABCPE1234F", "asha@example.com", "9876543210", "Asha", "MG Road")


@pytest.fixture
def importing(world: World) -> World:
    """TRX_2 imports mutual funds, and Gateway is at it."""
    world.begin_transaction("TRX_2", intent=Intent.MF_HOLDINGS_IMPORT)
    world.gateway.transactions["TRX_2"] = {"status": "PROCESSING"}
    return world


def statement(world: World, data: Any = STATEMENT, **more: Any) -> Any:
    return world.receive_webhook({"transactionId": "TRX_2", "data": data, "notes": "x"} | more)


def served(world: World) -> str:
    return read_mutual_funds("TRX_2", user="user-1", transactions=world.transactions, mutual_funds=world.mutual_funds)


def test_a_statement_is_kept_without_what_it_says_of_the_investor(importing: World) -> None:
    assert importing.apply_receipt(statement(importing)) == ("APPLIED", "KEPT")

    (fund,) = exact_json.loads(served(importing))["data"]["summary"]
    assert (fund["scheme"], fund["folio"]) == ("Flexi Cap", "123/45")
    assert not any(secret in served(importing) for secret in PERSONAL)
    transaction = importing.transactions.owned("TRX_2", "user-1")
    assert (transaction.status, transaction.is_settled) == (Status.COMPLETED, True)


def test_a_statement_keeps_its_digits(importing: World) -> None:
    digits = '{"units":101.0000000000000007,"amount":-36.65253999999927,"nav":12.50}'
    raw = importing.signed_webhook({"transactionId": "TRX_2", "data": 1}).replace(
        b'"data": 1', b'"data": ' + digits.encode()
    )
    importing.apply_receipt(importing.receive_raw(raw))

    assert f'"data":{digits}' in served(importing)


def test_the_body_of_its_webhook_is_erased(importing: World) -> None:
    key = statement(importing)
    importing.apply_receipt(key)

    with pytest.raises(LookupError):
        importing.receipts.body(key)


def test_a_second_statement_does_not_replace_the_first(importing: World) -> None:
    importing.apply_receipt(statement(importing))
    first = served(importing)
    forged = statement(importing, data={"summary": []}, timestamp="2026-11-20T06:31:00.000Z")

    assert importing.apply_receipt(forged) == ("QUARANTINED", "MUTUAL_FUNDS_KEPT_ALREADY")
    assert served(importing) == first
    with pytest.raises(LookupError):
        importing.receipts.body(forged)


def test_the_same_statement_again_is_harmless(importing: World) -> None:
    importing.apply_receipt(statement(importing))
    again = statement(importing, timestamp="2026-11-20T06:31:00.000Z")

    assert importing.apply_receipt(again) == ("APPLIED", "KEPT")


def test_a_statement_of_another_kind_of_transaction_is_quarantined(world: World) -> None:
    for transaction_id, reason in (("TRX_1", "INTENT_MISMATCH"), ("TRX_9", "UNKNOWN_TRANSACTION")):
        body = {"transactionId": transaction_id, "intent": "MF_HOLDINGS_IMPORT", "data": STATEMENT}
        key = world.receive_webhook(body)
        assert world.apply_receipt(key) == ("QUARANTINED", reason)
        with pytest.raises(LookupError):
            world.receipts.body(key)


@pytest.mark.parametrize("status", [Status.ERRORED, Status.CANCELLED])
def test_a_statement_of_an_import_that_failed_is_quarantined(importing: World, status: Status) -> None:
    importing.gateway.transactions["TRX_2"] = {"status": status}

    assert importing.apply_receipt(statement(importing)) == ("QUARANTINED", "NOT_CONFIRMED")
    assert importing.mutual_funds.find("TRX_2") is None


def test_a_statement_of_an_import_that_has_not_begun_waits(importing: World) -> None:
    importing.gateway.transactions["TRX_2"] = {"status": "INITIALIZED"}
    key = statement(importing)
    for attempt in range(1, ATTEMPTS_BEFORE_QUARANTINE):
        with pytest.raises(NotYet):
            importing.apply_receipt(key, attempt)

    assert importing.apply_receipt(key, ATTEMPTS_BEFORE_QUARANTINE) == ("APPLIED", "KEPT")


def test_an_import_that_brought_its_statement_after_all_has_not_failed(importing: World) -> None:
    closed = {"value": True, "code": 1012, "message": "user_cancelled"}
    importing.gateway.transactions["TRX_2"] = {"status": "USED", "error": closed}
    pull(importing, "TRX_2")
    importing.apply_receipt(statement(importing))

    transaction = importing.transactions.owned("TRX_2", "user-1")
    assert (transaction.status, transaction.failure) == (Status.COMPLETED, None)
