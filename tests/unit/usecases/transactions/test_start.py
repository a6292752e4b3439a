"""Start a transaction: it is the user's before anybody has its id, and only what Gateway may know is sent."""

import io
import logging
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import DomainError, NotFound, RequestInvalid
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.runtime.observability import logger
from testing.market_times import MINUTE
from testing.transaction_starts import BUY, IMPORT, account_in, creates, limited, start
from testing.world import World


@pytest.fixture
def world() -> World:
    return World()


def test_a_started_transaction_is_stored_as_the_users(world: World) -> None:
    started = start(world, BUY | {"notes": "for Asha's house"})

    stored = world.transactions.owned(started.transaction.id, "user-1")
    assert stored == started.transaction
    assert (stored.intent, stored.note) == (Intent.TRANSACTION, "for Asha's house")
    assert stored.order is not None
    assert stored.order.securities[0].quantity == 10


def test_a_started_transaction_has_the_id_and_the_expiry_that_gateway_gave(world: World) -> None:
    transaction = start(world, IMPORT).transaction

    assert transaction.id in world.gateway.transactions
    assert (transaction.created_at, transaction.expire_at) == (world.now, world.now + 5 * MINUTE)


def test_a_started_import_has_the_options_of_its_request(world: World) -> None:
    transaction = start(world, IMPORT | {"version": "v1", "assetConfig": {"mfHoldings": True}}).transaction

    assert (transaction.version, transaction.mutual_funds, transaction.order) == ("v1", True, None)


def test_a_started_transaction_is_checked_after_two_minutes(world: World) -> None:
    assert start(world, IMPORT).transaction.next_check_at == world.now + 2 * MINUTE


def test_gateway_gets_an_opaque_correlation_id_in_place_of_the_notes(world: World) -> None:
    started = start(world, BUY | {"notes": "for Asha's house"})

    (sent,) = world.gateway.create_bodies
    assert sent == BUY | {"notes": started.transaction.correlation_id}
    assert len(sent["notes"]) == 32


def test_a_guest_gets_the_token_of_a_guest(world: World) -> None:
    world.link("account-1", broker="groww")

    assert account_in(start(world, BUY).token) is None


def test_a_linked_account_gets_its_own_token(world: World) -> None:
    world.link("account-1", broker="groww")

    started = start(world, BUY | {"smallcaseAuthId": "account-1"})

    assert account_in(started.token) == "account-1"
    assert started.transaction.requested_account_id == "account-1"


@pytest.mark.parametrize("body", [BUY, IMPORT, {"intent": "FETCH_FUNDS"}])
def test_the_account_of_another_user_is_not_found(world: World, body: dict[str, Any]) -> None:
    world.link("account-1")

    with pytest.raises(NotFound):
        start(world, body | {"smallcaseAuthId": "account-1"}, user="user-2")
    assert creates(world) == 0


def test_an_order_that_the_rules_refuse_does_not_reach_gateway(world: World) -> None:
    with pytest.raises(RequestInvalid, match="limit orders are not set up"):
        start(world, limited())
    assert creates(world) == 0


# Personal data ---------------------------------------------------------------------------------

PAN, PHONE, EMAIL = "ABCPE1234F", "9876543210", "asha@example.com"
STATEMENT = {"intent": "MF_HOLDINGS_IMPORT", "assetConfig": {"pan": PAN, "phone": PHONE, "email": EMAIL}}


@pytest.mark.parametrize("fault", ["", "timeout", "400", "garbage"])
def test_personal_data_is_sent_on_and_neither_stored_nor_logged(
    world: World, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged, written = io.StringIO(), list[str]()
    handler = logging.StreamHandler(logged)
    handler.setFormatter(logger.registered_formatter)
    monkeypatch.setattr(logger._logger, "handlers", [handler])
    world.client.before_call = lambda _operation, request: written.append(str(request))
    world.fail_next("create", fault)

    try:
        start(world, STATEMENT)
    except DomainError as error:
        written.append(error.detail)

    (sent,) = world.gateway.create_bodies
    assert sent["assetConfig"] == STATEMENT["assetConfig"]
    for secret in (PAN, PHONE, EMAIL):
        assert secret not in logged.getvalue()
        assert secret not in "".join(written)
