"""Holdings are served as Gateway sent them, and consolidated with what is known beside them."""

import json
from typing import Any

import pytest

from gateway_backend.domain.shared import times
from gateway_backend.domain.shared.errors import NothingImported, VersionUnavailable
from gateway_backend.usecases.holdings.read import export_holdings, read_account_holdings, read_holdings
from testing.builders import transaction
from testing.contexts import CALENDAR
from testing.market_times import DAY, HOUR
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
    return list(answer_to(world, user)["holdings"])


def answer_to(world: World, user: str = "user-1") -> dict[str, Any]:
    return read_holdings(
        user=user,
        now=world.now,
        connections=world.connections,
        snapshots=world.snapshots,
        mutual_funds=world.mutual_funds,
        calendar=CALENDAR,
    )


def exported(world: World) -> str:
    return export_holdings(
        user="user-1", connections=world.connections, snapshots=world.snapshots, mutual_funds=world.mutual_funds
    )


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


# Of several accounts together ------------------------------------------------------------------


def test_the_date_of_all_and_that_of_their_freshness_are_the_oldest(world: World) -> None:
    imported_at = world.now
    world.now += 3 * DAY
    world.link("b", broker="groww")
    world.end_session("b")

    answer = answer_to(world)

    assert answer["asOf"] == answer["freshness"]["asOf"] == times.to_text(imported_at)
    assert answer["freshness"]["sessionsMissed"] == max(
        account["freshness"]["sessionsMissed"] for account in answer["accounts"]
    )


def test_the_funds_of_the_newest_statement_are_in_the_portfolio(world: World) -> None:
    summary = [
        {"scheme": "Flexi Cap", "folio": "123/45", "isin": "INF879O01027", "units": 100, "costValue": 5000},
        {"scheme": "Liquid", "folio": "77", "isin": "INF000000001", "units": "?"},
    ]
    text = json.dumps({"payload": {"dtSummary": summary}})
    world.mutual_funds.save_first(transaction(id="TRX_FUNDS"), text, world.now)

    answer = answer_to(world)

    (fund,) = answer["mutualFunds"]
    assert (fund["isin"], fund["invested"], fund["accounts"][0]["transactionId"]) == ("INF879O01027", 5000, "TRX_FUNDS")
    assert [row["name"] for row in answer["unreadable"]] == ["Liquid"]
    assert answer["statement"] == {"transactionId": "TRX_FUNDS", "receivedAt": times.to_text(world.now)}
    assert "INF879O01027,'123/45,MF,Flexi Cap,100,50,5000,INR,,TRX_FUNDS," in exported(world)


# A price of zero -------------------------------------------------------------------------------


def test_a_price_of_zero_does_not_replace_the_one_that_was_known(world: World) -> None:
    pull(world, holding(1, 10, "0"))

    (row,) = consolidated(world)
    assert (str(row["averagePrice"]), str(row["invested"])) == ("420.10", "4201")
    assert "420.1" in exported(world)


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
