"""Everything the sandbox is made of, put together in one place."""

from typing import Literal

import httpx

from sandbox.accounts.accounts import AccountStore
from sandbox.accounts.investments import InvestmentStore
from sandbox.auth.app_tokens import KEY_KIND, AppTokens
from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.clock import Clock
from sandbox.completion import Completion
from sandbox.exchange import Exchange
from sandbox.faults import Faults
from sandbox.market.trading_hours import TradingHours
from sandbox.orders import Book
from sandbox.player import Player
from sandbox.postbacks import Postbacks
from sandbox.sender import Sender
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.transactions import Transactions

OrdersShape = Literal["object", "array"]


class World:
    def __init__(self, settings: Settings, state: State, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.state = state
        self.clock = Clock(state)
        self.tokens = GatewayTokens(settings.secret, self.clock)
        self.app_tokens = AppTokens(settings.issuer, settings.audience, state)
        self.accounts = AccountStore(state, self.clock)
        self.transactions = Transactions(state, self.clock, self.tokens, settings.gateway_name)
        self.sender = Sender(state, self.clock, settings.webhook_url, client)
        self.book = Book(state)
        self.postbacks = Postbacks(settings, state, self.clock, self.sender, self.book)
        self.hours = TradingHours(state, self.clock)
        self.exchange = Exchange(
            state, self.clock, self.hours, self.book, self.accounts, self.transactions, self.postbacks
        )
        self.investments = InvestmentStore(state, self.clock)
        self.player = Player(
            self.transactions,
            self.accounts,
            self.tokens,
            self.hours,
            self.book,
            Completion(
                self.clock,
                self.transactions,
                self.accounts,
                self.tokens,
                self.postbacks,
                self.book,
                self.exchange,
                self.investments,
            ),
        )
        self.faults = Faults(state)

    @property
    def orders_shape(self) -> OrdersShape:
        """How the order pull wraps its batch; it is not documented (contract 2.7)."""
        return self.state.get("setting", "orders-shape") or "object"

    def set_orders_shape(self, shape: OrdersShape) -> None:
        self.state.put("setting", "orders-shape", shape)

    def waits_for_open(self, auth_id: str, iscid: str) -> bool:
        """Whether after-market orders of this investment are still open."""
        batches = [one for one in self.book.every() if (one.auth_id, one.iscid) == (auth_id, iscid)]
        return any(batch.is_amo and batch.is_open for batch in batches)

    def reset(self) -> None:
        self.state.clear(except_kinds=[KEY_KIND])
        self.sender.forget()
