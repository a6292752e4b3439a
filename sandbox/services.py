"""All services of the sandbox, created and connected in a single place."""

from typing import Literal

import httpx
from starlette.requests import Request

from sandbox.accounts.accounts import AccountStore
from sandbox.accounts.investments import InvestmentStore
from sandbox.auth.app_tokens import KEY_KIND, AppTokens
from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.clock import Clock
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.step_schedule import StepSchedule
from sandbox.faults import FaultQueue
from sandbox.market.trading_hours import TradingHours
from sandbox.orders.order_store import OrderStore
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.transactions import TransactionStore
from sandbox.user.completion import Completion
from sandbox.user.simulated_user import SimulatedUser
from sandbox.webhooks.bodies import WebhookBodies
from sandbox.webhooks.held_webhooks import HeldWebhooks
from sandbox.webhooks.publisher import WebhookPublisher
from sandbox.webhooks.sender import WebhookSender

OrdersShape = Literal["object", "array"]


class Services:
    def __init__(self, settings: Settings, state: State, client: httpx.AsyncClient) -> None:
        self.settings = settings
        self.state = state
        self.clock = Clock(state)
        self.gateway_tokens = GatewayTokens(settings.secret, self.clock)
        self.app_tokens = AppTokens(settings.issuer, settings.audience, state)
        self.accounts = AccountStore(state, self.clock)
        self.investments = InvestmentStore(state, self.clock)
        self.transactions = TransactionStore(state, self.clock)
        self.order_store = OrderStore(state)
        self.trading_hours = TradingHours(state, self.clock)
        self.faults = FaultQueue(state)
        self.webhook_sender = WebhookSender(state, self.clock, settings.webhook_url, client)
        self.held_webhooks = HeldWebhooks(state)
        self.webhook_publisher = WebhookPublisher(
            settings,
            WebhookBodies(settings, state, self.clock, self.order_store),
            self.held_webhooks,
            self.webhook_sender,
        )
        self.exchange = Exchange(
            state,
            self.clock,
            self.trading_hours,
            StepSchedule(state, self.clock, self.trading_hours),
            self.order_store,
            self.accounts,
            self.transactions,
            self.webhook_publisher,
        )
        self.simulated_user = SimulatedUser(
            self.transactions,
            self.accounts,
            self.gateway_tokens,
            self.trading_hours,
            self.order_store,
            Completion(
                self.clock,
                self.transactions,
                self.accounts,
                self.gateway_tokens,
                self.webhook_publisher,
                self.order_store,
                self.exchange,
                self.investments,
            ),
        )

    @property
    def orders_shape(self) -> OrdersShape:
        """How the order pull wraps its batch; it can be set because the contract does not say it (contract 2.7)."""
        return self.state.get("setting", "orders-shape") or "object"

    def set_orders_shape(self, shape: OrdersShape) -> None:
        self.state.put("setting", "orders-shape", shape)

    def reset(self) -> None:
        self.state.clear(except_kinds=[KEY_KIND])
        self.webhook_sender.discard_in_flight()


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services
