"""List the broker accounts that a user began to open, newest first."""

from gateway_backend.domain.connections.account_opening import AccountOpening
from gateway_backend.store.connections.account_openings import AccountOpenings


def list_account_openings(*, user: str, openings: AccountOpenings) -> list[AccountOpening]:
    return openings.newest(user)
