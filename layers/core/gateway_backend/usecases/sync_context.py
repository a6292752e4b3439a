"""What a transaction is settled with, and the pull of holdings that follows from one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from gateway_backend.domain.accounts import Account
from gateway_backend.domain.snapshots import Outcome
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.accounts import Accounts
from gateway_backend.store.orders import Orders
from gateway_backend.store.transactions import Transactions
from gateway_backend.usecases.import_holdings import import_holdings


@dataclass(frozen=True, slots=True)
class SyncContext:
    """`gateway` serves this one request or message."""

    now: datetime
    transactions: Transactions
    accounts: Accounts
    orders: Orders
    gateway: Gateway
    confirm_share: Decimal


def import_into(account: Account, context: SyncContext) -> Outcome:
    """Pull the account's holdings, as `import_holdings` does for a user who has just logged in."""
    return import_holdings(
        account,
        now=context.now,
        accounts=context.accounts,
        gateway=context.gateway,
        confirm_share=context.confirm_share,
    )
