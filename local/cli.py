"""The commands behind `make run`, `make up`, `make down` and `make reset`."""

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

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

FIRST_IMPORT = Path(__file__).with_name("first_import.sh")


@app.command()
def run() -> None:
    """Bring the local cloud up and stay until Ctrl-C, which stops it."""
    _stop_as_on_ctrl_c()
    try:
        instance = _instance_to_start()
        if cloud.is_running(instance):
            raise LocalCloudError(f"It is running already: {instance.api_url}", "`make down` stops it.")
        cloud.bring_up(instance)
        try:
            _welcome(instance)
            console.print("\nCtrl-C stops it.")
            cloud.watch(instance)
        except BaseException:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough: what is held must reach the disk
            cloud.bring_down(instance)
            raise
        console.print("\nStopped by `make down`.")
    except KeyboardInterrupt:
        sys.exit(0)
    except LocalCloudError as error:
        _give_up(error)


@app.command()
def up() -> None:
    """Bring it up in the background; on a running one, deploy what has changed."""
    _stop_as_on_ctrl_c()
    try:
        instance = _instance_to_start()
        cloud.bring_up(instance)
    except LocalCloudError as error:
        _give_up(error)
    _welcome(instance)


@app.command()
def down() -> None:
    """Stop it and keep what it holds."""
    cloud.bring_down(Instance.from_environment())


@app.command()
def reset() -> None:
    """Stop it and forget what it holds."""
    cloud.reset(Instance.from_environment())


@app.command()
def status() -> None:
    """Say what is running; exit code 1 unless everything is."""
    instance = Instance.from_environment()
    services = cloud.services(instance).values()
    for service in services:
        state = f"running on port {service.port}" if service.is_running() else "not running"
        console.print(f"  {service.name}: {state}")
    sys.exit(0 if all(service.is_running() for service in services) else 1)


@app.command()
def logs(
    function: Annotated[str, typer.Argument(help="part of its name, such as webhook")] = "",
    minutes: Annotated[int, typer.Option(help="how far back")] = 15,
) -> None:
    """Print what the functions have logged lately."""
    instance = Instance.from_environment()
    if not cloud.services(instance)["emulated AWS"].is_running():
        _give_up(LocalCloudError("Nothing is running.", f"`make up` first. Other logs: {instance.logs}"))
    since = int((time.time() - minutes * 60) * 1000)
    for found in instance.client("lambda").list_functions()["Functions"]:
        if function.lower() in found["FunctionName"].lower():
            _print_log(instance, found["LoggingConfig"]["LogGroup"], since)


def _instance_to_start() -> Instance:
    instance = Instance.from_environment()
    asked = os.environ.get("PORT")
    if asked and int(asked) != instance.port:
        raise LocalCloudError(
            f"What is kept in {instance.state} belongs to PORT={instance.port}.",
            f"Leave PORT out, or `make reset` first, or keep another: PORT={asked} LOCAL_STATE=.local/{asked}",
        )
    return instance


def _print_log(instance: Instance, group: str, since: int) -> None:
    pages = instance.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=since):
        for event in page["events"]:
            console.print(event["message"].rstrip(), markup=False)


def _welcome(instance: Instance) -> None:
    console.print(f"\nAPI      {instance.api_url}")
    console.print(f"Sandbox  {instance.sandbox_url}")
    console.print(f"Logs     {instance.logs}   (of the functions: make logs)")
    console.print("\nA first import to try:\n")
    console.print(f"export API={instance.api_url} SANDBOX={instance.sandbox_url}", markup=False)
    lines = FIRST_IMPORT.read_text().splitlines()
    console.print("\n".join(line for line in lines if not line.startswith("#")), markup=False)


def _stop_as_on_ctrl_c() -> None:
    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def _give_up(error: LocalCloudError) -> NoReturn:
    console.print("\n[bold red]Error[/bold red]: ", end="")
    console.print(error.message, markup=False)
    console.print(error.remedy, markup=False)
    sys.exit(1)
