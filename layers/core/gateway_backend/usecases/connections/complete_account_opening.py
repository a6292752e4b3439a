"""Record how the opening of a broker account ended, by the SDK's result: Gateway offers no way to ask."""

from datetime import datetime

from gateway_backend.contracts.transactions.sdk_result import SdkResult
from gateway_backend.domain.connections.account_opening import AccountOpening
from gateway_backend.store.connections.account_openings import AccountOpenings


def complete_account_opening(
    opening_id: str, result: SdkResult, *, user: str, now: datetime, openings: AccountOpenings
) -> AccountOpening:
    """The first end stays. Of the result only the code is kept. Raises: NotFound."""
    opening = openings.owned(opening_id, user)
    return openings.end(opening.ended(now, result.failure.code if result.failure else None))
