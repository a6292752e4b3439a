"""Who takes part in a scenario: the app's user, and whoever steers the sandbox. Both speak HTTP only."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import httpx
import pytest
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from gateway_backend.domain.shared import exact_json

PATIENCE_SECONDS = 60


def eventually(check: Callable[[], Any], *, within: float = PATIENCE_SECONDS) -> Any:
    """Repeat a check until its assertions hold; what it gives, or its last failure."""
    failures = (AssertionError, pytest.fail.Exception)  # pytest's own failure is no AssertionError
    waiting = Retrying(
        retry=retry_if_exception_type(failures), stop=stop_after_delay(within), wait=wait_fixed(0.3), reraise=True
    )
    return waiting(check)


def eventually_equal(find: Callable[[], Any], expected: Any, *, within: float = PATIENCE_SECONDS) -> None:
    """Wait until `find` gives what is expected."""

    def check() -> None:
        assert find() == expected

    eventually(check, within=within)


def exact(response: httpx.Response) -> Any:
    """The body with every fraction as Decimal, so that digits can be compared."""
    return exact_json.loads(response.content)


class Sandbox:
    """The sandbox's control API (docs/sandbox.md)."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=180)

    def app_token(self, sub: str) -> str:
        return str(self._post("/_sandbox/app-token", {"sub": sub})["token"])

    def put_account(self, broker: str, account: str, portfolio: dict[str, Any] | str, auth_id: str = "") -> str:
        """What the broker account holds, as an object or as exact JSON text; its smallcaseAuthId."""
        text = portfolio if isinstance(portfolio, str) else exact_json.dumps(portfolio)
        owned_by = f',"smallcaseAuthId":"{auth_id}"' if auth_id else ""
        answer = self.http.put(f"/_sandbox/accounts/{broker}/{account}", content=f'{{"portfolio":{text}{owned_by}}}')
        assert answer.is_success, answer.text
        return str(answer.json()["smallcaseAuthId"])

    def trade(self, broker: str, account: str, portfolio: dict[str, Any] | str) -> None:
        """From now on the account holds this. Gateway sees it at the next login, or pull of a session that lives."""
        self.put_account(broker, account, portfolio)

    def end_session(self, auth_id: str, answer: Literal["stale", "forbidden"] = "stale") -> None:
        """Until the next login a pull gets the last snapshot again, or 403."""
        self._post(f"/_sandbox/sessions/{auth_id}", {"alive": False, "answer": answer})

    def revive_session(self, auth_id: str) -> None:
        """As if the user had logged in on the broker's own site."""
        self._post(f"/_sandbox/sessions/{auth_id}", {"alive": True})

    def now(self) -> datetime:
        return datetime.fromisoformat(self.http.get("/_sandbox/clock").json()["now"])

    def set_clock(self, now: datetime) -> None:
        """The virtual clock, for the sandbox and the backend alike. It goes on from there."""
        self._post("/_sandbox/clock", {"now": now.isoformat()})

    def advance_clock(self, **duration: float) -> None:
        """By `hours=2`, `minutes=…`, as timedelta has them."""
        self._post("/_sandbox/clock", {"advance": timedelta(**duration).total_seconds()})

    def reset_clock(self) -> None:
        answer = self.http.delete("/_sandbox/clock")
        assert answer.is_success, answer.text

    def act(self, transaction_id: str, outcome: str, **how: Any) -> dict[str, Any]:
        return self._post(f"/_sandbox/transactions/{transaction_id}/act", {"outcome": outcome, **how})

    def place(self, transaction_id: str, broker: str, account: str, **how: Any) -> dict[str, Any]:
        """The user confirms the order screen; `orders={"TCS": {"result": "open"}}` says what comes of it."""
        return self.act(transaction_id, "complete", broker=broker, account=account, **how)

    def set_market(self, **how: bool | None) -> None:
        """`open=True`, `False`, or `None` for NSE's hours by the virtual clock; `amo` for orders after hours."""
        self._put("/_sandbox/market", how)

    def set_orders_shape(self, shape: Literal["object", "array"]) -> None:
        """How the order pull wraps its batch."""
        self._put("/_sandbox/settings", {"ordersShape": shape})

    def set_investment(self, auth_id: str, iscid: str, **investment: Any) -> None:
        """A user's smallcase: `recommendedAction`, `scid`, `name`."""
        self._put(f"/_sandbox/investments/{auth_id}/{iscid}", investment)

    def request_body(self, transaction_id: str) -> dict[str, Any]:
        """The body that Gateway was sent to create it, word for word."""
        return dict(self._get(f"/_sandbox/transactions/{transaction_id}")["asked"])

    def orders(self, transaction_id: str = "") -> list[dict[str, Any]]:
        """Every batch as the exchange knows it, whatever anybody was told."""
        query = f"?transactionId={transaction_id}" if transaction_id else ""
        return list(exact(self.http.get(f"/_sandbox/orders{query}"))["orders"])

    def batch(self, transaction_id: str) -> dict[str, Any]:
        (batch,) = self.orders(transaction_id)
        return batch

    def step(self, batch_id: str, ticker: str, result: str, **how: Any) -> dict[str, Any]:
        """An open order moves on; the batch afterwards."""
        return self._post(f"/_sandbox/orders/{batch_id}", {"ticker": ticker, "result": result, **how})

    def held(self, transaction_id: str = "") -> list[dict[str, Any]]:
        """Webhooks kept back, oldest first: `id`, `kind`, `transactionId`, `status`."""
        every = self._get("/_sandbox/webhooks/held")["held"]
        return [delivery for delivery in every if transaction_id in ("", delivery["transactionId"])]

    def release(self, *ids: str, parallel: bool = False) -> list[dict[str, Any]]:
        """Sends these in this order; one that comes again is a duplicate. Their deliveries."""
        return list(self._post("/_sandbox/webhooks/release", {"ids": ids, "parallel": parallel})["deliveries"])

    def fire(self, **webhook: Any) -> list[dict[str, Any]]:
        return list(self._post("/_sandbox/webhooks", webhook)["deliveries"])

    def fault(
        self, route: str, fault: str, times: int = 1, *, account_id: str | None = None, seconds: int | None = None
    ) -> None:
        """With an account, only calls for it go wrong: schedules call, too."""
        chosen = {"smallcaseAuthId": account_id, "seconds": seconds}
        order = {"route": route, "fault": fault, "times": times}
        order |= {name: value for name, value in chosen.items() if value is not None}
        answer = self.http.put("/_sandbox/faults", json=order)
        assert answer.is_success, answer.text

    def clear_faults(self) -> None:
        self.http.delete("/_sandbox/faults")

    def deliveries(self, transaction_id: str) -> list[dict[str, Any]]:
        every = self.http.get("/_sandbox/deliveries").json()["deliveries"]
        return [delivery for delivery in every if delivery["transactionId"] == transaction_id]

    def _get(self, path: str) -> dict[str, Any]:
        return self._call("GET", path)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, json=body)

    def _put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._call("PUT", path, json=body)

    def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = self.http.request(method, path, **more)
        assert answer.is_success, f"{path}: {answer.text}"
        return dict(answer.json())


