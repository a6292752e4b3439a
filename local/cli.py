"""The commands behind `make run`, `make up`, `make down`, `make reset` and `make logs`."""

import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from local import cloud
from local.errors import LocalCloudError
from local.instance import Instance
from local.progress import console
from local.services import EMULATOR, is_running, services

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

FIRST_IMPORT = Path(__file__).with_name("first_import.sh")


@app.command()
def run() -> None:
    """Start the local cloud and stop it on Ctrl-C."""
    _interrupt_on_termination()
    try:
        instance = _instance_to_start()
        if is_running(instance):
            raise LocalCloudError(f"The local cloud is running already: {instance.api_url}", "`make down` stops it.")
        cloud.start(instance)
        try:
            _print_welcome(instance)
            console.print("\nCtrl-C stops it.")
            cloud.watch(instance)
        except BaseException:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not keep the state from being saved
            cloud.stop(instance)
            raise
        console.print("\nStopped by `make down`.")
    except KeyboardInterrupt:
        sys.exit(0)
    except LocalCloudError as error:
        _exit_with(error)


@app.command()
def up() -> None:
    """Start it in the background, or deploy what has changed if it is running."""
    _interrupt_on_termination()
    try:
        instance = _instance_to_start()
        cloud.start(instance)
    except LocalCloudError as error:
        _exit_with(error)
    _print_welcome(instance)


@app.command()
def down() -> None:
    """Stop it and keep its state."""
    cloud.stop(Instance.from_environment())


@app.command()
def reset() -> None:
    """Stop it and delete its state."""
    cloud.reset(Instance.from_environment())


@app.command()
def status() -> None:
    """Print which services are running. The exit code is 1 unless all are."""
    instance = Instance.from_environment()
    all_services = services(instance).values()
    for service in all_services:
        state = f"running on port {service.port}" if service.is_running() else "not running"
        console.print(f"  {service.name}: {state}")
    sys.exit(0 if all(service.is_running() for service in all_services) else 1)


@app.command()
def logs(
    function: Annotated[str, typer.Argument(help="Part of the function's name, such as webhook")] = "",
    minutes: Annotated[int, typer.Option(help="How many minutes back")] = 15,
) -> None:
    """Print what the functions have logged in the last minutes."""
    instance = Instance.from_environment()
    if not services(instance)[EMULATOR].is_running():
        _exit_with(LocalCloudError("Nothing is running.", f"Run `make up` first. The other logs: {instance.logs}"))
    since = int((time.time() - minutes * 60) * 1000)
    for deployed in instance.client("lambda").list_functions()["Functions"]:
        if function.lower() in deployed["FunctionName"].lower():
            _print_log(instance, deployed["LoggingConfig"]["LogGroup"], since)


def _instance_to_start() -> Instance:
    instance = Instance.from_environment()
    port = os.environ.get("PORT")
    if port and int(port) != instance.port:
        raise LocalCloudError(
            f"The state in {instance.state} belongs to PORT={instance.port}.",
            f"Leave PORT out, or run `make reset` first, or use other state: PORT={port} LOCAL_STATE=.local/{port}",
        )
    return instance


def _print_log(instance: Instance, group: str, since: int) -> None:
    pages = instance.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since):
        for event in page["events"]:
            console.print(event["message"].rstrip(), markup=False)


def _print_welcome(instance: Instance) -> None:
    console.print(f"\nAPI      {instance.api_url}")
    console.print(f"Sandbox  {instance.sandbox_url}")
    console.print(f"Logs     {instance.logs}   (the functions' own: make logs)")
    console.print("\nTry a first import:\n")
    console.print(f"export API={instance.api_url} SANDBOX={instance.sandbox_url}", markup=False)
    lines = FIRST_IMPORT.read_text().splitlines()
    console.print("\n".join(line for line in lines if not line.startswith("#")), markup=False)


def _interrupt_on_termination() -> None:
    """Treat SIGTERM and SIGHUP as Ctrl-C, so that they stop the services too."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def _exit_with(error: LocalCloudError) -> NoReturn:
    console.print("\n[bold red]Error[/bold red]: ", end="")
    console.print(error.message, markup=False)
    console.print(error.remedy, markup=False)
    sys.exit(1)
