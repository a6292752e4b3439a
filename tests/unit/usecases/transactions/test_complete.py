"""Take the SDK's result: a hint that is confirmed with Gateway, whose token must agree with what Gateway reports."""

import pytest

from gateway_backend.contracts.transactions.sdk_result import SdkResult
from gateway_backend.domain.shared.errors import (
    AccountMismatch,
    AccountOfAnotherUser,
    ConnectionWithdrawn,
    NotFound,
    RequestInvalid,
    SdkTokenExpired,
    SdkTokenInvalid,
    TransactionExpired,
)
from gateway_backend.domain.transactions.report import Failure, Status
from gateway_backend.domain.transactions.transaction import Transaction
from gateway_backend.gateway import tokens
from gateway_backend.usecases.transactions.complete import complete_transaction
from testing.gateway import KEYS
from testing.market_times import MINUTE
from testing.reconciliations import FOUR, report, world_with_open_import
from testing.world import World

SUCCESS = SdkResult()
CANCELLED = Failure(1012, "user_cancelled")
DENIED = Failure(1013, "consent_denied")


@pytest.fixture
def world() -> World:
    return world_with_open_import()


def complete(world: World, result: SdkResult = SUCCESS, *, user: str = "user-1") -> Transaction:
    return complete_transaction("TRX_1", result, user=user, context=world.sync_context)


def token_of(world: World, account_id: str, secret: str = KEYS.secret) -> str:
    return tokens.connected_token(account_id, secret, world.now)


def test_the_result_of_a_completed_import_settles_it(world: World) -> None:
    world.complete_login("TRX_1", "a")

    completed = complete(world, SdkResult(token=token_of(world, "a"), transaction_id="TRX_1"))

    assert (completed.status, completed.is_settled) == (Status.COMPLETED, True)
    assert completed == world.transaction("TRX_1")
    assert world.stored_holdings("a") == FOUR


def test_a_result_without_a_token_is_confirmed_by_gateway_alone(world: World) -> None:
    world.complete_login("TRX_1", "a")

    assert complete(world).is_settled


def test_the_token_of_a_guest_names_no_account_to_disagree_with(world: World) -> None:
    world.complete_login("TRX_1", "a")

    assert complete(world, SdkResult(token=tokens.guest_token(KEYS.secret, world.now))).is_settled


def test_a_token_links_nothing_by_itself(world: World) -> None:
    report(world, Status.USED)

    completed = complete(world, SdkResult(token=token_of(world, "a")))

    assert completed.account_id is None
    assert world.connections.find("a") is None


def test_a_user_who_logged_in_is_linked_although_the_transaction_failed(world: World) -> None:
    report(world, Status.ERRORED, smallcaseAuthId="a", broker="kite", error={"code": 1013, "message": "denied"})

    complete(world, SdkResult(failure=DENIED))

    assert world.connection("a").owner == "user-1"


def test_success_of_the_client_is_no_success_of_the_transaction(world: World) -> None:
    report(world, Status.USED)

    assert complete(world).status is Status.USED


def test_a_repeated_result_gives_the_settled_transaction(world: World) -> None:
    world.complete_login("TRX_1", "a")
    complete(world)
    world.now += MINUTE

    assert complete(world).is_settled
    assert world.calls_for("a") == 1


def test_the_result_of_a_settled_order_asks_gateway_nothing() -> None:
    world = World()
    world.begin_order("TRX_1")
    report(world, Status.CANCELLED)
    settled = complete(world)
    world.gateway.calls.clear()

    assert complete(world) == settled
    assert (settled.is_settled, world.gateway.calls) == (True, [])


# Failures --------------------------------------------------------------------------------------


def test_the_failure_of_the_client_is_stored_while_gateway_has_none(world: World) -> None:
    report(world, Status.USED)

    assert complete(world, SdkResult(failure=CANCELLED)).failure == CANCELLED
    assert world.transaction("TRX_1").failure == CANCELLED


def test_the_first_failure_of_the_client_stays(world: World) -> None:
    report(world, Status.USED)
    complete(world, SdkResult(failure=CANCELLED))

    assert complete(world, SdkResult(failure=DENIED)).failure == CANCELLED


