"""The routes of transactions, account openings and orders."""

from gateway_backend.contracts.connections.account_opening import (
    AccountOpeningRequest,
    OpeningCreated,
    OpeningsView,
    OpeningView,
)
from gateway_backend.contracts.connections.session import SessionRequest, SessionView
from gateway_backend.contracts.orders.views import OrdersView, OrderView
from gateway_backend.contracts.transactions.request import TransactionCreated
from gateway_backend.contracts.transactions.result import ResultRequest
from gateway_backend.contracts.transactions.views import TransactionsView, TransactionView
from gateway_backend.domain.shared import errors
from ops.api_reference.any_transaction_request import CreateTransactionRequest
from ops.api_reference.gateway_models import MutualFundStatement
from ops.api_reference.parameters import (
    CURSOR,
    IDEMPOTENCY_KEY,
    IDEMPOTENT_REPLAYED,
    LIMIT,
    ORDERS_OF_ACCOUNT,
    ORDERS_OF_STATUS,
    ORDERS_SINCE,
    ORDERS_UNTIL,
)
from ops.api_reference.problems import BODY_PROBLEMS, IDEMPOTENCY_PROBLEMS, USER_PROBLEMS
from ops.api_reference.route import Route

TRANSACTION_ROUTES = (
    Route(
        "POST",
        "/v1/session",
        "create_session",
        "Mint the token that the SDK is initialised with: a guest's, or one for a linked account",
        body=SessionRequest,
        responses={200: SessionView},
        problems=(*USER_PROBLEMS, *BODY_PROBLEMS, errors.NotFound, errors.GatewayUnconfigured),
    ),
    Route(
        "POST",
        "/v1/transactions",
        "create_transaction",
        "Start an interaction of the user with Gateway",
        body=CreateTransactionRequest,
        headers=(IDEMPOTENCY_KEY,),
        responses={201: TransactionCreated},
        response_headers=(IDEMPOTENT_REPLAYED,),
        problems=(
            *USER_PROBLEMS,
            *BODY_PROBLEMS,
            errors.TooManyRequests,
            *IDEMPOTENCY_PROBLEMS,
            errors.NotFound,
            errors.BrokerCannot,
            errors.OrderIsFinal,
            errors.OutcomeUnknown,
            errors.GatewayUnconfigured,
            errors.GatewayUnavailable,
            errors.GatewayTimeout,
            errors.GatewayRefused,
            errors.GatewayForbidden,
        ),
    ),
    Route(
        "GET",
        "/v1/transactions",
        "list_transactions",
        "The user's transactions, newest first",
        query=(LIMIT, CURSOR),
        responses={200: TransactionsView},
        problems=(*USER_PROBLEMS, errors.CursorInvalid, errors.GatewayUnconfigured),
    ),
    Route(
        "GET",
        "/v1/transactions/{id}",
        "get_transaction",
        "One transaction; while it is open, Gateway is asked how it stands",
        responses={200: TransactionView},
        problems=(*USER_PROBLEMS, errors.NotFound, errors.GatewayUnconfigured),
    ),
    Route(
        "POST",
        "/v1/transactions/{id}/result",
        "complete_transaction",
        "Hand over what the SDK resolved or rejected with; 202 while Gateway cannot tell the end yet",
        body=ResultRequest,
        responses={200: TransactionView, 202: TransactionView},
        problems=(
            *USER_PROBLEMS,
            *BODY_PROBLEMS,
            errors.TooManyRequests,
            errors.NotFound,
            errors.SdkTokenInvalid,
            errors.SdkTokenExpired,
            errors.AccountMismatch,
            errors.AccountOfAnotherUser,
            errors.ConnectionWithdrawn,
            errors.TransactionExpired,
            errors.GatewayUnconfigured,
        ),
    ),
    Route(
        "POST",
        "/v1/account-openings",
        "create_account_opening",
        "Begin to open a broker account: what the SDK's `signup` takes. Nothing of the person is kept",
        body=AccountOpeningRequest,
        headers=(IDEMPOTENCY_KEY,),
        responses={201: OpeningCreated},
        response_headers=(IDEMPOTENT_REPLAYED,),
        problems=(
            *USER_PROBLEMS,
            *BODY_PROBLEMS,
            *IDEMPOTENCY_PROBLEMS,
            errors.TooManyRequests,
            errors.NotFound,
            errors.GatewayUnconfigured,
        ),
    ),
    Route(
        "POST",
        "/v1/account-openings/{id}/result",
        "complete_account_opening",
        "Say how the SDK's `signup` ended; the first end stays",
        body=ResultRequest,
        responses={200: OpeningView},
        problems=(*USER_PROBLEMS, *BODY_PROBLEMS, errors.TooManyRequests, errors.NotFound),
    ),
    Route(
        "GET",
        "/v1/account-openings",
        "list_account_openings",
        "The broker accounts that the user began to open, newest first",
        responses={200: OpeningsView},
        problems=USER_PROBLEMS,
    ),
    Route(
        "GET",
        "/v1/transactions/{id}/mutual-funds",
        "get_mutual_funds",
        "The statement that a mutual fund import brought, without the investor's personal data",
        responses={200: MutualFundStatement},
        problems=(*USER_PROBLEMS, errors.NotFound, errors.NothingImported),
    ),
    Route(
        "GET",
        "/v1/orders",
        "list_orders",
        "The user's order batches, newest first",
        query=(ORDERS_OF_ACCOUNT, ORDERS_OF_STATUS, ORDERS_SINCE, ORDERS_UNTIL, LIMIT, CURSOR),
        responses={200: OrdersView},
        problems=(*USER_PROBLEMS, errors.CursorInvalid, errors.GatewayUnconfigured),
    ),
    Route(
        "GET",
        "/v1/orders/{transactionId}",
        "get_order",
        "What was asked against what the exchange did; while it is open, Gateway is asked how it stands",
        responses={200: OrderView},
        problems=(*USER_PROBLEMS, errors.NotFound, errors.GatewayUnconfigured),
    ),
)
