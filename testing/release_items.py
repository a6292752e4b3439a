"""Record what this release stores, for later releases to be tested against.

`PYTHONPATH=layers/core python -m testing.release_items 0.1.0` writes `tests/fixtures/releases/0.1.0.json`.
A made-up day of three users is played through the functions' own handlers, so that every kind of item is there in every
state that an upgrade may meet. Texts that would be large are split into small parts.
"""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from typing import Any

import pytest

from gateway_backend.bootstrap import stores
from gateway_backend.domain.market.announcements import NONE
from gateway_backend.domain.shared import times
from gateway_backend.gateway import tokens
from gateway_backend.gateway.checksums import checksum
from gateway_backend.store.dynamodb import blobs
from gateway_backend.store.market.announcements import AnnouncementStore
from gateway_backend.usecases.refresh import circuit_breaker
from testing.backend import Backend
from testing.fakes import Crash
from testing.gateway import KEYS, BrokerAccount
from testing.market_times import FRIDAY_WINDOW, MINUTE
from testing.portfolios import holding
from testing.template import CHECKOUT

FOLDER = CHECKOUT / "tests" / "fixtures" / "releases"
SMALL_PART_BYTES = 500
V1 = (
    '"securities":{"holdings":[{"name":"Axis Bank","ticker":"AXISBANK","averagePrice":420.10,"shares":3}]},'
    '"smallcases":{"public":[{"scid":"SCNM_0003","name":"Banks","stats":{"currentValue":1,"totalReturns":0},'
    '"constituents":[{"ticker":"AXISBANK","shares":2}]}],"private":{"stats":{"currentValue":0,"totalReturns":0}}}'
)
FUNDS = (
    '"securities":[' + ",".join(holding(number, 7, "1234.5600000000001") for number in range(12)) + '],"mutualFunds":'
    '{"holdings":[{"folio":"910123","fund":"Axis Bluechip Fund","isin":"INF846K01131","quantity":112.345,'
    '"averagePrice":45.67,"lastPrice":50.1,"pnl":1.0,"xirr":2.0}]},"smallcases":{"public":[],"private":{}}'
)
IMPORT = {"intent": "HOLDINGS_IMPORT", "version": "v2", "notes": "first import"}
BASKET = {
    "intent": "TRANSACTION",
    "orderConfig": {
        "type": "SECURITIES",
        "securities": [{"ticker": "AXISBANK", "quantity": 10, "type": "BUY"}],
        "meta": {"orderName": "One bank"},
    },
    "notes": "a note",
}
SCHEME = {"scheme": "Axis Bluechip", "pan": "ABCDE1234F"}
STATEMENT = {"summary": [SCHEME | {"folio": str(number**7), "units": number**5 / 1000} for number in range(10, 60)]}


