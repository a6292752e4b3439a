"""What is asked for is honoured or refused, money adds up or says why not, and nothing private is kept by a cache."""

import csv
import hashlib
import io
import json
from decimal import Decimal

import pytest

from gateway_backend.domain.shared import times
from testing.actors import AppUser, Sandbox, assert_problem, exact
from testing.portfolios import FIXTURES, holding, portfolio
from tests.integration.aws import Aws

WITH_FUNDS = {"intent": "HOLDINGS_IMPORT", "version": "v2", "assetConfig": {"mfHoldings": True}}


@pytest.mark.parametrize(
    "path", ["/v1/holdings?limit=5", "/v1/orders?Status=PLACED", "/v1/me?x=", "/v1/transactions?limit=5&limits=5"]
)
def test_an_unknown_query_parameter_is_named(user: AppUser, path: str) -> None:
    assert_problem(user.get(path), 400, "REQUEST_INVALID", "no such query parameter")


def test_what_gateway_would_misread_is_refused_with_the_remedy(user: AppUser) -> None:
    basket = {"type": "SECURITIES", "securities": [{"ticker": "INFY-EQ", "quantity": 1, "type": "BUY"}]}
    assert_problem(user.create({"intent": "TRANSACTION", "orderConfig": basket}), 400, "REQUEST_INVALID", "INFY")

    dates = {"fromDate": "2026-04-01", "toDate": "2026-03-31"}
    request = {"intent": "MF_HOLDINGS_IMPORT", "assetConfig": dates}
    assert_problem(user.create(request), 400, "REQUEST_INVALID", "fromDate")


def test_a_repeated_refresh_answers_what_the_first_did(user: AppUser, clock: Sandbox, broker_account: str) -> None:
    account_id = clock.put_account("kite", broker_account, portfolio(holding(1)))
    user.import_from("kite", broker_account)
    path, key = f"/v1/connections/{account_id}/refresh", {"idempotency-key": f"refresh-{user.sub}"}

    first, second = (user.post(path, None, headers=key) for _ in range(2))
    other = user.post(path, None, headers={"idempotency-key": f"other-{user.sub}"})

    assert (first.status_code, first.json()["refresh"]) == (second.status_code, second.json()["refresh"])
    assert second.headers["idempotent-replayed"] == "true"
    assert_problem(other, 429, "REFRESH_TOO_SOON")
    assert 1 <= int(other.headers["retry-after"]) <= 60


def test_a_list_shows_of_a_transaction_what_a_single_read_does(
    user: AppUser, clock: Sandbox, broker_account: str
) -> None:
    account_id = clock.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    begun = user.begin({"intent": "FETCH_FUNDS", "smallcaseAuthId": account_id})

    (listed,) = [each for each in user.get("/v1/transactions").json()["transactions"] if each["transactionId"] == begun]

    assert listed["smallcaseAuthId"] == account_id
    assert listed == user.get(f"/v1/transactions/{begun}").json() | {"updatedAt": listed["updatedAt"]}


def test_a_user_who_asks_too_often_is_told_how_long_to_wait(user: AppUser, clock: Sandbox, aws: Aws) -> None:
    minute = clock.now().replace(second=0, microsecond=0)
    pk = f"REQUESTS#{hashlib.sha256(user.sub.encode()).hexdigest()[:32]}"
    for start in (minute, minute.replace(minute=(minute.minute + 1) % 60)):
        item = {"pk": {"S": pk}, "sk": {"S": f"CREATE#{times.to_key(start)}"}, "requests": {"N": "999999"}}
        aws.client("dynamodb").put_item(TableName=aws.outputs["tableName"], Item=item)

    refused = user.create()

    assert_problem(refused, 429, "TOO_MANY_REQUESTS")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert user.get("/v1/transactions").status_code == 200


def test_an_investors_sums_are_right_or_say_what_they_leave_out(
    user: AppUser, clock: Sandbox, broker_account: str
) -> None:
    held = exact_portfolio()
    clock.put_account("groww", broker_account, held)
    user.import_from("groww", broker_account, WITH_FUNDS)

    answer = exact(user.get("/v1/holdings"))

    # By hand: 10 × 50 + 4 × 25 = 600 in shares, and 10 × 78.43 in funds; one share and one fund have no cost.
    assert answer["invested"] == Decimal("1384.3")
    assert answer["totals"] == {
        "securities": {"invested": 600, "held": 3, "withoutCost": 1},
        "mutualFunds": {"invested": Decimal("784.3"), "held": 2, "withoutCost": 1},
        "unreadable": 0,
    }
    weights = [row["weight"] for row in (*answer["holdings"], *answer["mutualFunds"]) if row["weight"] is not None]
    assert abs(sum(weights) - 1) < Decimal("1e-6")
    unknown = next(row for row in answer["holdings"] if row["invested"] is None)
    assert unknown["averagePrice"] is None
    assert answer["asOf"] == answer["freshness"]["asOf"]

    text = user.get("/v1/holdings.csv").content.decode("utf-8-sig")
    rows = {row["Symbol"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert (rows["'0012345"]["Quantity"], rows["'0012345"]["Invested"]) == ("10", "784.3")
    assert rows["'10/12"]["Invested"] == ""


def exact_portfolio() -> str:
    securities = [holding(1, 10, "50"), holding(2, 4, "25"), holding(3, 7, "0")]
    funds = [
        {"folio": "0012345", "fund": "Fund X", "isin": "INF205K01NT8", "quantity": 10, "averagePrice": 78.43},
        {"folio": "10/12", "fund": "Fund Y", "isin": "INF205K01NT9", "quantity": 10, "averagePrice": 0},
    ]
    return portfolio(*securities, dates=f'"mutualFunds":{json.dumps({"holdings": funds})}')


def test_a_formula_in_a_name_is_none_in_the_spreadsheet(user: AppUser, clock: Sandbox, broker_account: str) -> None:
    case = json.loads((FIXTURES / "csv-cells.json").read_text())["portfolio"]
    securities = [json.dumps(security) for security in case["securities"]]
    clock.put_account("groww", broker_account, portfolio(*securities))
    user.import_from("groww", broker_account)

    text = user.get("/v1/holdings.csv").content.decode("utf-8-sig")

    names = [row["Name"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert sum(name.startswith("'") for name in names) == 3
    assert "टाटा स्टील" in names


def test_private_answers_say_so(user: AppUser, clock: Sandbox, broker_account: str) -> None:
    account_id = clock.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)

    tagged = user.get(f"/v1/connections/{account_id}/holdings")
    others = [user.get(path) for path in ("/v1/holdings", "/v1/connections", "/v1/me", "/v1/orders/TRX_none")]

    assert tagged.headers["cache-control"] == "private, no-cache"
    assert {answer.headers["cache-control"] for answer in others} == {"no-store"}
