"""A thousand webhooks, shuffled and repeated, with the cloud stopped and started half-way: nothing is lost."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from testing.actors import AppUser, Sandbox, eventually
from testing.portfolios import holding, isins, portfolio
from tests.conftest import CHECKOUT
from tests.integration.aws import Aws
from tests.integration.signed_webhooks import holdings_webhook

ACCOUNTS, SENT = 100, 1000
PARALLEL = 8


@dataclass(frozen=True)
class Linked:
    user: AppUser
    account_id: str
    newest: str
    webhooks: list[dict[str, Any]]


def test_a_thousand_webhooks_over_a_restart(
    new_user: Callable[[], AppUser], sandbox: Sandbox, broker_account: str, aws: Aws, outputs: dict[str, Any]
) -> None:
    users = [new_user() for _ in range(10)]
    with ThreadPoolExecutor(PARALLEL) as pool:
        numbers = range(ACCOUNTS)
        accounts = list(pool.map(lambda n: two_imports(users[n % 10], sandbox, f"{broker_account}{n}", n), numbers))
    bodies = [body for account in accounts for body in account.webhooks]
    shuffled = bodies * (SENT // len(bodies))
    random.Random(7).shuffle(shuffled)

    send(shuffled[: SENT // 2], outputs)
    for command in ("down", "up"):
        subprocess.run([sys.executable, "-m", "local", command], cwd=CHECKOUT, env=os.environ, check=True)
    send(shuffled[SENT // 2 :], outputs)

    def every_receipt_is_decided() -> None:
        for body in bodies:
            (receipt,) = aws.receipts(body["checksum"])
            assert receipt.get("verdict") == "APPLIED", receipt
            assert receipt["seen"] == str(SENT // len(bodies))

    try:
        eventually(every_receipt_is_decided, within=120)
    except AssertionError:
        # What was being worked on when the cloud stopped is found by the sweep, two minutes after it arrived.
        aws.invoke("reconcile_transactions")
        eventually(every_receipt_is_decided, within=60)
    for account in accounts:
        body = account.user.holdings_of(account.account_id)
        assert body["data"]["snapshotDate"] == account.newest
        assert len(isins(body)) == 2
    assert sum(len(user.connections()) for user in users) == ACCOUNTS


def two_imports(user: AppUser, sandbox: Sandbox, name: str, number: int) -> Linked:
    """An account that was imported twice at Gateway, of which no webhook has come yet."""
    webhooks = []
    for day, securities in (("2026-11-17", 3), ("2026-11-18", 2)):
        newest = f"{day}T10:00:00.{number:03d}Z"
        text = portfolio(*[holding(number + n) for n in range(securities)], dates=f'"snapshotDate":"{newest}"')
        account_id = sandbox.put_account("groww", name, text)
        transaction_id = user.begin()
        sandbox.act(transaction_id, "complete", broker="groww", account=name, webhooks="drop")
        securities = json.loads(text)["securities"]
        webhooks.append(holdings_webhook(account_id, transaction_id, snapshotDate=newest, securities=securities))
    return Linked(user, account_id, newest, webhooks)


def send(bodies: list[dict[str, Any]], outputs: dict[str, Any]) -> None:
    with httpx.Client(base_url=outputs["apiUrl"], timeout=60) as http, ThreadPoolExecutor(PARALLEL) as pool:
        answers = pool.map(lambda body: http.post("/webhooks/smallcase", json=body).status_code, bodies)
        assert set(answers) == {200}