class Day:
    """What the users, the brokers and Gateway do, in the order in which it happens."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.gateway = backend.gateway
        self.names: dict[str, Any] = {}
        """What the tests need to find again."""

    def play(self) -> None:
        self.imports()
        self.webhooks()
        self.orders()
        self.other_intents()
        self.sessions()
        self.unlinking()
        self.account_openings()
        self.unfinished_requests()
        self.schedules()

    def imports(self) -> None:
        self.imported("asha", "asha-kite", "kite", key="import-1")
        self.imported("asha", "asha-groww", "groww", FUNDS, body=IMPORT | {"assetConfig": {"mfHoldings": True}})
        self.imported("bina", "bina-upstox", "upstox", V1)
        # Bina logs in to Asha's account.
        refused = self.begin("bina", IMPORT)
        self.log_in(refused, "asha-kite", "kite")
        assert self.send_result("bina", refused, "asha-kite").status == 409

    def webhooks(self) -> None:
        body = {"securities": [], "smallcaseAuthId": "asha-kite", "broker": "kite", "transactionId": "TRX_1"}
        body["snapshotDate"] = times.to_text(self.backend.now - MINUTE)
        self.apply(self.receive(body))
        self.apply(self.receive({**body, "transactionId": "TRX_nobodys"}))
        first = self.signed(body | {"notes": "kept"})
        for raw in (first, first, first.replace(b"kept", b"forged")):
            assert self.backend.request("receive_webhook", raw).status == 200
        # Its message is lost, and its body is long.
        waiting = self.names["import that a webhook ends"] = self.begin("bina", IMPORT)
        self.log_in(waiting, "bina-upstox", "upstox")
        securities = [json.loads(holding(number)) for number in range(12)]
        about = {"smallcaseAuthId": "bina-upstox", "broker": "upstox", "transactionId": waiting}
        self.receive({**body, **about, "securities": securities})

    def orders(self) -> None:
        open_order = self.names["open order"] = self.begin(
            "asha", BASKET | {"smallcaseAuthId": "asha-kite"}, key="order-1"
        )
        self.trade(open_order, "asha-kite", "PROCESSING", self.batch(open_order, "PLACED", 4))
        done = self.begin("asha", BASKET | {"smallcaseAuthId": "asha-groww"})
        self.trade(done, "asha-groww", "COMPLETED", self.batch(done, "COMPLETED", 10))
        ended_badly = self.begin("asha", BASKET)
        self.trade(ended_badly, "asha-groww", "ERRORED", error={"code": 1012, "message": "user_cancelled"})
        smallcase = {"type": "REBALANCE", "iscid": "5d94bc5b3a2c2f1d0a7e6b31"}
        body = {"intent": "TRANSACTION", "smallcaseAuthId": "asha-kite", "orderConfig": smallcase}
        rebalance = self.begin("asha", body)
        success = {"data": {"batches": [self.batch(rebalance, "COMPLETED", 10)], "scid": "SCNM_0003", "name": "Banks"}}
        self.trade(rebalance, "asha-kite", "COMPLETED", success=success | {"iscid": smallcase["iscid"]})
        for transaction_id in (open_order, done, ended_badly, rebalance):
            assert self.backend.request("get_order", path_id=transaction_id).status == 200

    def other_intents(self) -> None:
        account = {"smallcaseAuthId": "asha-kite"}
        funds = self.begin("asha", {"intent": "FETCH_FUNDS", **account})
        self.log_in(funds, "asha-kite", "kite", success={"data": {"funds": 1203.10}})
        investment = {"orderConfig": {"iscid": "5d94bc5b3a2c2f1d0a7e6b31"}}
        sip = self.begin("asha", {"intent": "SIP_SETUP", **investment, **account})
        plan = {"amount": 5000.50, "frequency": "1m", "sipAction": "create", "sipActive": True, "sipType": "manual"}
        self.log_in(sip, "asha-kite", "kite", success={"data": {"sipDetails": plan}})
        for transaction_id in (funds, sip):
            self.read(transaction_id)
        statement = self.begin("asha", {"intent": "MF_HOLDINGS_IMPORT"})
        self.gateway.transactions[statement] = {"status": "USED"}
        self.apply(self.receive({"transactionId": statement, "data": STATEMENT}))
        self.gateway.investments["5d94bc5b3a2c2f1d0a7e6b31"] = {
            "investment": {"iscid": "5d94bc5b3a2c2f1d0a7e6b31", "recommendedAction": "REPAIR", "scid": "SCNM_0003"}
        }
        self.apply(self.receive({"smallcaseAuthId": "asha-kite", "iscid": "5d94bc5b3a2c2f1d0a7e6b31"}))

    def sessions(self) -> None:
        self.imported("chetan", "chetan-over", "kite")
        self.imported("chetan", "chetan-half", "kite")
        self.imported("chetan", "chetan-leased", "kite")
        self.imported("chetan", "chetan-taken", "kite")
        self.gateway.accounts["chetan-new"] = BrokerAccount("kite", {1: 10})
        never_imported = self.begin("chetan", IMPORT)
        self.log_in(never_imported, "chetan-new", "kite")
        self.gateway.faults["chetan-new"].extend(["500"] * 3)
        assert self.send_result("chetan", never_imported, "chetan-new").status == 202
        self.gateway.accounts["chetan-over"].is_forbidden = True
        self.gateway.faults["chetan-half"].extend(["updating"] * 3)
        for account, status in (("chetan-over", 201), ("chetan-half", 202)):
            assert self.backend.request("request_refresh", user="chetan", path_id=account).status == status
        with self.dies_when_gateway_answers():
            self.backend.request("request_refresh", user="chetan", path_id="chetan-leased")

    def unlinking(self) -> None:
        self.imported("bina", "bina-gone", "groww")
        order = self.begin("bina", BASKET | {"smallcaseAuthId": "bina-gone"})
        self.trade(order, "bina-gone", "COMPLETED", self.batch(order, "COMPLETED", 10))
        assert self.backend.request("get_order", user="bina", path_id=order).status == 200
        self.names["import from before an unlinking"] = self.begin("bina", IMPORT)
        self.backend.now += MINUTE
        assert self.backend.request("delete_connection", user="bina", path_id="bina-gone").status == 204

    def account_openings(self) -> None:
        results: list[dict[str, Any]] = [
            {"resolved": {}},
            {"rejected": {"code": 1011, "message": "user_cancelled"}},
            {},
        ]
        for result in results:
            self.backend.now += MINUTE
            opening = self.backend.request("create_account_opening", {"name": "Asha Rao"}).json["openingId"]
            if result:
                result_body = {"platform": "web", **result}
                assert self.backend.request("complete_account_opening", result_body, path_id=opening).status == 200

    def unfinished_requests(self) -> None:
        self.gateway.faults["create"].append("timeout")
        assert self.backend.request("create_transaction", BASKET, key="nobody-knows").status == 504
        with self.dies_when_gateway_answers():
            self.backend.request("create_transaction", BASKET, key="died")
        self.names["open connect"] = self.begin("asha", {"intent": "CONNECT"}, key="left-open")

    def schedules(self) -> None:
        expired = self.begin("bina", IMPORT)
        self.backend.now += 3 * MINUTE
        self.gateway.permanent_fault = "503"
        self.backend.schedule("reconcile_transactions")
        self.gateway.permanent_fault = ""
        self.backend.now = FRIDAY_WINDOW + 25 * MINUTE
        self.read(expired, "bina")
        self.backend.schedule("flag_stale_sessions")
        self.imported("bina", "bina-watched", "upstox")
        self.backend.sqs.sent.clear()
        self.backend.schedule("plan_refresh")
        (planned,) = [json.loads(message) for message, _ in self.backend.sqs.sent]
        self.names["page"] = planned
        assert self.backend.message("refresh_snapshots", json.dumps(planned | {"accounts": ["asha-kite"]}))
        with self.dies_when_gateway_answers():
            self.backend.message("refresh_snapshots", json.dumps(planned | {"accounts": ["chetan-taken"]}))
        self.gateway.permanent_fault = "503"
        out_of_reach = planned | {"accounts": ["chetan-half", "chetan-taken"]}
        assert self.backend.message("refresh_snapshots", json.dumps(out_of_reach))
        assert self.backend.table.has("CIRCUIT#gateway", "STATE")

    # Smaller steps -----------------------------------------------------------------------------

    @contextmanager
    def dies_when_gateway_answers(self) -> Iterator[None]:
        """The worker's process is gone: it writes nothing any more."""

        def die() -> None:
            self.backend.table.before_write = crash
            crash()

        self.gateway.before_reply = die
        with suppress(Crash):
            yield
        self.backend.table.before_write = None

    def imported(
        self, user: str, account: str, broker: str, data: str = "", *, body: dict[str, Any] = IMPORT, key: str = ""
    ) -> None:
        self.gateway.accounts[account] = BrokerAccount(broker, dict.fromkeys(range(3), 10), data=data)
        transaction_id = self.begin(user, body, key=key)
        self.log_in(transaction_id, account, broker)
        assert self.send_result(user, transaction_id, account).status == 200

    def begin(self, user: str, body: dict[str, Any], *, key: str = "") -> str:
        self.backend.now += timedelta(seconds=1)
        answer = self.backend.request("create_transaction", body, user=user, key=key)
        assert answer.status == 201, answer.body
        return str(answer.json["transactionId"])

    def log_in(self, transaction_id: str, account: str, broker: str, **more: Any) -> None:
        report = {"status": "COMPLETED", "smallcaseAuthId": account, "broker": broker}
        self.gateway.transactions[transaction_id] = report | more

    def trade(self, transaction_id: str, account: str, status: str, *batches: dict[str, Any], **more: Any) -> None:
        self.gateway.transactions[transaction_id] = {
            "status": status,
            "smallcaseAuthId": account,
            "broker": self.gateway.accounts[account].broker,
            "flags": {"isOrderRequested": bool(batches)},
            **more,
        }
        self.gateway.orders[transaction_id] = list(batches)

    def batch(self, transaction_id: str, status: str, filled: int) -> dict[str, Any]:
        stock = {"tradingsymbol": "AXISBANK", "transactionType": "BUY", "quantity": 10, "filledQuantity": filled}
        stock |= {"status": "PLACED", "exchangeOrderId": f"11000000{transaction_id[4:]}"}
        if status == "COMPLETED":
            stock |= {"status": "COMPLETE", "averagePrice": 420.10, "statusMessage": "RMS: XQ1234"}
        about = {"quantity": 1, "filled": int(filled == 10), "buyAmount": 1575.0900000000001, "orders": [stock]}
        return {"batchId": f"batch-{transaction_id}", "status": status, "variety": "regular", **about}

    def send_result(self, user: str, transaction_id: str, account: str) -> Any:
        token = tokens.connected_token(account, KEYS.secret, self.backend.now)
        resolved = {"smallcaseAuthToken": token, "transactionId": transaction_id}
        body = {"platform": "web", "resolved": resolved}
        return self.backend.request("complete_transaction", body, user=user, path_id=transaction_id)

    def read(self, transaction_id: str, user: str = "asha") -> None:
        assert self.backend.request("get_transaction", user=user, path_id=transaction_id).status == 200

    def signed(self, body: dict[str, Any]) -> bytes:
        self.backend.now += timedelta(seconds=1)
        timestamp = times.to_text(self.backend.now)
        subject = body.get("smallcaseAuthId") or body["transactionId"]
        signature = {"timestamp": timestamp, "checksum": checksum(timestamp + subject, KEYS.api_secret)}
        return json.dumps(body | signature).encode()

    def receive(self, body: dict[str, Any]) -> str:
        """The message that the webhook became."""
        assert self.backend.request("receive_webhook", self.signed(body)).status == 200
        return self.backend.sqs.sent[-1][0]

    def apply(self, message: str) -> None:
        assert self.backend.message("apply_webhook", message)


