"""What a user takes back is erased to the last item, and that is proven: over HTTP, and by the operator's command."""

from typing import Any

import pytest

from testing.actors import AppUser, Sandbox
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws

BASKET = {
    "intent": "TRANSACTION",
    "orderConfig": {
        "type": "SECURITIES",
        "securities": [{"ticker": "AXISBANK", "quantity": 10, "type": "BUY"}],
    },
    "notes": "a note of the user",
}
RECORDS = {"CONSENT", "ERASURE", "ERASED"}
"""The kinds of items that stay of a user."""


@pytest.fixture
def account_id(user: AppUser, clock: Sandbox, broker_account: str) -> str:
    """Imported, with a webhook; an order was placed, another never finished, an account opening begun."""
    account_id = clock.put_account("groww", broker_account, portfolio(holding(1), holding(2)))
    user.import_from("groww", broker_account, webhooks="send")
    placed = user.begin(BASKET | {"smallcaseAuthId": account_id})
    user.send_result(placed, clock.act(placed, "complete", broker="groww", account=broker_account))
    user.begin(BASKET)
    opening = user.post("/v1/account-openings", {}, headers={"idempotency-key": f"opening-{user.sub}"})
    assert opening.status_code == 201
    return account_id


def kinds_of(aws: Aws, *names: str) -> set[str]:
    """The kinds of all stored items in which any of these names appears."""
    items = [item for item in aws.every_item() if any(name in str(item) for name in names)]
    return {item["sk"]["S"].partition("#")[0] for item in items}


def prove(clock: Sandbox, aws: Aws) -> None:
    """Until every worker that was under way must have ended, and the schedule has searched again."""
    aws.invoke("finish_erasures")
    clock.advance_clock(minutes=11)
    aws.invoke("finish_erasures")


def data_of(user: AppUser) -> Any:
    answer = user.get("/v1/me")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_user_sees_what_is_stored_and_consented_to(user: AppUser, account_id: str) -> None:
    data = data_of(user)

    (account,) = data["stored"]["accounts"]
    assert (account["smallcaseAuthId"], account["snapshots"]) == (account_id, 1)
    assert (data["stored"]["transactions"], data["stored"]["accountOpenings"]) == (3, 1)
    (consent,) = data["consents"]
    assert (consent["smallcaseAuthId"], consent["withdrawnAt"]) == (account_id, None)
    assert data["erasures"] == []


def test_unlinking_erases_the_account_and_proves_it(user: AppUser, clock: Sandbox, aws: Aws, account_id: str) -> None:
    assert user.http.delete(f"/v1/connections/{account_id}").status_code == 204
    prove(clock, aws)

    data = data_of(user)
    assert data["stored"]["accounts"] == []
    assert [consent["withdrawnAt"] is not None for consent in data["consents"]] == [True]
    (erasure,) = data["erasures"]
    assert (erasure["smallcaseAuthId"], erasure["state"]) == (account_id, "FINISHED")
    assert kinds_of(aws, account_id) & {"SNAPSHOT", "STATUS", "RECEIPT"} == set()


def test_one_call_erases_everything_of_the_user(user: AppUser, clock: Sandbox, aws: Aws, account_id: str) -> None:
    answer = user.http.delete("/v1/me")

    assert (answer.status_code, answer.json()["state"]) == (202, "RUNNING")
    assert user.connections() == []
    assert user.get("/v1/transactions").json()["transactions"] == []
    prove(clock, aws)
    assert kinds_of(aws, user.sub, account_id) == RECORDS
    (erasure,) = data_of(user)["erasures"]
    assert (erasure["smallcaseAuthId"], erasure["state"]) == (None, "FINISHED")
    assert erasure["erased"] >= 8


def test_the_operator_shows_and_erases_with_one_command(
    user: AppUser, clock: Sandbox, aws: Aws, account_id: str
) -> None:
    shown = aws.ops("user_data", "show", user.sub)
    assert account_id in shown

    assert "Erased" in aws.ops("user_data", "erase", user.sub, "--yes")

    prove(clock, aws)
    assert kinds_of(aws, user.sub, account_id) == RECORDS
    assert "everything" in aws.ops("user_data", "show", user.sub)
