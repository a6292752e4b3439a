"""Holdings are served as Gateway sent them, and consolidated with what is known beside them."""

import json
from typing import Any

import pytest

from gateway_backend.domain.shared.errors import NothingImported, VersionUnavailable
from gateway_backend.usecases.holdings.read import export_holdings, read_account_holdings, read_holdings
from testing.contexts import CALENDAR
from testing.market_times import HOUR
from testing.portfolios import holding
from testing.world import World


@pytest.fixture
def world() -> World:
    """Account `a` with one security at a known price."""
    world = World()
    world.link("a", imported=False)
    pull(world, holding(1, 10, "420.10"))
    return world


def pull(world: World, *securities: str) -> None:
    world.gateway.accounts[
        "a"
    ].data = f'"securities":[{",".join(securities)}],"smallcases":{{"public":[],"private":{{}}}}'
    world.now += HOUR
    world.pull("a")


def consolidated(world: World, user: str = "user-1") -> list[dict[str, Any]]:
    answer = read_holdings(
        user=user, now=world.now, connections=world.connections, snapshots=world.snapshots, calendar=CALENDAR
    )
    return list(answer["holdings"])


def of_account(world: World, version: str = "v2") -> str:
    return read_account_holdings(
        "a", version, user="user-1", now=world.now, snapshots=world.snapshots, calendar=CALENDAR
    ).text


def test_a_user_without_accounts_has_no_holdings(world: World) -> None:
    assert consolidated(world, "user-2") == []


def test_before_the_first_import_there_is_nothing_to_serve() -> None:
    world = World()
    world.link("a", imported=False)

    with pytest.raises(NothingImported):
        of_account(world)


def test_an_older_version_is_made_of_a_newer_one_and_not_the_other_way_round(world: World) -> None:
    assert json.loads(of_account(world, "v1"))["data"]["securities"]["holdings"]
    world.gateway.accounts["a"].data = '"securities":{"holdings":[{"ticker":"AXISBANK","shares":3,"averagePrice":1}]}'
    world.now += HOUR
    world.pull("a")
    world.now += HOUR
    world.pull("a")

    with pytest.raises(VersionUnavailable):
        of_account(world, "v2")


# A price of zero -------------------------------------------------------------------------------


def test_a_price_of_zero_does_not_replace_the_one_that_was_known(world: World) -> None:
    pull(world, holding(1, 10, "0"))

    (row,) = consolidated(world)
    assert (str(row["averagePrice"]), str(row["invested"])) == ("420.10", "4201")
    assert "420.1" in export_holdings(user="user-1", connections=world.connections, snapshots=world.snapshots)


def test_the_account_alone_is_served_with_gateways_digits(world: World) -> None:
    pull(world, holding(1, 10, "0"))

    assert '"averagePrice":0}' in of_account(world)
    assert "420" not in of_account(world)


def test_the_price_is_known_for_as_long_as_nothing_is_bought_or_sold(world: World) -> None:
    pull(world, holding(1, 10, "0"))
    pull(world, holding(1, 10, "0"), holding(2, 5, "7"))

    assert [str(row["averagePrice"]) for row in consolidated(world) if row["quantity"] == 10] == ["420.10"]
    pull(world, holding(1, 12, "0"), holding(2, 5, "7"))
    assert [row["averagePrice"] for row in consolidated(world) if row["quantity"] == 12] == [None]
