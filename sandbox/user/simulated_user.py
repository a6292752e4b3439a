"""The user in Gateway's screens, who chooses a broker, logs in and consents, or leaves at any of these points.

The results are those that the web SDK hands to the app (contract 5.5, 5.6, 6.1).
"""

from dataclasses import dataclass
from typing import Any

from sandbox.accounts.accounts import Account, AccountStore
from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.errors import ControlError
from sandbox.market import brokers
from sandbox.market.trading_hours import TradingHours
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import Scenario
from sandbox.transactions import Transaction, TransactionStore
from sandbox.user.completion import Completion

Result = dict[str, Any]


@dataclass(frozen=True)
class Failure:
    """How a transaction ends without success; the error is stored only with the status ERRORED."""

    message: str
    code: int
    status: str
    logged_in: bool = False


FAILURES: dict[str, Failure] = {
    "cancel_choosing": Failure("user_cancelled", 1010, "INITIALIZED"),
    "cancel_before_login": Failure("user_cancelled", 1011, "INITIALIZED"),
    "cancel_after_login": Failure("user_cancelled", 1012, "USED", logged_in=True),
    # The consent screen comes after the login (guide 000, step 2.2).
    "deny_consent": Failure("consent_denied", 1003, "ERRORED", logged_in=True),
    # The session must not get a token, because another person has logged in.
    "wrong_account": Failure("user_mismatch", 1001, "ERRORED"),
    "expire": Failure("transaction_expired", 1005, "INITIALIZED"),
    "no_broker": Failure("no_broker", 1006, "ERRORED"),
    "insufficient_holdings": Failure("insufficient_holdings", 1004, "ERRORED", logged_in=True),
    # The SDK has stopped waiting, but the order goes on.
    "order_pending": Failure("order_pending", 4006, "ERRORED", logged_in=True),
}
FAILED = Failure("internal_error", 2000, "ERRORED", logged_in=True)
IMPORT_FAILED = Failure("holdings_import_error", 2001, "ERRORED", logged_in=True)
# For securities the SDK itself detects the closed market, for smallcases the broker's page does.
MARKET_CLOSED = Failure("market_closed", 4004, "ERRORED")
MARKET_CLOSED_FOR_SMALLCASES = Failure("market_closed", 4005, "ERRORED", logged_in=True)
USED_UP = {"message": "transaction_expired", "code": 3001}
ONLY_FOR_ORDERS = ("market_closed", "insufficient_holdings", "order_pending")


