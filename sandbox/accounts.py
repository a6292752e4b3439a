"""Broker accounts: what each holds now, and what Gateway last saw of it."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from sandbox import brokers, market
from sandbox.clock import Clock
from sandbox.errors import ControlError, GatewayError
from sandbox.holdings import Snapshot, book_trade
from sandbox.state import State

DeadSessionAnswer = Literal["stale", "forbidden"]


@dataclass
class Account:
    broker: str
    account: str
    auth_id: str
    portfolio: dict[str, Any]
    session_alive: bool = False
    # What a pull gets while no session lives: the last snapshot again, or 403.
    dead_session_answer: DeadSessionAnswer = "stale"

    @property
    def key(self) -> str:
        return f"{self.broker}/{self.account}"


class Accounts:
    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock

    def set(self, broker: str, name: str, portfolio: dict[str, Any] | None, auth_id: str | None) -> Account:
        """What the account holds from now on; Gateway sees it at the next import or refresh.

        Raises: ControlError 400 for an unknown broker, 409 for an id that is another account's.
        """
        if brokers.plain(broker) not in brokers.KNOWN:
            raise ControlError(400, f"No broker {broker!r}. There are: {', '.join(sorted(brokers.KNOWN))}.")
        before = self._read(f"{broker}/{name}")
        holds = portfolio or (before.portfolio if before else market.default_portfolio(f"{broker}/{name}"))
        account = Account(
            broker=broker,
            account=name,
            auth_id=auth_id or _named_in(portfolio) or (before.auth_id if before else _made_up(broker, name)),
            portfolio=holds,
            session_alive=before.session_alive if before else False,
            dead_session_answer=before.dead_session_answer if before else "stale",
        )
        self._claim(account)
        if before and before.auth_id != account.auth_id:
            self._state.delete("account-of", before.auth_id)
        self._keep(account)
        return account

    def get(self, broker: str, name: str) -> Account:
        account = self._read(f"{broker}/{name}")
        if account is None:
            raise ControlError(
                404, f"No account {broker}/{name}. Make it with PUT /_sandbox/accounts/{broker}/{name} first."
            )
        return account

    def by_auth_id(self, auth_id: str) -> Account | None:
        key = self._state.get("account-of", auth_id)
        return self._read(key) if key else None

    def begin_session(self, account: Account) -> None:
        """Every login does."""
        # As it is now: it may have traded since it was read.
        current = self.get(account.broker, account.account)
        current.session_alive = True
        self._keep(current)

    def end_session(self, account: Account, answer: DeadSessionAnswer) -> None:
        account.session_alive = False
        account.dead_session_answer = answer
        self._keep(account)

    def trade(self, auth_id: str, ticker: str, *, shares: int, price: float) -> None:
        """Executed at the exchange; Gateway sees it at the next import or refresh. Sold shares are negative."""
        account = self.by_auth_id(auth_id)
        if account is None:
            # It goes by another id since: whose portfolio was meant is not known any more.
            return
        book_trade(account.portfolio, ticker, shares=shares, price=price)
        self._keep(account)

    def import_holdings(self, account: Account) -> Snapshot:
        """The snapshot of a login; a portfolio that names its own dates keeps them."""
        now = self._clock.now_iso()
        taken_at = account.portfolio.get("snapshotDate", now)
        return self._take_snapshot(account, taken_at, account.portfolio.get("lastUpdate", taken_at))

    def fetch_holdings(self, auth_id: str, *, still_updating: bool = False) -> Snapshot:
        """The stored snapshot; a long-lived session that still lives takes a new one first (contract 8).

        `still_updating`: Gateway has not yet got the new one.
        Raises: GatewayError 403 without an import, and for a session that ended so.
        """
        stored = self._state.get("snapshot", auth_id)
        account = self.by_auth_id(auth_id)
        refused = account and not account.session_alive and account.dead_session_answer == "forbidden"
        if stored is None or refused:
            raise GatewayError(403, "User has not authorised holdings import")
        long_lived = account and brokers.plain(account.broker) in brokers.LONG_LIVED_SESSION
        if account and long_lived and account.session_alive and not still_updating:
            now = self._clock.now_iso()
            return self._take_snapshot(account, now, now)
        return Snapshot(**stored)

    def _take_snapshot(self, account: Account, snapshot_date: str, last_update: str) -> Snapshot:
        snapshot = Snapshot(account.auth_id, account.broker, account.portfolio, snapshot_date, last_update)
        self._state.put("snapshot", account.auth_id, vars(snapshot))
        return snapshot

    def _claim(self, account: Account) -> None:
        holder = self._state.get("account-of", account.auth_id)
        if holder not in (None, account.key):
            raise ControlError(
                409,
                f"smallcaseAuthId {account.auth_id} is {holder}'s already. Give another one, or leave it out"
                " (of the portfolio too) to have one made up.",
            )

    def _keep(self, account: Account) -> None:
        self._state.put("account", account.key, vars(account))
        self._state.put("account-of", account.auth_id, account.key)

    def _read(self, key: str) -> Account | None:
        stored = self._state.get("account", key)
        return Account(**stored) if stored else None


def _named_in(portfolio: dict[str, Any] | None) -> str | None:
    return portfolio.get("smallcaseAuthId") if portfolio else None


def _made_up(broker: str, name: str) -> str:
    """24 hex digits, the same for the same account every time."""
    return sha256(f"{broker}/{name}".encode()).hexdigest()[:24]
