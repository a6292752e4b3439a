"""With every webhook lost the system still converges: what is open is asked about until its end is known."""

from copy import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from gateway_backend.contracts.webhooks.envelope import WebhookEnvelope
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.shared.errors import GatewayRefused
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import GRACE, Report, Status
from gateway_backend.domain.transactions.transaction import CHECKS_BEFORE_EXPIRY, Transaction
from gateway_backend.usecases.transactions import reconcile as module
from gateway_backend.usecases.transactions.reconcile import reconcile_transactions
from gateway_backend.usecases.transactions.sync import apply_gateway_report
from testing.market_times import HOUR, MINUTE, SECOND, THURSDAY_EVENING
from testing.world import World

EXPIRES = THURSDAY_EVENING + 5 * MINUTE


@pytest.fixture
def world() -> World:
    """A user has begun an import on Thursday evening; nobody has told us anything since."""
    world = World()
    world.begin_transaction("TRX_1")
    return world


def run(world: World, threads: int = 1) -> dict[str, int]:
    return reconcile_transactions(replace(world.reconcile_context, threads=threads))


def told(world: World, status: Status, **more: Any) -> None:
    world.gateway.transactions["TRX_1"] = {"status": status, **more}


def transaction(world: World, transaction_id: str = "TRX_1") -> Transaction:
    found = world.transactions.find(transaction_id)
    assert found is not None
    return found


def still_open(world: World) -> list[str]:
    return list(world.transactions.to_check(world.now + timedelta(days=365)))


def webhook(world: World, read: Transaction | None = None) -> None:
    """Somebody else brings Gateway's word of the completion."""
    apply_gateway_report(
        read or transaction(world),
        Report("TRX_1", Status.COMPLETED, account_id="a", broker="kite"),
        world.sync_context,
    )


def run_for(world: World, duration: timedelta) -> list[timedelta]:
    """How long after its beginning the transaction was asked about, with a run every minute."""
    asked = []
    until = world.now + duration
    while world.now <= until:
        before = world.calls_for("TRX_1")
        run(world)
        if world.calls_for("TRX_1") > before:
            asked.append(world.now - THURSDAY_EVENING)
        world.now += MINUTE
    return asked


# How often -------------------------------------------------------------------------------------


def test_a_new_transaction_is_left_to_its_webhook_at_first(world: World) -> None:
    world.now += 2 * MINUTE - SECOND
    assert run(world)["transactionsChecked"] == 0

    world.now += SECOND
    assert run(world)["transactionsChecked"] == 1


def test_one_that_stays_open_is_asked_about_less_and_less_often(world: World) -> None:
    told(world, Status.PROCESSING)
    asked = run_for(world, timedelta(hours=20))
    pauses = [later - earlier for earlier, later in pairwise(asked)]

    assert asked[0] == 2 * MINUTE
    assert pauses == sorted(pauses)
    assert pauses[:4] == [4 * MINUTE, 8 * MINUTE, 16 * MINUTE, 32 * MINUTE]
    assert max(pauses) <= 6 * HOUR
    assert len(asked) < 12


def test_a_settled_one_is_asked_about_no_more(world: World) -> None:
    told(world, Status.CANCELLED)

    assert len(run_for(world, timedelta(hours=20))) == 1


def test_one_that_is_open_for_more_than_a_day_is_counted_for_the_operator(world: World) -> None:
    told(world, Status.PROCESSING)
    world.now += timedelta(days=1)
    assert run(world)["transactionsStuck"] == 0

    world.now += 6 * HOUR
    assert run(world)["transactionsStuck"] == 1


# What Gateway says -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])
def test_an_abandoned_transaction_expires_but_only_after_gateway_was_asked(world: World, status: Status) -> None:
    told(world, status)
    world.now = EXPIRES + GRACE
    world.gateway.permanent_fault = "500"
    run(world)
    assert transaction(world).status is Status.INITIALIZED

    world.gateway.permanent_fault = ""
    world.now += HOUR
    assert run(world)["transactionsSettled"] == 1
    assert transaction(world).status is Status.EXPIRED


