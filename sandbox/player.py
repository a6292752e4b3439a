"""Plays the user inside Gateway's screens: broker, login, consent, or leaving at any of them.

Answers as the web SDK answers the app (contract 5.5, 5.6, 6.1).
"""

from dataclasses import dataclass
from typing import Any, Literal

from sandbox import brokers
from sandbox.accounts import Account, Accounts
from sandbox.errors import ControlError
from sandbox.postbacks import Postbacks, Sending
from sandbox.tokens import Tokens
from sandbox.transactions import Transaction, Transactions

Outcome = Literal[
    "complete",
    "deny_consent",
    "cancel_choosing",
    "cancel_before_login",
    "cancel_after_login",
    "wrong_account",
    "expire",
    "no_broker",
    "market_closed",
    "fail",
]


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
}
FAILURES: dict[str, Ending] = {
    "HOLDINGS_IMPORT": Ending("holdings_import_error", 2001, "ERRORED", logged_in=True),
    "CONNECT": Ending("internal_error", 2000, "ERRORED", logged_in=True),
}
USED_UP = {"message": "transaction_expired", "code": 3001}

Answer = dict[str, Any]


class Player:
    def __init__(self, transactions: Transactions, accounts: Accounts, tokens: Tokens, postbacks: Postbacks) -> None:
        self._transactions = transactions
        self._accounts = accounts
        self._tokens = tokens
        self._postbacks = postbacks

    def play(self, transaction: Transaction, outcome: Outcome, account: Account | None, webhooks: Sending) -> Answer:
        """`{"resolved": …}` or `{"rejected": {"message", "code", "data"?}}`.

        Raises: ControlError 400 when this transaction cannot end like that.
        """
        if transaction.status != "INITIALIZED" or self._transactions.has_expired(transaction):
            return {"rejected": USED_UP}
        ending = self._ending(transaction, outcome, account)
        if ending is None:
            assert account
            return self._complete(transaction, account, webhooks)
        return self._end(transaction, ending, account, ran_out=outcome == "expire")

    def _ending(self, transaction: Transaction, outcome: Outcome, account: Account | None) -> Ending | None:
        """None when all goes well."""
        if outcome == "market_closed":
            raise ControlError(400, f"{transaction.intent} needs no open market: only orders do.")
        if outcome == "wrong_account" and transaction.pinned_to is None:
            raise ControlError(400, "A guest's transaction takes any account; create it with a connected token.")
        ending = FAILURES[transaction.intent] if outcome == "fail" else ENDINGS.get(outcome)
        if ending and not ending.logged_in:
            return ending
        if account is None:
            raise ControlError(400, f"{outcome} happens after the login: say which broker and account.")
        if transaction.intent == "HOLDINGS_IMPORT" and brokers.plain(account.broker) not in brokers.HOLDINGS_IMPORT:
            return ENDINGS["no_broker"]
        if transaction.pinned_to not in (None, account.auth_id):
            return ENDINGS["wrong_account"]
        return ending

    def _end(self, transaction: Transaction, ending: Ending, account: Account | None, *, ran_out: bool) -> Answer:
        told: Answer = {"message": ending.message, "code": ending.code}
        changes: dict[str, Any] = {"ran_out": ran_out}
        if ending.status == "ERRORED":
            changes["error"] = {"message": ending.message, "code": ending.code}
        if ending.logged_in and account:
            self._accounts.begin_session(account)
            changes |= {"auth_id": account.auth_id, "broker": account.broker}
            told["data"] = self._identity(account)
        self._transactions.move(transaction, ending.status, **changes)
        return {"rejected": told}

    def _complete(self, transaction: Transaction, account: Account, webhooks: Sending) -> Answer:
        self._accounts.begin_session(account)
        self._transactions.move(transaction, "COMPLETED", auth_id=account.auth_id, broker=account.broker)
        if transaction.intent == "HOLDINGS_IMPORT":
            self._postbacks.holdings_imported(transaction, self._accounts.import_holdings(account), webhooks)
        return {"resolved": self._identity(account) | {"transactionId": transaction.id}}

    def _identity(self, account: Account) -> Answer:
        return {"smallcaseAuthToken": self._tokens.connected(account.auth_id), "broker": account.broker}
