"""An investment in a smallcase, as Gateway gives it."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway_backend.contracts.connections.gateway_investment import Investment

INVESTMENT = {"iscid": "5d94", "scid": "SCNM_1", "name": "Magic", "recommendedAction": "REBALANCE", "returns": {}}


@pytest.mark.parametrize(
    "data", [INVESTMENT, {"investment": INVESTMENT}, [{"investment": INVESTMENT}], [INVESTMENT, {"iscid": "other"}]]
)
def test_an_investment_is_found_in_any_wrapping(data: Any) -> None:
    found = Investment.model_validate(data)

    assert (found.iscid, found.scid, found.name, found.action) == ("5d94", "SCNM_1", "Magic", "REBALANCE")


@pytest.mark.parametrize("more", [{"recommendedAction": None, "scid": None, "name": None}, {"recommendedAction": ""}])
def test_an_investment_may_have_no_recommended_action(more: dict[str, Any]) -> None:
    assert not Investment.model_validate(INVESTMENT | more).action


@pytest.mark.parametrize(
    "data",
    [None, [], {}, "text", {"investment": None}, {"iscid": None}, {"iscid": 5}],
)
def test_an_investment_without_an_id_is_refused(data: Any) -> None:
    with pytest.raises(ValidationError):
        Investment.model_validate(data)


@pytest.mark.parametrize("name", ["scid", "name", "recommendedAction"])
@pytest.mark.parametrize("value", [5, [], {}, True, "x" * 201])
def test_an_odd_member_hides_no_investment(name: str, value: Any) -> None:
    assert Investment.model_validate(INVESTMENT | {name: value}).iscid == INVESTMENT["iscid"]
