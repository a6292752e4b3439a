"""Every way in which a request or a message can fail, as the caller sees it.

One mapper (`runtime.http`) turns these into problem+json; nothing else decides status codes.
"""

import math
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar


class Action(StrEnum):
    """What the person or program on the other side can do about it."""

    NONE = "NONE"
    WAIT = "WAIT"
    REFRESH = "REFRESH"
    RECONNECT = "RECONNECT"
    FIX_REQUEST = "FIX_REQUEST"
    CONTACT_SUPPORT = "CONTACT_SUPPORT"


class DomainError(Exception):
    """An expected failure: `detail` names the field or thing and the remedy, safe to show to the caller."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    retryable: ClassVar[bool] = False
    action: ClassVar[Action] = Action.CONTACT_SUPPORT
    retry_after_seconds: int = 2

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title


# What the caller must mend ---------------------------------------------------------------------


class RequestInvalid(DomainError):
    code = "REQUEST_INVALID"
    status = 400
    title = "The request does not fit"
    action = Action.FIX_REQUEST


class CursorInvalid(RequestInvalid):
    code = "CURSOR_INVALID"
    title = "The cursor is not one of ours"


class IdempotencyKeyMissing(RequestInvalid):
    code = "IDEMPOTENCY_KEY_MISSING"
    title = "An Idempotency-Key header is needed"


class IdempotencyKeyReused(RequestInvalid):
    code = "IDEMPOTENCY_KEY_REUSED"
    status = 422
    title = "This Idempotency-Key belongs to another request"


class RequestInProgress(DomainError):
    code = "REQUEST_IN_PROGRESS"
    status = 409
    title = "The first request with this Idempotency-Key is still running"
    retryable = True
    action = Action.WAIT


class BodyTooLarge(DomainError):
    code = "BODY_TOO_LARGE"
    status = 413
    title = "The body is too large"
    action = Action.FIX_REQUEST


class AnswerTooLarge(DomainError):
    code = "ANSWER_TOO_LARGE"
    status = 422
    title = "The answer is larger than this API can send"
    action = Action.FIX_REQUEST


class NotSignedIn(DomainError):
    code = "NOT_SIGNED_IN"
    status = 401
    title = "A valid access token is needed"
    action = Action.FIX_REQUEST


class NotFound(DomainError):
    """It does not exist, or it is another user's: the answer is the same, so that nothing can be probed."""

    code = "NOT_FOUND"
    status = 404
    title = "There is nothing here for this user"
    action = Action.NONE


class SdkTokenInvalid(DomainError):
    code = "SDK_TOKEN_INVALID"
    status = 422
    title = "The SDK's token was not signed by this gateway"
    action = Action.FIX_REQUEST


class SdkTokenExpired(DomainError):
    code = "SDK_TOKEN_EXPIRED"
    status = 422
    title = "The SDK's token has expired"
    action = Action.RECONNECT


class AccountMismatch(DomainError):
    code = "ACCOUNT_MISMATCH"
    status = 409
    title = "The transaction is about another broker account"
    action = Action.RECONNECT


class AccountOfAnotherUser(DomainError):
    code = "ACCOUNT_OF_ANOTHER_USER"
    status = 409
    title = "This broker account is linked to another user of the app"
    action = Action.CONTACT_SUPPORT


class ConnectionWithdrawn(DomainError):
    """The user unlinked the account after this transaction began: only a newer one may link it again."""

    code = "CONNECTION_WITHDRAWN"
    status = 409
    title = "The account was unlinked after this transaction began"
    action = Action.RECONNECT


LINK_REFUSALS = (AccountMismatch, AccountOfAnotherUser, ConnectionWithdrawn)
"""Why an account may not be linked: final for the transaction, and shown to the user by its code."""


class TransactionExpired(DomainError):
    code = "TRANSACTION_EXPIRED"
    status = 409
    title = "The transaction expired before it was finished"
    action = Action.RECONNECT


class BrokerCannot(DomainError):
    code = "BROKER_CANNOT"
    status = 422
    title = "The account's broker does not offer this through smallcase Gateway"
    action = Action.FIX_REQUEST


class OrderIsFinal(DomainError):
    code = "ORDER_IS_FINAL"
    status = 409
    title = "The order has come to its end already"
    action = Action.REFRESH


class OutcomeUnknown(DomainError):
    """Gateway has no idempotency key: a create without an answer is never sent again by itself (contract 9)."""

    code = "OUTCOME_UNKNOWN"
    status = 504
    title = "It is not known whether smallcase Gateway made the transaction"
    action = Action.REFRESH

    def __init__(self) -> None:
        super().__init__(
            "Nothing was ordered: that takes the user, and no transactionId was given out. Read GET /v1/transactions"
            " and GET /v1/orders, then start again with a new Idempotency-Key"
        )