class SimulatedUser:
    def __init__(
        self,
        transactions: TransactionStore,
        accounts: AccountStore,
        tokens: GatewayTokens,
        trading_hours: TradingHours,
        order_store: OrderStore,
        completion: Completion,
    ) -> None:
        self._transactions = transactions
        self._accounts = accounts
        self._tokens = tokens
        self._trading_hours = trading_hours
        self._order_store = order_store
        self._completion = completion

    def run(self, transaction: Transaction, scenario: Scenario, account: Account | None) -> Result:
        """Goes through the screens; `{"resolved": …}` or `{"rejected": {"message", "code", "data"?}}`.

        Raises: ControlError 400 when the scenario is impossible for this transaction.
        """
        if transaction.status != "INITIALIZED" or self._transactions.has_expired(transaction):
            return {"rejected": USED_UP}
        if transaction.intent == "MF_HOLDINGS_IMPORT":
            # An import of mutual funds has no broker, even if the scenario names an account.
            account = None
        failure = self._failure(transaction, scenario, account)
        if failure is None:
            return {"resolved": self._complete(transaction, scenario, account)}
        if failure == FAILURES["order_pending"]:
            assert account
            self._completion.place_orders(transaction, account, scenario, default="open")
        return self._fail(transaction, failure, account, expired_early=scenario.outcome == "expire")

    def _failure(self, transaction: Transaction, scenario: Scenario, account: Account | None) -> Failure | None:
        """The failure, if the transaction does not succeed."""
        _check_possible(transaction, scenario)
        failure = _failure_of_scenario(transaction, scenario)
        if transaction.intent == "MF_HOLDINGS_IMPORT" or (failure and not failure.logged_in):
            return failure
        if account is None:
            raise ControlError(400, f"{scenario.outcome} happens after the login: say which broker and account.")
        if not _supports(account.broker, transaction):
            return FAILURES["no_broker"]
        if transaction.pinned_to not in (None, account.auth_id):
            return FAILURES["wrong_account"]
        if scenario.outcome in ("complete", "order_pending") and self._is_market_closed(transaction, scenario):
            return _market_closed(transaction)
        if scenario.outcome == "complete" and self._is_order_final(transaction):
            return FAILED
        return failure

    def _is_market_closed(self, transaction: Transaction, scenario: Scenario) -> bool:
        return transaction.intent == "TRANSACTION" and not self._trading_hours.takes_orders(amo=scenario.amo)

    def _is_order_final(self, transaction: Transaction) -> bool:
        """Whether the order to cancel has become final since the transaction was created."""
        if transaction.intent != "CANCEL_ORDER":
            return False
        batch = self._order_store.get(transaction.order_config["batchId"])
        order = batch and batch.order(transaction.order_config["ticker"])
        return not (order and order.is_open)

    def _complete(self, transaction: Transaction, scenario: Scenario, account: Account | None) -> Result:
        if account is None:
            return self._completion.complete_mutual_funds(transaction, scenario)
        self._accounts.begin_session(account)
        return self._completion.complete(transaction, account, scenario)

    def _fail(
        self, transaction: Transaction, failure: Failure, account: Account | None, *, expired_early: bool
    ) -> Result:
        rejected: Result = {"message": failure.message, "code": failure.code}
        changes: dict[str, Any] = {"expired_early": expired_early}
        if failure.status == "ERRORED":
            changes["error"] = {"message": failure.message, "code": failure.code}
        if failure.logged_in and account:
            self._accounts.begin_session(account)
            changes |= {"auth_id": account.auth_id, "broker": account.broker}
            rejected["data"] = {
                "smallcaseAuthToken": self._tokens.connected(account.auth_id),
                "broker": account.broker,
            }
        self._transactions.transition(transaction, failure.status, **changes)
        return {"rejected": rejected}


def _check_possible(transaction: Transaction, scenario: Scenario) -> None:
    """Raises: ControlError 400 when the scenario is impossible for such a transaction."""
    if scenario.outcome in ONLY_FOR_ORDERS and transaction.intent != "TRANSACTION":
        raise ControlError(400, f"{transaction.intent} cannot end with {scenario.outcome}: only orders can.")
    if scenario.outcome == "wrong_account" and transaction.pinned_to is None:
        raise ControlError(400, "A guest's transaction takes any account; create it with a connected token.")
    if scenario.error and scenario.outcome != "fail":
        raise ControlError(400, "`error` says how `fail` fails: it goes with no other outcome.")
    if (scenario.orders or scenario.action_required) and transaction.intent != "TRANSACTION":
        raise ControlError(400, f"{transaction.intent} has no orders.")


def _failure_of_scenario(transaction: Transaction, scenario: Scenario) -> Failure | None:
    if scenario.error:
        return Failure(scenario.error.message, scenario.error.code, "ERRORED", logged_in=True)
    if scenario.outcome == "fail":
        return IMPORT_FAILED if transaction.intent == "HOLDINGS_IMPORT" else FAILED
    if scenario.outcome == "market_closed":
        return _market_closed(transaction)
    return FAILURES.get(scenario.outcome)


def _market_closed(transaction: Transaction) -> Failure:
    return MARKET_CLOSED if transaction.order_type == "SECURITIES" else MARKET_CLOSED_FOR_SMALLCASES


def _supports(broker: str, transaction: Transaction) -> bool:
    base_name = brokers.base_name(broker)
    if transaction.intent == "HOLDINGS_IMPORT":
        return base_name in brokers.HOLDINGS_IMPORT
    return transaction.order_type != "SECURITIES" or base_name in brokers.SECURITIES_ORDERS
