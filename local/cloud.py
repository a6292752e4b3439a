"""Start, stop and reset the local cloud: which step follows which."""

import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from local import build, deploy
from local.emulator.gaps import complete_deployment
from local.errors import LocalCloudError
from local.instance import CHECKOUT, REGION, STACK_NAME, Instance, architecture, forget_port, record_port
from local.progress import console, step
from local.queues import drain_consumers, resume_consumers
from local.services import (
    is_running,
    require_free_ports,
    restart_reverse_proxy,
    services,
    start_emulator,
    start_sandbox,
)


def start(instance: Instance) -> None:
    """Start the local cloud, or deploy what has changed if it is running; it is ready when this returns.

    Raises: LocalCloudError, after stopping again what this call started.
    """
    _stop_marker(instance).unlink(missing_ok=True)
    require_free_ports(instance)
    record_port(instance)
    was_running = is_running(instance)
    try:
        _start(instance)
    except BaseException:
        if not was_running:
            stop(instance)
        raise


def _start(instance: Instance) -> None:
    emulator = start_emulator(instance)
    sandbox = start_sandbox(instance)
    with build.build_lock():
        inputs_hash = _build(instance)
        with step("Start the emulated AWS and the sandbox Gateway"):
            emulator.wait_until_ready()
            sandbox.wait_until_ready()
        _deploy(instance, inputs_hash)
    outputs = deploy.outputs(instance)
    with step("Configure what the emulator does not deploy") as current:
        current.detail = f"{complete_deployment(instance)} routes"
        deploy.put_gateway_secret(instance, outputs["GatewaySecretArn"])
        resume_consumers(instance)
    with step("Start the reverse proxy"):
        restart_reverse_proxy(instance, outputs["ApiId"])
    _write_outputs(instance, outputs)


def stop(instance: Instance) -> None:
    """Stop everything and keep the state. The emulator saves its state only when it may end by itself."""
    reverse_proxy, emulator, sandbox = services(instance).values()
    if not is_running(instance):
        console.print("  Nothing is running.")
        return
    _stop_marker(instance).touch()
    with step("Stop the local cloud"):
        reverse_proxy.stop()
        if emulator.is_running():
            drain_consumers(instance)
        saved = emulator.stop()
        sandbox.stop()
        shutil.rmtree(instance.temporary, ignore_errors=True)
    if not saved:
        console.print("  [red]The emulated AWS had to be killed: its changes since it started are lost.[/red]")


def reset(instance: Instance) -> None:
    """Stop everything and delete the state."""
    stop(instance)
    with step(f"Delete the state in {instance.state}"):
        for folder in (instance.emulator_state, instance.temporary, instance.logs, instance.state / "run"):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (instance.sandbox_state, instance.outputs):
            file.unlink(missing_ok=True)
        forget_port(instance)


def watch(instance: Instance) -> None:
    """Wait until another command stops the local cloud.

    Raises: LocalCloudError when a process ends without such a command.
    """
    while True:
        for service in services(instance).values():
            if not service.is_running():
                if _stop_marker(instance).exists():
                    _wait_until_stopped(instance)
                    return
                raise LocalCloudError(f"The {service.name} has ended.", f"Its log: {service.log}")
        time.sleep(1)


def _stop_marker(instance: Instance) -> Path:
    """A file that exists from `stop` to the next `start`: it tells `watch` that a process did not crash."""
    return instance.state / "stopped"


def _wait_until_stopped(instance: Instance) -> None:
    while is_running(instance):
        time.sleep(0.2)


def _build(instance: Instance) -> str:
    inputs_hash = build.hash_inputs(CHECKOUT, machine=f"{sys.platform} {architecture()}")
    if build.is_current(inputs_hash):
        console.print("  [green]✓[/green] Build (nothing has changed)")
    else:
        with step("Build (sam build)"):
            build.build(instance, inputs_hash)
    return inputs_hash


def _deploy(instance: Instance, inputs_hash: str) -> None:
    revision = deploy.compute_revision(instance, inputs_hash)
    if deploy.is_current(instance, revision):
        console.print("  [green]✓[/green] Deployment (nothing has changed)")
    else:
        with step("Deploy (sam deploy)"):
            deploy.deploy(instance, revision)


def _write_outputs(instance: Instance, stack_outputs: Mapping[str, str]) -> None:
    """Write the addresses and the stack's outputs to a file, for tests and tools."""
    document = {
        "apiUrl": instance.api_url,
        "sandboxUrl": instance.sandbox_url,
        "webUrl": instance.api_url + "/",
        "awsEndpoint": instance.aws_endpoint,
        "region": REGION,
        "stackName": STACK_NAME,
        "logs": str(instance.logs),
    }
    # The stack's ApiUrl is the address that the API would have on AWS.
    document |= {name[0].lower() + name[1:]: value for name, value in stack_outputs.items() if name != "ApiUrl"}
    temporary = Path(f"{instance.outputs}.new")
    temporary.write_text(json.dumps(document, indent=2) + "\n")
    temporary.replace(instance.outputs)
