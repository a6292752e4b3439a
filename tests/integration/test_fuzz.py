"""Schemathesis over docs/openapi.json: whatever is sent, the running API answers as it is described."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from testing.actors import AppUser
from testing.portfolios import holding, portfolio
from tests.conftest import CHECKOUT

schema = schemathesis.openapi.from_path(CHECKOUT / "docs" / "openapi.json")

# API Gateway itself answers an undeclared method, with 404. Requests without a token, which the fuzzer cannot take back
# once it is given one, are in test_bad_input.
EVERYWHERE = [unsupported_method, ignored_auth]
# A cursor must be one we gave, an Idempotency-Key must be new, a date must have been: no schema can say so.
NOT_ALL_FIT = {
    path: [positive_data_acceptance]
    for path in ("/v1/transactions", "/v1/holdings/changes", "/v1/account-openings", "/v1/orders")
}


def excluded_checks(case: schemathesis.Case[Any]) -> list[Any]:
    """Only a wrong body must be refused: parameters and headers that we do not know are passed over, as APIs do.

    Webhooks are read tolerantly, too: what is authentic is kept, never refused.
    """
    body = case.meta.components.get(ParameterLocation.BODY) if case.meta else None
    must_refuse = body is not None and body.mode.is_negative and case.path != "/webhooks/smallcase"
    return EVERYWHERE + NOT_ALL_FIT.get(case.path, []) + ([] if must_refuse else [negative_data_rejection])


@pytest.fixture(scope="module")
def signed_in(new_user: Any, sandbox: Any) -> AppUser:
    """A user with a linked account, so that reads have something to answer."""
    user: AppUser = new_user()
    account_id = sandbox.put_account("groww", f"FUZZ{user.sub[-12:]}", portfolio(holding(1), holding(2)))
    user.import_from("groww", f"FUZZ{user.sub[-12:]}")
    assert user.holdings_of(account_id)
    return user


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_api_answers_as_described(case: schemathesis.Case[Any], signed_in: AppUser) -> None:
    case.call_and_validate(
        base_url=signed_in.api_url,
        headers={"authorization": signed_in.http.headers["authorization"]},
        timeout=60,
        excluded_checks=excluded_checks(case),
    )
