"""Record how an account opening ended: once, and only the code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.contracts.transactions.sdk_result import SdkResult, parse_sdk_result
from gateway_backend.domain.shared.errors import NotFound
from gateway_backend.domain.transactions.report import Failure
from testing.account_openings import NOW, complete, start
from testing.market_times import SECOND
from testing.world import World

ENDS = st.sampled_from([SdkResult(), *(SdkResult(failure=Failure(code, "x")) for code in (0, 1010, 2000))])


@given(st.lists(ENDS, min_size=1, max_size=4))
def test_the_first_end_stays(results: list[SdkResult]) -> None:
    world = World()
    began = start(world).opening

    found = [complete(world, began, result, now=NOW + at * SECOND) for at, result in enumerate(results)]

    assert {*found} == {world.account_openings.owned(began.id, "user-1")} == {found[0]}
    assert found[0].ended_at == NOW
    assert found[0].failure_code == (results[0].failure.code if results[0].failure else None)


@pytest.mark.parametrize("number", [10_000, 560_001, 987_654_321])
def test_a_code_that_may_be_a_telephone_number_is_not_kept(number: int) -> None:
    world = World()
    result = parse_sdk_result({"code": number}, rejected=True)

    assert complete(world, start(world).opening, result).failure_code == 2000
    assert str(number) not in str(world.memory.items())


def test_an_opening_of_another_user_is_not_found() -> None:
    world = World()
    began = start(world).opening

    with pytest.raises(NotFound):
        complete(world, began, SdkResult(), user="user-2")
    assert world.account_openings.owned(began.id, "user-1") == began
