"""An authentic webhook of a kind that is new to us is kept: refused, Gateway would repeat it for three days."""

import json
from typing import Any

import pytest

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import BodyUnreadable, NotAuthentic, NotYet
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.webhooks.receipt import ReceiptKey, WebhookKind
from gateway_backend.gateway.checksums import checksum
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE
from testing.gateway import KEYS
from testing.market_times import MINUTE
from testing.world import World

LIEN = {"smallcaseAuthId": "account-1", "lienStatus": "CREATED"}


@pytest.fixture
def world() -> World:
    return World()


def signed_by_transaction(world: World, **body: Any) -> bytes:
    members: dict[str, Any] = {"timestamp": times.to_text(world.now)} | body
    signature = checksum(members["timestamp"] + members["transactionId"], KEYS.api_secret)
    return json.dumps(members | {"checksum": signature}).encode()


def test_a_new_kind_that_is_signed_over_the_account_is_kept(world: World) -> None:
    key = world.receive_webhook(LIEN)

    assert world.receipt(key).kind is WebhookKind.UNKNOWN
    assert json.loads(world.receipts.body(key))["lienStatus"] == "CREATED"


def test_a_new_kind_that_is_signed_over_the_transaction_is_kept(world: World) -> None:
    key = world.receive_raw(signed_by_transaction(world, **LIEN, transactionId="TRX_1"))

    assert world.receipt(key).kind is WebhookKind.UNKNOWN


def test_a_new_kind_is_quarantined_with_its_body(world: World) -> None:
    key = world.receive_webhook(LIEN)

    assert world.apply_receipt(key) == ("QUARANTINED", "UNKNOWN_KIND")
    assert world.receipts.body(key)


def has_body(world: World, key: ReceiptKey) -> bool:
    try:
        return bool(world.receipts.body(key))
    except LookupError:
        return False


def test_a_new_kind_about_a_transaction_of_ours_is_quarantined_with_its_body(world: World) -> None:
    world.begin_transaction("TRX_1")
    key = world.receive_raw(signed_by_transaction(world, lienStatus="CREATED", transactionId="TRX_1"))

    assert world.apply_receipt(key) == ("QUARANTINED", "UNKNOWN_KIND")
    assert has_body(world, key)


def test_a_new_kind_about_a_transaction_that_is_no_longer_stored_is_erased(world: World) -> None:
    key = world.receive_raw(signed_by_transaction(world, lienStatus="CREATED", transactionId="TRX_ERASED"))

    assert world.apply_receipt(key) == ("QUARANTINED", "UNKNOWN_KIND")
    assert not has_body(world, key)


def test_a_new_kind_about_a_transaction_whose_content_was_erased_is_erased_too(world: World) -> None:
    world.link("account-1")
    holdings = {"smallcaseAuthId": "account-1", "transactionId": "TRX_account-1", "securities": []}
    world.apply_receipt(world.receive_webhook(holdings))
    world.unlink("account-1")
    world.now += MINUTE
    body = {"lienStatus": "CREATED", "transactionId": "TRX_account-1"}
    of_transaction = world.receive_raw(signed_by_transaction(world, **body))
    of_both = world.receive_webhook(body | {"smallcaseAuthId": "account-1"})

    for key in (of_transaction, of_both):
        assert world.apply_receipt(key) == ("QUARANTINED", "UNKNOWN_KIND")
        assert not has_body(world, key)


def test_a_new_kind_without_a_valid_checksum_is_refused(world: World) -> None:
    for body in (LIEN, LIEN | {"checksum": "0" * 64}, {"checksum": "0" * 64}):
        with pytest.raises(BodyUnreadable):
            world.receive_raw(json.dumps({"timestamp": times.to_text(world.now)} | body).encode())


def test_a_checksum_over_the_timestamp_alone_signs_nothing(world: World) -> None:
    timestamp = times.to_text(world.now)
    signed = {"timestamp": timestamp, "event": "X", "checksum": checksum(timestamp, KEYS.api_secret)}

    with pytest.raises(BodyUnreadable):
        world.receive_raw(json.dumps(signed).encode())


def test_a_known_kind_with_a_wrong_checksum_is_not_authentic(world: World) -> None:
    with pytest.raises(NotAuthentic):
        world.receive_raw(json.dumps(LIEN | {"timestamp": "T", "batchId": "b", "checksum": "0" * 64}).encode())


def test_a_mutual_fund_import_may_name_the_account_beside_its_intent(world: World) -> None:
    world.begin_transaction("TRX_1", intent=Intent.MF_HOLDINGS_IMPORT)
    world.gateway.transactions["TRX_1"] = {"status": Status.PROCESSING}
    raw = signed_by_transaction(
        world, transactionId="TRX_1", smallcaseAuthId="account-1", intent="MF_HOLDINGS_IMPORT", data={"schemes": [1]}
    )

    assert world.apply_receipt(world.receive_raw(raw)) == ("APPLIED", "KEPT")


def test_a_transaction_that_gateway_does_not_know_at_first_is_asked_about_again(world: World) -> None:
    world.link("account-1")
    world.gateway.transactions.pop("TRX_account-1")
    key = world.receive_webhook({"smallcaseAuthId": "account-1", "transactionId": "TRX_account-1", "securities": []})

    for attempt in range(1, ATTEMPTS_BEFORE_QUARANTINE):
        with pytest.raises(NotYet):
            world.apply_receipt(key, attempt)
    assert world.apply_receipt(key, ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "UNKNOWN_TO_GATEWAY")
