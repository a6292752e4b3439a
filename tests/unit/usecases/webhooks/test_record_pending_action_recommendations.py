"""A pending action is what Gateway recommends when it is asked, whatever the webhook says."""

import json
from typing import Any

import pytest

from gateway_backend.domain.connections.records import PendingAction
from gateway_backend.domain.orders.request import OrderRequest
from gateway_backend.domain.shared.errors import GatewayKeysRefused, GatewayUnavailable, NotYet
from gateway_backend.usecases.webhooks.confirmation import ATTEMPTS_BEFORE_QUARANTINE
from testing.market_times import HOUR, MINUTE
from testing.order_world import (
    ACCOUNT,
    COMPLETED,
    ISCID,
    SCID,
    pull,
    with_account,
)
from testing.world import World


@pytest.fixture
def world() -> World:
    """The account is one that only a login refreshes."""
    return with_account("groww")


def pending(world: World, iscid: Any = ISCID, attempt: int = 1, **more: Any) -> tuple[str | None, str | None]:
    return world.apply_receipt(
        world.receive_webhook({"smallcaseAuthId": ACCOUNT, "iscid": iscid, "action": "SELL_EVERYTHING"} | more), attempt
    )


def recommended(world: World, action: str | None = "REBALANCE", iscid: str = ISCID) -> None:
    investment = {"iscid": iscid, "scid": SCID, "name": "Magic", "recommendedAction": action}
    world.gateway.investments[iscid] = {"investment": investment}


def actions(world: World) -> list[tuple[str, str]]:
    return [(action.iscid, action.action) for action in world.connection(ACCOUNT).pending_actions]


def test_a_pending_action_is_what_gateway_says_when_asked(world: World) -> None:
    recommended(world)

    assert pending(world) == ("APPLIED", "CONFIRMED")
    assert world.connection(ACCOUNT).pending_actions == (PendingAction(ISCID, "REBALANCE", world.now, SCID, "Magic"),)


def test_a_pending_action_is_published_once(world: World) -> None:
    events = world.record_events()
    recommended(world)
    for second in range(3):
        pending(world, timestamp=f"2026-11-20T06:30:0{second}.000Z")

    (event,) = events
    assert (type(event).__name__, json.loads(event.model_dump_json())["action"]) == ("ActionPending", "REBALANCE")


def test_another_action_replaces_the_one_before(world: World) -> None:
    recommended(world)
    pending(world)
    recommended(world, "REPAIR")
    world.now += HOUR
    pending(world)

    assert actions(world) == [(ISCID, "REPAIR")]


@pytest.mark.parametrize("nothing", [None, ""])
def test_where_nothing_is_pending_any_more_nothing_stays(world: World, nothing: str | None) -> None:
    recommended(world)
    pending(world)
    recommended(world, nothing)
    world.now += HOUR

    assert pending(world) == ("APPLIED", "NOTHING_PENDING")
    assert actions(world) == []


def test_an_investment_that_gateway_does_not_know_is_quarantined(world: World) -> None:
    with pytest.raises(NotYet):
        pending(world)
    assert pending(world, attempt=ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "UNKNOWN_TO_GATEWAY")
    recommended(world, iscid="another")
    world.gateway.investments[ISCID] = world.gateway.investments["another"]
    world.now += HOUR
    assert pending(world, attempt=ATTEMPTS_BEFORE_QUARANTINE) == ("QUARANTINED", "UNKNOWN_TO_GATEWAY")
    assert actions(world) == []


@pytest.mark.parametrize("iscid", [None, 5, "", "a b", "x" * 65, ["a"], "a/b"])
def test_what_cannot_name_an_investment_is_quarantined(world: World, iscid: Any) -> None:
    assert pending(world, iscid) == ("QUARANTINED", "ISCID_UNREADABLE")


def test_an_action_for_an_account_that_is_not_linked_is_quarantined(world: World) -> None:
    recommended(world)

    assert pending(world, smallcaseAuthId="account-9") == ("QUARANTINED", "UNKNOWN_ACCOUNT")


def test_where_gateway_does_not_let_us_ask_nothing_is_noted(world: World) -> None:
    recommended(world)
    world.fail_next(ISCID, "403")
    assert pending(world) == ("APPLIED", "NEEDS_LOGIN")

    world.now += HOUR
    world.gateway.permanent_fault = "403"
    with pytest.raises(GatewayKeysRefused):
        pending(world)
    assert actions(world) == []


def test_while_gateway_is_away_a_pending_action_waits(world: World) -> None:
    recommended(world)
    world.fail_next(ISCID, "500")

    with pytest.raises(GatewayUnavailable):
        pending(world)


def test_two_actions_at_once_are_both_kept(world: World) -> None:
    recommended(world)
    recommended(world, "SIP", iscid="another")
    first = world.receive_webhook({"smallcaseAuthId": ACCOUNT, "iscid": ISCID})
    world.now += MINUTE
    second = world.receive_webhook({"smallcaseAuthId": ACCOUNT, "iscid": "another"})

    def meanwhile(_operation: str, request: dict[str, Any]) -> None:
        if request.get("UpdateExpression", "").startswith("SET #pendingActions"):
            world.client.before_call = lambda _operation, _request: None
            world.apply_receipt(second)

    world.client.before_call = meanwhile
    world.apply_receipt(first)

    assert sorted(actions(world)) == [(ISCID, "REBALANCE"), ("another", "SIP")]


@pytest.mark.parametrize(
    ("still", "left"),
    [(None, [("another", "SIP")]), ("REPAIR", [("another", "SIP"), (ISCID, "REPAIR")])],
    ids=["done", "something else now"],
)
def test_after_an_order_for_an_investment_its_recommendation_is_asked_for_again(
    world: World, still: str | None, left: list[tuple[str, str]]
) -> None:
    recommended(world)
    recommended(world, "SIP", iscid="another")
    pending(world)
    pending(world, "another", timestamp="2026-11-20T06:30:01.000Z")
    world.begin_order("TRX_2", order=OrderRequest("REBALANCE", iscid=ISCID))
    success = {"data": {"batches": [COMPLETED]}}
    world.gateway.transactions["TRX_2"] = {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "success": success}
    recommended(world, still)

    assert pull(world, "TRX_2").is_settled
    assert sorted(actions(world), reverse=True) == left


@pytest.mark.parametrize("fault", ["500", "400", "403", "timeout", "garbage"])
def test_an_order_has_ended_also_when_its_recommendation_cannot_be_asked_for(world: World, fault: str) -> None:
    recommended(world)
    pending(world)
    world.begin_order("TRX_2", order=OrderRequest("REBALANCE", iscid=ISCID))
    success = {"data": {"batches": [COMPLETED]}}
    world.gateway.transactions["TRX_2"] = {"status": "COMPLETED", "smallcaseAuthId": ACCOUNT, "success": success}
    world.fail_next(ISCID, fault)

    assert pull(world, "TRX_2").is_settled
    assert actions(world) == [(ISCID, "REBALANCE")]


def test_trying_in_vain_clears_nothing(world: World) -> None:
    recommended(world)
    pending(world)
    world.begin_order("TRX_2", order=OrderRequest("REBALANCE", iscid=ISCID))
    failed = {"status": "ERRORED", "smallcaseAuthId": ACCOUNT, "error": {"code": 4005, "message": "market_closed"}}
    world.gateway.transactions["TRX_2"] = failed
    assert pull(world, "TRX_2").is_settled

    assert actions(world) == [(ISCID, "REBALANCE")]
