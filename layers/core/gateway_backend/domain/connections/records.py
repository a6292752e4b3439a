"""What is recorded with a connection, and of one that was unlinked."""

from datetime import datetime
from typing import NamedTuple


class PendingAction(NamedTuple):
    """What Gateway recommends for an investment in a smallcase, such as REBALANCE; `since` we know of it."""

    iscid: str
    action: str
    since: datetime
    scid: str | None = None
    name: str | None = None


class StoredSnapshot(NamedTuple):
    """The newest snapshot. `id` names the stored portfolio: an unchanged portfolio moves only the dates.

    `snapshot_date` and `last_update` are Gateway's own texts. `size` counts securities and funds, `funds` funds alone.
    """

    id: str
    as_of: datetime
    snapshot_date: str
    last_update: str
    content_hash: str
    version: str
    size: int
    funds: int


class RefreshRequest(NamedTuple):
    """A refresh that the user requested: its Idempotency-Key, and what it answered (`Refresh`), once it has."""

    key: str
    result: str | None = None


class Doubt(NamedTuple):
    """A portfolio that is empty or much smaller than the last one, and not believed before a later answer agrees.

    `quantities_hash` and `as_of` are its snapshot's; `since` is when it was seen first.
    """

    quantities_hash: str
    as_of: datetime
    since: datetime


class ConsentRecord(NamedTuple):
    """What remains of a connection that was unlinked: the consent that was given, and when it was withdrawn."""

    account_id: str
    owner: str
    broker: str
    given_at: datetime
    withdrawn_at: datetime
    transaction_id: str