def crash(*_: Any) -> None:
    raise Crash


def answers(backend: Backend) -> list[dict[str, Any]]:
    """What every route of a user answers. Gateway is away, so that each says what is stored."""
    found = []

    def ask(function: str, user: str, path_id: str = "", **query: str) -> Any:
        answer = backend.request(function, user=user, path_id=path_id, query=query)
        request = {"function": function, "user": user, "pathId": path_id, "query": query}
        found.append({**request, "status": answer.status, "body": answer.body})
        return answer

    backend.gateway.permanent_fault = "503"
    for user in ("asha", "bina", "chetan"):
        for function in ("list_connections", "list_orders", "list_transactions", "list_account_openings"):
            ask(function, user)
        for function in ("get_holdings", "export_holdings"):
            ask(function, user)
        ask("get_holding_changes", user, since="2026-11-19")
        for connection in backend.request("list_connections", user=user).json["connections"]:
            for version in ("v2", "v1"):
                ask("get_account_holdings", user, connection["smallcaseAuthId"], version=version)
        for transaction in backend.request("list_transactions", user=user, query={"limit": "100"}).json["transactions"]:
            for function in ("get_transaction", "get_order", "get_mutual_funds"):
                ask(function, user, transaction["transactionId"])
    return found


def plain(attribute: Any) -> Any:
    """A typed attribute of DynamoDB in JSON: binaries as base64."""
    if isinstance(attribute, bytes):
        return base64.b64encode(attribute).decode()
    if isinstance(attribute, dict):
        return {name: plain(value) for name, value in attribute.items()}
    return [plain(value) for value in attribute] if isinstance(attribute, list) else attribute


def record(release: str) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(blobs, "PART_BYTES", SMALL_PART_BYTES)
        monkeypatch.setattr(circuit_breaker, "FAILURES_THAT_OPEN", 2)
        backend = Backend(monkeypatch)
        day = Day(backend)
        day.play()
        AnnouncementStore(stores.table()).save(NONE, NONE.add(date(2027, 3, 10), "closed").cover(date(2027, 12, 31)))
        items = [plain(item) for item in backend.table.items()]
        now = backend.now
        recording = {"release": release, "now": times.to_text(now), "names": day.names, "items": items}
        return recording | {"answers": answers(backend)}


if __name__ == "__main__":
    release = sys.argv[1]
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{release}.json").write_text(json.dumps(record(release), indent=1, ensure_ascii=False) + "\n")
