"""Plays the user inside Gateway's screens: broker, login, consent, or leaving at any of them.

Answers as the web SDK answers the app (contract 5.5, 5.6, 6.1).
"""

from dataclasses import dataclass
from typing import Any

from sandbox.accounts.accounts import Account, AccountStore
from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.completion import Completion
from sandbox.errors import ControlError
from sandbox.market import brokers
from sandbox.market.trading_hours import TradingHours
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import Scenario
from sandbox.transactions import Transaction, TransactionStore


@dataclass(frozen=True)
class Ending:
    """How a transaction ends other than well. ERRORED ones keep the error; others are just left lying."""

    message: str
    code: int
    status: str
    logged_in: bool = False


ENDINGS: dict[str, Ending] = {
    "cancel_choosing": Ending("user_cancelled", 1010, "INITIALIZED"),
    "cancel_before_login": Ending("user_cancelled", 1011, "INITIALIZED"),
    "cancel_after_login": Ending("user_cancelled", 1012, "USED", logged_in=True),
    # The consent screen comes after the login (guide 000, step 2.2).
    "deny_consent": Ending("consent_denied", 1003, "ERRORED", logged_in=True),
    # Somebody else logged in: nothing of theirs may reach this session, so no token either.
    "wrong_account": Ending("user_mismatch", 1001, "ERRORED"),
    "expire": Ending("transaction_expired", 1005, "INITIALIZED"),
    "no_broker": Ending("no_broker", 1006, "ERRORED"),
    "insufficient_holdings": Ending("insufficient_holdings", 1004, "ERRORED", logged_in=True),
    # The order lives on, only the SDK waited no longer for it.
    "order_pending": Ending("order_pending", 4006, "ERRORED", logged_in=True),
}
FAILED = Ending("internal_error", 2000, "ERRORED", logged_in=True)
IMPORT_FAILED = Ending("holdings_import_error", 2001, "ERRORED", logged_in=True)
# The SDK itself sees that the market is closed for securities, the broker's page for smallcases.
MARKET_CLOSED = Ending("market_closed", 4004, "ERRORED")
MARKET_CLOSED_FOR_SMALLCASES = Ending("market_closed", 4005, "ERRORED", logged_in=True)
USED_UP = {"message": "transaction_expired", "code": 3001}
ONLY_ORDERS = ("market_closed", "insufficient_holdings", "order_pending")

Answer = dict[str, Any]


class Player:
    def __init__(
        self,
        transactions: TransactionStore,
        accounts: AccountStore,
        tokens: GatewayTokens,
        hours: TradingHours,
        order_store: OrderStore,
        completion: Completion,
    ) -> None:
        self._transactions = transactions
        self._accounts = accounts
        self._tokens = tokens
        self._hours = hours
        self._order_store = order_store
        self._completion = completion

    def play(self, transaction: Transaction, act: Scenario, account: Account | None) -> Answer:
        """`{"resolved": …}` or `{"rejected": {"message", "code", "data"?}}`.

        Raises: ControlError 400 when this transaction cannot end like that.
        """
        if transaction.status != "INITIALIZED" or self._transactions.has_expired(transaction):
            return {"rejected": USED_UP}
        if transaction.intent == "MF_HOLDINGS_IMPORT":
            # Whatever broker is named: none takes part.
            account = None
        ending = self._ending(transaction, act, account)
        if ending is None:
            return {"resolved": self._complete(transaction, act, account)}
        if ending == ENDINGS["order_pending"]:
            assert account
            self._completion.order(transaction, account, act, usual="open")
        return self._end(transaction, ending, account, expired_early=act.outcome == "expire")

    def _ending(self, transaction: Transaction, act: Scenario, account: Account | None) -> Ending | None:
        """None when all goes well."""
        _check_sense(transaction, act)
        ending = _told_ending(transaction, act)
        if transaction.intent == "MF_HOLDINGS_IMPORT" or (ending and not ending.logged_in):
            return ending
        if account is None:
            raise ControlError(400, f"{act.outcome} happens after the login: say which broker and account.")
        if not _can(account.broker, transaction):
            return ENDINGS["no_broker"]
        if transaction.pinned_to not in (None, account.auth_id):
            return ENDINGS["wrong_account"]
        if act.outcome in ("complete", "order_pending") and self._is_closed_for(transaction, act):
            return _market_closed(transaction)
        if act.outcome == "complete" and self._comes_too_late(transaction):
            return FAILED
        return ending

    def _is_closed_for(self, transaction: Transaction, act: Scenario) -> bool:
        return transaction.intent == "TRANSACTION" and not self._hours.takes_orders(amo=act.amo)

    def _comes_too_late(self, transaction: Transaction) -> bool:
        """The order to cancel has become final since."""
        if transaction.intent != "CANCEL_ORDER":
            return False
        batch = self._order_store.get(transaction.order_config["batchId"])
        order = batch and batch.order(transaction.order_config["ticker"])
        return not (order and order.is_open)

    def _complete(self, transaction: Transaction, act: Scenario, account: Account | None) -> Answer:
        if account is None:
            return self._completion.complete_mutual_funds(transaction, act)
        self._accounts.begin_session(account)
        return self._completion.complete(transaction, account, act)

    def _end(self, transaction: Transaction, ending: Ending, account: Account | None, *, expired_early: bool) -> Answer:
        told: Answer = {"message": ending.message, "code": ending.code}
        changes: dict[str, Any] = {"expired_early": expired_early}
        if ending.status == "ERRORED":
            changes["error"] = {"message": ending.message, "code": ending.code}
        if ending.logged_in and account:
            self._accounts.begin_session(account)
            changes |= {"auth_id": account.auth_id, "broker": account.broker}
            told["data"] = {
                "smallcaseAuthToken": self._tokens.connected(account.auth_id),
                "broker": account.broker,
            }
        self._transactions.transition(transaction, ending.status, **changes)
        return {"rejected": told}


def _check_sense(transaction: Transaction, act: Scenario) -> None:
    """Raises: ControlError 400 for what cannot happen to such a transaction."""
    if act.outcome in ONLY_ORDERS and transaction.intent != "TRANSACTION":
        raise ControlError(400, f"{transaction.intent} cannot end with {act.outcome}: only orders can.")
    if act.outcome == "wrong_account" and transaction.pinned_to is None:
        raise ControlError(400, "A guest's transaction takes any account; create it with a connected token.")
    if act.error and act.outcome != "fail":
        raise ControlError(400, "`error` says how `fail` fails: it goes with no other outcome.")
    if (act.orders or act.action_required) and transaction.intent != "TRANSACTION":
        raise ControlError(400, f"{transaction.intent} has no orders.")


def _told_ending(transaction: Transaction, act: Scenario) -> Ending | None:
    if act.error:
        return Ending(act.error.message, act.error.code, "ERRORED", logged_in=True)
    if act.outcome == "fail":
        return IMPORT_FAILED if transaction.intent == "HOLDINGS_IMPORT" else FAILED
    if act.outcome == "market_closed":
        return _market_closed(transaction)
    return ENDINGS.get(act.outcome)


def _market_closed(transaction: Transaction) -> Ending:
    return MARKET_CLOSED if transaction.order_type == "SECURITIES" else MARKET_CLOSED_FOR_SMALLCASES


def _can(broker: str, transaction: Transaction) -> bool:
    plain = brokers.base_name(broker)
    if transaction.intent == "HOLDINGS_IMPORT":
        return plain in brokers.HOLDINGS_IMPORT
    return transaction.order_type != "SECURITIES" or plain in brokers.SECURITIES_ORDERS