@dataclass
class AppUser:
    """A user of the wealth app, signed in."""

    sub: str
    api_url: str
    sandbox: Sandbox
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        token = self.sandbox.app_token(self.sub)
        self.http = httpx.Client(base_url=self.api_url, headers={"authorization": f"Bearer {token}"}, timeout=180)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.http.get(path, **more)

    def post(self, path: str, body: Any, **more: Any) -> httpx.Response:
        return self.http.post(path, json=body, **more)

    def create(self, body: dict[str, Any] | None = None, key: str | None = None) -> httpx.Response:
        body = {"intent": "HOLDINGS_IMPORT", "version": "v2"} if body is None else body
        return self.post("/v1/transactions", body, headers={"idempotency-key": key or str(uuid.uuid4())})

    def begin(self, body: dict[str, Any] | None = None) -> str:
        answer = self.create(body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["transactionId"])

    def send_result(self, transaction_id: str, result: dict[str, Any], platform: str = "web") -> httpx.Response:
        return self.post(f"/v1/transactions/{transaction_id}/result", {"platform": platform, **result})

    def import_from(self, broker: str, account: str, body: dict[str, Any] | None = None, webhooks: str = "drop") -> str:
        """A whole import through the SDK's result; the transaction's id."""
        transaction_id = self.begin(body)
        result = self.sandbox.act(transaction_id, "complete", broker=broker, account=account, webhooks=webhooks)
        answer = self.send_result(transaction_id, result)
        assert (answer.status_code, answer.json()["status"]) == (200, "COMPLETED"), answer.text
        return transaction_id

    def holdings_of(self, account_id: str, **query: str) -> Any:
        answer = self.get(f"/v1/connections/{account_id}/holdings", params=query)
        assert answer.status_code == 200, answer.text
        return exact(answer)

    def refresh(self, account_id: str, key: str | None = None) -> httpx.Response:
        headers = {"idempotency-key": key or str(uuid.uuid4())}
        return self.http.post(f"/v1/connections/{account_id}/refresh", headers=headers)

    def order_of(self, transaction_id: str) -> Any:
        answer = self.get(f"/v1/orders/{transaction_id}")
        assert answer.status_code == 200, answer.text
        return exact(answer)

    def connections(self) -> list[dict[str, Any]]:
        answer = self.get("/v1/connections")
        assert answer.status_code == 200, answer.text
        return list(answer.json()["connections"])


def assert_problem(answer: httpx.Response, status: int, code: str, naming: str = "") -> None:
    """The answer is an error of ours with this code, whose detail names the field or the remedy."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["correlationId"] == answer.headers["x-correlation-id"]
    assert naming in problem["detail"], problem["detail"]
