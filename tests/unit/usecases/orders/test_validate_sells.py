"""What a user who sells is warned of: what all securities of the symbol can give together."""

import json

from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.usecases.orders.validate import sell_warnings
from testing.builders import transaction
from testing.portfolios import FIXTURES
from testing.world import World

CASE = json.loads((FIXTURES / "one-symbol-two-isins.json").read_text())


def warnings(world: World, quantity: int, user: str = "user-1") -> list[str]:
    sell = RequestedSecurity(CASE["sell"]["ticker"], quantity, "SELL")
    order = OrderRequest("SECURITIES", (sell,))
    begun = transaction(intent=Intent.TRANSACTION, owner=user, requested_account_id="a", order=order)
    return [warning.code for warning in sell_warnings(begun, world.connections, world.snapshots)]


def holder_of(securities: list[object]) -> World:
    world = World()
    world.link("a", imported=False)
    world.gateway.accounts["a"].data = json.dumps({"securities": securities})[1:-1]
    world.pull("a")
    return world


def test_two_securities_of_a_symbol_do_not_hide_each_other() -> None:
    securities = CASE["portfolio"]["securities"]

    for held in (securities, securities[::-1]):
        assert warnings(holder_of(held), CASE["sell"]["quantity"]) == CASE["expectedWarnings"]
        assert warnings(holder_of(held), 101) == ["MORE_THAN_TRANSACTABLE"]


def test_the_holdings_of_another_user_warn_nobody() -> None:
    world = holder_of(CASE["portfolio"]["securities"])

    assert warnings(world, 101, user="user-2") == []


def test_ten_shares_but_for_binary_noise_can_all_be_sold() -> None:
    stock = next(iter(CASE["portfolio"]["securities"])) | {"transactableQuantity": 9.999999999999998}

    assert warnings(holder_of([stock]), 10) == []
    assert warnings(holder_of([stock]), 11) == ["MORE_THAN_TRANSACTABLE"]
