"""Passes go through all that is stored of a user, whatever a worker left there, until one finds nothing."""

from contextlib import suppress
from typing import Any

import pytest

from gateway_backend.domain.erasure.erasure import WORKERS_END_AFTER, Erasure, ErasureState, request_erasure
from gateway_backend.domain.orders.batch import Batch, BatchStatus
from gateway_backend.domain.shared.errors import ConnectionWithdrawn, StoreUnavailable
from gateway_backend.runtime.threads import Deadline
from gateway_backend.usecases.erasure import continue_erasure as module
from gateway_backend.usecases.erasure.continue_erasure import continue_erasure
from testing.builders import snapshot
from testing.fakes import READS, Crash
from testing.market_times import MINUTE, SECOND
from testing.user_traces import RECORDS, kinds_of, leave_traces
from testing.webhook_bodies import has_body, holdings, order
from testing.world import World

PLENTY, NONE_AT_ALL = 60.0, 0.0


@pytest.fixture
def world() -> World:
    world = World()
    leave_traces(world)
    return world


@pytest.fixture(params=["a", None], ids=["account", "everything"])
def erasure(world: World, request: pytest.FixtureRequest) -> Erasure:
    """Requested now, and nothing is erased yet."""
    if request.param:
        world.end_ownership("a")
    requested = request_erasure("user-1", request.param, world.now)
    world.erasures.add(requested)
    return requested


def run(world: World, erasure: Erasure, seconds: float = PLENTY) -> Erasure:
    return continue_erasure(erasure, Deadline(seconds), world.erase_context)


def finish(world: World, erasure: Erasure) -> Erasure:
    """As the schedule does, until it is proven."""
    for _ in range(20):
        if erasure.state is ErasureState.FINISHED:
            return erasure
        world.now = max(world.now, erasure.next_pass_at)
        erasure = run(world, erasure)
    raise AssertionError("it never ends")


# What is erased --------------------------------------------------------------------------------


def test_of_an_account_no_content_is_left(world: World) -> None:
    world.unlink("a")

    assert kinds_of(world, "SNAPSHOT", "mine", "lienStatus", "batchId") == set()
    assert world.transaction("TRX_1").is_erased
    assert world.batches.of("TRX_1") == []


def test_what_is_not_of_the_account_stays(world: World) -> None:
    world.unlink("a")

    assert world.transaction("TRX_2").note == "never finished"
    assert world.mutual_funds.find("TRX_3")
    assert world.account_openings.newest("user-1")


def test_of_a_user_nothing_is_left_but_the_records(world: World) -> None:
    finish(world, world.erase())

    assert kinds_of(world, "user-1", "TRX_", "ACCOUNT#a") == RECORDS


def test_another_user_keeps_everything(world: World) -> None:
    world.link_with(world.begin_transaction("TRX_b", "user-2"), "b")
    before = kinds_of(world, "user-2")
    finish(world, world.erase())

    assert kinds_of(world, "user-2") == before != set()


def test_what_a_user_does_afterwards_stays(world: World) -> None:
    requested = world.erase()
    world.now += SECOND
    world.link("c")
    finish(world, requested)

    assert world.stored_holdings("c")
    assert world.transaction("TRX_c").owner == "user-1"


def test_what_a_former_release_stored_is_erased(world: World) -> None:
    """It wrote no memberships of transactions."""
    for address in world.memory.addresses("USER#user-1"):
        if address[1].startswith("TXN#"):
            world.memory.forget(*address)

    finish(world, world.erase())

    assert kinds_of(world, "user-1", "TRX_") == RECORDS


# What a worker leaves behind -------------------------------------------------------------------


def test_an_order_that_is_recorded_behind_the_erasure_is_found(world: World) -> None:
    late = world.begin_transaction("TRX_late")
    requested = world.erase()
    world.record_batch(late, Batch("batch-late", BatchStatus.PLACED, (), world.now), world.now)
    finish(world, requested)

    assert kinds_of(world, "batch-late") == set()


def test_an_account_that_is_linked_behind_the_erasure_is_unlinked(world: World) -> None:
    late = world.begin_transaction("TRX_late")
    world.complete_login("TRX_late", "late")
    requested = world.erase()
    world.now += SECOND
    world.link_with(late, "late")
    world.pull("late")
    finish(world, requested)

    assert world.connections.find("late") is None
    assert kinds_of(world, "SNAPSHOT") == set()


def test_a_snapshot_that_a_worker_left_when_it_died_is_found(world: World) -> None:
    pulled_for = world.connection("a")
    world.unlink("a")
    taken = snapshot(world.now)
    ahead = pulled_for.replace_snapshot(taken, world.now, judged_beside=pulled_for, lapsed=False)
    world.snapshots.save(ahead, taken, world.now + 5 * SECOND)
    world.now += WORKERS_END_AFTER

    assert world.finish_erasures()["erasuresFinished"] == 0
    assert world.snapshots.dates("a") == []
    assert world.finish_erasures()["erasuresFinished"] == 1


