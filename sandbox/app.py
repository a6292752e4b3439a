"""The sandbox as one web application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette

from sandbox import control, gateway_api, oidc
from sandbox.errors import ControlError, GatewayError, control_answer, gateway_answer
from sandbox.sender import TIMEOUT_SECONDS
from sandbox.settings import Settings
from sandbox.state import State
from sandbox.world import World


def create_app(settings: Settings, state: State, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """`transport` stands in for the network that webhooks go out on."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # `trust_env` off: a proxy of the machine has no business with 127.0.0.1.
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, transport=transport, trust_env=False) as client:
            world = World(settings, state, client)
            app.state.world = world
            async with asyncio.TaskGroup() as background:
                sending = background.create_task(world.sender.run())
                yield
                sending.cancel()
        state.close()

    return Starlette(
        routes=[*gateway_api.routes, *control.routes, *oidc.routes],
        exception_handlers={GatewayError: gateway_answer, ControlError: control_answer},
        lifespan=lifespan,
    )
