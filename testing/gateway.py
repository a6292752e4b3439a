"""A fake smallcase Gateway with brokers behind it, whose calls fail on demand; our own client talks to it."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import requests

from gateway_backend.domain.shared import times
from gateway_backend.gateway import tokens
from gateway_backend.gateway.keys import GatewayKeys
from testing.portfolios import holding, market, portfolio

KEYS = GatewayKeys("demogateway", "a-made-up-secret-of-32-bytes-or-so", ("api-secret",))

type Securities = dict[int, float]
"""Number of the security in the market -> quantity."""


@dataclass
class BrokerAccount:
    """An account's holdings at its broker, and the snapshots that Gateway has taken of them."""

    broker: str
    securities: Securities
    session_is_live: bool = True
    """Gateway takes a new snapshot at every request; once the session is over it shows the last one."""

    is_forbidden: bool = False
    """Gateway answers 403 about the account's holdings."""

    data: str = ""
    """Members of the data object, as JSON text, in place of the securities."""

    snapshots: list[tuple[datetime, Securities]] = field(default_factory=list)


@dataclass
class FakeGateway:
    """Gateway behind a `requests.Session`: it stands in the place of the session that our client opens."""

    clock: Callable[[], datetime]
    accounts: dict[str, BrokerAccount] = field(default_factory=dict)
    transactions: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, Any] = field(default_factory=dict)
    """Transaction -> its batches, as `orders/sst` wraps them."""

    investments: dict[str, Any] = field(default_factory=dict)
    """iscid -> the investment in a smallcase."""

    faults: defaultdict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    """Faults of the next calls for an account, or about a transaction, its orders or an investment."""

    permanent_fault: str = ""
    """Of every call, until it is set to an empty text again."""

    before_reply: Callable[[], object] | None = None
    """Called once, after Gateway has made its next reply and before we get it."""

    calls: list[str] = field(default_factory=list)
    """What each call was about: an account, a transaction, its orders, an investment, or "create"."""

    create_bodies: list[dict[str, Any]] = field(default_factory=list)
    """Of every create that reached Gateway, whether it was answered or not."""

    @contextmanager
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        params: dict[str, str] | None = None,
        data: str = "",
        **_: Any,
    ) -> Iterator[Any]:
        reply: Callable[[str, str], tuple[int, str]]
        if method == "POST":
            self.create_bodies.append(json.loads(data))
            subject, reply = "create", self._create
        elif url.endswith("/holdings"):
            subject = tokens.account_of(headers["x-gateway-authtoken"], KEYS.secret, now=None) or ""
            reply = self._holdings
        elif url.endswith("/orders/sst"):
            subject, reply = orders_of((params or {})["transactionId"]), self._orders
        elif url.endswith("/user/investments"):
            subject, reply = (params or {})["iscid"], self._investment
        else:
            subject, reply = (params or {})["transactionId"], self._transaction
        self.calls.append(subject)
        fault = self.permanent_fault or (self.faults[subject].popleft() if self.faults[subject] else "")
        status, body = _with_fault(fault, lambda: reply(subject, fault))
        before_reply, self.before_reply = self.before_reply, None
        if before_reply:
            before_reply()
        yield SimpleNamespace(status_code=status, raw=_RawBody(body.encode()))

    def _holdings(self, account_id: str, fault: str) -> tuple[int, str]:
        account = self.accounts[account_id]
        if account.is_forbidden:
            return 403, "{}"
        taken = (_to_the_millisecond(self.clock()), dict(account.securities))
        if account.snapshots and (not account.session_is_live or fault == "unmoved"):
            taken = account.snapshots[-1]
        if account.snapshots and fault in ("late", "empty, old date"):
            taken = account.snapshots[0]
        date, securities = taken
        shown = {"empty": {}, "empty, old date": {}, "half": half_of(securities)}.get(fault, securities)
        if not fault:
            account.snapshots.append(taken)
        dates = {"future date": times.to_text(self.clock() + timedelta(hours=1)), "unreadable date": "yesterday"}
        about = {
            "snapshotDate": dates.get(fault, times.to_text(date)),
            "smallcaseAuthId": account_id,
            "broker": account.broker,
            "updating": fault == "updating",
        }
        members = json.dumps(about)[1:-1]
        texts = [holding(number, quantity) for number, quantity in shown.items()]
        return _success(f"{{{account.data},{members}}}" if account.data else portfolio(*texts, dates=members))

    def _transaction(self, transaction_id: str, _fault: str) -> tuple[int, str]:
        details = self.transactions.get(transaction_id)
        return _success(json.dumps({"transactionDetails": details})) if details else (400, "{}")

    def _orders(self, subject: str, _fault: str) -> tuple[int, str]:
        return _success(json.dumps(self.orders.get(subject.removeprefix(orders_of("")))))

    def _investment(self, iscid: str, _fault: str) -> tuple[int, str]:
        investment = self.investments.get(iscid)
        return _success(json.dumps(investment)) if investment else (400, "{}")

    def _create(self, _subject: str, _fault: str) -> tuple[int, str]:
        transaction_id = f"TRX_{len(self.transactions) + 1}"
        self.transactions[transaction_id] = {"status": "INITIALIZED"}
        expire_at = times.to_text(self.clock() + timedelta(minutes=5))
        return _success(json.dumps({"transactionId": transaction_id, "expireAt": expire_at}))


def orders_of(transaction_id: str) -> str:
    """The subject of a request for the transaction's orders, in `calls` and `faults`."""
    return f"orders of {transaction_id}"


def securities_in(text: str) -> Securities:
    """The securities in a portfolio's JSON text."""
    return {_NUMBERS[security["isin"]]: security["holdings"]["quantity"] for security in json.loads(text)["securities"]}


def half_of(securities: Securities) -> Securities:
    """Half of the securities, rounded down."""
    return dict(list(securities.items())[: len(securities) // 2])


_NUMBERS = {row["isin"]: number for number, row in enumerate(market())}


class _RawBody(BytesIO):
    def read1(self, size: int | None = -1, /, *, decode_content: bool = False) -> bytes:
        return super().read1(size)


def _with_fault(fault: str, reply: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    match fault:
        case "timeout":
            raise requests.Timeout
        case "garbage":
            return 200, "<html>Bad gateway</html>"
        case "truncated":
            status, body = reply()
            return status, body[: len(body) // 2]
        case _ if fault.isdecimal():
            return int(fault), "{}"
    return reply()


def _success(data: str) -> tuple[int, str]:
    return 200, f'{{"success":true,"errors":null,"data":{data}}}'


def _to_the_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
