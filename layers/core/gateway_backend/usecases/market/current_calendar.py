"""NSE's calendar as it is now, with what the operator adds to the running stack."""

from collections.abc import Callable
from datetime import datetime, timedelta

from gateway_backend.domain.market.announcements import NONE
from gateway_backend.domain.market.calendar import MarketCalendar, nse_calendar
from gateway_backend.domain.shared.errors import StoreUnavailable
from gateway_backend.runtime.observability import count, logger
from gateway_backend.store.market.announcements import AnnouncementStore

KEPT_FOR = timedelta(minutes=5)


class CurrentCalendar:
    """Read again every five minutes by a warm worker. While the table is away the last reading counts."""

    def __init__(self, announcements: AnnouncementStore, overrides: str, clock: Callable[[], datetime]) -> None:
        """Raises: ValueError naming the override that cannot be read."""
        self._announcements = announcements
        self._overrides = overrides
        self._announced = NONE
        self._calendar = nse_calendar(overrides)
        self._clock = clock
        self._read_at: datetime | None = None

    def read(self) -> MarketCalendar:
        """Raises: StoreUnavailable when it has never been read."""
        now = self._clock()
        if self._read_at is None or abs(now - self._read_at) >= KEPT_FOR:
            self._refresh()
            self._read_at = now
        return self._calendar

    def _refresh(self) -> None:
        try:
            announced = self._announcements.find()
        except StoreUnavailable:
            if self._read_at is None:
                raise
            logger.warning("calendar not read again")
            count("CalendarReadFailed")
            return
        if announced != self._announced:
            self._announced, self._calendar = announced, nse_calendar(self._overrides, announced)
