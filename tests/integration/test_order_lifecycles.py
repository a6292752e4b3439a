"""Two hundred orders whose webhooks come shuffled, twice, forged or never: each ends where the exchange ended."""

import random
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from testing.actors import AppUser, Sandbox, eventually
from testing.portfolios import holding, portfolio
from tests.integration.aws import Aws, BusTap
from tests.integration.orders import basket, stocks, truth

ORDERS = 200
AT_ONCE = 8
CODES = ("marginsExceeded", "checkHoldings", "orderUnmatched", "adapterError", "somethingNew")
TICKERS = ("INFY", "TCS", "RELIANCE", "ITC", "M&M")
A_WHILE = 400
"""Seconds: six hundred webhooks, and the schedule's next looks on the virtual clock."""


def first_fate(chance: random.Random, quantity: int) -> dict[str, Any]:
    """What comes of a security when it is placed."""
    match chance.choice(["fill", "reject", "unplaced", "open", "open", "partial", "removed", "edited"]):
        case "edited":
            return {"result": "fill", "quantity": quantity + 1}
        case "partial":
            return {"result": "partial", "filled": 1, "quantity": 4}
        case "reject" | "unplaced" as result:
            return {"result": result, "errorCode": chance.choice(CODES)}
        case result:
            return {"result": result}


def next_fate(chance: random.Random, quantity: int, filled: int) -> dict[str, Any]:
    """What comes of an open order."""
    match chance.choice(["fill", "cancel", "reject", "partial"]):
        case "partial" if filled + 1 < quantity:
            return {"result": "partial", "filled": filled + 1}
        case "reject":
            return {"result": "reject", "errorCode": chance.choice(CODES)}
        case "cancel":
            return {"result": "cancel"}
    return {"result": "fill"}


def place(chance: random.Random, user: AppUser, sandbox: Sandbox, account: str) -> str:
    tickers = chance.sample(TICKERS, chance.randint(1, 3))
    wanted = {ticker: chance.randint(1, 4) for ticker in tickers}
    transaction_id = user.begin(basket(*(("BUY", ticker, quantity) for ticker, quantity in wanted.items())))
    orders = {ticker: first_fate(chance, quantity) for ticker, quantity in wanted.items()}
    orders[tickers[0]] = {"result": "open"}  # so that nobody takes everything out
    sandbox.place(transaction_id, "groww", account, orders=orders, webhooks="hold")
    return transaction_id


def move_on(chance: random.Random, sandbox: Sandbox, transaction_id: str) -> None:
    """Until nothing is open any more."""
    while stocks_open := [row for row in sandbox.batch(transaction_id)["orders"] if row["status"] == "PLACED"]:
        stock, batch_id = chance.choice(stocks_open), sandbox.batch(transaction_id)["batchId"]
        fate = next_fate(chance, stock["quantity"], stock["filledQuantity"])
        sandbox.step(batch_id, stock["tradingsymbol"], **fate, webhooks="hold")


def deliver(chance: random.Random, sandbox: Sandbox, transaction_ids: list[str]) -> None:
    """A third of the webhooks never, a third twice, in any order; and forged ones between them."""
    posts = [
        held["id"]
        for transaction_id in transaction_ids
        for held in sandbox.held(transaction_id)
        for _ in range(chance.choice([0, 1, 2]))
    ]
    chance.shuffle(posts)
    sandbox.release(*posts, parallel=True)
    for transaction_id in chance.sample(transaction_ids, 10):
        sandbox.fire(kind="order", mode="forged_body", transactionId=transaction_id)
        sandbox.fire(kind="order", mode="late", transactionId=transaction_id)


def test_each_of_two_hundred_orders_ends_where_the_exchange_ended(
    new_user: Callable[[], AppUser], clock: Sandbox, aws: Aws, broker_account: str
) -> None:
    chance, user = random.Random(20261121), new_user()
    clock.put_account("groww", broker_account, portfolio(holding(1)))
    seeds = [random.Random(chance.random()) for _ in range(ORDERS)]
    with aws.tap() as tap, ThreadPoolExecutor(AT_ONCE) as threads:
        made = list(threads.map(lambda seed: place(seed, user, clock, broker_account), seeds))
        for seed, transaction_id in zip(seeds, made, strict=True):
            move_on(seed, clock, transaction_id)
        deliver(chance, clock, made)
        exchange = {transaction_id: truth(clock.batch(transaction_id)) for transaction_id in made}

        def all_over() -> None:
            clock.advance_clock(minutes=10)  # whoever lost every webhook is asked about by the schedule
            published = steps_of(tap)
            assert [id for id in made if not (published[id] and published[id][-1]["final"])] == []

        eventually(all_over, within=A_WHILE)
        published = steps_of(tap)
        orders = dict(zip(made, threads.map(user.order_of, made), strict=True))
    assert {id: stocks(order) for id, order in orders.items()} == exchange
    assert all(order["final"] for order in orders.values())
    assert all(len(order["batches"]) == 1 for order in orders.values()), "nothing is doubled"
    for transaction_id, steps in published.items():
        assert [step["revision"] for step in steps] == list(range(1, len(steps) + 1)), "each step once, and in order"
        assert orders[transaction_id]["batches"][0]["revision"] == len(steps)
        assert [step["final"] for step in steps] == [False] * (len(steps) - 1) + [True]


def steps_of(tap: BusTap) -> defaultdict[str, list[dict[str, Any]]]:
    """Transaction -> its OrderUpdated so far, in the order in which they came."""
    steps: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in tap.events():
        if event["detail-type"] == "OrderUpdated":
            steps[event["detail"]["transactionId"]].append(event["detail"])
    return steps
