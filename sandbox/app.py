"""The sandbox as one web application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox import control, gateway_api
from sandbox.api import openid
from sandbox.errors import ControlError, GatewayError, control_answer, gateway_answer
from sandbox.services import Services
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.webhooks.sender import TIMEOUT_SECONDS


class RunDueSteps:
    """Whoever asks, sees what the exchange has done by then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["app"].state.services.exchange.run_due_steps()
        await self._app(scope, receive, send)


def create_app(settings: Settings, state: State, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """`transport` stands in for the network that webhooks go out on."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # `trust_env` off: a proxy of the machine has no business with 127.0.0.1.
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False) as client:
            services = Services(settings, state, client)
            app.state.services = services
            async with asyncio.TaskGroup() as background:
                tasks = [
                    background.create_task(work) for work in (services.webhook_sender.run(), services.exchange.run())
                ]
                yield
                for task in tasks:
                    task.cancel()
        state.close()

    return Starlette(
        routes=[*gateway_api.routes, *control.routes, *openid.routes],
        exception_handlers={GatewayError: gateway_answer, ControlError: control_answer},
        middleware=[Middleware(RunDueSteps)],
        lifespan=lifespan,
    )
