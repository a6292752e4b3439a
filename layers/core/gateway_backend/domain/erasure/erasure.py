"""An erasure: what a user has taken back is searched for, and erased, until a whole pass finds nothing any more.

One pass is not enough: a worker that was under way when the user withdrew may store something behind it. So an erasure
is finished only by a pass that began when every such worker had ended.
"""

from copy import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

WORKERS_END_AFTER = timedelta(minutes=10)
"""Longer than any function may run."""

OVERDUE_AFTER = timedelta(days=1)


class ErasureState(StrEnum):
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"


class Erasure(NamedTuple):
    """`account_id` is None when everything of the user is erased; nothing from after `requested_at` is.

    `pass_began_at` and `position` tell where the present pass stands, `found` what it has erased so far, and `erased`
    what all passes have: counts of stored items. `next_pass_at`: when to go on. `item_version` counts the writes of
    the stored item.
    """

    owner: str
    account_id: str | None
    requested_at: datetime
    next_pass_at: datetime
    pass_began_at: datetime | None = None
    position: str = ""
    found: int = 0
    erased: int = 0
    finished_at: datetime | None = None
    item_version: int = 0

    @property
    def state(self) -> ErasureState:
        return ErasureState.FINISHED if self.finished_at else ErasureState.RUNNING

    def is_overdue(self, now: datetime) -> bool:
        return self.finished_at is None and now - self.requested_at > OVERDUE_AFTER

    def begin_pass(self, now: datetime) -> "Erasure":
        """A pass that was interrupted goes on where it stood."""
        return self if self.pass_began_at else replace(self, pass_began_at=now)

    def advance(self, found: int, position: str) -> "Erasure":
        """The pass has come to this position, and has erased so many items on the way."""
        return replace(self, position=position, found=self.found + found, erased=self.erased + found)

    def end_pass(self, now: datetime) -> "Erasure":
        """It is finished if this pass found nothing, and began late enough; else there is another one."""
        proves = self.pass_began_at is not None and self.pass_began_at >= self.requested_at + WORKERS_END_AFTER
        if proves and self.found == 0:
            return replace(self, finished_at=now)
        next_pass_at = max(now, self.requested_at + WORKERS_END_AFTER)
        return replace(self, pass_began_at=None, position="", found=0, next_pass_at=next_pass_at)


def request_erasure(owner: str, account_id: str | None, now: datetime) -> Erasure:
    return Erasure(owner, account_id, requested_at=now, next_pass_at=now)
