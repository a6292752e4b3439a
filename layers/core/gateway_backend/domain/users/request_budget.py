"""How often one user may ask for what costs us, and Gateway, most: nobody starves the others."""

from datetime import datetime, timedelta
from enum import StrEnum

from gateway_backend.domain.shared.errors import TooManyRequests

MINUTE = timedelta(minutes=1)


class Budgeted(StrEnum):
    """Each has a budget of its own."""

    CREATE = "CREATE"
    RESULT = "RESULT"
    REFRESH = "REFRESH"


def minute_of(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)


def check_budget(requests: int, most: int, now: datetime) -> None:
    """`requests` are those of this minute, with the present one. Raises: TooManyRequests, until the minute is over."""
    if requests > most:
        raise TooManyRequests(most, left=minute_of(now) + MINUTE - now)
