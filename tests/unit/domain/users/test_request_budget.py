"""How often one user may ask for what costs most."""

from datetime import timedelta

import pytest

from gateway_backend.domain.shared.errors import TooManyRequests
from gateway_backend.domain.users.request_budget import check_budget
from testing.builders import NOW


def test_the_last_request_of_the_budget_is_still_admitted() -> None:
    check_budget(60, 60, NOW)


@pytest.mark.parametrize(("second", "left"), [(0, 60), (12.5, 48), (59.9, 1)])
def test_a_refusal_says_how_long_the_minute_still_lasts(second: float, left: int) -> None:
    with pytest.raises(TooManyRequests) as refused:
        check_budget(61, 60, NOW + timedelta(seconds=second))
    assert refused.value.retry_after_seconds == left
