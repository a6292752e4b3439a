"""Watches every write to an account and holds it against the truth."""

import hashlib
import zlib
from datetime import datetime, timedelta

from bench.simulation.figures import Figures
from bench.simulation.network import VirtualClock
from bench.simulation.scenario import TIMES, Agenda
from bench.simulation.world import Client, World
from gateway_backend.domain.connections.session import SessionState
from gateway_backend.domain.shared import times
from gateway_backend.runtime.streams import Change
from gateway_backend.usecases.events.publish import events_of
from testing.memory_table import Attributes, MemoryClient

_SETTLED = timedelta(hours=1)
"""A login has been imported by then; a session that dies later than that before a close is the next one's."""


class InvariantChecker:
    """`window` is the close that the current window belongs to; each flag is passed to `on_flag`."""

    def __init__(
        self, world: World, agenda: Agenda, clock: VirtualClock, table: MemoryClient, figures: Figures
    ) -> None:
        self._world, self._agenda, self._clock = world, agenda, clock
        self._table, self._figures = table, figures
        self._close = agenda.calendar.last_close(agenda.sessions[0].opens_at)
        self._fresh_for: dict[str, datetime] = {}
        self._healthy: set[str] = set()
        self._flagged: set[str] = set()
        self._logged_in: dict[str, datetime] = {}
        self._earlier_snapshot: dict[str, str] = {}
        self.newly_flagged: list[Client] = []

    # Writes ------------------------------------------------------------------------------------

    def see(self, before: Attributes | None, after: Attributes | None) -> None:
        if after is None:
            return
        kind = after["sk"]["S"]
        if kind == "STATUS":
            self._see_status(before or {}, after)
        if kind == "META" or (kind == "STATUS" and _tells(before or {}, after)):
            change = Change("", "", self._clock.now, before, after)
            self._figures.counts["events"] += len(events_of(change))

    def _see_status(self, before: Attributes, after: Attributes) -> None:
        client = self._world.clients[after["pk"]["S"].removeprefix("ACCOUNT#")]
        if before.get("asOf") != after.get("asOf"):
            self._see_snapshot(client, before, after)
        was_flagged, is_flagged = _is_flagged(before), _is_flagged(after)
        if is_flagged and not was_flagged:
            self._see_flag(client)
        elif is_flagged and before.get("staleSince", after.get("staleSince")) != after.get("staleSince"):
            self._figures.broken("flagged twice", client.id)
        if not is_flagged:
            self._flagged.discard(client.id)

    def _see_snapshot(self, client: Client, before: Attributes, after: Attributes) -> None:
        as_of = times.parse(after["asOf"]["S"])
        if "asOf" in before and before["asOf"]["S"] > after["asOf"]["S"]:
            self._figures.broken("date went back", f"{client.id} to {as_of}")
        self._compare(client, as_of, after)
        client.stored_size = int(after["size"]["N"])
        if as_of > self._close and self._fresh_for.get(client.id) != self._close:
            self._fresh_for[client.id] = self._close
            if client.id in self._healthy:
                self._count_fresh()
        if before.get("snapshotKey") != after["snapshotKey"]:
            self._drop_third(client.id, before)

    def _compare(self, client: Client, as_of: datetime, after: Attributes) -> None:
        held, content, key = client.held_at(as_of), after["contentHash"]["S"], after["snapshotKey"]["S"]
        if client.proven == (held, content, key) and self._table.has(after["pk"]["S"], key):
            return
        text = f"{{{self._world.market.text(held)}}}".encode()
        stored = self._table.peek(after["pk"]["S"], key)
        example = f"{client.id} as of {as_of}, {after['size']['N']} instead of {len(held)}"
        if stored is None:
            self._figures.broken("snapshot not there", example)
        elif int(after["size"]["N"]) < len(held):
            self._figures.broken("portfolio smaller than the truth", example)
        elif hashlib.sha256(text).hexdigest() != content or zlib.decompress(stored["blob"]["B"]) != text:
            self._figures.broken("portfolio other than the truth", example)
        else:
            client.proven = held, content, key

    def _drop_third(self, account_id: str, before: Attributes) -> None:
        """Nobody reads the older snapshots here: memory must not grow with the sessions."""
        replaced = before.get("snapshotKey")
        if replaced:
            earlier = self._earlier_snapshot.get(account_id)
            if earlier:
                self._table.forget(before["pk"]["S"], earlier)
            self._earlier_snapshot[account_id] = replaced["S"]

    def _see_flag(self, client: Client) -> None:
        now, figures = self._clock.now, self._figures
        self._flagged.add(client.id)
        figures.counts["flags"] += 1
        if not client.is_long_lived:
            figures.counts["flags of other brokers"] += 1
            if self._agenda.calendar.last_close(now) <= client.snapshot_at:
                figures.broken("other broker flagged wrongly", f"{client.id} at {now}")
            return
        self.newly_flagged.append(client)
        if client.is_alive(now):
            figures.broken("flagged while alive", f"{client.id} at {now}")
        else:
            self._healthy.discard(client.id)  # it has died in the window, before its turn came
            figures.counts["flags right"] += 1
            figures.flagged[int((now - self._window_of(now)).total_seconds())] += 1
        if self._agenda.is_outage(now):
            figures.broken("flagged in the outage", f"{client.id} at {now}")

    def _window_of(self, now: datetime) -> datetime:
        """When the current window began; on the day of the outage, when that was over."""
        begins = self._close + TIMES.delay
        return self._agenda.outage_ends if self._is_outage_day else min(begins, now)

    def _count_fresh(self) -> None:
        figures, now = self._figures, self._clock.now
        if self._is_outage_day:
            figures.fresh_after_outage[max(0, int((now - self._agenda.outage_ends).total_seconds()))] += 1
        else:
            figures.fresh[int((now - self._close - TIMES.delay).total_seconds())] += 1

    @property
    def _is_outage_day(self) -> bool:
        return self._close + TIMES.delay == self._agenda.outage_begins < self._agenda.outage_ends

    # Sessions ----------------------------------------------------------------------------------

    def log_in(self, client: Client) -> None:
        self._logged_in[client.id] = self._clock.now

    def open_window(self) -> None:
        """Who is healthy now must become fresh; whoever has imported since the close is already."""
        now = self._clock.now
        for client in self._world.clients.values():
            if client.is_long_lived and client.is_alive(now):
                self._healthy.add(client.id)
                if self._fresh_for.get(client.id) == self._close:
                    counted = self._figures.fresh_after_outage if self._is_outage_day else self._figures.fresh
                    counted[0] += 1

    def close_window(self, next_close: datetime) -> None:
        """What the window that is over now should have achieved."""
        for client in self._world.clients.values():
            if client.is_long_lived:
                self._judge(client)
            elif client.id not in self._flagged and client.snapshot_at < self._close:
                self._figures.broken("other broker flagged wrongly", f"{client.id} not at all")
        self._healthy.clear()
        self._close = next_close

    def _judge(self, client: Client) -> None:
        now, figures = self._clock.now, self._figures
        is_flagged, example = client.id in self._flagged, f"{client.id} for the close {self._close}"
        if not client.is_alive(now):
            lapsed = self._agenda.calendar.full_sessions_between(client.snapshot_at, self._close) > 0
            long_ago = client.dies_at is not None and client.dies_at < now - _SETTLED
            if not is_flagged and lapsed and long_ago:
                figures.broken("dead and not flagged", example)
            return
        if client.id in self._healthy and self._fresh_for.get(client.id) != self._close:
            figures.broken("never fresh", example)
        if is_flagged and self._logged_in.get(client.id, now) < now - _SETTLED:
            figures.broken("not healed", example)


def _is_flagged(status: Attributes) -> bool:
    return "staleSince" in status or status.get("state") == {"S": SessionState.NEEDS_LOGIN.value}


def _tells(before: Attributes, after: Attributes) -> bool:
    """Could it be an event? Most writes move the date alone."""
    return any(before.get(name) != after.get(name) for name in ("state", "contentHash", "staleSince"))
