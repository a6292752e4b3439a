"""Serve holdings: one account's as Gateway sent them, or all accounts' consolidated, always with their age."""

import hashlib
import json
from datetime import datetime
from typing import Any, NamedTuple

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.freshness import least_fresh
from gateway_backend.domain.connections.records import StoredSnapshot
from gateway_backend.domain.holdings import csv_export
from gateway_backend.domain.holdings.consolidate import consolidate
from gateway_backend.domain.holdings.known_prices import StoredPortfolio
from gateway_backend.domain.holdings.parse import parse_portfolio
from gateway_backend.domain.holdings.portfolio import AccountPortfolio
from gateway_backend.domain.holdings.statement import parse_statement
from gateway_backend.domain.holdings.v1 import v1_securities
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.shared.errors import NotFound, NothingImported, VersionUnavailable
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.holdings.mutual_funds import MutualFunds, Statement
from gateway_backend.store.holdings.snapshots import Snapshots


class Document(NamedTuple):
    """JSON text and the tag that changes whenever it does."""

    text: str
    etag: str


def read_account_holdings(
    account_id: str, version: str, *, user: str, now: datetime, snapshots: Snapshots, calendar: MarketCalendar
) -> Document:
    """Gateway's own answer (contract 4), digit for digit, with `freshness` beside `data`.

    Raises: NotFound, NothingImported, VersionUnavailable.
    """
    connection, portfolio = snapshots.owned_with_newest(account_id, user)
    stored = connection.snapshot
    if stored is None or portfolio is None:
        raise NothingImported
    verdict = exact_json.dumps(connection.verdict(now, calendar).to_dict())
    data = f"{_in_version(version, stored.version, portfolio.text)[:-1]},{_about(connection, stored)[1:]}"
    text = f'{{"success":true,"errors":null,"data":{data},"freshness":{verdict}}}'
    seen = f"{version}|{stored.content_hash}|{stored.snapshot_date}|{stored.last_update}|{verdict}"
    return Document(text, f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"')


def read_holdings(
    *,
    user: str,
    now: datetime,
    connections: Connections,
    snapshots: Snapshots,
    mutual_funds: MutualFunds,
    calendar: MarketCalendar,
) -> dict[str, Any]:
    """All the user's accounts by ISIN (`holdings.consolidate`), and the funds of the newest statement.

    `asOf` and `freshness` are those of the accounts: the oldest date, and what the least fresh one needs. A statement
    has a date of its own.
    """
    loaded, statement = _load(user, connections, snapshots), mutual_funds.newest(user)
    verdicts = [(connection, connection.verdict(now, calendar)) for connection, _ in loaded]
    aggregate = least_fresh([verdict for _, verdict in verdicts])
    return {
        "asOf": times.to_text(aggregate.as_of) if aggregate and aggregate.as_of else None,
        "freshness": aggregate.to_dict() if aggregate else None,
        "accounts": [
            {"smallcaseAuthId": connection.id, "broker": connection.broker, "freshness": verdict.to_dict()}
            for connection, verdict in verdicts
        ],
        "statement": statement
        and {"transactionId": statement.transaction_id, "receivedAt": times.to_text(statement.received_at)},
        **consolidate([*_portfolios(loaded), *_of_statement(statement)]),
    }


def export_holdings(*, user: str, connections: Connections, snapshots: Snapshots, mutual_funds: MutualFunds) -> str:
    """The same as CSV, a row per security and account."""
    loaded, statement = _load(user, connections, snapshots), mutual_funds.newest(user)
    dates = {c.id: c.snapshot.snapshot_date if c.snapshot else None for c, _ in loaded}
    if statement:
        dates[statement.transaction_id] = times.to_text(statement.received_at)
    return csv_export.to_csv(consolidate([*_portfolios(loaded), *_of_statement(statement)]), dates)


def _load(user: str, connections: Connections, snapshots: Snapshots) -> list[tuple[Connection, StoredPortfolio | None]]:
    loaded = []
    for account_id in connections.ids_of(user):
        try:
            loaded.append(snapshots.owned_with_newest(account_id, user))
        except NotFound:
            continue  # unlinked while we read: the others are still the user's
    return loaded


def _portfolios(loaded: list[tuple[Connection, StoredPortfolio | None]]) -> list[AccountPortfolio]:
    return [
        AccountPortfolio(connection.id, connection.broker, portfolio.parse())
        for connection, portfolio in loaded
        if portfolio is not None
    ]


def _of_statement(statement: Statement | None) -> list[AccountPortfolio]:
    if statement is None:
        return []
    portfolio = parse_statement(exact_json.loads(statement.text))
    return [AccountPortfolio("", "", portfolio, transaction_id=statement.transaction_id)]


def _in_version(version: str, stored_version: str, portfolio: str) -> str:
    """The stored portfolio in the requested version. v1 can be made of v2, not the other way round."""
    if version == stored_version:
        return portfolio
    if stored_version == "v1":
        raise VersionUnavailable("Gateway sent this snapshot in v1 only: import again, or ask with version=v1")
    stored = exact_json.members(portfolio)
    values = {name: value for name, (_, value) in stored.items()}
    texts = {name: text for name, (text, _) in stored.items()}
    texts["securities"] = exact_json.dumps(v1_securities(parse_portfolio(values)))
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in texts.items()) + "}"


def _about(connection: Connection, snapshot: StoredSnapshot) -> str:
    """The members of the data object that are about the snapshot (contract 4.2)."""
    return exact_json.dumps(
        {
            "updating": False,
            "lastUpdate": snapshot.last_update,
            "snapshotDate": snapshot.snapshot_date,
            "smallcaseAuthId": connection.id,
            "broker": connection.broker,
        }
    )
