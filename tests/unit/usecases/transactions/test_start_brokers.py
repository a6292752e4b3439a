"""Start a transaction for a linked account: what its broker does not offer is refused before Gateway is asked."""

from copy import replace
from typing import Any

import pytest

from gateway_backend.domain.market.broker_corrections import capabilities
from gateway_backend.domain.orders.request import OrderRules
from gateway_backend.domain.shared.errors import BrokerCannot
from gateway_backend.usecases.contexts import StartContext
from testing.transaction_starts import BUY, IMPORT, creates, limited, start
from testing.world import World

LIMIT = {"orderType": "orderType", "price": "price", "triggerPrice": "triggerPrice", "validity": "validity"}


@pytest.fixture
def world() -> World:
    return World()


def with_limit_orders(world: World) -> StartContext:
    return replace(world.start_context, rules=OrderRules(50, 100_000, LIMIT, frozenset({"meta"})))


@pytest.mark.parametrize(
    ("broker", "body"),
    [
        ("dhan", BUY),
        ("dhan-leprechaun", BUY),
        ("upstox", limited()),
        ("kotak", IMPORT),
    ],
)
def test_what_the_broker_does_not_offer_is_refused(world: World, broker: str, body: dict[str, Any]) -> None:
    world.link("account-1", broker=broker, imported=False)

    with pytest.raises(BrokerCannot, match=broker):
        start(world, body | {"smallcaseAuthId": "account-1"}, context=with_limit_orders(world))
    assert creates(world) == 0


@pytest.mark.parametrize(
    ("broker", "body"),
    [
        ("groww", BUY),
        ("groww", limited()),
        ("a-new-broker", BUY),
        ("a-new-broker", limited()),
        ("dhan", {"intent": "FETCH_FUNDS"}),
        ("dhan", IMPORT),
    ],
)
def test_what_the_broker_offers_or_may_offer_is_left_to_gateway(
    world: World, broker: str, body: dict[str, Any]
) -> None:
    world.link("account-1", broker=broker, imported=False)

    assert start(world, body | {"smallcaseAuthId": "account-1"}, context=with_limit_orders(world)).transaction.id


def test_a_correction_of_the_operator_counts(world: World) -> None:
    world.link("account-1", broker="dhan", imported=False)
    corrected = replace(world.start_context, brokers=capabilities("dhan+securitiesOrders"))

    assert start(world, BUY | {"smallcaseAuthId": "account-1"}, context=corrected).transaction.id