class NothingImported(DomainError):
    code = "NOTHING_IMPORTED"
    status = 409
    title = "Nothing has been imported yet"
    action = Action.RECONNECT


class RefreshTooSoon(DomainError):
    code = "REFRESH_TOO_SOON"
    status = 429
    title = "This account was refreshed a moment ago"
    retryable = True
    action = Action.WAIT

    def __init__(self, floor: timedelta = timedelta(minutes=1), left: timedelta = timedelta(minutes=1)) -> None:
        super().__init__(f"An account may be refreshed once in {floor.total_seconds():.0f} seconds")
        self.retry_after_seconds = math.ceil(left.total_seconds())


class TooManyRequests(DomainError):
    code = "TOO_MANY_REQUESTS"
    status = 429
    title = "This user has made too many requests in this minute"
    retryable = True
    action = Action.WAIT

    def __init__(self, most: int = 60, left: timedelta = timedelta(minutes=1)) -> None:
        super().__init__(f"A user may make {most} requests of this kind in a minute")
        self.retry_after_seconds = math.ceil(left.total_seconds())


class VersionUnavailable(DomainError):
    code = "VERSION_UNAVAILABLE"
    status = 409
    title = "The stored snapshot cannot be served in this version"
    action = Action.RECONNECT


# Webhooks --------------------------------------------------------------------------------------


class BodyUnreadable(RequestInvalid):
    code = "BODY_UNREADABLE"
    title = "The body is not a JSON object of a known shape"


class NotAuthentic(DomainError):
    code = "NOT_AUTHENTIC"
    status = 401
    title = "The checksum is missing or wrong"
    action = Action.FIX_REQUEST


class NotYet(DomainError):
    """Gateway has not finished its part: the message must be worked on again later."""

    code = "NOT_YET"
    status = 503
    title = "Gateway has not finished yet"
    retryable = True
    action = Action.WAIT


class MessageUnreadable(DomainError):
    """A queue holds something that this version did not write: it ends as a dead letter."""

    code = "MESSAGE_UNREADABLE"
    title = "The message is not one of ours"


# Gateway and our own side ----------------------------------------------------------------------


class GatewayUnavailable(DomainError):
    """Gateway did not answer, or answered with something that is not its contract."""

    code = "GATEWAY_UNAVAILABLE"
    status = 502
    title = "smallcase Gateway could not be reached"
    retryable = True
    action = Action.WAIT


class GatewayTimeout(GatewayUnavailable):
    code = "GATEWAY_TIMEOUT"
    status = 504
    title = "smallcase Gateway did not answer in time"


class GatewayRefused(DomainError):
    """Gateway understood the request and refused it (4xx, or `success` not true)."""

    code = "GATEWAY_REFUSED"
    status = 502
    title = "smallcase Gateway refused the request"


class GatewayForbidden(GatewayRefused):
    """403: our keys are wrong, or the user revoked consent (contract 12, questions 2 and 20)."""

    code = "GATEWAY_FORBIDDEN"
    title = "smallcase Gateway does not let us act for this account"
    action = Action.RECONNECT


class GatewayAnswerNotWhole(GatewayUnavailable):
    """Gateway answered, but nothing that may replace the last good holdings."""

    code = "GATEWAY_ANSWER_NOT_WHOLE"
    title = "smallcase Gateway's answer is not whole"


class GatewayKeysRefused(GatewayUnavailable):
    """403 for everything: it is our keys that Gateway refuses, not the account (contract 11, point 1)."""

    code = "GATEWAY_KEYS_REFUSED"
    title = "smallcase Gateway refuses the keys of this gateway"
    action = Action.CONTACT_SUPPORT


class GatewayUnconfigured(DomainError):
    code = "GATEWAY_UNCONFIGURED"
    status = 503
    title = "The gateway name and secrets have not been set"


class StoreUnavailable(DomainError):
    code = "STORE_UNAVAILABLE"
    status = 503
    title = "The data store could not be reached"
    retryable = True
    action = Action.WAIT


class ConcurrentUpdate(Exception):
    """Another worker has changed the stored item since it was read: load it again and decide anew."""


class SnapshotConflict(Exception):
    """Another portfolio was stored since the snapshot was judged beside the last one: it must be judged again."""


class Internal(DomainError):
    """A bug: what happened is in the log under the correlation id."""
