"""A few things at once, for work that mostly waits for Gateway."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from gateway_backend.domain.errors import DomainError
from gateway_backend.runtime.observability import count, frames_of, logger


class Deadline:
    """Work is begun until then; what has begun is finished."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    @property
    def has_passed(self) -> bool:
        return time.monotonic() >= self._ends_at


def map_concurrently[Item, Result](
    work: Callable[[Item], Result], items: Iterable[Item], *, threads: int
) -> list[Result | None]:
    """The results in the order of the items; None, counted and logged, where one failed: the others go on."""

    def alone(item: Item) -> Result | None:
        try:
            return work(item)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one item, the others go on
            logger.warning("work failed", error=type(error).__name__, where=frames_of(error))
            count("WorkFailed" if isinstance(error, DomainError) else "UnexpectedError")
            return None

    if threads == 1:
        return [alone(item) for item in items]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return list(pool.map(alone, items))
