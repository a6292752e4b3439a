"""A broker account that a user of the app opens through Gateway (contract 6.1): that it began, and how it ended.

Who opens it is the user's own business: nothing of what the user fills in belongs here.
"""

from copy import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

UNKNOWN_ERROR = 2000
_GREATEST_CODE = 9999


class OpeningStatus(StrEnum):
    BEGAN = "BEGAN"
    ENDED = "ENDED"
    FAILED = "FAILED"


class AccountOpening(NamedTuple):
    """`failure_code` is the SDK's (contract 5.5). ENDED says that the flow is over, not that an account exists."""

    id: str
    owner: str
    began_at: datetime
    ended_at: datetime | None = None
    failure_code: int | None = None

    @property
    def status(self) -> OpeningStatus:
        if self.ended_at is None:
            return OpeningStatus.BEGAN
        return OpeningStatus.ENDED if self.failure_code is None else OpeningStatus.FAILED

    def ended(self, now: datetime, failure_code: int | None) -> "AccountOpening":
        # Gateway's codes have four digits at most; a longer number may be a PIN code or a telephone's.
        strange = failure_code is not None and failure_code > _GREATEST_CODE
        return replace(self, ended_at=now, failure_code=UNKNOWN_ERROR if strange else failure_code)
