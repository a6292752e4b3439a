"""A partner of the sandbox Gateway, and the hand that steers the sandbox."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import jwt
from starlette.testclient import TestClient

from sandbox.settings import Settings
from testing.actors import eventually

SETTINGS = Settings(webhook_url="http://partner.test/webhooks/smallcase")


class Partner:
    """The backend's side: its calls to Gateway, and what its webhook received and answers."""

    def __init__(self) -> None:
        self.client: TestClient
        self.received: list[bytes] = []
        self.answers = 200
        # What happens before the answer reaches Gateway.
        self.meanwhile: Callable[[], None] = lambda: None

    def hear(self, request: httpx.Request) -> httpx.Response:
        self.received.append(request.content)
        self.meanwhile()
        return httpx.Response(self.answers, text="heard")

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(raw) for raw in self.received]

    def token(self, auth_id: str | None = None, secret: str = SETTINGS.secret, **claims: Any) -> str:
        payload = {"smallcaseAuthId": auth_id} if auth_id else {"guest": True}
        return jwt.encode(payload | claims, secret, algorithm="HS256")

    def headers(self, auth_id: str | None = None, **changes: str) -> dict[str, str]:
        given = {"x-gateway-secret": SETTINGS.api_secret, "x-gateway-authtoken": self.token(auth_id)}
        return given | {name.replace("_", "-"): value for name, value in changes.items()}

    def create(self, auth_id: str | None = None, **body: Any) -> httpx.Response:
        return self.post_transaction({"intent": "HOLDINGS_IMPORT", "version": "v2"} | body, self.headers(auth_id))

    def post_transaction(
        self, body: dict[str, Any], headers: dict[str, str], gateway: str = SETTINGS.gateway_name
    ) -> httpx.Response:
        answer: httpx.Response = self.client.post(f"/gateway/{gateway}/transaction", headers=headers, json=body)
        return answer

    def new_transaction(self, auth_id: str | None = None, **body: Any) -> str:
        return str(self.create(auth_id, **body).json()["data"]["transactionId"])

    def new_order(self, *securities: dict[str, Any], auth_id: str | None = None, **more: Any) -> str:
        config = {"type": "SECURITIES", "securities": securities}
        return self.new_transaction(auth_id, intent="TRANSACTION", version=None, orderConfig=config, **more)

    def pull_orders(self, transaction_id: str | None, auth_id: str | None = None) -> httpx.Response:
        answer: httpx.Response = self.client.get(
            f"/v1/{SETTINGS.gateway_name}/engine/orders/sst",
            params={"transactionId": transaction_id} if transaction_id else {},
            headers=self.headers(auth_id),
        )
        return answer

    def batch(self, transaction_id: str) -> dict[str, Any]:
        answer = self.pull_orders(transaction_id)
        assert answer.status_code == 200, answer.text
        batch: dict[str, Any] = answer.json()["data"]
        return batch

    def pull_investment(self, auth_id: str | None, iscid: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(
            f"/v1/{SETTINGS.gateway_name}/engine/user/investments",
            params={"iscid": iscid},
            headers=self.headers(auth_id),
        )
        return answer

    def ask_details(self, transaction_id: str, auth_id: str | None = None) -> httpx.Response:
        answer: httpx.Response = self.client.get(
            f"/v1/{SETTINGS.gateway_name}/engine/transactiondetails",
            params={"transactionId": transaction_id},
            headers=self.headers(auth_id),
        )
        return answer

    def details(self, transaction_id: str, auth_id: str | None = None) -> dict[str, Any]:
        answer = self.ask_details(transaction_id, auth_id)
        assert answer.status_code == 200, answer.text
        details: dict[str, Any] = answer.json()["data"]["transactionDetails"]
        return details

    def pull(self, auth_id: str | None, **query: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(
            f"/v1/{SETTINGS.gateway_name}/engine/user/holdings",
            params=query,
            headers=self.headers(auth_id),
        )
        return answer

    def holdings(self, auth_id: str) -> dict[str, Any]:
        answer = self.pull(auth_id, version="v2", mfHoldings="true")
        assert answer.status_code == 200, answer.text
        data: dict[str, Any] = answer.json()["data"]
        return data


class Control:
    """The `/_sandbox` calls, each expected to be accepted."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.request(method, f"/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def account(self, name: str = "AB1234", broker: str = "groww", **body: Any) -> dict[str, Any]:
        return self.call("PUT", f"accounts/{broker}/{name}", **body)

    def act(self, transaction_id: str, outcome: str = "complete", **body: Any) -> dict[str, Any]:
        user = {"broker": "groww", "account": "AB1234", "outcome": outcome} | body
        return self.call("POST", f"transactions/{transaction_id}/act", **user)

    def fire(self, **body: Any) -> list[dict[str, Any]]:
        fired: list[dict[str, Any]] = self.call("POST", "webhooks", **body)["deliveries"]
        return fired

    def step(self, batch_id: str, ticker: str, result: str, **more: Any) -> dict[str, Any]:
        return self.call("POST", f"orders/{batch_id}", ticker=ticker, result=result, **more)

    def held(self) -> list[dict[str, Any]]:
        waiting: list[dict[str, Any]] = self.call("GET", "webhooks/held")["held"]
        return waiting

    def release(self, *ids: str, **how: Any) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = self.call("POST", "webhooks/release", ids=ids, **how)["deliveries"]
        return made

    def deliveries(self) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = self.call("GET", "deliveries")["deliveries"]
        return made

    def wait_for_deliveries(self, count: int) -> list[dict[str, Any]]:
        def enough() -> list[dict[str, Any]]:
            made = self.deliveries()
            assert len(made) >= count, f"only {made}"
            return made

        made: list[dict[str, Any]] = eventually(enough, within=5)
        return made
