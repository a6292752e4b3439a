"""The circuit breaker's state: one item, so that all workers learn from one."""

import pytest

from gateway_backend.domain.refresh.circuit import Circuit, CircuitState
from gateway_backend.domain.shared.errors import ConcurrentUpdate
from testing.builders import LATER, NOW
from testing.world import World


@pytest.fixture
def world() -> World:
    return World(now=NOW)


def test_a_circuit_is_closed_while_there_is_no_item(world: World) -> None:
    assert world.circuits.find() == Circuit()
    assert world.circuits.find().state(NOW) is CircuitState.CLOSED


def test_an_open_circuit_is_read_as_it_was_opened(world: World) -> None:
    opened = Circuit().open(NOW)
    world.circuits.open(Circuit(), opened)

    assert world.circuits.find() == opened


def test_the_second_of_two_workers_does_not_open_it_again(world: World) -> None:
    world.circuits.open(Circuit(), Circuit().open(NOW))

    with pytest.raises(ConcurrentUpdate):
        world.circuits.open(Circuit(), Circuit().open(LATER))
    assert world.circuits.find() == Circuit().open(NOW)


def test_an_open_circuit_is_opened_for_longer_by_who_has_read_it(world: World) -> None:
    opened = Circuit().open(NOW)
    world.circuits.open(Circuit(), opened)
    longer = opened.open(LATER)

    world.circuits.open(opened, longer)

    assert world.circuits.find() == longer
    with pytest.raises(ConcurrentUpdate):
        world.circuits.open(opened, longer)


def test_a_closed_circuit_leaves_no_item(world: World) -> None:
    world.circuits.open(Circuit(), Circuit().open(NOW))
    world.circuits.close()
    world.circuits.close()

    assert world.circuits.find() == Circuit()
    assert world.memory.items() == []


def test_a_circuit_that_is_not_open_cannot_be_stored_as_open(world: World) -> None:
    with pytest.raises(ValueError, match="not open"):
        world.circuits.open(Circuit(), Circuit())
