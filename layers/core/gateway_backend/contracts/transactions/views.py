"""A transaction as the app sees it."""

from decimal import Decimal
from typing import Annotated, Final, Literal, Self, TypedDict, cast

from pydantic import Field

from gateway_backend.contracts.shared.api_models import Instant, ResponseModel
from gateway_backend.domain.shared.errors import LINK_REFUSALS, Action, ConnectionWithdrawn
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.messages import UNKNOWN, Advice, advise
from gateway_backend.domain.transactions.report import Outcome, Status
from gateway_backend.domain.transactions.transaction import Transaction

REFUSALS = {refusal.code: refusal for refusal in LINK_REFUSALS}
REFUSAL_CODES = {code: number for number, code in enumerate(REFUSALS, start=10_001)}
"""Our own, with a digit more than Gateway's codes have."""

LINK_REFUSED: Final = "LINK_REFUSED"


class FailureView(ResponseModel):
    code: int
    message: str
    text: str = Field(description="For the user's eyes")
    action: Action


# Typed dictionaries: four more models would cost every read of a transaction two hundredths of its cold start.


class FundsView(TypedDict):
    amount: Annotated[Decimal, Field(description="Rupees")]
    asOf: Instant


class SipView(TypedDict, total=False):
    """The plan after SIP_SETUP."""

    # contract 2.3

    amount: Decimal
    frequency: str
    iscid: str
    scid: str
    scheduledDate: str
    sipAction: str
    sipActive: bool
    sipType: str


class SmallcaseView(TypedDict):
    scid: str | None
    iscid: Annotated[str | None, Field(description="The user's investment: every later order for it needs this")]
    name: str | None


class OutcomeView(TypedDict):
    """What the interaction brought beside holdings and orders, which have routes of their own."""

    funds: FundsView | None
    sip: SipView | None
    smallcase: SmallcaseView | None


def _outcome_of(outcome: Outcome) -> OutcomeView:
    funds: FundsView | None = None
    if outcome.funds is not None and outcome.funds_at is not None:
        funds = {"amount": outcome.funds, "asOf": outcome.funds_at}
    smallcase: SmallcaseView = {"scid": outcome.scid, "iscid": outcome.iscid, "name": outcome.name}
    return {
        "funds": funds,
        "sip": cast(SipView, dict(outcome.sip)) if outcome.sip else None,
        "smallcase": smallcase if outcome.scid or outcome.iscid else None,
    }


class TransactionView(ResponseModel):
    """Served with `Response.exact`: funds are an exact JSON number."""

    transaction_id: str
    intent: str
    type: str | None = Field(description="Of a TRANSACTION: SECURITIES or the kind of smallcase order")
    version: str | None = None
    status: Status | Literal["LINK_REFUSED"] = Field(description="LINK_REFUSED is ours: error says why; else Gateway's")
    final: bool
    smallcase_auth_id: str | None
    broker: str | None
    created_at: Instant
    expire_at: Instant
    updated_at: Instant | None
    notes: str | None
    outcome: OutcomeView
    error: FailureView | None

    @classmethod
    def of(cls, transaction: Transaction) -> Self:
        is_refused = transaction.link_refusal and not transaction.can_place_orders
        return cls(
            transaction_id=transaction.id,
            intent=transaction.intent,
            type=transaction.order.type if transaction.order else None,
            version=transaction.version or None,
            status=LINK_REFUSED if is_refused else transaction.status,
            final=transaction.is_settled,
            smallcase_auth_id=transaction.account_id or transaction.requested_account_id,
            broker=transaction.broker,
            created_at=transaction.created_at,
            expire_at=transaction.expire_at,
            updated_at=transaction.updated_at,
            notes=transaction.note,
            outcome=_outcome_of(transaction.outcome),
            error=failure_of(transaction),
        )


_UNLINKED = "This account was unlinked. Look at your broker for this order."
_NOT_CANCELLED = "The order could not be cancelled: it may have been done before. Look at the order."


def failure_of(transaction: Transaction) -> FailureView | None:
    """What went wrong, for the user; never advice to begin again what the broker may have."""
    if transaction.link_refusal == ConnectionWithdrawn.code and transaction.can_place_orders:
        message = ConnectionWithdrawn.code
        return FailureView(code=REFUSAL_CODES[message], message=message, text=_UNLINKED, action=Action.NONE)
    if transaction.link_refusal:
        refusal = REFUSALS[transaction.link_refusal]
        code = REFUSAL_CODES[refusal.code]
        return FailureView(code=code, message=refusal.code, text=refusal.title + ".", action=refusal.action)
    failure = transaction.shown_failure
    if failure is None:
        return None
    advice = advise(failure.code)
    if transaction.intent is Intent.CANCEL_ORDER and advice is UNKNOWN:
        advice = Advice(_NOT_CANCELLED, Action.REFRESH)
    return FailureView(
        code=failure.code,
        message=failure.message,
        text=advice.text,
        action=advice.action,
    )


class TransactionsView(ResponseModel):
    transactions: list[TransactionView]
    next_cursor: str | None
