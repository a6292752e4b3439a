"""An account that is being opened: began, ended or failed, with a code that holds nothing personal."""

import pytest

from gateway_backend.domain.connections.account_opening import UNKNOWN_ERROR, AccountOpening, OpeningStatus
from testing.builders import LATER, NOW

BEGUN = AccountOpening("opening-1", "user-1", NOW)


@pytest.mark.parametrize(
    ("opening", "status"),
    [
        (BEGUN, OpeningStatus.BEGAN),
        (BEGUN.ended(LATER, None), OpeningStatus.ENDED),
        (BEGUN.ended(LATER, 1003), OpeningStatus.FAILED),
    ],
)
def test_the_status_of_an_opening(opening: AccountOpening, status: OpeningStatus) -> None:
    assert opening.status is status


def test_an_opening_that_ended_has_its_time_and_code() -> None:
    ended = BEGUN.ended(LATER, 9999)

    assert (ended.ended_at, ended.failure_code) == (LATER, 9999)


def test_a_code_of_more_than_four_digits_is_not_kept() -> None:
    assert BEGUN.ended(LATER, 110001).failure_code == UNKNOWN_ERROR
