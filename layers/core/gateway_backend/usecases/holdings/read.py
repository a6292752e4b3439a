"""Serve holdings: one account's as Gateway sent them, or all accounts' consolidated, always with their age."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway_backend.domain.connections.connection import Account
from gateway_backend.domain.connections.freshness import State, Verdict
from gateway_backend.domain.holdings import csv_export as portfolio_csv
from gateway_backend.domain.holdings.portfolio import AccountPortfolio, consolidate, parse_portfolio, v1_securities
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.shared.errors import NotFound, NothingImported, VersionUnavailable
from gateway_backend.store.connections.connections import Accounts

_LEAST_FRESH_LAST = (State.FRESH, State.UPDATING, State.DUE, State.STALE)


@dataclass(frozen=True, slots=True)
class Document:
    """JSON text and the tag that changes whenever it does."""

    text: str
    etag: str


def read_account_holdings(
    account_id: str, version: str, *, user: str, now: datetime, accounts: Accounts, calendar: MarketCalendar
) -> Document:
    """Gateway's own answer (contract 4), digit for digit, with `freshness` beside `data`.

    Raises: NotFound, NothingImported, VersionUnavailable.
    """
    account, portfolio = accounts.owned_with_portfolio(account_id, user)
    if portfolio is None:
        raise NothingImported
    verdict = exact_json.dumps(account.verdict(now, calendar).to_dict())
    data = f"{_in_version(version, account, portfolio)[:-1]},{_about(account)[1:]}"
    text = f'{{"success":true,"errors":null,"data":{data},"freshness":{verdict}}}'
    seen = f"{version}|{account.content_hash}|{account.snapshot_date}|{account.last_update}|{verdict}"
    return Document(text, f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"')


def read_holdings(*, user: str, now: datetime, accounts: Accounts, calendar: MarketCalendar) -> dict[str, Any]:
    """All the user's accounts by ISIN (`holdings.consolidate`), the oldest date and the least fresh verdict."""
    loaded = _load(user, accounts)
    verdicts = [(account, account.verdict(now, calendar)) for account, _ in loaded]
    oldest = min((account.as_of for account, _ in loaded if account.as_of), default=None)
    return {
        "asOf": times.to_text(oldest) if oldest else None,
        "freshness": _least_fresh([verdict for _, verdict in verdicts]),
        "accounts": [
            {"smallcaseAuthId": account.id, "broker": account.broker, "freshness": verdict.to_dict()}
            for account, verdict in verdicts
        ],
        **consolidate(_portfolios(loaded)),
    }


def export_holdings(*, user: str, accounts: Accounts) -> str:
    """The same as CSV, a row per security and account."""
    loaded = _load(user, accounts)
    return portfolio_csv.to_csv(
        consolidate(_portfolios(loaded)), {account.id: account.snapshot_date for account, _ in loaded}
    )


def _load(user: str, accounts: Accounts) -> list[tuple[Account, str | None]]:
    loaded = []
    for account_id in accounts.ids_of(user):
        try:
            loaded.append(accounts.owned_with_portfolio(account_id, user))
        except NotFound:
            continue  # unlinked while we read: the others are still the user's
    return loaded


def _portfolios(loaded: list[tuple[Account, str | None]]) -> list[AccountPortfolio]:
    return [
        AccountPortfolio(account.id, account.broker, parse_portfolio(exact_json.loads(portfolio)))
        for account, portfolio in loaded
        if portfolio is not None
    ]


def _in_version(version: str, account: Account, portfolio: str) -> str:
    """The stored portfolio in the version asked for; v1 can be made of v2, not the other way round."""
    if version == account.version:
        return portfolio
    if account.version == "v1":
        raise VersionUnavailable("Gateway sent this snapshot in v1 only: import again, or ask with version=v1")
    stored = exact_json.members(portfolio)
    values = {name: value for name, (_, value) in stored.items()}
    texts = {name: text for name, (text, _) in stored.items()}
    texts["securities"] = exact_json.dumps(v1_securities(parse_portfolio(values)))
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in texts.items()) + "}"


def _about(account: Account) -> str:
    """The members of the data object that are about the snapshot (contract 4.2)."""
    return exact_json.dumps(
        {
            "updating": False,
            "lastUpdate": account.last_update,
            "snapshotDate": account.snapshot_date,
            "smallcaseAuthId": account.id,
            "broker": account.broker,
        }
    )


def _least_fresh(verdicts: list[Verdict]) -> dict[str, Any] | None:
    if not verdicts:
        return None
    return max(verdicts, key=lambda v: (_LEAST_FRESH_LAST.index(v.state), v.sessions_missed)).to_dict()
