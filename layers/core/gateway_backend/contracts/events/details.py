"""Our events on the bus: the `detail` of each, by its name (docs/events/README.md).

Ids and instants only: holdings and texts of a user's are read through the API, where access is checked.
"""

from typing import Literal

from pydantic import ConfigDict, Field

from gateway_backend.contracts.shared.api_models import Instant, ResponseModel
from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status


class Detail(ResponseModel):
    """Every event. Its class's name is the event's."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    version: Literal["1"] = "1"
    id: str = Field(description="The same however often the event comes: drop an id you have seen")
    occurred_at: Instant = Field(description="When it happened, which is before it was published")
    user_id: str = Field(description="`sub` of the app user")
    broker: str | None = Field(description="Gateway's key of the broker; null while it is not known")


class ConnectionDetail(Detail):
    smallcase_auth_id: str = Field(description="The connection, as in /v1/connections/{id}")


class ConnectionLinked(ConnectionDetail):
    """A user has linked a broker account."""

    transaction_id: str = Field(description="The transaction that linked it")


class ConnectionNeedsLogin(ConnectionDetail):
    """The broker session is over: nothing comes from this account until its user logs in. Once per lapse."""

    reason: str | None = Field(description="A stable word, as `reason` of GET /v1/connections")


class ConnectionRepaired(ConnectionDetail):
    """A connection that needed a login works again."""


class ConnectionDeleted(ConnectionDetail):
    """The user has unlinked the account; its snapshots are being erased."""


class HoldingsImported(ConnectionDetail):
    """A transaction of the user's has imported the account's holdings, changed or not."""

    transaction_id: str = Field(description="The import")


class HoldingsChanged(ConnectionDetail):
    """A newer snapshot differs from the one before, by an import or a refresh. An account's first one is no change."""

    snapshot_date: Instant = Field(description="Of the new snapshot")
    previous_snapshot_date: Instant = Field(description="When the holdings were last seen as they were")


class HoldingsStale(ConnectionDetail):
    """The snapshot missed a session of the exchange and did not refresh. Once per lapse."""

    snapshot_date: Instant | None = Field(description="Of the newest snapshot; null before the first import")
    reason: str = Field(description="Why the connection does not refresh, or SESSIONS_MISSED")


class ActionPending(ConnectionDetail):
    """smallcase recommends something for an investment in a smallcase: a rebalance, a repair, an instalment."""

    iscid: str = Field(description="The investment")
    scid: str | None = Field(description="The smallcase; null while it is not known")
    action: str = Field(description="Gateway's word, such as REBALANCE")


class OrderUpdated(Detail):
    """An order has moved a step forward; each step once. GET /v1/orders/{transactionId} has the details."""

    transaction_id: str = Field(description="The transaction that placed it")
    smallcase_auth_id: str | None = Field(description="The account it was placed in; null while that is not known")
    batch_id: str
    status: BatchStatus
    final: bool = Field(description="Nothing more will come of this batch")
    revision: int = Field(description="Counts the steps of the batch from 1: an event with a smaller one is older")


class TransactionFinished(Detail):
    """A transaction has ended, well or badly. One with holdings or orders ends only when they are stored."""

    transaction_id: str
    intent: Intent
    status: Status
    smallcase_auth_id: str | None = Field(description="The account that was logged in to; null when none was")
    error_code: int | None = Field(description="Gateway's code of the error; null when there was none")
    reason: str | None = Field(description="Why the account may not be linked, else null; a stable word")


EVENTS: tuple[type[Detail], ...] = (
    ConnectionLinked,
    ConnectionNeedsLogin,
    ConnectionRepaired,
    ConnectionDeleted,
    HoldingsImported,
    HoldingsChanged,
    HoldingsStale,
    ActionPending,
    OrderUpdated,
    TransactionFinished,
)
"""Everything we publish, as docs/events/ describes it."""
