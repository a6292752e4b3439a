"""The state diagrams in docs/architecture.md are the transitions that the domain makes: no other, and none is missing.

Each machine is explored from its first state: every event is applied to every value that is reached.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from copy import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway_backend.domain.connections.connection import Connection, link
from gateway_backend.domain.erasure.erasure import WORKERS_END_AFTER, Erasure, ErasureState, request_erasure
from gateway_backend.domain.holdings.snapshot import Complete, judge
from gateway_backend.domain.orders.batch import Batch, BatchStatus, Order, OrderStatus
from gateway_backend.domain.orders.recorded_batch import PlacedBy, RecordedBatch, apply_report
from gateway_backend.domain.refresh.circuit import LONGEST_PAUSE, Circuit
from gateway_backend.domain.refresh.page import LEASE, PageWork
from gateway_backend.domain.shared.errors import ConnectionWithdrawn, NotYet
from gateway_backend.domain.shared.exact_json import members
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import ORDER_PENDING, Failure, Report, Status
from gateway_backend.domain.transactions.transaction import (
    CHECKS_BEFORE_EXPIRY,
    GIVEN_UP_AFTER,
    WATCHED_FOR,
    Transaction,
    begin,
)
from testing.portfolios import holding, portfolio
from testing.template import CHECKOUT

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BEFORE_AND_AFTER = "[*]"
"""Mermaid's name of what is before the first state and after the last."""

type Edges = dict[tuple[str, str], set[str]]
"""(state, next state) -> the events that lead there."""


def explored[Value](
    first: Iterable[tuple[str, Value]],
    events: Callable[[Value], Iterator[tuple[str, Value | None]]],
    state: Callable[[Value], str],
    key: Callable[[Value], Hashable],
) -> Edges:
    """`first` and `events` give (event, value after it), None where nothing remains. `key`: what tells values apart."""
    edges: Edges = defaultdict(set)
    waiting, reached = [], set[Hashable]()
    for event, value in first:
        edges[BEFORE_AND_AFTER, state(value)].add(event)
        waiting.append(value)
    while waiting:
        value = waiting.pop()
        if key(value) in reached:
            continue
        reached.add(key(value))
        for event, following in events(value):
            before, after = state(value), BEFORE_AND_AFTER if following is None else state(following)
            if before != after:
                edges[before, after].add(event)
            if following is not None:
                waiting.append(following)
    return dict(edges)


# A connection's session ------------------------------------------------------------------------


def connection() -> Edges:
    user = Transaction("TRX_1", "user-1", Intent.CONNECT, NOW, NOW + timedelta(minutes=5), "correlation-1")

    def events(value: Connection) -> Iterator[tuple[str, Connection | None]]:
        for login in (user, replace(user, created_at=NOW + timedelta(hours=1))):
            yield "link", link(value, value.id, value.broker, login, NOW)
        for days in range(3):
            for lapsed in (False, True):
                taken = snapshot(days)
                pulled = replace(value, session=value.session)
                yield "replace_snapshot", value.replace_snapshot(taken, NOW, judged_beside=pulled, lapsed=lapsed)
                yield "confirm_snapshot", value.confirm_snapshot(NOW, pulled_for=pulled, lapsed=lapsed)
        for ends_session in (False, True):
            yield "record_failure", value.record_failure("TIMEOUT", NOW, pulled_for=value, ends_session=ends_session)
        yield "unlink", None

    begun = link(None, "account-1", "kite", user, NOW)
    return explored(
        [("link", begun)], events, lambda value: value.session.state, lambda value: (value.session, value.as_of)
    )


def snapshot(days: int) -> Any:
    date = f"2026-11-{10 + days}T10:00:00.000Z"
    judged = judge(members(portfolio(holding(days), dates=f'"snapshotDate":"{date}"')), "account-1", NOW)
    assert isinstance(judged, Complete)
    return judged.snapshot


# A transaction ---------------------------------------------------------------------------------

