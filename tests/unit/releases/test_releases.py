"""An upgrade keeps everything: this release reads what former ones stored, and goes on from there.

`tests/fixtures/releases/` has each release's items and what its read routes answered for them, recorded by
`testing.release_items`.
"""

import base64
import json
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from gateway_backend.domain.shared import times
from gateway_backend.gateway import tokens
from testing.backend import Backend
from testing.gateway import KEYS, BrokerAccount
from testing.market_times import MINUTE
from testing.release_changes import fault
from testing.release_items import BASKET, FOLDER, IMPORT, record

FILES = sorted(FOLDER.glob("*.json"))
KINDS = {
    *("ACCOUNT/STATUS", "ACCOUNT/SNAPSHOT", "ACCOUNT/PART", "ACCOUNT/ERASED", "USER/ACCOUNT", "USER/CONSENT"),
    *("USER/OPENING", "TXN/META", "TXN/BATCH", "TXN/FUNDS", "TXN/FUNDSPART", "RECEIPT/FIRST", "RECEIPT/"),
    *("IDEMPOTENCY/REQUEST", "REFRESH/PLAN", "REFRESH/PAGE", "CIRCUIT/STATE"),
}
"""Every kind of item of release 0.1.0, as docs/architecture.md has them; a receipt's sort key is a hash."""


@cache
def recorded() -> dict[str, Any]:
    return dict(json.loads(FILES[-1].read_text()))


def name(what: str) -> Any:
    """What the recording calls so."""
    return recorded()["names"][what]


def page(*accounts: str, attempt: int = 0) -> str:
    """A message with a page of the refresh that was under way."""
    return json.dumps(name("page") | {"accounts": accounts, "attempt": attempt})


def typed(attribute: Any, kind: str = "") -> Any:
    """A typed attribute of DynamoDB out of the fixture's JSON."""
    if kind == "B":
        return base64.b64decode(attribute)
    if isinstance(attribute, dict):
        return {name: typed(value, name if isinstance(value, str) else "") for name, value in attribute.items()}
    return [typed(value) for value in attribute] if isinstance(attribute, list) else attribute


