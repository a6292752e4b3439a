"""A user links a broker account and sees their holdings, whichever way we learn of it."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest

from gateway_backend.domain.shared import exact_json
from testing.actors import AppUser, Sandbox, eventually, exact
from testing.portfolios import GUIDE_002, holding, isins, portfolio

FIXTURE = exact_json.loads(GUIDE_002)


def guide_002_portfolio() -> str:
    """Guide 002's data object, exactly, for an account of its own."""
    data = {name: value for name, value in FIXTURE["data"].items() if name not in ("smallcaseAuthId", "broker")}
    return exact_json.dumps(data)


def test_guide_002_comes_out_digit_for_digit(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, guide_002_portfolio())
    user.import_from("groww", broker_account)

    answer = user.get(f"/v1/connections/{account_id}/holdings")

    assert "-36.65253999999927" in answer.text
    assert "1.3100000000000023" in answer.text
    body = exact(answer)
    freshness = body.pop("freshness")
    expected = FIXTURE | {"data": FIXTURE["data"] | {"smallcaseAuthId": account_id}}
    assert body == expected
    assert freshness["asOf"] == FIXTURE["data"]["snapshotDate"]
    assert (freshness["state"], freshness["action"]) == ("STALE", "RECONNECT")


def test_consolidated_holdings_count_demat_and_positions_once(
    user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, guide_002_portfolio())
    user.import_from("groww", broker_account)

    body = exact(user.get("/v1/holdings"))

    bank = next(row for row in body["holdings"] if row["isin"] == "INE168A01041")
    assert (bank["quantity"], bank["demat"], bank["nse"], bank["bse"]) == (6, 4, 1, 1)
    assert (bank["transactable"], bank["inSmallcases"]) == (5, 2)
    assert bank["nseTicker"] == "J&KBANK"
    assert bank["averagePrice"] == Decimal("35.82")
    assert len(body["holdings"]) == 6
    assert body["asOf"] == FIXTURE["data"]["snapshotDate"]


WAYS = [
    ["result"],
    ["webhook"],
    ["read"],
    ["result", "webhook"],
    ["webhook", "result"],
    ["webhook", "webhook", "result", "result", "read"],
]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_every_way_of_hearing_leads_to_one_account(
    way: list[str], user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(2)))
    transaction_id = user.begin()
    result = sandbox.act(transaction_id, "complete", broker="groww", account=broker_account, webhooks="hold")

    for step in way:
        if step == "result":
            assert user.send_result(transaction_id, result).status_code == 200
        elif step == "webhook":
            delivered = sandbox.fire(kind="holdings", transactionId=transaction_id)
            assert [delivery["status"] for delivery in delivered] == [200]
        else:
            assert user.get(f"/v1/transactions/{transaction_id}").status_code == 200

    def imported() -> None:
        assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]
        assert isins(user.holdings_of(account_id)) == {json.loads(holding(n))["isin"] for n in (1, 2)}
        transaction = user.get(f"/v1/transactions/{transaction_id}").json()
        assert (transaction["status"], transaction["final"]) == ("COMPLETED", True)
        assert transaction["smallcaseAuthId"] == account_id

    eventually(imported)


def test_a_sold_share_is_gone(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(2), holding(3)))
    user.import_from("groww", broker_account)
    sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(3)))
    user.import_from("groww", broker_account)

    assert isins(user.holdings_of(account_id)) == {json.loads(holding(n))["isin"] for n in (1, 3)}


def test_an_older_snapshot_never_replaces_a_newer_one(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    newer = '"snapshotDate":"2026-11-10T10:00:00.000Z","lastUpdate":"2026-11-10T10:00:00.000Z"'
    older = '"snapshotDate":"2026-11-09T10:00:00.000Z","lastUpdate":"2026-11-09T10:00:00.000Z"'
    account_id = sandbox.put_account(
        "groww", broker_account, portfolio(holding(1), holding(2), holding(3), dates=newer)
    )
    user.import_from("groww", broker_account)
    sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(2), dates=older))
    user.import_from("groww", broker_account)

    body = user.holdings_of(account_id)
    assert body["data"]["snapshotDate"] == "2026-11-10T10:00:00.000Z"
    assert len(body["data"]["securities"]) == 3