@pytest.mark.parametrize("status", [Status.INITIALIZED, Status.USED])
def test_one_that_may_still_be_finishing_does_not_expire(world: World, status: Status) -> None:
    told(world, status)
    world.now = EXPIRES + GRACE - SECOND
    run(world)

    assert transaction(world).status is status


def test_what_the_broker_is_at_work_on_stays_open_past_its_time(world: World) -> None:
    told(world, Status.PROCESSING)
    world.now += timedelta(days=3)
    run(world)

    assert (transaction(world).status, transaction(world).is_settled) == (Status.PROCESSING, False)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.ERRORED, Status.EXPIRED])
def test_the_end_that_gateway_tells_is_noted(world: World, status: Status) -> None:
    told(world, status, error={"value": True, "code": 1012, "message": "user_cancelled"})
    world.now += 2 * MINUTE

    assert run(world)["transactionsSettled"] == 1
    assert transaction(world).status is status
    failure = transaction(world).failure
    assert failure is not None
    assert failure.code == 1012


def test_a_completed_import_whose_webhook_never_came_is_imported(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.now += 2 * MINUTE

    assert run(world)["transactionsSettled"] == 1

    assert world.connection("a").owner == "user-1"
    assert world.stored_holdings("a") == dict.fromkeys(range(4), 10)
    assert transaction(world).result_persisted


def test_a_login_that_ended_without_an_import_still_links_the_account(world: World) -> None:
    told(world, Status.ERRORED, smallcaseAuthId="a", broker="kite", error={"code": 1013, "message": "consent_denied"})
    world.now += 2 * MINUTE
    run(world)

    assert (world.connection("a").broker, world.connection("a").as_of) == ("kite", None)


def test_a_completed_one_whose_holdings_are_not_there_yet_is_imported_later(world: World) -> None:
    world.complete_login("TRX_1", "a")
    world.fail_next("a", "updating", "500", "truncated")
    asked = run_for(world, timedelta(hours=2))

    assert len(asked) == 4
    assert world.stored_holdings("a") == dict.fromkeys(range(4), 10)
    assert transaction(world).is_settled


def test_a_connection_made_for_itself_is_settled_without_an_import() -> None:
    world = World()
    world.begin_transaction("TRX_1", intent=Intent.CONNECT)
    told(world, Status.COMPLETED, smallcaseAuthId="a", broker="kite")
    world.now += 2 * MINUTE

    assert run(world)["transactionsSettled"] == 1
    assert world.calls_for("a") == 0


def test_one_that_gateway_has_forgotten_ends_with_its_time(world: World) -> None:
    """It is asked five times over an hour before that is believed: a Gateway in trouble may forget for a while."""
    del world.gateway.transactions["TRX_1"]
    assert len(run_for(world, 65 * MINUTE)) == CHECKS_BEFORE_EXPIRY
    assert transaction(world).status is Status.INITIALIZED

    run_for(world, 2 * HOUR)
    assert transaction(world).status is Status.EXPIRED


def test_one_that_stays_open_for_a_week_is_given_up(world: World) -> None:
    told(world, Status.PROCESSING)
    world.now += timedelta(days=7)
    run(world)
    assert still_open(world) == ["TRX_1"]

    world.now += 7 * HOUR
    run(world)
    assert still_open(world) == []


def test_a_late_completion_of_one_that_had_expired_is_imported_later_when_that_fails(world: World) -> None:
    told(world, Status.EXPIRED)
    world.now += HOUR
    run(world)
    assert (transaction(world).status, still_open(world)) == (Status.EXPIRED, [])

    world.complete_login("TRX_1", "a")
    world.fail_next("a", "400", "500")
    with pytest.raises(GatewayRefused):
        webhook(world)
    assert still_open(world) == ["TRX_1"]

    run_for(world, HOUR)
    assert world.stored_holdings("a") == dict.fromkeys(range(4), 10)
    assert still_open(world) == []


def test_one_that_a_second_reader_takes_for_open_is_not_asked_about_for_ever(world: World) -> None:
    """Both read it before either had imported; the second one has its word only when the first is done."""
    world.complete_login("TRX_1", "a")
    world.now += 2 * MINUTE
    read = transaction(world)
    run(world)
    world.fail_next("a", "400")
    webhook(world, read)
    run_for(world, HOUR)

    assert transaction(world).is_settled
    assert still_open(world) == []


def test_wrong_keys_end_no_transaction(world: World) -> None:
    world.gateway.permanent_fault = "403"
    run_for(world, timedelta(hours=5))

    assert not transaction(world).is_settled


def test_an_account_of_another_user_is_refused_and_not_asked_about_again(world: World) -> None:
    owner = world.begin_transaction("TRX_2", user="user-2")
    world.link_with(owner, "a", "kite")
    world.complete_login("TRX_1", "a")

    assert len(run_for(world, timedelta(hours=5))) == 1
    assert transaction(world).link_refusal == "ACCOUNT_OF_ANOTHER_USER"
    assert world.connection("a").owner == "user-2"


def test_a_new_login_whose_webhook_never_came_heals_the_connection() -> None:
    world = World()
    world.link("a")
    world.now += 72 * HOUR
    world.end_session("a", "SNAPSHOT_NOT_MOVING")
    assert world.connection("a").session.state is SessionState.NEEDS_LOGIN

    world.now += HOUR
    world.begin_transaction("TRX_1")
    world.complete_login("TRX_1", "a")
    world.now += 2 * MINUTE
    run(world)

    account = world.connection("a")
    assert (account.session.state, account.stale_since, account.as_of) == (SessionState.ACTIVE, None, world.now)


# Trouble ---------------------------------------------------------------------------------------


def test_a_webhook_that_comes_in_between_is_not_undone(world: World) -> None:
    """Gateway's answer to us was made before the user finished."""
    told(world, Status.USED)
    world.now = EXPIRES + GRACE

    def meanwhile() -> None:
        world.complete_login("TRX_1", "a")
        run(world)

    world.gateway.before_reply = meanwhile
    run(world)

    found = transaction(world)
    assert (found.status, found.result_persisted) == (Status.COMPLETED, True)
    world.now += timedelta(days=1)
    assert run(world)["transactionsChecked"] == 0


def test_many_are_asked_about_in_one_run(world: World) -> None:
    for number in range(250):
        world.begin_transaction(f"OTHER_{number}")
    world.now = EXPIRES + GRACE

    counted = run(world, threads=10)
    assert (counted["transactionsChecked"], counted["transactionsSettled"]) == (251, 251)


def test_a_store_that_fails_for_one_leaves_it_to_the_next_run(world: World) -> None:
    def failing(_operation: str, request: dict[str, Any]) -> None:
        if request.get("Key", {}).get("pk") == {"S": "TXN#TRX_1"}:
            raise EndpointConnectionError(endpoint_url="https://store.example")

    world.begin_transaction("TRX_2")
    world.now = EXPIRES + GRACE
    world.client.before_call = failing
    assert run(world)["transactionsSettled"] == 1

    world.client.before_call = lambda _operation, _request: None
    assert run(world)["transactionsSettled"] == 1


def test_what_there_is_no_time_for_waits_for_the_next_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.now = EXPIRES
    with monkeypatch.context() as patch:
        patch.setattr(module, "SECONDS", 0)
        assert run(world)["transactionsChecked"] == 0
    assert run(world)["transactionsChecked"] == 1


def test_a_receipt_whose_message_was_lost_is_queued_again(world: World) -> None:
    body = b'{"timestamp":"2026-11-19T12:30:00.000Z","transactionId":"TRX_1","checksum":"a-checksum"}'
    receipt = world.receipts.record(WebhookEnvelope.parse(body), body, world.now)
    world.now += 2 * MINUTE

    assert run(world)["queued"] == 1
    assert [message for message, _ in world.sqs.sent] == [receipt.key.to_text()]