MOMENTS = [
    NOW,
    NOW + timedelta(hours=3),
    NOW + WATCHED_FOR + timedelta(hours=1),
    NOW + GIVEN_UP_AFTER + timedelta(hours=1),
]
PLACED = Order("AXISBANK", "BUY", OrderStatus.PLACED, NOW)
DONE = replace(PLACED, status=OrderStatus.COMPLETE, average_price=Decimal(5))
OPEN_BATCH = Batch("batch-1", BatchStatus.PLACED, (PLACED,), NOW)
FINAL_BATCH = Batch("batch-1", BatchStatus.COMPLETED, (DONE,), NOW)
WITHOUT_PRICE = replace(FINAL_BATCH, orders=(replace(DONE, average_price=None),))


def transaction() -> Edges:
    def events(value: tuple[Transaction, int]) -> Iterator[tuple[str, tuple[Transaction, int]]]:
        found, at = value
        now = MOMENTS[at]
        for status in Status:
            for account_id in (None, "account-1"):
                failure = Failure(ORDER_PENDING, "order_pending") if status is Status.ERRORED else None
                report = Report(found.id, status, account_id=account_id, failure=failure)
                yield "apply_report", (found.apply_report(report, now), at)
                yield "complete", (found.complete(report, now), at)
        for is_unknown in (False, True):
            yield "record_failed_sync", (found.record_failed_sync(now, is_unknown=is_unknown), at)
        yield "record_client_failure", (found.record_client_failure(Failure(1003, "consent_denied"), now), at)
        for refusal in (ConnectionWithdrawn.code, "ACCOUNT_MISMATCH"):
            yield "refuse_link", (found.refuse_link(refusal, now), at)
        if found.can_place_orders:
            for is_open in (False, True):
                yield "record_orders", (found.record_orders(now, is_open=is_open), at)
            for batches in ([], [OPEN_BATCH], [FINAL_BATCH], [WITHOUT_PRICE]):
                yield "settle_orders", (found.settle_orders(batches, now, order_requested=False), at)
        yield "persist_result", (found.persist_result(now), at)
        yield "postpone_check", (found.postpone_check(now), at)
        yield "erase_content", (found.erase_content(), at)
        if at + 1 < len(MOMENTS):
            yield "time passes", (found, at + 1)

    def key(value: tuple[Transaction, int]) -> Hashable:
        found, at = value
        # What no decision about the phase reads tells no values apart.
        return at, replace(
            found,
            updated_at=None,
            synced_at=None,
            next_check_at=None,
            checks=min(found.checks, CHECKS_BEFORE_EXPIRY),
            failure=None,
            is_erased=False,
        )

    # Checked so often already that one check is missing until Gateway's "unknown" counts.
    new = Transaction(
        "TRX_1",
        "user-1",
        Intent.CONNECT,
        NOW,
        NOW + timedelta(minutes=5),
        "correlation-1",
        checks=CHECKS_BEFORE_EXPIRY - 1,
    )
    begun = [
        begin(replace(new, intent=intent)) for intent in (Intent.CONNECT, Intent.HOLDINGS_IMPORT, Intent.TRANSACTION)
    ]
    return explored(
        [("begin", (found, 0)) for found in begun], events, lambda value: value[0].phase(MOMENTS[value[1]]), key
    )


# An order batch --------------------------------------------------------------------------------


def order_batch() -> Edges:
    placed_by = PlacedBy("TRX_1", "user-1", "account-1", "kite", None)
    second = replace(PLACED, ticker="INFY")
    reports = [
        Batch("batch-1", status, orders, NOW)
        for status in BatchStatus
        for orders in ((PLACED,), (DONE,), (DONE, second))
    ]

    def steps(recorded: RecordedBatch | None) -> Iterator[tuple[str, RecordedBatch]]:
        for report in reports:
            step = apply_report(recorded, report, placed_by, NOW)
            if step:
                yield "apply_report", step.after

    return explored(steps(None), steps, lambda recorded: recorded.phase, lambda recorded: recorded.batch)


