"""What Gateway recommends for an investment is recorded on the connection (contract 2.8)."""

import pytest

from gateway_backend.domain.connections.records import PendingAction
from gateway_backend.domain.shared.errors import GatewayRefused, GatewayUnavailable
from gateway_backend.usecases.connections.recommendation import fetch_recommendation
from testing.world import World

ISCID = "5d94bc5b3a2c2f1d0a7e6b31"


@pytest.fixture
def world() -> World:
    world = World()
    world.link("a")
    return world


def recommend(world: World, action: str | None, iscid: str = ISCID, **more: object) -> None:
    world.gateway.investments[ISCID] = {"investment": {"iscid": iscid, "recommendedAction": action} | more}


def fetch(world: World) -> bool:
    return fetch_recommendation(world.connection("a"), ISCID, world.sync_context)


def test_what_is_recommended_is_recorded_with_what_is_known_of_the_investment(world: World) -> None:
    recommend(world, "REBALANCE", scid="SCNM_1", name="Magic")

    assert fetch(world)
    assert world.connection("a").pending_actions == (PendingAction(ISCID, "REBALANCE", world.now, "SCNM_1", "Magic"),)


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_no_longer_recommended_is_removed(world: World, nothing: str | None) -> None:
    recommend(world, "REBALANCE")
    fetch(world)
    recommend(world, nothing)

    assert not fetch(world)
    assert world.connection("a").pending_actions == ()


def test_an_answer_about_another_investment_is_refused(world: World) -> None:
    recommend(world, "REBALANCE", iscid="another")

    with pytest.raises(GatewayRefused):
        fetch(world)
    assert world.connection("a").pending_actions == ()


def test_while_gateway_is_away_the_recommendation_stays(world: World) -> None:
    recommend(world, "REBALANCE")
    fetch(world)
    world.gateway.permanent_fault = "503"

    with pytest.raises(GatewayUnavailable):
        fetch(world)
    assert [action.action for action in world.connection("a").pending_actions] == ["REBALANCE"]
