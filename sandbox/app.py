"""The sandbox as a single web application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.api import control, gateway, openid
from sandbox.api.responses import on_control_error, on_gateway_error, on_http_error
from sandbox.errors import ControlError, GatewayError
from sandbox.services import Services
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.webhooks.sender import TIMEOUT_SECONDS


class RunDueSteps:
    """Runs due steps before every request, so that its answer shows all that has happened at the exchange."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["app"].state.services.exchange.run_due_steps()
        await self._app(scope, receive, send)


def create_app(settings: Settings, state: State, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """`transport` replaces the network on which webhooks are sent."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # `trust_env` is off, because the machine's proxy must not be used for 127.0.0.1.
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False) as client:
            services = Services(settings, state, client)
            app.state.services = services
            async with asyncio.TaskGroup() as background:
                tasks = [
                    background.create_task(services.webhook_sender.run()),
                    background.create_task(services.exchange.run()),
                ]
                yield
                for task in tasks:
                    task.cancel()
        state.close()

    return Starlette(
        routes=[*gateway.routes, *control.routes, *openid.routes],
        exception_handlers={
            GatewayError: on_gateway_error,
            ControlError: on_control_error,
            HTTPException: on_http_error,
        },
        middleware=[Middleware(RunDueSteps)],
        lifespan=lifespan,
    )
