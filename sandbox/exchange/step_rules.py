"""The rules for steps of an order: which are possible, and what happens in the absence of a scenario (contract 5)."""

from sandbox.accounts.accounts import Account
from sandbox.accounts.holdings import sellable_quantity
from sandbox.errors import ControlError
from sandbox.market.securities import by_ticker
from sandbox.orders.batch import Order
from sandbox.scenario import OrderScenario, Step

# Results for which the security must be listed.
RESULTS_AT_EXCHANGE = ("fill", "partial", "open")
# With any other error code it is the broker who refuses, so that the order never reaches the exchange.
EXCHANGE_CODES = ("orderUnmatched", "circuitLimit")


def check_step(order: Order, step: Step | None, *, is_amo: bool) -> None:
    """Checks the step and its later steps.

    Raises: ControlError 400 when the order cannot go through them.
    """
    quantity, filled = order.quantity, order.filled
    while step:
        if step.result == "cancel_amo" and not is_amo:
            raise ControlError(400, f"{order.ticker} is no after-market order: use `cancel`.")
        quantity = step.quantity or quantity
        filled_then = _filled_after(step, filled, quantity)
        if filled_then is None:
            raise ControlError(
                400,
                f"{order.ticker}: `{step.result}` with `filled` {step.filled} cannot be"
                f" when {filled} of {quantity} shares are filled.",
            )
        filled = filled_then
        step = step.later


def first_step(scenario: OrderScenario) -> Step:
    """The step with which the scenario begins at the exchange."""
    return Step.model_validate(scenario.model_dump(exclude={"type", "quantity"}))


def with_result(scenario: OrderScenario, order: Order, account: Account) -> OrderScenario:
    """The scenario, with a result that depends on the order and the account if it has none.

    Raises: ControlError 400 when the scenario needs a listed security and this security is not listed.
    """
    return scenario.model_copy(update=_missing_result(scenario, order, account))


def half_filled(filled: int, quantity: int) -> int:
    """The filled shares after half of the open ones are filled."""
    return filled + (quantity - filled) // 2


def reaches_exchange(scenario: OrderScenario) -> bool:
    if scenario.result in (*RESULTS_AT_EXCHANGE, "cancel"):
        return True
    return (scenario.error_code or "").startswith(EXCHANGE_CODES)


def _missing_result(scenario: OrderScenario, order: Order, account: Account) -> dict[str, object]:
    if order.ticker not in by_ticker():
        if scenario.result in RESULTS_AT_EXCHANGE or scenario.later:
            raise ControlError(400, f"{order.ticker} is not listed here: it can only be unplaced or fail.")
        return {} if scenario.result else {"result": "unplaced", "error_code": "securityNotAllowed"}
    if scenario.result:
        return {}
    if scenario.later:
        return {"result": "open"}
    if order.side == "SELL" and order.quantity > sellable_quantity(account.portfolio, order.ticker):
        return {"result": "reject", "error_code": "checkHoldings"}
    return {"result": "fill"}


def _filled_after(step: Step, filled: int, quantity: int) -> int | None:
    """The filled shares after the step, None when the step is impossible.

    Filled shares stay filled, and only a completely filled order has all its shares.
    """
    match step.result:
        case "fill":
            after, possible = quantity, step.filled in (None, quantity) and filled < quantity
        case "partial":
            after = step.filled or half_filled(filled, quantity)
            possible = filled < after < quantity
        case "open":
            after, possible = filled, step.filled in (None, filled) and filled < quantity
        case _:
            after = step.filled or filled
            possible = filled <= after < quantity
    return after if possible else None
