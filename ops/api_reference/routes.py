"""The route table: what each route of template.yaml takes, answers and can refuse (design section 3).

docs/openapi.json is written from it. Nothing here runs in a request.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints
from pydantic.alias_generators import to_camel

from gateway_backend.contracts.connections.account_opening import (
    AccountOpeningRequest,
    OpeningCreated,
    OpeningsView,
    OpeningView,
)
from gateway_backend.contracts.connections.session import SessionRequest, SessionView
from gateway_backend.contracts.connections.views import ConnectionsView, FreshnessView
from gateway_backend.contracts.orders.views import OrdersView, OrderView
from gateway_backend.contracts.refresh.views import RefreshView
from gateway_backend.contracts.shared.api_models import Instant, ResponseModel
from gateway_backend.contracts.transactions.request import TransactionCreated
from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.contracts.transactions.views import TransactionsView, TransactionView
from gateway_backend.domain.orders.batch import BatchStatus
from gateway_backend.domain.shared.errors import (
    AccountMismatch,
    AccountOfAnotherUser,
    BodyTooLarge,
    BodyUnreadable,
    BrokerCannot,
    ConnectionWithdrawn,
    CursorInvalid,
    DomainError,
    GatewayAnswerNotWhole,
    GatewayForbidden,
    GatewayRefused,
    GatewayTimeout,
    GatewayUnavailable,
    GatewayUnconfigured,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    Internal,
    NotAuthentic,
    NotFound,
    NothingImported,
    NotSignedIn,
    OrderIsFinal,
    OutcomeUnknown,
    RefreshTooSoon,
    RequestInProgress,
    RequestInvalid,
    SdkTokenExpired,
    SdkTokenInvalid,
    StoreUnavailable,
    TransactionExpired,
    VersionUnavailable,
)
from ops.api_reference.any_transaction_request import CreateTransactionRequest
from ops.api_reference.changes_schema import HoldingChangesView
from ops.api_reference.response_schemas import HoldingsView

# Shapes of Gateway's that pass through us as text (contract 3, 4) ----------------------------


class GatewayShape(BaseModel):
    """What we rely on; everything else that Gateway sends is kept and served as it came."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow")


class Costed(GatewayShape):
    quantity: Decimal
    average_price: Decimal | None = Field(default=None, description="Rupees; 0 where the broker does not know it")


class SecurityV2(GatewayShape):
    isin: str | None = None
    name: str | None = None
    nse_ticker: str | None = None
    bse_ticker: str | None = None
    holdings: Costed


class SecurityV1(GatewayShape):
    name: str | None = None
    ticker: str | None = None
    shares: Decimal
    average_price: Decimal | None = None


class SecuritiesV1(GatewayShape):
    holdings: list[SecurityV1]


class HoldingsData(GatewayShape):
    """Gateway's v1 or v2: `securities` tells them apart."""

    # contract 4.1, 4.2

    securities: list[SecurityV2] | SecuritiesV1
    smallcases: Any = None
    mutual_funds: Any = None
    updating: Literal[False]
    last_update: str | None
    snapshot_date: str
    smallcase_auth_id: str
    broker: str


class AccountHoldings(ResponseModel):
    """Gateway's own answer, digit for digit, with freshness beside it."""

    success: Literal[True]
    errors: None
    data: HoldingsData
    freshness: FreshnessView


type SignedText = Annotated[str, StringConstraints(pattern=r"^[ -~]{1,128}$")]


class AccountWebhook(GatewayShape):
    """`checksum`: hex HMAC-SHA256 of `timestamp` + `smallcaseAuthId`, keyed by the API secret (contract 3.2)."""

    timestamp: SignedText
    checksum: SignedText
    smallcase_auth_id: SignedText
    transaction_id: SignedText | None = None


class HoldingsWebhook(AccountWebhook):
    securities: list[dict[str, Any]] | dict[str, Any] = Field(description="A list in v2, an object in v1")
    snapshot_date: SignedText | None = None


class OrderWebhook(AccountWebhook):
    batch_id: Any
    orders: Any = None


class PendingActionWebhook(AccountWebhook):
    iscid: Any


class MutualFundsWebhook(GatewayShape):
    """It names no account: its `checksum` is made of `timestamp` + `transactionId`."""

    timestamp: SignedText
    checksum: SignedText
    transaction_id: SignedText


class MutualFundStatement(ResponseModel):
    """`data` is as Gateway sent it, but without what it says of the investor. Nobody can be asked to confirm it."""

    transaction_id: str
    received_at: Instant
    data: Any


class WebhookBody(RootModel[HoldingsWebhook | OrderWebhook | PendingActionWebhook | MutualFundsWebhook]):
    """Any kind; its shape tells which."""

    # contract 3.7


class WebhookReceived(BaseModel):
    received: Literal[True]