def test_the_failure_that_gateway_reports_replaces_the_one_of_the_client(world: World) -> None:
    report(world, Status.USED)
    complete(world, SdkResult(failure=CANCELLED))
    report(world, Status.ERRORED, error={"code": 1013, "message": "consent_denied"})

    assert complete(world, SdkResult(failure=CANCELLED)).failure == DENIED


def test_a_completed_transaction_has_no_failure_whatever_the_client_reports(world: World) -> None:
    world.complete_login("TRX_1", "a")

    assert complete(world, SdkResult(failure=CANCELLED)).failure is None


@pytest.mark.parametrize("fault", ["timeout", "500", "400", "403"])
def test_while_gateway_cannot_answer_the_failure_of_the_client_is_stored(world: World, fault: str) -> None:
    world.fail_next("TRX_1", fault)

    completed = complete(world, SdkResult(failure=CANCELLED))

    assert (completed.status, completed.failure) == (Status.INITIALIZED, CANCELLED)
    assert not completed.is_settled
    assert world.transaction("TRX_1") == completed


@pytest.mark.parametrize("fault", ["500", "403", "updating"])
def test_a_pull_that_fails_leaves_the_transaction_completed_and_unsettled(world: World, fault: str) -> None:
    world.complete_login("TRX_1", "a")
    world.fail_next("a", fault)

    completed = complete(world)

    assert (completed.status, completed.is_settled) == (Status.COMPLETED, False)
    assert completed == world.transaction("TRX_1")
    assert world.connection("a").owner == "user-1"


# Refusals --------------------------------------------------------------------------------------


def test_a_transaction_of_another_user_is_not_found(world: World) -> None:
    world.complete_login("TRX_1", "a")

    with pytest.raises(NotFound):
        complete(world, user="user-2")
    assert world.calls_for("TRX_1") == 0


def test_an_unknown_transaction_is_not_found() -> None:
    with pytest.raises(NotFound):
        complete(World())


def test_the_result_of_another_transaction_is_refused(world: World) -> None:
    with pytest.raises(RequestInvalid, match="another transaction"):
        complete(world, SdkResult(transaction_id="TRX_2"))
    assert world.calls_for("TRX_1") == 0


def test_a_token_of_another_signer_is_refused(world: World) -> None:
    world.complete_login("TRX_1", "a")

    with pytest.raises(SdkTokenInvalid):
        complete(world, SdkResult(token=token_of(world, "a", "another-secret-of-32-bytes-or-so.")))
    assert world.connections.find("a") is None


def test_a_token_that_has_expired_is_refused(world: World) -> None:
    world.complete_login("TRX_1", "a")
    token = token_of(world, "a")
    world.now += tokens.LIFETIME

    with pytest.raises(SdkTokenExpired):
        complete(world, SdkResult(token=token))
    assert world.connections.find("a") is None


def test_a_token_for_another_account_than_gateway_names_is_refused(world: World) -> None:
    world.complete_login("TRX_1", "a")

    with pytest.raises(AccountMismatch):
        complete(world, SdkResult(token=token_of(world, "b")))
    assert world.connections.find("a") is None
    assert world.transaction("TRX_1").status is Status.INITIALIZED


def test_another_account_than_the_requested_is_refused() -> None:
    world = World()
    world.begin_transaction("TRX_1", requested_account_id="b")
    world.complete_login("TRX_1", "a")

    with pytest.raises(AccountMismatch):
        complete(world)


def test_the_account_of_another_user_is_refused(world: World) -> None:
    world.link_with(world.begin_transaction("TRX_2", user="user-2"), "a", "kite")
    world.complete_login("TRX_1", "a")

    with pytest.raises(AccountOfAnotherUser):
        complete(world)


def test_an_account_that_was_unlinked_since_the_start_is_refused(world: World) -> None:
    world.link("a")
    world.now += MINUTE
    world.unlink("a")
    world.complete_login("TRX_1", "a")

    with pytest.raises(ConnectionWithdrawn):
        complete(world)


def test_an_expired_import_is_refused_and_stored_as_expired(world: World) -> None:
    report(world, Status.EXPIRED)

    with pytest.raises(TransactionExpired):
        complete(world)
    assert world.transaction("TRX_1").status is Status.EXPIRED
