"""What tests of the scheduled refresh share: an account's session, and a session that ends at a certain snapshot."""

from gateway_backend.domain.connections.session import SessionState
from testing.market_times import FRIDAY_NOON
from testing.world import World

FOUR = dict.fromkeys(range(4), 10)
"""The holdings of an account as it is linked."""

MANY = tuple(f"account-{number:02}" for number in range(40))


def session_of(world: World, account_id: str = "a") -> tuple[SessionState, str | None]:
    """The session's state, and the reason for it."""
    session = world.connection(account_id).session
    return session.state, session.reason


def end_with_snapshot_of_friday_noon(world: World, account_id: str = "a") -> None:
    """Gateway has taken a snapshot on Friday at noon that is not stored here; then the session ended."""
    world.set_holdings(account_id, 0, 1, 2, 30)
    account = world.gateway.accounts[account_id]
    account.snapshots.append((FRIDAY_NOON, dict.fromkeys([0, 1, 2, 30], 10)))
    account.session_is_live = False
