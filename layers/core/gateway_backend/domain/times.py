"""Instants as Gateway writes them: ISO-8601, UTC, milliseconds, Z."""

from datetime import UTC, datetime, timedelta

CLOCK_SKEW = timedelta(minutes=5)
"""How far Gateway's clock and ours may differ before an instant counts as lying in the future."""


def parse(text: str) -> datetime:
    """An aware UTC instant. Raises: ValueError when the text is no instant or names no zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} names no time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError:  # the first or last day of all, in a zone beyond it
        raise ValueError(f"{text!r} is no instant in UTC") from None


def to_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_key(instant: datetime) -> str:
    """Fixed width to the microsecond, so that text order is time order."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
