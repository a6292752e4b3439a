"""The routes of connections, holdings and webhooks."""

from gateway_backend.contracts.connections.views import ConnectionsView
from gateway_backend.contracts.refresh.views import RefreshView
from gateway_backend.domain.shared import errors
from ops.api_reference.changes_schema import HoldingChangesView
from ops.api_reference.gateway_models import AccountHoldings, WebhookBody, WebhookReceived
from ops.api_reference.parameters import (
    CONTENT_DISPOSITION,
    ETAG,
    IDEMPOTENCY_KEY,
    IDEMPOTENT_REPLAYED,
    IF_NONE_MATCH,
    SINCE,
    VERSION,
)
from ops.api_reference.problems import COMMON_PROBLEMS, IDEMPOTENCY_PROBLEMS, USER_PROBLEMS
from ops.api_reference.response_schemas import HoldingsView
from ops.api_reference.route import Route

CONNECTION_ROUTES = (
    Route(
        "GET",
        "/v1/connections",
        "list_connections",
        "Every linked broker account with its health and freshness",
        responses={200: ConnectionsView},
        problems=USER_PROBLEMS,
    ),
    Route(
        "DELETE",
        "/v1/connections/{id}",
        "delete_connection",
        "Unlink the account and erase what is held of it",
        responses={204: None},
        problems=(*USER_PROBLEMS, errors.NotFound),
    ),
    Route(
        "POST",
        "/v1/connections/{id}/refresh",
        "request_refresh",
        "Fetch newer holdings (200; 202 while the broker is at work), or start the import that a login completes (201)",
        headers=(IDEMPOTENCY_KEY,),
        responses={200: RefreshView, 201: RefreshView, 202: RefreshView},
        response_headers=(IDEMPOTENT_REPLAYED,),
        problems=(
            *USER_PROBLEMS,
            *IDEMPOTENCY_PROBLEMS,
            errors.RefreshTooSoon,
            errors.TooManyRequests,
            errors.NotFound,
            errors.BrokerCannot,
            errors.GatewayUnconfigured,
            errors.GatewayAnswerNotWhole,
            errors.GatewayUnavailable,
            errors.GatewayTimeout,
            errors.GatewayRefused,
            errors.GatewayForbidden,
        ),
    ),
    Route(
        "GET",
        "/v1/connections/{id}/holdings",
        "get_account_holdings",
        "One account's holdings as Gateway sent them, digit for digit, and how fresh they are",
        query=(VERSION,),
        headers=(IF_NONE_MATCH,),
        responses={200: AccountHoldings, 304: None},
        response_headers=(ETAG,),
        problems=(
            *USER_PROBLEMS,
            errors.NotFound,
            errors.NothingImported,
            errors.VersionUnavailable,
        ),
    ),
    Route(
        "GET",
        "/v1/holdings",
        "get_holdings",
        "All accounts' holdings, consolidated by ISIN",
        responses={200: HoldingsView},
        problems=USER_PROBLEMS,
    ),
    Route(
        "GET",
        "/v1/holdings/changes",
        "get_holding_changes",
        "What was added, removed and changed since a date, per account and consolidated",
        query=(SINCE,),
        responses={200: HoldingChangesView},
        problems=USER_PROBLEMS,
    ),
    Route(
        "GET",
        "/v1/holdings.csv",
        "export_holdings",
        "The same for a spreadsheet or a portfolio tracker, a row per security and account",
        responses={200: "text/csv"},
        response_headers=(CONTENT_DISPOSITION,),
        problems=USER_PROBLEMS,
    ),
)

WEBHOOK_ROUTES = (
    Route(
        "POST",
        "/webhooks/smallcase",
        "receive_webhook",
        "Where smallcase Gateway delivers its webhooks; the checksum in the body stands for a token",
        body=WebhookBody,
        needs_user=False,
        responses={200: WebhookReceived},
        problems=(
            *COMMON_PROBLEMS,
            errors.RequestInvalid,
            errors.BodyUnreadable,
            errors.BodyTooLarge,
            errors.NotAuthentic,
            errors.GatewayUnconfigured,
        ),
    ),
)
