"""The sandbox's time: the machine's time plus an offset that tests set."""

from datetime import UTC, datetime, timedelta

from sandbox.state import State


def to_iso(moment: datetime) -> str:
    """The moment in Gateway's format: UTC, milliseconds, `Z`. Such texts sort in the order of their moments."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def offset(self) -> timedelta:
        return timedelta(milliseconds=self._state.get("clock", "offset") or 0)

    @staticmethod
    def machine_time() -> datetime:
        return datetime.now(UTC)

    def now(self) -> datetime:
        return self.machine_time() + self.offset

    def now_iso(self) -> str:
        return to_iso(self.now())

    def set(self, now: datetime) -> None:
        self._store_offset(now - self.machine_time())

    def advance(self, by: timedelta) -> None:
        self._store_offset(self.offset + by)

    def reset(self) -> None:
        """The sandbox's time is the machine's again."""
        self._store_offset(timedelta())

    def _store_offset(self, offset: timedelta) -> None:
        self._state.put("clock", "offset", offset // timedelta(milliseconds=1))
