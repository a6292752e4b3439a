"""A batch as we have it on record: its lifecycle from the first report of it to its end.

Only Gateway's own answers move it. Each step raises its revision by one, and nothing takes a step back.
"""

from collections.abc import Iterable
from copy import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from gateway_backend.domain.orders.batch import Batch
from gateway_backend.domain.orders.merge import differs, merge
from gateway_backend.domain.orders.request import RequestedSecurity
from gateway_backend.domain.shared import times


class BatchPhase(StrEnum):
    OPEN = "OPEN"  # a stock of it may still be filled
    FINAL = "FINAL"  # nothing more comes of it by itself


class PlacedBy(NamedTuple):
    """What every batch of a transaction has from it. `name` is the basket's, as the app named it."""

    transaction_id: str
    owner: str
    account_id: str | None
    broker: str | None
    name: str | None


class RecordedBatch(NamedTuple):
    """`revision` counts its steps from 1. `account_id` is where it was placed, once that is known."""

    batch: Batch
    transaction_id: str
    owner: str
    account_id: str | None
    broker: str | None
    name: str | None
    placed_at: datetime
    updated_at: datetime
    revision: int

    @property
    def phase(self) -> BatchPhase:
        return BatchPhase.FINAL if self.batch.is_final else BatchPhase.OPEN


class BatchStep(NamedTuple):
    """One step of a batch; `before` is None for its first."""

    before: RecordedBatch | None
    after: RecordedBatch

    @property
    def fills_more(self) -> bool:
        """Whether shares were filled that the account's holdings may not show yet.

        What was filled before the account was known counts, too.
        """
        account_is_new = self.before is None or (self.before.account_id is None and self.after.account_id is not None)
        filled_before = 0 if account_is_new or self.before is None else self.before.batch.shares_filled
        return self.after.batch.shares_filled > filled_before

    def filled_by(self, began_at: datetime, now: datetime) -> datetime:
        """When the holdings had changed at the latest: for a batch that has ended, the time of its end.

        An end before its transaction began is no time of it.
        """
        try:
            completed_at = times.parse(self.after.batch.completed_at or "")
        except ValueError:
            return now
        return min(completed_at, now) if completed_at >= began_at else now


def apply_report(recorded: RecordedBatch | None, report: Batch, placed_by: PlacedBy, now: datetime) -> BatchStep | None:
    """The step that Gateway's report makes; None when nothing in it is new."""
    if recorded is None:
        return BatchStep(None, RecordedBatch(report, *placed_by, placed_at=now, updated_at=now, revision=1))
    merged, account_id = merge(recorded.batch, report), recorded.account_id or placed_by.account_id
    if account_id == recorded.account_id and not differs(merged, recorded.batch):
        return None
    after = replace(
        recorded,
        batch=merged,
        account_id=account_id,
        broker=recorded.broker or placed_by.broker,
        updated_at=now,
        revision=recorded.revision + 1,
    )
    return BatchStep(recorded, after)


def left_out(requested: Iterable[RequestedSecurity], batches: Iterable[Batch]) -> list[RequestedSecurity]:
    """What was requested and appears in no batch: the user took it out."""
    traded = {order.ticker for batch in batches for order in batch.orders}
    return [security for security in requested if security.ticker not in traded]