def load(release: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Backend:
    backend = Backend(monkeypatch, times.parse(release["now"]), next_request=1000)
    for item in release["items"]:
        backend.table.put_item(Item={name: typed(value) for name, value in item.items()})
    # Gateway gives out no id twice.
    backend.gateway.transactions |= dict.fromkeys(item["pk"]["S"] for item in release["items"])
    return backend


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    """What the last release left behind; Gateway knows of nothing until a test says so."""
    return load(recorded(), monkeypatch)


def items(backend: Backend, pk: str = "", sk: str = "") -> list[dict[str, Any]]:
    every = backend.table.items()
    return [item for item in every if item["pk"]["S"].startswith(pk) and item["sk"]["S"].startswith(sk)]


def message_of(receipt: dict[str, Any]) -> str:
    return f"{receipt['pk']['S'].removeprefix('RECEIPT#')}/{receipt['sk']['S']}"


def kind_of(pk: str, sk: str) -> str:
    return "RECEIPT/" if pk == "RECEIPT" and sk != "FIRST" else f"{pk}/{sk}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_kind_of_item_was_recorded(file: Any) -> None:
    assert kinds_in(json.loads(file.read_text())) == KINDS


def kinds_in(recording: dict[str, Any]) -> set[str]:
    addresses = ((item["pk"]["S"].split("#")[0], item["sk"]["S"].split("#")[0]) for item in recording["items"])
    return {kind_of(pk, sk) for pk, sk in addresses}


def test_a_user_of_a_former_release_is_erased_to_the_last_item(backend: Backend) -> None:
    assert backend.request("erase_user_data", user="asha").status == 202
    backend.now += timedelta(minutes=11)
    assert backend.schedule("finish_erasures")["erasuresFinished"] >= 1

    left = {kind_of(pk.split("#")[0], sk.split("#")[0]) for pk, sk in items_naming(backend, "asha")}
    ends_by_itself = {"IDEMPOTENCY/REQUEST", "RECEIPT/"}  # within a day, and one that waits for its verdict
    assert left == {"USER/CONSENT", "USER/ERASURE", "ACCOUNT/ERASED"} | ends_by_itself


def test_a_webhook_that_a_former_release_left_waiting_is_erased_with_its_verdict(backend: Backend) -> None:
    waiting = [item for item in items(backend, "RECEIPT#") if "kind" in item and "verdict" not in item]
    assert waiting
    for user in ("asha", "bina"):
        assert backend.request("erase_user_data", user=user).status == 202

    for receipt in waiting:
        assert backend.message("apply_webhook", message_of(receipt))
    assert [item for item in items(backend, "RECEIPT#") if "blob" in item] == []


def items_naming(backend: Backend, name: str) -> list[tuple[str, str]]:
    """Addresses of the items in which the name appears."""
    return [(item["pk"]["S"], item["sk"]["S"]) for item in backend.table.items() if name in str(item)]


def test_every_kind_of_item_of_this_release_can_be_recorded() -> None:
    assert kinds_in(record("next")) == KINDS | {
        *("ACCOUNT/RECEIPT", "TXN/RECEIPT", "USER/TXN", "USER/ERASURE", "CALENDAR/NSE"),
        *("REQUESTS/CREATE", "REQUESTS/RESULT", "REQUESTS/REFRESH", "USER/FUNDS"),
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_read_route_answers_as_the_former_release_did(file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    release = json.loads(file.read_text())
    backend = load(release, monkeypatch)
    backend.gateway.permanent_fault = "503"
    wrong = []
    for request in release["answers"]:
        answer = backend.request(
            request["function"], user=request["user"], path_id=request["pathId"], query=request["query"]
        )
        if answer.status != request["status"] or fault(answer.body, request["body"]):
            wrong.append((request["function"], request["user"], request["pathId"], fault(answer.body, request["body"])))
    assert wrong == []


# What was under way goes on --------------------------------------------------------------------


def completed(backend: Backend, transaction_id: str, account: str, broker: str, **more: Any) -> None:
    """Gateway says so from now on."""
    report = {"status": "COMPLETED", "smallcaseAuthId": account, "broker": broker}
    backend.gateway.transactions[transaction_id] = report | more


def test_a_webhook_that_waits_is_applied(backend: Backend) -> None:
    transaction_id = name("import that a webhook ends")
    completed(backend, transaction_id, "bina-upstox", "upstox")
    backend.gateway.accounts["bina-upstox"] = BrokerAccount("upstox", {1: 10})
    receipts = [item for item in items(backend, "RECEIPT#") if item.get("transactionId") == {"S": transaction_id}]
    (waiting,) = [item for item in receipts if "verdict" not in item]

    assert backend.message("apply_webhook", message_of(waiting))
    decided = backend.table.peek(waiting["pk"]["S"], waiting["sk"]["S"]) or {}
    assert decided["verdict"] == {"S": "APPLIED"}


def test_a_webhook_that_was_applied_is_not_applied_again(backend: Backend) -> None:
    before = backend.table.items()
    for receipt in items(backend, "RECEIPT#"):
        if "verdict" in receipt:
            assert backend.message("apply_webhook", message_of(receipt))
    assert backend.table.items() == before


def test_an_import_that_was_open_ends(backend: Backend) -> None:
    completed(backend, name("open connect"), "asha-kite", "kite")

    answer = backend.request("get_transaction", path_id=name("open connect"))
    assert answer.json["final"] is True
    assert answer.json["status"] == "COMPLETED"


def test_an_order_that_was_open_is_followed_to_its_end(backend: Backend) -> None:
    order_id = name("open order")
    completed(backend, order_id, "asha-kite", "kite", flags={"isOrderRequested": True})
    stock = {"tradingsymbol": "AXISBANK", "transactionType": "BUY", "quantity": 10, "filledQuantity": 10}
    stock |= {"status": "COMPLETE", "averagePrice": 421.5, "exchangeOrderId": f"11000000{order_id[4:]}"}
    backend.gateway.orders[order_id] = [{"batchId": f"batch-{order_id}", "status": "COMPLETED", "orders": [stock]}]
    backend.gateway.accounts["asha-kite"] = BrokerAccount("kite", dict.fromkeys(range(9), 10))

    answer = backend.request("get_order", path_id=order_id).json
    (batch,) = answer["batches"]
    assert (answer["final"], batch["revision"]) == (True, 2)
    assert [(order["status"], order["filledQuantity"]) for order in batch["orders"]] == [("COMPLETE", 10)]


def test_open_transactions_and_waiting_webhooks_are_found_by_the_schedule(backend: Backend) -> None:
    backend.gateway.permanent_fault = "503"
    counters = backend.schedule("reconcile_transactions")
    assert counters["transactionsChecked"] > 3
    assert counters["queued"] > 0


def test_a_repeated_create_gets_its_transaction(backend: Backend) -> None:
    backend.now -= timedelta(hours=20)
    assert backend.request("create_transaction", IMPORT, key="import-1").json["transactionId"] == "TRX_1"


@pytest.mark.parametrize("key", ["nobody-knows", "died"])
def test_a_create_whose_outcome_nobody_knows_stays_so(backend: Backend, key: str) -> None:
    backend.now -= timedelta(hours=20)
    answer = backend.request("create_transaction", BASKET, key=key)
    assert (answer.status, answer.json["code"]) == (504, "OUTCOME_UNKNOWN")


def test_what_was_planned_is_not_planned_again(backend: Backend) -> None:
    assert backend.schedule("plan_refresh")["slotsPlanned"] == 0


def test_accounts_of_long_lived_sessions_are_found_for_the_next_round(backend: Backend) -> None:
    backend.now += 90 * MINUTE
    backend.schedule("plan_refresh")
    planned = {account for message, _ in backend.sqs.sent for account in json.loads(message)["accounts"]}
    assert {"asha-kite", "chetan-half", "chetan-over", "chetan-new"} <= planned


def test_the_circuit_is_still_open(backend: Backend) -> None:
    message = page("chetan-half", attempt=7)
    backend.now = times.parse(recorded()["now"])
    assert backend.message("refresh_snapshots", message)
    assert backend.gateway.calls == []


def test_a_page_that_is_done_is_not_done_again(backend: Backend) -> None:
    message = page("asha-kite")
    before = backend.table.items()
    assert backend.message("refresh_snapshots", message)
    assert backend.table.items() == before


def test_a_page_that_another_worker_has_is_left_to_it(backend: Backend) -> None:
    message = page("chetan-taken")
    assert not backend.message("refresh_snapshots", message)


def test_a_lease_has_ended_and_the_account_is_refreshed(backend: Backend) -> None:
    backend.gateway.accounts["chetan-leased"] = BrokerAccount("kite", dict.fromkeys(range(9), 10))
    answer = backend.request("request_refresh", user="chetan", path_id="chetan-leased")
    assert (answer.status, answer.json["refresh"]) == (200, "REFRESHED")


def test_a_session_that_was_over_is_renewed_by_a_login(backend: Backend) -> None:
    transaction_id = backend.request("create_transaction", IMPORT, user="chetan").json["transactionId"]
    completed(backend, transaction_id, "chetan-over", "kite")
    backend.gateway.accounts["chetan-over"] = BrokerAccount("kite", dict.fromkeys(range(9), 10))
    token = tokens.connected_token("chetan-over", KEYS.secret, backend.now)
    result = {"platform": "web", "resolved": {"smallcaseAuthToken": token, "transactionId": transaction_id}}
    assert backend.request("complete_transaction", result, user="chetan", path_id=transaction_id).status == 200

    (connection,) = [
        connection
        for connection in backend.request("list_connections", user="chetan").json["connections"]
        if connection["smallcaseAuthId"] == "chetan-over"
    ]
    assert (connection["state"], connection["reason"]) == ("ACTIVE", None)


def test_a_snapshot_that_grows_old_is_flagged(backend: Backend) -> None:
    backend.now += timedelta(days=4)
    assert backend.schedule("flag_stale_sessions")["flaggedStale"] == 1


def test_an_account_that_was_unlinked_is_not_linked_by_an_older_transaction(backend: Backend) -> None:
    completed(backend, name("import from before an unlinking"), "bina-gone", "groww")
    answer = backend.request("get_transaction", user="bina", path_id=name("import from before an unlinking")).json
    assert (answer["final"], answer["error"]["message"]) == (True, "CONNECTION_WITHDRAWN")


def test_unlinking_erases_what_was_stored(backend: Backend) -> None:
    for account in ("asha-kite", "asha-groww"):
        assert backend.request("delete_connection", path_id=account).status == 204

    assert items(backend, "ACCOUNT#asha", "S") == []
    assert items(backend, "ACCOUNT#asha", "P") == []
    assert [item for item in items(backend, "TXN#", "BATCH") if "body" in item] == []
    assert len(items(backend, "USER#asha", "CONSENT")) == 2


def test_the_stream_of_what_was_stored_gives_its_events(backend: Backend) -> None:
    def record(number: int, item: dict[str, Any]) -> dict[str, Any]:
        written = {"SequenceNumber": str(number), "ApproximateCreationDateTime": 1, "NewImage": item}
        return {"eventID": f"event-{number}", "dynamodb": written}

    records = [record(number, item) for number, item in enumerate(backend.table.items())]
    assert backend.handler("publish_events")({"Records": records}, None) == {"batchItemFailures": []}

    names = {entry["DetailType"] for entry in backend.bus.entries}
    assert {"ConnectionLinked", "ConnectionNeedsLogin", "HoldingsStale", "HoldingsImported"} <= names
    assert {"ActionPending", "OrderUpdated", "TransactionFinished"} <= names
