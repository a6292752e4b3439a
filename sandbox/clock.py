"""The sandbox's time: the machine's, moved by an offset that tests set."""

from datetime import UTC, datetime, timedelta

from sandbox.state import State


def iso(moment: datetime) -> str:
    """Gateway's way of writing time: UTC, milliseconds, `Z`. Such texts sort as the moments do."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock:
    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def offset(self) -> timedelta:
        return timedelta(milliseconds=self._state.get("clock", "offset") or 0)

    @staticmethod
    def wall() -> datetime:
        return datetime.now(UTC)

    def now(self) -> datetime:
        return self.wall() + self.offset

    def now_iso(self) -> str:
        return iso(self.now())

    def set(self, now: datetime) -> None:
        self._move(now - self.wall())

    def advance(self, by: timedelta) -> None:
        self._move(self.offset + by)

    def follow_the_machine(self) -> None:
        self._move(timedelta())

    def _move(self, offset: timedelta) -> None:
        self._state.put("clock", "offset", offset // timedelta(milliseconds=1))
