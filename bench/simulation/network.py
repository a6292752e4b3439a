"""Gateway as its client sees it: an HTTP session that answers from the world, late, wrongly or not at all."""

import json
import math
from base64 import urlsafe_b64decode
from collections import Counter
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import requests

from bench.simulation.market import Holdings
from bench.simulation.scenario import Agenda
from bench.simulation.world import Client, World, milliseconds
from gateway_backend.bootstrap.contexts import THREADS
from gateway_backend.domain.shared import times
from gateway_backend.gateway.client import READ_SECONDS

TRIES = 3
"""How often the client's transport asks when it is answered 429 or 5xx. Here it failed every time."""

_SPREAD = 0.5
_LIES_OF_OLD = 0.3
_FAULTS = ("error", "rate limit", "timeout", "truncated", "empty", "half")


class VirtualClock:
    """What it is now; a page's accounts are asked about by so many threads, so time passes that much slower."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_in_a_thread(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds / THREADS)


class Network:
    """Stands in for `requests.Session`."""

    def __init__(self, world: World, agenda: Agenda, clock: VirtualClock, counts: Counter[str]) -> None:
        self._world, self._agenda, self._clock, self._counts = world, agenda, clock, counts
        self._rng = world.rng
        self.is_faultless = False
        self._mu = math.log(world.scenario.latency) - _SPREAD**2 / 2
        self._second, self._in_second = 0, 0
        self.peak = 0

    def request(self, _method: str, url: str, *, headers: dict[str, str], **_: Any) -> "_Answer":
        claims = _claims(headers["x-gateway-authtoken"])
        if url.endswith("/transactiondetails"):
            return self._transaction()
        return self._holdings(self._world.clients[claims["smallcaseAuthId"]])

    def _holdings(self, client: Client) -> "_Answer":
        now, fault = milliseconds(self._clock.now), self._fault()
        if fault not in ("empty", "half", "truncated", ""):
            return self._failed(fault)
        self._ask()
        answer = self._reply(client, now, fault)
        return answer.cut() if fault == "truncated" else answer

    def _reply(self, client: Client, now: datetime, fault: str) -> "_Answer":
        if not client.is_alive(now):
            if client.is_forbidden:
                return _Answer(403, b'{"success":false,"errors":["forbidden"],"data":null}')
            return self._answer(client, client.snapshot, client.snapshot_at)
        if fault in ("empty", "half") and (wrong := self._wrong_answer(client, now, fault)):
            return wrong
        client.wrong_holdings = None
        if client.is_long_lived:
            if self._is_updating(client, now):
                return self._answer(client, client.snapshot, client.snapshot_at, updating=True)
            client.take_snapshot(now)
        return self._answer(client, client.snapshot, client.snapshot_at)

    def _transaction(self) -> "_Answer":
        fault = self._fault()
        if fault in ("error", "rate limit", "timeout"):
            return self._failed(fault)
        self._ask()
        return _Answer(200, b'{"success":true,"errors":null,"data":{"transactionDetails":{"status":"COMPLETED"}}}')

    def _fault(self) -> str:
        if self._agenda.is_outage(self._clock.now):
            return self._rng.choice(("error", "timeout"))
        if self.is_faultless or self._rng.random() >= self._world.scenario.call_failures:
            return ""
        return self._rng.choice(_FAULTS)

    def _wrong_answer(self, client: Client, now: datetime, fault: str) -> "_Answer | None":
        """A portfolio with nothing in it, or with half of what we last stored, under a newer date (mostly).

        None where nobody could tell: of somebody who held nothing when we last stored it, or where it would repeat
        itself with nothing true in between. The same wrong answer twice in a row is believed.
        """
        if not client.stored_size:
            return None
        kept: Holdings = ()
        at = now
        if fault == "half":
            held = client.held_at(now)
            size = min(len(held), client.stored_size // 2)
            kept = tuple(held[number] for number in sorted(self._rng.sample(range(len(held)), size)))
        elif self._rng.random() < _LIES_OF_OLD:
            at = client.snapshot_at
        previous, client.wrong_holdings = client.wrong_holdings, kept
        if previous == kept and not self._world.scenario.repeat_wrong_answers:
            return None
        self._counts["wrong answers"] += 1
        return self._answer(client, kept, at)

    def _is_updating(self, client: Client, now: datetime) -> bool:
        """Most are done within a few looks, some take minutes."""
        until = client.updating_until
        if until is None and not self.is_faultless and self._rng.random() < self._world.scenario.updating:
            seconds = self._rng.uniform(1, 6) if self._rng.random() < 0.8 else self._rng.uniform(60, 300)
            # The page's clock is slowed by its threads, and a poll waits in one of them.
            until = client.updating_until = now + timedelta(seconds=seconds / THREADS if seconds < 10 else seconds)
        if until and now < until:
            return True
        client.updating_until = None
        return False

    def _answer(self, client: Client, held: Holdings, at: datetime, *, updating: bool = False) -> "_Answer":
        date = times.to_text(at)
        body = (
            f'{{"success":true,"errors":null,"data":{{{self._world.market.text(held)},'
            f'"updating":{"true" if updating else "false"},"lastUpdate":"{date}","snapshotDate":"{date}",'
            f'"smallcaseAuthId":"{client.id}","broker":"{client.broker}"}}}}'
        )
        return _Answer(200, body.encode())

    def _failed(self, fault: str) -> "_Answer":
        if fault == "timeout":
            self._ask(seconds=READ_SECONDS)
            raise requests.ReadTimeout
        self._ask(tries=TRIES)
        return _Answer(429 if fault == "rate limit" else 503, b"")

    def _ask(self, *, seconds: float = 0, tries: int = 1) -> None:
        for _ in range(tries):
            self._clock.pass_in_a_thread(seconds or self._rng.lognormvariate(self._mu, _SPREAD))
        self._counts["upstream calls"] += tries
        self._note_rate(tries)

    def _note_rate(self, calls: int) -> None:
        second = int(self._clock.now.timestamp())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += calls
        self.peak = max(self.peak, self._in_second)


class _Answer:
    """A response with its body still on the wire, as far as the client looks at it; `raw` is itself."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status_code = status
        self._body = body

    @property
    def raw(self) -> Self:
        return self

    def read1(self, size: int, *, decode_content: bool) -> bytes:
        chunk, self._body = self._body[:size], self._body[size:]
        return chunk

    def cut(self) -> Self:
        self._body = self._body[: len(self._body) * 2 // 3]
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
