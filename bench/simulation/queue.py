"""SQS as the planner and the workers see it: messages that become visible later, and what the requests cost."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.simulation.network import VirtualClock

_FIRST_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 5, 600
MOST_RECEIVES = 5


@dataclass(slots=True)
class Message:
    body: str
    receives: int = 0


def retry_delay(attempt: int) -> timedelta:
    """As `runtime.batches` brings a failed message back."""
    return timedelta(seconds=min(_LONGEST_RETRY_SECONDS, _FIRST_RETRY_SECONDS * 4 ** (min(attempt, 9) - 1)))


@dataclass(slots=True)
class VirtualSqs:
    """botocore's client, as far as `runtime.queue` uses it. `deliver` is called with when a message becomes visible."""

    clock: VirtualClock
    counts: Counter[str]
    deliver: Callable[[datetime, Message], None]

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.counts["queue requests"] += 1
        for entry in Entries:
            self.deliver(self.clock.now + timedelta(seconds=entry["DelaySeconds"]), Message(entry["MessageBody"]))
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}
