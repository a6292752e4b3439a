"""Instants as Gateway writes them: ISO-8601, UTC, milliseconds, Z."""

import re
from datetime import UTC, datetime, timedelta

from gateway_backend.domain.shared.errors import RequestInvalid

CLOCK_SKEW = timedelta(minutes=5)
"""How far Gateway's clock and ours may differ before an instant counts as lying in the future."""

_TICK = timedelta(microseconds=1)


def parse(text: str) -> datetime:
    """An aware UTC instant. Raises: ValueError when the text is no instant or names no zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError:  # the first or last day of all, in a zone beyond it
        raise ValueError(f"{text!r} is no instant in UTC") from None


def to_milliseconds(instant: datetime) -> datetime:
    """As precise as `to_text` writes it."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def to_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_key(instant: datetime) -> str:
    """Fixed width to the microsecond, so that text order is time order."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def after(earlier: datetime, now: datetime) -> datetime:
    """Now, but later than an earlier event, whose worker's clock may have been ahead of ours.

    By no more than clocks may differ: what is dated further ahead was written when a clock had jumped.
    """
    return max(now, min(earlier + _TICK, now + CLOCK_SKEW))


def parse_moment(name: str, text: str | None) -> datetime:
    """An instant, or the midnight in India that a date begins with. Raises: RequestInvalid, naming the parameter."""
    is_date = re.fullmatch(r"\d{4}-\d{2}-\d{2}", text or "")
    try:
        return parse(f"{text}T00:00:00+05:30" if is_date else text or "")
    except ValueError:
        raise RequestInvalid(
            f"{name}: give a date (2026-11-02: from midnight in India) or an instant with its zone"
            " (2026-11-02T03:45:00Z; in a URL a + is written %2B)"
        ) from None


def parse_span(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Two moments that a list lies between, either of them open. Raises: RequestInvalid."""
    first = parse_moment("since", since) if since else None
    last = parse_moment("until", until) if until else None
    if first and last and first >= last:
        raise RequestInvalid("until: must be later than since")
    return first, last


def parse_since(text: str | None, now: datetime) -> datetime:
    """The moment a caller looks back to. Raises: RequestInvalid when it is missing, no moment, or still to come."""
    since = parse_moment("since", text)
    if since > now:
        raise RequestInvalid("since: lies in the future; give a date or an instant that has been")
    return since