def test_a_batch_that_the_index_does_not_show_yet_is_found(world: World) -> None:
    (address,) = [(pk, sk) for pk, sk in world.memory.addresses("TXN#TRX_1") if sk.startswith("BATCH#")]
    item = world.memory.peek(*address) or {}
    world.memory.put_item(Item={name: value for name, value in item.items() if name != "listKey"})
    world.unlink("a")

    assert world.batches.of("TRX_1") == []


def test_a_webhook_that_comes_again_for_the_next_owner_keeps_no_portfolio(world: World) -> None:
    raw = world.signed_webhook(holdings(world, "TRX_a", note="of the former owner"))
    world.now += SECOND
    world.unlink("a")
    world.now += SECOND
    world.link_with(world.begin_transaction("TRX_new", "user-2"), "a")

    key = world.receive_raw(raw)

    assert world.apply_receipt(key)[0] == "QUARANTINED"
    assert not has_body(world, key)


# Passes ----------------------------------------------------------------------------------------


def test_it_is_finished_when_a_late_pass_finds_nothing(world: World, erasure: Erasure) -> None:
    first = run(world, erasure)
    world.now += WORKERS_END_AFTER
    second = run(world, first)

    assert first.state is ErasureState.RUNNING
    assert first.erased > 0
    assert second.finished_at == world.now
    assert second.erased == first.erased


def test_a_pass_that_runs_out_of_time_goes_on_where_it_stood(
    world: World, erasure: Erasure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 1)
    positions = [""]
    while (erasure := run(world, erasure, NONE_AT_ALL)).position:
        positions.append(erasure.position)

    assert positions == sorted(positions)
    assert len(set(positions)) == len(positions) > 3
    assert run(world, erasure).erased == erasure.erased, "the next pass finds nothing more"


@pytest.mark.parametrize("nth", range(1, 30))
def test_a_crash_at_any_write_loses_nothing(world: World, nth: int) -> None:
    writes: list[str] = []

    def die_at_the_nth(operation: str, _request: Any) -> None:
        writes.extend([] if operation in READS else [operation])
        if len(writes) == nth:
            raise Crash

    requested = request_erasure("user-1", None, world.now)
    world.erasures.add(requested)
    world.client.before_call = die_at_the_nth
    with suppress(Crash):
        finish(world, requested)
    world.client.before_call = None
    finish(world, world.erasures.all_of("user-1")[0])

    assert kinds_of(world, "user-1", "TRX_", "ACCOUNT#a") == RECORDS


def test_while_the_table_is_away_nothing_counts_as_searched(world: World, erasure: Erasure) -> None:
    def away(operation: str, request: Any) -> None:
        if operation == "query" and "TXN#TRX_2" in str(request):
            raise StoreUnavailable

    world.client.before_call = away
    with pytest.raises(StoreUnavailable):
        run(world, erasure)
    world.client.before_call = None

    (stored,) = world.erasures.all_of("user-1")
    assert (stored.state, stored.position) == (ErasureState.RUNNING, "")


def test_ten_thousand_transactions_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.link("a")
    for number in range(300):
        world.begin_order(f"TRX_{number:03}", account_id="a", note="mine")
    monkeypatch.setattr(module, "_AT_ONCE", 10)
    world.end_ownership("a")
    erasure = request_erasure("user-1", "a", world.now)
    world.erasures.add(erasure)
    rounds = 0
    while (erasure := run(world, erasure, NONE_AT_ALL)).position:
        rounds += 1

    assert rounds == 31
    assert kinds_of(world, "mine") == set()


# Two users of one account ----------------------------------------------------------------------


def test_the_webhooks_of_the_next_owner_stay(world: World) -> None:
    world.unlink("a")
    world.now += MINUTE
    world.link_with(world.begin_transaction("TRX_new", "user-2"), "a")
    key = world.receive_webhook(holdings(world, "TRX_new"))
    world.now += MINUTE
    finish(world, world.erase())

    assert has_body(world, key)
    assert world.connection("a").owner == "user-2"


def test_the_webhook_of_another_users_order_in_the_account_stays(world: World) -> None:
    world.begin_order("TRX_other", "user-2")
    key = world.receive_webhook(order("PLACED") | {"transactionId": "TRX_other"})
    world.now += MINUTE
    world.unlink("a")

    assert has_body(world, key)


def test_who_has_placed_an_order_in_an_account_follows_it_when_its_owner_unlinks(world: World) -> None:
    """It was the owner who withdrew, not the user of the order."""
    theirs = world.begin_order("TRX_other", "user-2")
    world.now += MINUTE
    world.unlink("a")
    world.now += MINUTE

    assert world.link_with(theirs, "a").owner == "user-2"
    world.record_batch(theirs._replace(account_id="a"), Batch("batch-2", BatchStatus.PLACED, (), world.now), world.now)
    assert world.batches.count("user-2") == 1


def test_an_owner_in_between_does_not_let_withdrawn_transactions_link(world: World) -> None:
    old = world.begin_transaction("TRX_old")
    world.now += MINUTE
    world.unlink("a")
    world.now += MINUTE
    world.link_with(world.begin_transaction("TRX_new", "user-2"), "a")
    world.now += MINUTE
    world.unlink("a", user="user-2")

    with pytest.raises(ConnectionWithdrawn):
        world.link_with(old, "a")
