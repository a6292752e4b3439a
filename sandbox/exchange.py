"""The exchange, and the broker before it: what comes of orders, at once or days later (contract 5)."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from sandbox.accounts.accounts import Account, AccountStore
from sandbox.accounts.holdings import sellable_quantity
from sandbox.clock import Clock, to_iso
from sandbox.errors import ControlError
from sandbox.market import securities
from sandbox.market.trading_hours import TradingHours
from sandbox.orders.batch import Batch, Json, Order
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import OrderScenario, Step, WebhookPolicy
from sandbox.state import State
from sandbox.transactions import Transaction, TransactionStore
from sandbox.webhooks.publisher import WebhookPublisher

# A market order gives way a little; it also makes prices as long as real ones are.
SLIPPAGE = {"BUY": 1.001, "SELL": 0.999}
USUAL_CODES = {
    "reject": "marginsExceeded",
    "unplaced": "adapterError",
    "error": "adapterError",
    "cancel": "orderUnmatched",
}
# Every other code is the broker's refusal: such an order never reaches the exchange.
EXCHANGE_CODES = ("orderUnmatched", "circuitLimit")
NEVER = datetime.max.replace(tzinfo=UTC)
FINAL_STATUS: dict[str, str] = {
    "reject": "REJECTED",
    "cancel": "CANCELLED",
    "cancel_amo": "CANCELLED AMO",
    "unplaced": "ERROR",
    "error": "ERROR",
}


@dataclass
class Wish:
    """An order as the user confirmed it, and what is to come of it."""

    order: Order
    script: OrderScenario


class Exchange:
    def __init__(
        self,
        state: State,
        clock: Clock,
        hours: TradingHours,
        order_store: OrderStore,
        accounts: AccountStore,
        transactions: TransactionStore,
        webhook_publisher: WebhookPublisher,
    ) -> None:
        self._state = state
        self._clock = clock
        self._hours = hours
        self._order_store = order_store
        self._accounts = accounts
        self._transactions = transactions
        self._webhook_publisher = webhook_publisher

    def place(
        self,
        transaction: Transaction,
        account: Account,
        wishes: list[Wish],
        *,
        webhooks: WebhookPolicy,
        label: str | None = None,
        iscid: str | None = None,
    ) -> Batch:
        """Orders that meet a closed market wait until it opens: after-market orders.

        Raises: ControlError 400 for what cannot happen to such an order.
        """
        for wish in wishes:
            wish.script = wish.script.model_copy(update=self._by_itself(wish, account))
            if wish.script.result != "unplaced":
                _check(wish.order, _as_step(wish.script), is_amo=False)
        batch = Batch(
            id=uuid4().hex[:24],
            transaction_id=transaction.id,
            auth_id=account.auth_id,
            broker=account.broker,
            notes=transaction.notes,
            variety="regular" if self._hours.is_open() else "amo",
            placed_at=self._clock.now_iso(),
            webhooks=webhooks,
            orders=[wish.order for wish in wishes],
            label=label,
            iscid=iscid,
        )
        self._transactions.transition(
            transaction, "PROCESSING", auth_id=account.auth_id, broker=account.broker, order_requested=True
        )
        self._send_to_broker(batch, wishes)
        return batch

    def step(self, batch: Batch, ticker: str, step: Step, webhooks: WebhookPolicy | None = None) -> None:
        """An open order moves on, whatever was planned for it.

        Raises: ControlError 404 for a ticker not in the batch, 409 for an order that is final, 400 for nonsense.
        """
        order = batch.order(ticker)
        if order is None:
            raise ControlError(404, f"Batch {batch.id} has no {ticker}.")
        if not order.is_open:
            raise ControlError(409, f"{ticker} is {order.status}: a final order does not move.")
        _check(order, step, is_amo=batch.is_amo)
        batch.webhooks = webhooks or batch.webhooks
        self._state.delete("plan", _plan_key(batch, order))
        self._happen(batch, order, step, self._clock.now())

    def withdraw(self, batch: Batch, order: Order) -> None:
        """The user cancels an open order."""
        self._state.delete("plan", _plan_key(batch, order))
        # No code: nothing went wrong.
        self._end(batch, order, "cancel_amo" if batch.is_amo else "cancel", code=None)
        self._keep(batch, self._clock.now())

    def catch_up(self) -> None:
        """Makes happen what was planned for a time that has come; the earliest first."""
        while due := self._next_due():
            with self._state.atomic():
                self._carry_out(*due)

    async def run(self) -> None:
        """Catches up now and then, for as long as the sandbox runs."""
        while True:
            self.catch_up()
            await asyncio.sleep(1)

    def _by_itself(self, wish: Wish, account: Account) -> dict[str, object]:
        """What comes of an order that nothing is said about."""
        order, script = wish.order, wish.script
        if order.ticker not in securities.by_ticker():
            if script.result in ("fill", "partial", "open") or script.later:
                raise ControlError(400, f"{order.ticker} is not listed here: it can only be unplaced or fail.")
            return {} if script.result else {"result": "unplaced", "error_code": "securityNotAllowed"}
        if script.result:
            return {}
        if script.later:
            return {"result": "open"}
        sells_too_much = order.side == "SELL" and order.quantity > sellable_quantity(account.portfolio, order.ticker)
        return {"result": "reject", "error_code": "checkHoldings"} if sells_too_much else {"result": "fill"}

    def _send_to_broker(self, batch: Batch, wishes: list[Wish]) -> None:
        for wish in wishes:
            order, script = wish.order, wish.script
            if script.result == "unplaced":
                order.is_unplaced = True
                self._end(batch, order, "unplaced", script.error_code or USUAL_CODES["unplaced"])
            elif not batch.is_amo and _reaches_exchange(script):
                order.exchange_id = _exchange_id(batch, order)
        self._keep(batch, self._clock.now())
        placed = [wish for wish in wishes if wish.order.is_open]
        if batch.is_amo:
            for wish in placed:
                self._plan(batch, wish.order, _as_step(wish.script), at=None)
            return
        before = batch.to_json()
        for wish in placed:
            self._apply(batch, wish.order, _as_step(wish.script), self._clock.now())
        if batch.to_json() != before:
            self._keep(batch, self._clock.now())

    def _happen(self, batch: Batch, order: Order, step: Step, at: datetime) -> None:
        self._apply(batch, order, step, at)
        self._keep(batch, at)

    def _apply(self, batch: Batch, order: Order, step: Step, at: datetime) -> None:
        if step.quantity:
            order.quantity = step.quantity
        match step.result:
            case "fill":
                self._fill(batch, order, order.quantity, step.price)
            case "partial":
                self._fill(batch, order, step.filled or _half(order.filled, order.quantity), step.price)
            case "open":
                order.exchange_id = order.exchange_id or _exchange_id(batch, order)
            case ending:
                if step.filled and step.filled > order.filled:
                    self._fill(batch, order, step.filled, step.price)
                self._end(batch, order, ending, step.error_code or USUAL_CODES.get(ending))
        if order.is_open and step.later:
            self._plan(batch, order, step.later, at=at + step.later.after)

    def _fill(self, batch: Batch, order: Order, filled: int, price: float | None) -> None:
        price = price or order.limit or securities.by_ticker()[order.ticker].price * SLIPPAGE[order.side]
        bought = filled - order.filled
        order.fill(filled, price)
        order.exchange_id = order.exchange_id or _exchange_id(batch, order)
        shares = bought if order.side == "BUY" else -bought
        self._accounts.record_trade(batch.auth_id, order.ticker, shares=shares, price=price)

    @staticmethod
    def _end(batch: Batch, order: Order, result: str, code: str | None) -> None:
        order.status = FINAL_STATUS[result]
        order.error_code = code
        if code:
            order.message = _gibberish(batch, order)

    def _keep(self, batch: Batch, at: datetime) -> None:
        """Writes the batch down, and lets its transaction and the partner know."""
        if not batch.is_open:
            batch.completed_date = batch.completed_date or to_iso(at)
        self._order_store.save(batch)
        transaction = self._transactions.get(batch.transaction_id)
        assert transaction
        self._transactions.transition(transaction, "PROCESSING" if batch.is_open else "COMPLETED", error=None)
        if batch.label is None:
            self._webhook_publisher.order_changed(transaction, batch, batch.webhooks)

    def _plan(self, batch: Batch, order: Order, step: Step, at: datetime | None) -> None:
        """`at` None: when the market opens."""
        text = step.model_dump_json(by_alias=True, exclude={"after"})
        planned = {"batch": batch.id, "ticker": order.ticker, "since": batch.placed_at, "step": text}
        self._state.put("plan", _plan_key(batch, order), planned | {"at": at and to_iso(at)})

    def _next_due(self) -> tuple[datetime, Json] | None:
        now = self._clock.now()
        due = [(at, planned) for _, planned in self._state.items("plan") if (at := self._due_at(planned, now)) <= now]
        return min(due, key=lambda one: one[0], default=None)

    def _due_at(self, planned: Json, now: datetime) -> datetime:
        if planned["at"]:
            return datetime.fromisoformat(planned["at"])
        return self._hours.first_open(datetime.fromisoformat(planned["since"]), now) or NEVER

    def _carry_out(self, at: datetime, planned: Json) -> None:
        batch = self._order_store.get(planned["batch"])
        order = batch and batch.order(planned["ticker"])
        assert batch
        assert order
        self._state.delete("plan", _plan_key(batch, order))
        self._happen(batch, order, Step.model_validate_json(planned["step"]), at)


def _check(order: Order, step: Step | None, *, is_amo: bool) -> None:
    """Raises: ControlError 400 when this order cannot go through the step and those after it."""
    quantity, filled = order.quantity, order.filled
    while step:
        if step.result == "cancel_amo" and not is_amo:
            raise ControlError(400, f"{order.ticker} is no after-market order: use `cancel`.")
        quantity = step.quantity or quantity
        told = _filled_after(step, filled, quantity)
        if told is None:
            raise ControlError(
                400,
                f"{order.ticker}: `{step.result}` with `filled` {step.filled} cannot be"
                f" when {filled} of {quantity} shares are filled.",
            )
        filled = told
        step = step.later


def _filled_after(step: Step, filled: int, quantity: int) -> int | None:
    """None when it cannot be: shares stay filled, and only a filled order has all of them."""
    match step.result:
        case "fill":
            told, fits = quantity, step.filled in (None, quantity) and filled < quantity
        case "partial":
            told = step.filled or _half(filled, quantity)
            fits = filled < told < quantity
        case "open":
            told, fits = filled, step.filled in (None, filled) and filled < quantity
        case _:
            told = step.filled or filled
            fits = filled <= told < quantity
    return told if fits else None


def _as_step(script: OrderScenario) -> Step:
    return Step.model_validate(script.model_dump(exclude={"type", "quantity"}))


def _half(filled: int, quantity: int) -> int:
    return filled + (quantity - filled) // 2


def _reaches_exchange(script: OrderScenario) -> bool:
    return script.result in ("fill", "partial", "open", "cancel") or (script.error_code or "").startswith(
        EXCHANGE_CODES
    )


def _exchange_id(batch: Batch, order: Order) -> str:
    """16 digits, as NSE's are."""
    digest = hashlib.sha256(_plan_key(batch, order).encode()).hexdigest()
    return str(10**15 + int(digest, 16) % 10**15)


def _gibberish(batch: Batch, order: Order) -> str:
    """What a broker's system says, with somebody's client id in it; this one is made up."""
    client = f"XX{int(hashlib.sha256(batch.auth_id.encode()).hexdigest(), 16) % 10_000:04}"
    return f"RMS:Rule: {order.error_code} including square-off for client {client}:NSE_EQ|{order.ticker}"


def _plan_key(batch: Batch, order: Order) -> str:
    return f"{batch.id}/{order.ticker}"
