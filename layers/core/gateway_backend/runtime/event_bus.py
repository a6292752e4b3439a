"""The EventBridge bus, to which the app's other systems listen."""

from collections.abc import Iterator, Sequence
from itertools import batched
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.runtime.observability import count, logger

SOURCE = "gateway-backend"
MOST_AT_ONCE = 10
"""PutEvents takes no more in a call. Its limit of 1 MB is out of reach: ten of ours are a few kilobytes."""


class Event(NamedTuple):
    """`detail` is JSON text."""

    name: str
    detail: str


class EventBus:
    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, events: Sequence[Event]) -> list[bool]:
        """Which of the events the bus has taken, in their order. They are offered in order, too."""
        taken: list[bool] = []
        for chunk in batched(events, MOST_AT_ONCE, strict=False):
            answers = self._offer(chunk)
            if answers is None:
                break  # the bus is away: the others would only wait for the same
            taken += answers
        taken += [False] * (len(events) - len(taken))
        _count("EventPublished", taken.count(True))
        _count("EventFailed", taken.count(False))
        return taken

    def _offer(self, events: Sequence[Event]) -> list[bool] | None:
        """None when the call failed as a whole; otherwise each entry has an answer of its own."""
        try:
            answer = self._client.put_events(Entries=list(self._entries(events)))
        except (ClientError, BotoCoreError) as error:
            logger.warning("publishing failed", error=type(error).__name__)
            return None
        codes = [entry.get("ErrorCode") for entry in answer["Entries"]]
        refused = sorted({code for code in codes if code})
        if refused:
            logger.warning("events refused", codes=refused)
        return [code is None for code in codes]

    def _entries(self, events: Sequence[Event]) -> Iterator[dict[str, str]]:
        for event in events:
            yield {"EventBusName": self._name, "Source": SOURCE, "DetailType": event.name, "Detail": event.detail}


def _count(name: str, value: int) -> None:
    if value:
        count(name, value)
