"""`python -m sandbox --port 3001 --state FILE --webhook-url URL`: runs the sandbox until it is stopped."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from sandbox.app import create_app
from sandbox.settings import Settings
from sandbox.state import State

HOST = "127.0.0.1"
DEFAULTS = Settings()


def main(
    state: Annotated[Path, typer.Option(help="The file that keeps everything over a restart.")],
    port: Annotated[int, typer.Option(help="Listens on 127.0.0.1 only.")] = 3001,
    webhook_url: Annotated[str | None, typer.Option(help="The partner's webhook; none is sent without.")] = None,
    gateway_name: Annotated[str, typer.Option(envvar="GATEWAY_NAME")] = DEFAULTS.gateway_name,
    secret: Annotated[
        str, typer.Option(envvar="GATEWAY_SECRET", show_default=False, help="Signs tokens.")
    ] = DEFAULTS.secret,
    api_secret: Annotated[
        str,
        typer.Option(envvar="GATEWAY_API_SECRET", show_default=False, help="Opens the API and signs webhooks."),
    ] = DEFAULTS.api_secret,
) -> None:
    """An offline smallcase Gateway."""
    settings = Settings(
        gateway_name=gateway_name,
        secret=secret,
        api_secret=api_secret,
        issuer=f"http://{HOST}:{port}",
        webhook_url=webhook_url,
    )
    # Without a limit, a call that a fault delays would keep the sandbox from stopping.
    uvicorn.run(create_app(settings, State(state)), host=HOST, port=port, timeout_graceful_shutdown=2)


typer.run(main)
