"""Gateway at its worst: a failure never looks like an empty portfolio, and everything converges afterwards."""

import pytest

from testing.actors import AppUser, Sandbox, assert_problem, eventually, eventually_equal
from testing.portfolios import holding, portfolio

PULL_FAULTS = [
    "error_500",
    "error_403",
    "rate_limit",
    "slow",
    "timeout",
    "truncated",
    "html",
    "success_false",
    "empty_portfolio",
    "half_portfolio",
    "schema_drift",
    "updating",
]


SLOW = {"slow": 8, "timeout": 8}
"""Fault -> seconds until Gateway answers, longer than we wait."""


@pytest.mark.parametrize("fault", PULL_FAULTS)
def test_a_failed_pull_leaves_the_last_good_snapshot(
    fault: str, user: AppUser, faults: Sandbox, broker_account: str
) -> None:
    before = [holding(number) for number in (1, 2, 3, 4)]
    account_id = faults.put_account("groww", broker_account, portfolio(*before))
    user.import_from("groww", broker_account)
    good = user.holdings_of(account_id)["data"]
    faults.put_account("groww", broker_account, portfolio(*before, holding(5)))
    transaction_id = user.begin()
    result = faults.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="drop")

    # Reads are tried three times: the fault outlasts them, except where one bad answer must not be believed.
    once = fault in ("empty_portfolio", "half_portfolio", "timeout", "slow")
    faults.fault("holdings", fault, times=1 if once else 3, seconds=SLOW.get(fault))
    answer = user.send_result(transaction_id, result)

    assert answer.status_code in (200, 202), answer.text
    now = user.holdings_of(account_id)["data"]
    assert now == good or len(now["securities"]) == 5
    if answer.status_code == 202:
        assert now == good
        assert user.connections()[0]["lastFailure"]

    faults.clear_faults()

    def converged() -> None:
        assert user.get(f"/v1/transactions/{transaction_id}").json()["final"] is True
        assert len(user.holdings_of(account_id)["data"]["securities"]) == 5

    eventually(converged)
    assert user.connections()[0]["lastFailure"] is None


@pytest.mark.parametrize("fault", ["empty_portfolio", "half_portfolio"])
def test_a_shrunken_portfolio_is_not_believed_at_first_sight(
    fault: str, user: AppUser, faults: Sandbox, broker_account: str
) -> None:
    text = portfolio(*[holding(number) for number in range(6)])
    account_id = faults.put_account("groww", broker_account, text)
    user.import_from("groww", broker_account)
    transaction_id = user.begin()
    result = faults.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="drop")
    faults.fault("holdings", fault, times=1)

    assert user.send_result(transaction_id, result).status_code == 202
    assert len(user.holdings_of(account_id)["data"]["securities"]) == 6
    assert user.connections()[0]["lastFailure"] == "SHRINKING_NOT_CONFIRMED"


def test_a_portfolio_that_is_really_empty_is_believed(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(2)))
    user.import_from("groww", broker_account)
    sandbox.put_account("groww", broker_account, portfolio())
    transaction_id = user.begin()
    user.send_result(transaction_id, sandbox.act(transaction_id, "complete", broker="groww", account=broker_account))

    eventually_equal(lambda: user.get(f"/v1/transactions/{transaction_id}").json()["final"], True, within=60)
    assert user.holdings_of(account_id)["data"]["securities"] == []


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("error_500", 502, "GATEWAY_UNAVAILABLE"),
        ("html", 502, "GATEWAY_UNAVAILABLE"),
        ("truncated", 502, "GATEWAY_UNAVAILABLE"),
        ("rate_limit", 502, "GATEWAY_UNAVAILABLE"),
        ("success_false", 502, "GATEWAY_REFUSED"),
        ("error_403", 502, "GATEWAY_FORBIDDEN"),
        ("timeout", 504, "GATEWAY_TIMEOUT"),
    ],
)
def test_a_create_is_sent_once_and_its_failure_reported(
    fault: str, status: int, code: str, user: AppUser, faults: Sandbox
) -> None:
    key = "the-same-key-of-" + user.sub
    faults.fault("transaction", fault, times=1, seconds=SLOW.get(fault))

    assert_problem(user.create(key=key), status, code)
    assert user.create(key=key).status_code == 201


@pytest.mark.parametrize("fault", ["error_500", "html", "timeout"])
def test_a_result_binds_nothing_until_gateway_confirms_it(
    fault: str, user: AppUser, faults: Sandbox, broker_account: str
) -> None:
    account_id = faults.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    result = faults.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="drop")
    faults.fault("transactiondetails", fault, times=3 if fault != "timeout" else 1, seconds=8)

    assert user.send_result(transaction_id, result).status_code == 202
    assert user.connections() == []

    faults.clear_faults()
    assert user.send_result(transaction_id, result).status_code == 200
    assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]
    assert len(user.holdings_of(account_id)["data"]["securities"]) == 1


def test_an_empty_first_import_is_not_believed_at_first_sight(
    user: AppUser, faults: Sandbox, broker_account: str
) -> None:
    account_id = faults.put_account("groww", broker_account, portfolio(holding(1), holding(2)))
    transaction_id = user.begin()
    result = faults.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="drop")
    faults.fault("holdings", "empty_portfolio", times=1)

    assert user.send_result(transaction_id, result).status_code == 202
    assert user.get(f"/v1/connections/{account_id}/holdings").json()["code"] == "NOTHING_IMPORTED"
    assert user.send_result(transaction_id, result).status_code == 200
    assert len(user.holdings_of(account_id)["data"]["securities"]) == 2


def test_revoked_consent_asks_for_a_login_and_a_login_heals_it(
    user: AppUser, faults: Sandbox, broker_account: str
) -> None:
    account_id = faults.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    transaction_id = user.begin()
    faults.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="hold")
    faults.fault("holdings", "error_403", times=10)
    faults.fire(kind="holdings", transactionId=transaction_id)

    def asks() -> None:
        connection = user.connections()[0]
        assert (connection["state"], connection["reason"]) == ("NEEDS_LOGIN", "GATEWAY_FORBIDDEN")
        assert connection["freshness"]["action"] == "RECONNECT"

    eventually(asks)
    assert len(user.holdings_of(account_id)["data"]["securities"]) == 1
    faults.clear_faults()
    user.import_from("groww", broker_account)
    assert (user.connections()[0]["state"], user.connections()[0]["reason"]) == ("ACTIVE", None)


def test_a_webhook_during_an_outage_is_applied_afterwards(user: AppUser, faults: Sandbox, broker_account: str) -> None:
    account_id = faults.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    faults.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="hold")
    faults.fault("transactiondetails", "error_500", times=3)
    assert [d["status"] for d in faults.fire(kind="holdings", transactionId=transaction_id)] == [200]

    def imported() -> None:
        assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]
        assert len(user.holdings_of(account_id)["data"]["securities"]) == 1

    eventually(imported)
