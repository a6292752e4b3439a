"""Refresh one account without its user, and learn from the answer whether its session still lives (contract 8)."""

import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from gateway_backend.domain.connections.connection import Account
from gateway_backend.domain.holdings.snapshot import Failed, Outcome
from gateway_backend.domain.market.calendar import MarketCalendar
from gateway_backend.domain.shared.errors import GatewayRefused, GatewayUnavailable
from gateway_backend.gateway.client import Gateway
from gateway_backend.store.connections.connections import Accounts
from gateway_backend.usecases.holdings.import_holdings import import_holdings

POLLS = 3
"""How often an answer that is still `updating` is looked at before it is left for the next attempt."""


def refresh_account(
    account: Account,
    *,
    now: datetime,
    accounts: Accounts,
    gateway: Gateway,
    calendar: MarketCalendar,
    confirm_share: Decimal,
    flags_403: bool = True,
    wait: Callable[[float], None] = time.sleep,
) -> Outcome:
    """403 means that a login is needed, and so does an answer that is no newer although a whole session has passed.

    Everything else that goes wrong is ours or Gateway's problem: `Failed` or `Incomplete`, and nothing is flagged.
    Raises: NotFound when the account was unlinked meanwhile; StoreUnavailable.
    """
    try:
        return import_holdings(
            account,
            now=now,
            accounts=accounts,
            gateway=gateway,
            confirm_share=confirm_share,
            polls=POLLS,
            calendar=calendar,
            flags_403=flags_403,
            wait=wait,
        )
    except (GatewayRefused, GatewayUnavailable) as error:
        return Failed(error.code)
