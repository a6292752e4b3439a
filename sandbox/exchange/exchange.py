"""Executes orders, rejects or cancels them, at once or when their time has come (contract 5)."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sandbox.accounts.accounts import Account, AccountStore
from sandbox.clock import Clock, to_iso
from sandbox.errors import ControlError
from sandbox.exchange.step_rules import check_step, first_step, half_filled, reaches_exchange, with_result
from sandbox.exchange.step_schedule import DueStep, StepSchedule
from sandbox.market.securities import by_ticker
from sandbox.market.trading_hours import TradingHours
from sandbox.orders.batch import Batch, Order
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import OrderScenario, Step, WebhookPolicy
from sandbox.state import State
from sandbox.transactions import Transaction, TransactionStore
from sandbox.webhooks.publisher import WebhookPublisher

# A market order gets a slightly worse price, which also has as many digits as real prices have.
SLIPPAGE = {"BUY": 1.001, "SELL": 0.999}
DEFAULT_CODES = {
    "reject": "marginsExceeded",
    "unplaced": "adapterError",
    "error": "adapterError",
    "cancel": "orderUnmatched",
}
FINAL_STATUS: dict[str, str] = {
    "reject": "REJECTED",
    "cancel": "CANCELLED",
    "cancel_amo": "CANCELLED AMO",
    "unplaced": "ERROR",
    "error": "ERROR",
}


@dataclass
class OrderPlan:
    """An order that the user has confirmed, and the scenario for it."""

    order: Order
    scenario: OrderScenario


class Exchange:
    def __init__(
        self,
        state: State,
        clock: Clock,
        trading_hours: TradingHours,
        schedule: StepSchedule,
        order_store: OrderStore,
        accounts: AccountStore,
        transactions: TransactionStore,
        webhook_publisher: WebhookPublisher,
    ) -> None:
        self._state = state
        self._clock = clock
        self._trading_hours = trading_hours
        self._schedule = schedule
        self._order_store = order_store
        self._accounts = accounts
        self._transactions = transactions
        self._webhook_publisher = webhook_publisher

    def place(
        self,
        transaction: Transaction,
        account: Account,
        plans: list[OrderPlan],
        *,
        webhooks: WebhookPolicy,
        label: str | None = None,
        iscid: str | None = None,
    ) -> Batch:
        """Places the orders; in a closed market they become after-market orders, which wait until it opens.

        Raises: ControlError 400 when a scenario is impossible for its order.
        """
        for plan in plans:
            plan.scenario = with_result(plan.scenario, plan.order, account)
            if plan.scenario.result != "unplaced":
                check_step(plan.order, first_step(plan.scenario), is_amo=False)
        batch = Batch(
            id=uuid4().hex[:24],
            transaction_id=transaction.id,
            auth_id=account.auth_id,
            broker=account.broker,
            notes=transaction.notes,
            variety="regular" if self._trading_hours.is_open() else "amo",
            placed_at=self._clock.now_iso(),
            webhooks=webhooks,
            orders=[plan.order for plan in plans],
            label=label,
            iscid=iscid,
        )
        self._transactions.transition(
            transaction, "PROCESSING", auth_id=account.auth_id, broker=account.broker, order_requested=True
        )
        self._send_to_broker(batch, plans)
        return batch

    def step(self, batch: Batch, ticker: str, step: Step, webhooks: WebhookPolicy | None = None) -> None:
        """Takes the step now, instead of the step that waits for this order.

        Raises: ControlError 404 for a ticker not in the batch, 409 for a final order, 400 for an impossible step.
        """
        order = batch.order(ticker)
        if order is None:
            raise ControlError(404, f"Batch {batch.id} has no {ticker}.")
        if not order.is_open:
            raise ControlError(409, f"{ticker} is {order.status}: a final order does not move.")
        check_step(order, step, is_amo=batch.is_amo)
        batch.webhooks = webhooks or batch.webhooks
        self._schedule.remove(batch, order)
        now = self._clock.now()
        self._apply(batch, order, step, now)
        self._save(batch, now)

    def cancel(self, batch: Batch, order: Order) -> None:
        """Cancels an open order for the user."""
        self._schedule.remove(batch, order)
        # There is no error code, because a cancellation by the user is no error.
        self._finish(batch, order, "cancel_amo" if batch.is_amo else "cancel", code=None)
        self._save(batch, self._clock.now())

    def run_due_steps(self) -> None:
        """Takes all steps whose time has come, the earliest first."""
        while due := self._schedule.next_due():
            with self._state.atomic():
                self._run(due)

    async def run(self) -> None:
        """Takes due steps every second for as long as the sandbox runs."""
        while True:
            self.run_due_steps()
            await asyncio.sleep(1)

    def _send_to_broker(self, batch: Batch, plans: list[OrderPlan]) -> None:
        for plan in plans:
            order, scenario = plan.order, plan.scenario
            if scenario.result == "unplaced":
                order.is_unplaced = True
                self._finish(batch, order, "unplaced", scenario.error_code or DEFAULT_CODES["unplaced"])
            elif not batch.is_amo and reaches_exchange(scenario):
                order.exchange_id = _exchange_id(batch, order)
        self._save(batch, self._clock.now())
        placed = [plan for plan in plans if plan.order.is_open]
        if batch.is_amo:
            for plan in placed:
                self._schedule.add(batch, plan.order, first_step(plan.scenario), at=None)
            return
        before = batch.to_json()
        for plan in placed:
            self._apply(batch, plan.order, first_step(plan.scenario), self._clock.now())
        if batch.to_json() != before:
            self._save(batch, self._clock.now())

    def _run(self, due: DueStep) -> None:
        batch = self._order_store.get(due.batch_id)
        assert batch
        order = batch.order(due.ticker)
        assert order
        self._schedule.remove(batch, order)
        self._apply(batch, order, due.step, due.at)
        self._save(batch, due.at)

    def _apply(self, batch: Batch, order: Order, step: Step, at: datetime) -> None:
        if step.quantity:
            order.quantity = step.quantity
        match step.result:
            case "fill":
                self._fill(batch, order, order.quantity, step.price)
            case "partial":
                self._fill(batch, order, step.filled or half_filled(order.filled, order.quantity), step.price)
            case "open":
                order.exchange_id = order.exchange_id or _exchange_id(batch, order)
            case final:
                if step.filled and step.filled > order.filled:
                    self._fill(batch, order, step.filled, step.price)
                self._finish(batch, order, final, step.error_code or DEFAULT_CODES.get(final))
        if order.is_open and step.later:
            self._schedule.add(batch, order, step.later, at=at + step.later.after)

    def _fill(self, batch: Batch, order: Order, filled: int, price: float | None) -> None:
        price = price or order.limit or by_ticker()[order.ticker].price * SLIPPAGE[order.side]
        new_shares = filled - order.filled
        order.fill(filled, price)
        order.exchange_id = order.exchange_id or _exchange_id(batch, order)
        shares = new_shares if order.side == "BUY" else -new_shares
        self._accounts.record_trade(batch.auth_id, order.ticker, shares=shares, price=price)

    @staticmethod
    def _finish(batch: Batch, order: Order, result: str, code: str | None) -> None:
        order.status = FINAL_STATUS[result]
        order.error_code = code
        if code:
            order.message = _broker_message(batch, order)

    def _save(self, batch: Batch, at: datetime) -> None:
        """Stores the batch, updates its transaction and publishes a webhook."""
        if not batch.is_open:
            batch.completed_date = batch.completed_date or to_iso(at)
        self._order_store.save(batch)
        transaction = self._transactions.get(batch.transaction_id)
        assert transaction
        self._transactions.transition(transaction, "PROCESSING" if batch.is_open else "COMPLETED", error=None)
        if batch.label is None:
            self._webhook_publisher.order_changed(transaction, batch, batch.webhooks)


def _exchange_id(batch: Batch, order: Order) -> str:
    """16 digits, as NSE's ids have."""
    digest = hashlib.sha256(f"{batch.id}/{order.ticker}".encode()).hexdigest()
    return str(10**15 + int(digest, 16) % 10**15)


def _broker_message(batch: Batch, order: Order) -> str:
    """A text like those of brokers' systems, which contain a client id; this id is made up."""
    client = f"XX{int(hashlib.sha256(batch.auth_id.encode()).hexdigest(), 16) % 10_000:04}"
    return f"RMS:Rule: {order.error_code} including square-off for client {client}:NSE_EQ|{order.ticker}"
