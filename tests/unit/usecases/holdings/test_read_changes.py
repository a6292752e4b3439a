"""What changed since a moment, for a user with several accounts; and how the moment is written."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import StoredSnapshot
from gateway_backend.domain.holdings.known_prices import StoredPortfolio
from gateway_backend.domain.market.calendar import nse_calendar
from gateway_backend.domain.shared import exact_json
from gateway_backend.domain.shared.errors import NotFound, RequestInvalid
from gateway_backend.domain.shared.times import parse, parse_since
from gateway_backend.store.connections.connections import Connections
from gateway_backend.store.holdings.snapshots import Snapshots
from gateway_backend.usecases.holdings.read_changes import read_changes
from ops.api_reference.changes_schema import HoldingChangesView
from testing.portfolios import holding, market, portfolio

NOW = parse("2026-11-21T06:00:00Z")
SINCE = parse("2026-11-01T18:30:00Z")
OLD, NEW = "2026-10-30T11:00:00.000Z", "2026-11-20T11:00:00.000Z"

type History = tuple[Connection, StoredPortfolio | None, tuple[str, StoredPortfolio] | None]


def linked(name: str, newest: str | None, history: tuple[str, str] | None, date: str | None = NEW) -> History:
    snapshot = StoredSnapshot("id", parse(date), date, date, "hash", "v2", 1, 0) if date else None
    connection = Connection(
        id=name,
        owner="user-1",
        broker="kite",
        linked_at=parse("2026-10-01T00:00:00Z"),
        transaction_id="TRX_1",
        snapshot=snapshot,
    )
    before = history and (history[0], StoredPortfolio(history[1], {}))
    return connection, StoredPortfolio(newest, {}) if newest is not None else None, before


class StoredHistories:
    """Accounts with their histories; one without a history was unlinked meanwhile."""

    def __init__(self, **histories: History | None) -> None:
        self.histories = histories
        self.reads: list[tuple[str, datetime]] = []

    def ids_of(self, owner: str) -> list[str]:
        return list(self.histories) if owner == "user-1" else []

    def owned_with_history(self, account_id: str, owner: str, since: datetime) -> History:
        self.reads.append((owner, since))
        found = self.histories[account_id]
        if found is None:
            raise NotFound
        return found


def read(stores: StoredHistories, user: str = "user-1") -> dict[str, Any]:
    connections, snapshots = cast(Connections, stores), cast(Snapshots, stores)
    return read_changes(
        SINCE, user=user, now=NOW, connections=connections, snapshots=snapshots, calendar=nse_calendar()
    )


def kinds(changes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(change["kind"], change["isin"]) for change in changes]


# The answer ------------------------------------------------------------------------------------


def test_each_account_and_all_together() -> None:
    first, second = (market()[number]["isin"] for number in (0, 1))
    stores = StoredHistories(
        a=linked("a", portfolio(holding(1, 5)), (OLD, portfolio(holding(0, 10), holding(1, 5)))),
        b=linked("b", portfolio(holding(0, 10), holding(1, 7)), (OLD, portfolio(holding(1, 4)))),
    )

    answer = read(stores)

    assert [
        (account["smallcaseAuthId"], account["broker"], account["from"], account["to"])
        for account in answer["accounts"]
    ] == [
        ("a", "kite", OLD, NEW),
        ("b", "kite", OLD, NEW),
    ]
    assert kinds(answer["accounts"][0]["changes"]) == [("REMOVED", first)]
    assert set(kinds(answer["accounts"][1]["changes"])) == {("ADDED", first), ("QUANTITY_CHANGED", second)}
    assert kinds(answer["changes"]) == [("QUANTITY_CHANGED", second)]  # the other went from one account to the other
    (change,) = answer["changes"]
    assert (change["quantityBefore"], change["quantityAfter"]) == (9, 12)
    assert answer["since"] == "2026-11-01T18:30:00.000Z"
    assert answer["accounts"][0]["freshness"]["state"] == "FRESH"
    assert stores.reads == [("user-1", SINCE)] * 2


def test_what_was_held_before_the_first_snapshot_is_unknown_and_not_bought() -> None:
    first = portfolio(holding(0), holding(1))

    answer = read(StoredHistories(a=linked("a", first, (NEW, first))))

    assert (answer["accounts"][0]["from"], answer["accounts"][0]["changes"], answer["changes"]) == (NEW, [], [])


def test_an_account_before_its_first_import_is_there_and_says_so() -> None:
    answer = read(
        StoredHistories(
            a=linked("a", None, None, None), b=linked("b", portfolio(holding(0)), (OLD, portfolio(holding(0))))
        )
    )

    never = answer["accounts"][0]
    assert (never["from"], never["to"], never["changes"]) == (None, None, [])
    assert never["freshness"]["reason"] == "NEVER_IMPORTED"
    assert answer["changes"] == []


def test_an_account_unlinked_while_we_read_is_left_out() -> None:
    answer = read(StoredHistories(gone=None, b=linked("b", portfolio(holding(0)), (OLD, portfolio()))))

    assert [account["smallcaseAuthId"] for account in answer["accounts"]] == ["b"]
    assert [kind for kind, _ in kinds(answer["changes"])] == ["ADDED"]


def test_a_user_without_accounts_gets_an_empty_answer() -> None:
    assert read(StoredHistories(), user="user-2") == {
        "since": "2026-11-01T18:30:00.000Z",
        "accounts": [],
        "changes": [],
    }


def test_the_answer_is_what_is_described_digit_for_digit() -> None:
    price = "36.65253999999927"
    stores = StoredHistories(
        a=linked("a", portfolio(holding(0, 20, price)), (OLD, portfolio(holding(0, 10, "73.30507999999854")))),
        b=linked("b", None, None, None),
    )

    text = exact_json.dumps(read(stores))

    assert f'"averagePriceAfter":{price},' in text
    assert '"ratio":"2:1"' in text
    view = HoldingChangesView.model_validate(exact_json.loads(text))
    assert view.accounts[0].changes[0].average_price_after == Decimal(price)
    assert json.loads(view.model_dump_json(by_alias=True)).keys() == json.loads(text).keys()
    assert _shape(json.loads(view.model_dump_json(by_alias=True))) == _shape(json.loads(text))


def _shape(value: Any) -> Any:
    """The members' names all the way down."""
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else None


