"""Lambda handlers that a schedule wakes."""

from collections.abc import Callable
from typing import Any

from gateway_backend.runtime.observability import count, flush_metrics, logger
from gateway_backend.runtime.start_check import Handler, with_start_check


def scheduled(work: Callable[[], dict[str, int]]) -> Handler:
    """A Lambda handler around `work`, whose counters become the answer, the log line and metrics."""

    def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
        counters = work()
        logger.info("scheduled", extra=counters)
        for name, value in counters.items():
            count(name[0].upper() + name[1:], value)
        flush_metrics()
        return counters

    return with_start_check(handler)