# The table -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """Of the query or a request header; `schema` is JSON Schema."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """`answers`: a model for JSON, a media type for text, None for no body. `function` is the folder's name."""

    method: str
    path: str
    function: str
    summary: str
    answers: dict[int, type[BaseModel] | str | None]
    problems: tuple[type[DomainError], ...]
    body: type[BaseModel] | None = None
    query: tuple[Parameter, ...] = ()
    headers: tuple[Parameter, ...] = ()
    answer_headers: tuple[Parameter, ...] = ()
    needs_user: bool = True


IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "A new UUID with each new request, the same with a repeat: then the first answer comes again, for a day",
    {"type": "string", "pattern": "^[!-~]{1,128}$"},
    required=True,
)
REPLAYED = Parameter(
    "Idempotent-Replayed", "`true` when an earlier request with this key created it", {"const": "true"}
)
LIMIT = Parameter("limit", "How many at most", {"type": "integer", "minimum": 1, "maximum": 100, "default": 20})
CURSOR = Parameter("cursor", "`nextCursor` of the page before; none for the first page", {"type": "string"})
VERSION = Parameter(
    "version", "Gateway's shape: v2, or the older v1", {"type": "string", "enum": ["v2", "v1"], "default": "v2"}
)
MOMENT = {
    "type": "string",
    "pattern": r"^2\d{3}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])(T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z)?$",
}
SINCE = Parameter(
    "since",
    "A date (its first moment in India) or an ISO instant with a zone; not in the future",
    MOMENT,
    required=True,
)
FROM = Parameter("since", "Only orders from this moment on: a date (its first moment in India) or an instant", MOMENT)
UNTIL = Parameter("until", "Only orders from before this moment", MOMENT)
OF_ACCOUNT = Parameter("smallcaseAuthId", "Only orders placed in this account", {"type": "string"})
OF_STATUS = Parameter("status", "Only batches of this status", {"type": "string", "enum": [*BatchStatus]})
IF_NONE_MATCH = Parameter("If-None-Match", "An ETag you have: 304 when nothing has changed", {"type": "string"})
ETAG = Parameter("ETag", "Changes whenever the answer does", {"type": "string"}, required=True)
DISPOSITION = Parameter("Content-Disposition", "Names the file", {"type": "string"}, required=True)

ANYWHERE = (Internal, StoreUnavailable)
FOR_A_USER = (*ANYWHERE, NotSignedIn)
WITH_BODY = (RequestInvalid, BodyTooLarge)
WITH_KEY = (IdempotencyKeyMissing, IdempotencyKeyReused, RequestInProgress)

