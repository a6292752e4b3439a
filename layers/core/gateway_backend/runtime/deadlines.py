"""An end to work that may wait for ever."""

from collections.abc import Callable
from threading import Thread


def call_within[Result](seconds: float, work: Callable[[], Result]) -> Result:
    """What the work gives or raises. Raises: TimeoutError when it takes longer; what it does then is nobody's concern.

    For calls whose own timeouts count anew with every byte.
    """
    results: list[Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as failure:  # noqa: BLE001 - raised again where the work was called
            failures.append(failure)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise failures[0]
    if not results:
        raise TimeoutError
    return results[0]
