"""Broker accounts: what they hold now, and the snapshot that Gateway has of them."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from sandbox.accounts.default_portfolio import default_portfolio
from sandbox.accounts.holdings import Snapshot, record_trade
from sandbox.clock import Clock
from sandbox.errors import ControlError, GatewayError
from sandbox.market import brokers
from sandbox.state import State

EndedSessionAnswer = Literal["stale", "forbidden"]


@dataclass
class Account:
    broker: str
    account: str
    auth_id: str
    portfolio: dict[str, Any]
    session_alive: bool = False
    # The answer to a pull after the session has ended: the last snapshot again, or 403.
    dead_session_answer: EndedSessionAnswer = "stale"

    @property
    def key(self) -> str:
        return f"{self.broker}/{self.account}"


class AccountStore:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def put(self, broker: str, name: str, portfolio: dict[str, Any] | None, auth_id: str | None) -> Account:
        """Creates or changes the account; Gateway sees its holdings at the next import or refresh.

        Raises: ControlError 400 for an unsupported broker, 409 for an id that another account has.
        """
        if brokers.base_name(broker) not in brokers.ALL:
            raise ControlError(400, f"No broker {broker!r}. There are: {', '.join(sorted(brokers.ALL))}.")
        before = self._load(f"{broker}/{name}")
        account = Account(
            broker=broker,
            account=name,
            auth_id=auth_id or _auth_id_in(portfolio) or (before.auth_id if before else _new_auth_id(broker, name)),
            portfolio=portfolio or (before.portfolio if before else default_portfolio(f"{broker}/{name}")),
            session_alive=before.session_alive if before else False,
            dead_session_answer=before.dead_session_answer if before else "stale",
        )
        self._check_auth_id_is_free(account)
        if before and before.auth_id != account.auth_id:
            self._state.delete("account-of", before.auth_id)
        self._save(account)
        return account

    def get(self, broker: str, name: str) -> Account:
        account = self._load(f"{broker}/{name}")
        if account is None:
            raise ControlError(
                404, f"No account {broker}/{name}. Make it with PUT /_sandbox/accounts/{broker}/{name} first."
            )
        return account

    def by_auth_id(self, auth_id: str) -> Account | None:
        key = self._state.get("account-of", auth_id)
        return self._load(key) if key else None

    def begin_session(self, account: Account) -> None:
        """Every login begins a session."""
        # The account is loaded again, because a trade may have changed it since the caller loaded it.
        current = self.get(account.broker, account.account)
        current.session_alive = True
        self._save(current)

    def end_session(self, account: Account, answer: EndedSessionAnswer) -> None:
        account.session_alive = False
        account.dead_session_answer = answer
        self._save(account)

    def record_trade(self, auth_id: str, ticker: str, *, shares: int, price: float) -> None:
        """Changes what the account holds; Gateway sees it at the next import or refresh.

        `shares` is negative for a sale.
        """
        account = self.by_auth_id(auth_id)
        if account is None:
            # The account has got another id since the order was placed, so its portfolio cannot be found.
            return
        record_trade(account.portfolio, ticker, shares=shares, price=price)
        self._save(account)

    def import_holdings(self, account: Account) -> Snapshot:
        """The snapshot that a login takes; a portfolio that has its own dates keeps them."""
        now = self._clock.now_iso()
        taken_at = account.portfolio.get("snapshotDate", now)
        return self._take_snapshot(account, taken_at, account.portfolio.get("lastUpdate", taken_at))

    def fetch_holdings(self, auth_id: str, *, still_updating: bool = False) -> Snapshot:
        """The stored snapshot; a long-lived session that is alive takes a new snapshot first (contract 8).

        `still_updating` is True when Gateway has not yet received the new snapshot.
        Raises: GatewayError 403 without an import, and after a session that ended with `forbidden`.
        """
        stored = self._state.get("snapshot", auth_id)
        account = self.by_auth_id(auth_id)
        forbidden = account and not account.session_alive and account.dead_session_answer == "forbidden"
        if stored is None or forbidden:
            raise GatewayError(403, "User has not authorised holdings import")
        long_lived = account and brokers.base_name(account.broker) in brokers.LONG_LIVED_SESSION
        if account and long_lived and account.session_alive and not still_updating:
            now = self._clock.now_iso()
            return self._take_snapshot(account, now, now)
        return Snapshot(**stored)

    def _take_snapshot(self, account: Account, snapshot_date: str, last_update: str) -> Snapshot:
        snapshot = Snapshot(account.auth_id, account.broker, account.portfolio, snapshot_date, last_update)
        self._state.put("snapshot", account.auth_id, vars(snapshot))
        return snapshot

    def _check_auth_id_is_free(self, account: Account) -> None:
        holder = self._state.get("account-of", account.auth_id)
        if holder not in (None, account.key):
            raise ControlError(
                409,
                f"smallcaseAuthId {account.auth_id} is {holder}'s already. Give another one, or leave it out"
                " (of the portfolio too) to have one made up.",
            )

    def _save(self, account: Account) -> None:
        self._state.put("account", account.key, vars(account))
        self._state.put("account-of", account.auth_id, account.key)

    def _load(self, key: str) -> Account | None:
        stored = self._state.get("account", key)
        return Account(**stored) if stored else None


def _auth_id_in(portfolio: dict[str, Any] | None) -> str | None:
    return portfolio.get("smallcaseAuthId") if portfolio else None


def _new_auth_id(broker: str, name: str) -> str:
    """24 hex digits, always the same for the same account."""
    return sha256(f"{broker}/{name}".encode()).hexdigest()[:24]