ROUTES = (
    Route(
        "POST",
        "/v1/session",
        "create_session",
        "Mint the token that the SDK is initialised with: a guest's, or one for a linked account",
        body=SessionRequest,
        answers={200: SessionView},
        problems=(*FOR_A_USER, *WITH_BODY, NotFound, GatewayUnconfigured),
    ),
    Route(
        "POST",
        "/v1/transactions",
        "create_transaction",
        "Start an interaction of the user with Gateway",
        body=CreateTransactionRequest,
        headers=(IDEMPOTENCY_KEY,),
        answers={201: TransactionCreated},
        answer_headers=(REPLAYED,),
        problems=(
            *FOR_A_USER,
            *WITH_BODY,
            *WITH_KEY,
            NotFound,
            BrokerCannot,
            OrderIsFinal,
            OutcomeUnknown,
            GatewayUnconfigured,
            GatewayUnavailable,
            GatewayTimeout,
            GatewayRefused,
            GatewayForbidden,
        ),
    ),
    Route(
        "GET",
        "/v1/transactions",
        "list_transactions",
        "The user's transactions, newest first",
        query=(LIMIT, CURSOR),
        answers={200: TransactionsView},
        problems=(*FOR_A_USER, RequestInvalid, CursorInvalid, GatewayUnconfigured),
    ),
    Route(
        "GET",
        "/v1/transactions/{id}",
        "get_transaction",
        "One transaction; while it is open, Gateway is asked how it stands",
        answers={200: TransactionView},
        problems=(*FOR_A_USER, NotFound, GatewayUnconfigured),
    ),
    Route(
        "POST",
        "/v1/transactions/{id}/result",
        "complete_transaction",
        "Hand over what the SDK resolved or rejected with; 202 while Gateway cannot tell the end yet",
        body=ResultRequest,
        answers={200: TransactionView, 202: TransactionView},
        problems=(
            *FOR_A_USER,
            *WITH_BODY,
            NotFound,
            SdkTokenInvalid,
            SdkTokenExpired,
            AccountMismatch,
            AccountOfAnotherUser,
            ConnectionWithdrawn,
            TransactionExpired,
            GatewayUnconfigured,
        ),
    ),
    Route(
        "POST",
        "/v1/account-openings",
        "create_account_opening",
        "Begin to open a broker account: what the SDK's `signup` takes. Nothing of the person is kept",
        body=AccountOpeningRequest,
        headers=(IDEMPOTENCY_KEY,),
        answers={201: OpeningCreated},
        answer_headers=(REPLAYED,),
        problems=(
            *FOR_A_USER,
            *WITH_BODY,
            *WITH_KEY,
            NotFound,
            GatewayUnconfigured,
        ),
    ),
    Route(
        "POST",
        "/v1/account-openings/{id}/result",
        "complete_account_opening",
        "Say how the SDK's `signup` ended; the first end stays",
        body=ResultRequest,
        answers={200: OpeningView},
        problems=(*FOR_A_USER, *WITH_BODY, NotFound),
    ),
    Route(
        "GET",
        "/v1/account-openings",
        "list_account_openings",
        "The broker accounts that the user began to open, newest first",
        answers={200: OpeningsView},
        problems=FOR_A_USER,
    ),
    Route(
        "GET",
        "/v1/transactions/{id}/mutual-funds",
        "get_mutual_funds",
        "The statement that a mutual fund import brought, without the investor's personal data",
        answers={200: MutualFundStatement},
        problems=(*FOR_A_USER, NotFound, NothingImported),
    ),
    Route(
        "GET",
        "/v1/orders",
        "list_orders",
        "The user's order batches, newest first",
        query=(OF_ACCOUNT, OF_STATUS, FROM, UNTIL, LIMIT, CURSOR),
        answers={200: OrdersView},
        problems=(*FOR_A_USER, RequestInvalid, CursorInvalid, GatewayUnconfigured),
    ),
    Route(
        "GET",
        "/v1/orders/{transactionId}",
        "get_order",
        "What was asked against what the exchange did; while it is open, Gateway is asked how it stands",
        answers={200: OrderView},
        problems=(*FOR_A_USER, NotFound, GatewayUnconfigured),
    ),
    Route(
        "GET",
        "/v1/connections",
        "list_connections",
        "Every linked broker account with its health and freshness",
        answers={200: ConnectionsView},
        problems=FOR_A_USER,
    ),
    Route(
        "DELETE",
        "/v1/connections/{id}",
        "delete_connection",
        "Unlink the account and erase what is held of it",
        answers={204: None},
        problems=(*FOR_A_USER, NotFound),
    ),
    Route(
        "POST",
        "/v1/connections/{id}/refresh",
        "request_refresh",
        "Fetch newer holdings (200; 202 while the broker is at work), or start the import that a login completes (201)",
        headers=(IDEMPOTENCY_KEY,),
        answers={200: RefreshView, 201: RefreshView, 202: RefreshView},
        answer_headers=(REPLAYED,),
        problems=(
            *FOR_A_USER,
            RequestInvalid,
            *WITH_KEY,
            RefreshTooSoon,
            NotFound,
            BrokerCannot,
            GatewayUnconfigured,
            GatewayAnswerNotWhole,
            GatewayUnavailable,
            GatewayTimeout,
            GatewayRefused,
            GatewayForbidden,
        ),
    ),
    Route(
        "GET",
        "/v1/connections/{id}/holdings",
        "get_account_holdings",
        "One account's holdings as Gateway sent them, digit for digit, and how fresh they are",
        query=(VERSION,),
        headers=(IF_NONE_MATCH,),
        answers={200: AccountHoldings, 304: None},
        answer_headers=(ETAG,),
        problems=(*FOR_A_USER, RequestInvalid, NotFound, NothingImported, VersionUnavailable),
    ),
    Route(
        "GET",
        "/v1/holdings",
        "get_holdings",
        "All accounts' holdings, consolidated by ISIN",
        answers={200: HoldingsView},
        problems=FOR_A_USER,
    ),
    Route(
        "GET",
        "/v1/holdings/changes",
        "get_holding_changes",
        "What was added, removed and changed since a date, per account and consolidated",
        query=(SINCE,),
        answers={200: HoldingChangesView},
        problems=(*FOR_A_USER, RequestInvalid),
    ),
    Route(
        "GET",
        "/v1/holdings.csv",
        "export_holdings",
        "The same for a spreadsheet or a portfolio tracker, a row per security and account",
        answers={200: "text/csv"},
        answer_headers=(DISPOSITION,),
        problems=FOR_A_USER,
    ),
    Route(
        "POST",
        "/webhooks/smallcase",
        "receive_webhook",
        "Where smallcase Gateway delivers its webhooks; the checksum in the body stands for a token",
        body=WebhookBody,
        needs_user=False,
        answers={200: WebhookReceived},
        problems=(*ANYWHERE, RequestInvalid, BodyUnreadable, BodyTooLarge, NotAuthentic, GatewayUnconfigured),
    ),
)