def test_an_unchanged_portfolio_only_gets_younger(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    before = user.holdings_of(account_id)
    user.import_from("groww", broker_account)
    after = user.holdings_of(account_id)

    assert after["data"]["snapshotDate"] > before["data"]["snapshotDate"]
    assert after["data"]["securities"] == before["data"]["securities"]


def test_an_account_has_one_owner(new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str) -> None:
    first, second = new_user(), new_user()
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    first.import_from("groww", broker_account)

    transaction_id = second.begin()
    result = sandbox.act(transaction_id, "complete", broker="groww", account=broker_account)
    refused = second.send_result(transaction_id, result)

    assert (refused.status_code, refused.json()["code"]) == (409, "ACCOUNT_OF_ANOTHER_USER")
    assert second.connections() == []
    assert second.get(f"/v1/connections/{account_id}/holdings").status_code == 404
    assert second.get("/v1/holdings").json()["holdings"] == []
    transaction = second.get(f"/v1/transactions/{transaction_id}").json()
    assert (transaction["final"], transaction["error"]["message"]) == (True, "ACCOUNT_OF_ANOTHER_USER")
    assert [connection["smallcaseAuthId"] for connection in first.connections()] == [account_id]


@pytest.mark.parametrize("outcome", ["cancel_after_login", "deny_consent", "fail"])
def test_a_failure_after_login_still_links(outcome: str, user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    result = sandbox.act(transaction_id, outcome, broker="groww", account=broker_account)

    answer = user.send_result(transaction_id, result)

    assert answer.status_code in (200, 202), answer.text
    assert answer.json()["error"]["text"]
    connection = user.connections()[0]
    assert connection["smallcaseAuthId"] == account_id
    assert connection["freshness"]["reason"] == "NEVER_IMPORTED"
    nothing = user.get(f"/v1/connections/{account_id}/holdings")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "NOTHING_IMPORTED")


@pytest.mark.parametrize("outcome", ["cancel_choosing", "cancel_before_login", "no_broker"])
def test_a_failure_before_login_links_nothing(
    outcome: str, user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin()
    answer = user.send_result(
        transaction_id, sandbox.act(transaction_id, outcome, broker="groww", account=broker_account)
    )

    assert answer.status_code in (200, 202)
    assert answer.json()["error"]["text"]
    assert user.connections() == []


def test_a_connect_links_without_holdings(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    transaction_id = user.begin({"intent": "CONNECT"})
    result = sandbox.act(transaction_id, "complete", broker="groww", account=broker_account)

    assert user.send_result(transaction_id, result).json()["status"] == "COMPLETED"
    assert [connection["smallcaseAuthId"] for connection in user.connections()] == [account_id]


def test_two_accounts_add_up(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    first = sandbox.put_account("groww", broker_account, portfolio(holding(1, 10, "100.10"), holding(2)))
    second = sandbox.put_account("kite", broker_account, portfolio(holding(1, 5, "130.40")))
    user.import_from("groww", broker_account)
    user.import_from("kite", broker_account)

    body = exact(user.get("/v1/holdings"))

    shared = next(row for row in body["holdings"] if row["isin"] == json.loads(holding(1))["isin"])
    assert shared["quantity"] == 15
    assert shared["invested"] == Decimal("1653")
    assert shared["averagePrice"] == Decimal("110.2")
    assert {part["smallcaseAuthId"]: part["quantity"] for part in shared["accounts"]} == {first: 10, second: 5}
    assert {account["broker"] for account in body["accounts"]} == {"groww", "kite"}


def test_five_thousand_securities_are_split_not_refused(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    securities = [holding(number, number + 1, f"{number}.{number * 7919 % 100000:05d}1") for number in range(5000)]
    account_id = sandbox.put_account("groww", broker_account, portfolio(*securities))
    user.import_from("groww", broker_account)

    answer = user.get(f"/v1/connections/{account_id}/holdings")

    assert len(answer.json()["data"]["securities"]) == 5000
    assert '"averagePrice":4999.870811' in answer.text


def test_an_unlinked_account_is_erased_and_only_a_new_import_links_it_again(
    user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    earlier = user.begin()
    result = sandbox.act(earlier, "complete", broker="groww", account=broker_account, webhooks="hold")
    assert user.send_result(earlier, result).status_code == 200

    assert user.http.delete(f"/v1/connections/{account_id}").status_code == 204
    assert user.http.delete(f"/v1/connections/{account_id}").status_code == 204
    assert user.connections() == []
    assert user.get(f"/v1/connections/{account_id}/holdings").status_code == 404
    late = user.send_result(earlier, result)
    assert (late.status_code, late.json()["code"]) == (409, "CONNECTION_WITHDRAWN")
    sandbox.fire(kind="holdings", transactionId=earlier)
    assert user.connections() == []

    user.import_from("groww", broker_account)
    assert isins(user.holdings_of(account_id)) == {json.loads(holding(1))["isin"]}


def test_a_connected_import_is_pinned_to_its_account(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    session = user.post("/v1/session", {"smallcaseAuthId": account_id}).json()
    assert (session["smallcaseAuthId"], session["broker"]) == (account_id, "groww")

    body = {"intent": "HOLDINGS_IMPORT", "version": "v2", "smallcaseAuthId": account_id}
    transaction_id = user.begin(body)
    result = sandbox.act(transaction_id, "wrong_account", broker="groww", account=broker_account)

    answer = user.send_result(transaction_id, result).json()
    assert (answer["error"]["code"], answer["error"]["action"]) == (1001, "RECONNECT")


def test_version_1_has_v1s_own_shape(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, guide_002_portfolio())
    user.import_from("groww", broker_account, {"intent": "HOLDINGS_IMPORT", "version": "v1"})

    body = user.holdings_of(account_id, version="v1")

    bank = next(row for row in body["data"]["securities"]["holdings"] if row["ticker"] == "J&KBANK")
    assert bank["shares"] == 4  # 4 in demat and 2 in positions, less the 2 inside a smallcase (contract 4.1)
    assert body["data"]["smallcases"] == FIXTURE["data"]["smallcases"]


def test_mutual_funds_come_when_asked_for(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    fund = '{"folio":"12345/67","fund":"Parag Parikh Flexi Cap","isin":"INF879O01027","quantity":123.4567,'
    fund += '"averagePrice":61.2345,"lastPrice":80.1,"lastPriceDate":"2026-11-20","pnl":1.5,"xirr":12.1}'
    text = portfolio(holding(1))[:-1] + f',"mutualFunds":{{"holdings":[{fund}]}}}}'
    account_id = sandbox.put_account("groww", broker_account, text)
    wanted = {"intent": "HOLDINGS_IMPORT", "version": "v2", "assetConfig": {"mfHoldings": True}}
    user.import_from("groww", broker_account, wanted)

    assert user.holdings_of(account_id)["data"]["mutualFunds"]["holdings"][0]["quantity"] == Decimal("123.4567")
    row = exact(user.get("/v1/holdings"))["mutualFunds"][0]
    assert (row["units"], row["averagePrice"]) == (Decimal("123.4567"), Decimal("61.2345"))


def test_an_unchanged_answer_is_304(user: AppUser, sandbox: Sandbox, broker_account: str) -> None:
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    user.import_from("groww", broker_account)
    path = f"/v1/connections/{account_id}/holdings"
    etag = user.get(path).headers["etag"]

    assert user.get(path, headers={"if-none-match": etag}).status_code == 304
    sandbox.put_account("groww", broker_account, portfolio(holding(1), holding(2)))
    user.import_from("groww", broker_account)
    assert user.get(path, headers={"if-none-match": etag}).status_code == 200


def test_csv_opens_in_a_spreadsheet_without_running_anything(
    user: AppUser, sandbox: Sandbox, broker_account: str
) -> None:
    tricky = holding(1).replace('"name":"', '"name":"=HYPERLINK(0)')
    sandbox.put_account("groww", broker_account, portfolio(tricky, holding(2, 7, "12.5")))
    user.import_from("groww", broker_account)

    answer = user.get("/v1/holdings.csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.content.startswith(b"\xef\xbb\xbf"), "so that a spreadsheet takes it for UTF-8"
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("ISIN,Symbol,Exchange,Name,Quantity,Average Price")
    assert any(",'=HYPERLINK(0)" in line for line in lines)
    assert any(",7,12.5,87.5,INR,groww," in line for line in lines)


def test_a_repeated_create_gives_the_same_transaction(user: AppUser) -> None:
    first, again = user.create(key="import-1-of-" + user.sub), user.create(key="import-1-of-" + user.sub)

    assert first.json()["transactionId"] == again.json()["transactionId"]
    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"


def test_transactions_are_listed_page_by_page(user: AppUser) -> None:
    made = [user.begin() for _ in range(5)]

    def listed() -> None:
        seen, cursor = [], None
        while True:
            query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
            page = user.get("/v1/transactions", params=query).json()
            seen += [transaction["transactionId"] for transaction in page["transactions"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert seen == made[::-1]

    eventually(listed)


def test_unlinking_again_does_not_touch_the_next_owners_data(
    new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str
) -> None:
    """A repeated unlink finishes what a crash left, of the first owner's only."""
    first, second = new_user(), new_user()
    account_id = sandbox.put_account("groww", broker_account, portfolio(holding(1)))
    first.import_from("groww", broker_account)
    assert first.http.delete(f"/v1/connections/{account_id}").status_code == 204
    second.import_from("groww", broker_account)

    assert first.http.delete(f"/v1/connections/{account_id}").status_code == 204
    assert isins(second.holdings_of(account_id)) == {json.loads(holding(1))["isin"]}
