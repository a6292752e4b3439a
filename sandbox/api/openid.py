"""The public part of the demo app's identity provider: its configuration and its keys."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.services import services_of


async def configuration(request: Request) -> Response:
    return JSONResponse(services_of(request).app_tokens.configuration())


async def key_set(request: Request) -> Response:
    return JSONResponse(services_of(request).app_tokens.key_set())


routes = [
    Route("/.well-known/openid-configuration", configuration),
    Route("/.well-known/jwks.json", key_set),
]