def stock() -> Edges:
    def state(recorded: RecordedBatch) -> str:
        (order,) = recorded.batch.orders
        is_open = order.status.rank == OrderStatus.PLACED.rank
        return "BAD_END" if order.status.is_bad_end else "PLACED" if is_open else order.status.value

    placed_by = PlacedBy("TRX_1", "user-1", "account-1", "kite", None)
    reports = [Batch("batch-1", BatchStatus.PLACED, (replace(PLACED, status=status),), NOW) for status in OrderStatus]

    def steps(recorded: RecordedBatch | None) -> Iterator[tuple[str, RecordedBatch]]:
        for report in reports:
            step = apply_report(recorded, report, placed_by, NOW)
            if step:
                yield "apply_report", step.after

    return explored(steps(None), steps, state, lambda recorded: recorded.batch)


# A refresh -------------------------------------------------------------------------------------


def page() -> Edges:
    def events(work: PageWork) -> Iterator[tuple[str, PageWork]]:
        for now in (NOW, NOW + LEASE):
            try:
                yield "lease", work.lease(now)
            except NotYet:
                continue
        if work.lease_until:
            yield "release", work.release()
            yield "finish", work.finish()

    return explored([("plan", PageWork())], events, lambda work: work.state, lambda work: work)


def circuit() -> Edges:
    def events(value: tuple[Circuit, datetime]) -> Iterator[tuple[str, tuple[Circuit, datetime]]]:
        found, now = value
        yield "open", (found.open(now), now)
        yield "close", (found.close(), now)
        if found.open_until and found.open_until > now:
            yield "the pause ends", (found, found.open_until)

    def key(value: tuple[Circuit, datetime]) -> Hashable:
        found, now = value
        return found.pause, found.state(now)

    assert Circuit().open(NOW).pause < LONGEST_PAUSE
    return explored([("a worker starts", (Circuit(), NOW))], events, lambda value: value[0].state(value[1]), key)


# An erasure ------------------------------------------------------------------------------------


def erasure() -> Edges:
    def events(value: Erasure) -> Iterator[tuple[str, Erasure]]:
        for now in (NOW, NOW + WORKERS_END_AFTER):
            yield "begin_pass", value.begin_pass(now)
            if value.pass_began_at and value.state is ErasureState.RUNNING:
                yield "advance", replace(value.advance(1, "position"), found=1, erased=1)
                yield "end_pass", value.end_pass(now)

    return explored(
        [("request_erasure", request_erasure("user-1", None, NOW))],
        events,
        lambda value: value.state,
        lambda value: value,
    )


# What is drawn ---------------------------------------------------------------------------------

MACHINES: dict[str, Callable[[], Edges]] = {
    "A connection": connection,
    "A transaction": transaction,
    "An order batch": order_batch,
    "A stock of a batch": stock,
    "A page of a refresh": page,
    "The circuit breaker": circuit,
    "An erasure": erasure,
}
_EDGE = re.compile(r"^\s*(\[\*\]|\w+) --> (\[\*\]|\w+): (.+)$")


def drawn() -> dict[str, Edges]:
    """Heading of a state diagram -> its edges."""
    text = (CHECKOUT / "docs/architecture.md").read_text(encoding="utf-8")
    diagrams: dict[str, Edges] = {}
    heading = ""
    for part in re.split(r"^(#+ .+)$", text, flags=re.MULTILINE):
        if part.startswith("#"):
            heading = part.lstrip("# ")
        for diagram in re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", part, flags=re.DOTALL):
            edges = (match.groups() for match in map(_EDGE.match, diagram.splitlines()) if match)
            diagrams[heading] = {(before, after): set(events.split(", ")) for before, after, events in edges}
    return diagrams


def test_each_machine_is_drawn_and_nothing_else() -> None:
    assert set(drawn()) == set(MACHINES)


@pytest.mark.parametrize("name", MACHINES)
def test_a_diagram_shows_the_transitions_of_the_code(name: str) -> None:
    assert drawn()[name] == MACHINES[name]()