# The moment ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-02", "2026-11-01T18:30:00Z"),
        ("2026-11-21", "2026-11-20T18:30:00Z"),  # today, in India
        ("2026-11-02T09:15:00+05:30", "2026-11-02T03:45:00Z"),
        ("2026-11-02T03:45:00.123Z", "2026-11-02T03:45:00.123Z"),
        ("2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z"),  # now
    ],
)
def test_a_date_begins_at_midnight_in_india_and_an_instant_is_itself(text: str, moment: str) -> None:
    assert parse_since(text, NOW) == parse(moment)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2026-11-31",
        "2026-1-2",
        "20261102",
        "2026-W45-1",
        "2026-11-02T09:15:00",  # no zone
        "2026-11-02T09:15:00 05:30",  # a + that the URL took for a space
        "2026-11-02,2026-11-03",
        "2026-11-02\n",
        "٢٠٢٦-11-02",
        "0001-01-01",  # before the first day of all, in UTC
        "-2026-11-02",
        "1700000000",
    ],
)
def test_what_is_no_moment_is_refused_with_the_remedy(text: str | None) -> None:
    with pytest.raises(RequestInvalid, match=r"since: give a date .* an instant with its zone"):
        parse_since(text, NOW)


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-21T06:00:01Z", "9999-12-31"])
def test_the_future_is_refused(text: str) -> None:
    with pytest.raises(RequestInvalid, match="since: lies in the future"):
        parse_since(text, NOW)


@given(st.text() | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.+Z-]*)?"))
def test_any_text_is_a_moment_of_the_past_or_refused(text: str) -> None:
    with suppress(RequestInvalid):
        since = parse_since(text, NOW)
        assert since <= NOW
        assert since.utcoffset() == timedelta(0)
