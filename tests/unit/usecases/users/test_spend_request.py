"""A user who asks too often is refused before anything is done; the others are not."""

import pytest

from gateway_backend.domain.shared.errors import TooManyRequests
from gateway_backend.domain.users.request_budget import Budgeted
from gateway_backend.store.users.request_counts import RequestCounts
from gateway_backend.usecases.users.spend_request import RequestBudget
from testing.backend import Backend
from testing.contexts import Contexts
from testing.market_times import MINUTE


def test_the_budget_of_a_minute_is_spent_and_the_next_minute_has_its_own() -> None:
    world = Contexts()
    budget = RequestBudget(RequestCounts(world.table), 2, world.clock)
    for _ in range(2):
        budget.spend("asha", Budgeted.CREATE)

    with pytest.raises(TooManyRequests):
        budget.spend("asha", Budgeted.CREATE)
    budget.spend("ravi", Budgeted.CREATE)
    budget.spend("asha", Budgeted.REFRESH)
    world.now += MINUTE
    budget.spend("asha", Budgeted.CREATE)


@pytest.mark.parametrize(
    ("function", "body"),
    [
        ("create_transaction", {"intent": "CONNECT"}),
        ("create_account_opening", {}),
        ("complete_transaction", {"platform": "web", "resolved": {}}),
        ("complete_account_opening", {"platform": "web", "resolved": {}}),
        ("request_refresh", None),
    ],
)
def test_over_http_it_is_429_with_what_is_left_of_the_minute(
    monkeypatch: pytest.MonkeyPatch, function: str, body: object
) -> None:
    backend = Backend(monkeypatch)
    backend.set("USER_REQUESTS_PER_MINUTE", "1")
    assert backend.request(function, body).status != 429

    refused = backend.request(function, body)

    assert (refused.status, refused.json["code"]) == (429, "TOO_MANY_REQUESTS")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert backend.request(function, body, user="ravi").status != 429
