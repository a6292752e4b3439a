"""Bring the local cloud up, take it down, forget what it holds: the order of things."""

import json
import shutil
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local import build, deploy, emulator_gaps
from local.errors import LocalCloudError
from local.instance import CHECKOUT, REGION, STACK_NAME, Instance, architecture, forget_port, record_port
from local.processes import Service, require_free_port
from local.progress import console, step

_PAUSE_SECONDS = 10


def services(instance: Instance) -> dict[str, Service]:
    """In the order of stopping: the door first, and last the Gateway, which functions may be calling."""
    health = {
        "front door": (instance.port, f"{instance.api_url}/healthz"),
        "emulated AWS": (instance.port + 2, f"{instance.aws_endpoint}/_ministack/ready"),
        "sandbox Gateway": (instance.port + 1, f"{instance.sandbox_url}/_sandbox/health"),
    }
    return {
        name: Service(
            name=name,
            port=port,
            health_url=url,
            lock=instance.state / "run" / f"{name.replace(' ', '-').lower()}.lock",
            log=instance.logs / f"{name.replace(' ', '-').lower()}.log",
        )
        for name, (port, url) in health.items()
    }


def bring_up(instance: Instance) -> None:
    """Ready when it returns; when it cannot be, what it started is stopped again.

    On a running cloud it deploys what has changed. Raises: LocalCloudError.
    """
    _stopped(instance).unlink(missing_ok=True)
    _require_ports(instance)
    record_port(instance)
    already_running = is_running(instance)
    try:
        _bring_up(instance)
    except BaseException:
        if not already_running:
            bring_down(instance)
        raise


def _bring_up(instance: Instance) -> None:
    front_door, emulator, sandbox = services(instance).values()
    _start_emulator(instance, emulator)
    _start_sandbox(instance, sandbox)
    with build.build_lock():
        wanted = _build(instance)
        with step("Start the emulated AWS and the sandbox Gateway"):
            emulator.wait_until_ready()
            sandbox.wait_until_ready()
        _deploy(instance, wanted)
    outputs = deploy.outputs(instance)
    with step("Complete what the emulator leaves out") as current:
        current.detail = f"{emulator_gaps.complete(instance)} routes"
        deploy.put_gateway_secret(instance, outputs["GatewaySecretArn"])
        _let_queues_flow(instance, flow=True)
    with step("Open the front door"):
        front_door.stop()
        front_door.start(_front_door_command(instance, outputs["ApiId"]), instance.sandbox_environment)
        front_door.wait_until_ready()
    _write_outputs(instance, outputs)


def bring_down(instance: Instance) -> None:
    """Stop everything, gently: the emulator keeps on disk what it holds only when it may end by itself."""
    front_door, emulator, sandbox = services(instance).values()
    if not is_running(instance):
        console.print("  Nothing is running.")
        return
    _stopped(instance).touch()
    with step("Stop the local cloud"):
        front_door.stop()
        if emulator.is_running():
            _let_work_finish(instance)
        kept = emulator.stop()
        sandbox.stop()
        shutil.rmtree(instance.temporary, ignore_errors=True)
    if not kept:
        console.print("  [red]The emulated AWS had to be killed: what it learned since its start is lost.[/red]")


def reset(instance: Instance) -> None:
    bring_down(instance)
    with step(f"Forget everything in {instance.state}"):
        for folder in (instance.emulator_state, instance.temporary, instance.logs, instance.state / "run"):
            shutil.rmtree(folder, ignore_errors=True)
        for file in (instance.sandbox_state, instance.outputs):
            file.unlink(missing_ok=True)
        forget_port(instance)


def is_running(instance: Instance) -> bool:
    return any(service.is_running() for service in services(instance).values())


def watch(instance: Instance) -> None:
    """Return when `make down` stops it elsewhere. Raises: LocalCloudError when a process has ended by itself."""
    while True:
        for service in services(instance).values():
            if not service.is_running():
                if _stopped(instance).exists():
                    _wait_until_stopped(instance)
                    return
                raise LocalCloudError(f"The {service.name} has ended.", f"Its log: {service.log}")
        time.sleep(1)


def _stopped(instance: Instance) -> Path:
    """There from `down` to the next start, so that a `run` elsewhere knows it for no accident."""
    return instance.state / "stopped"


def _wait_until_stopped(instance: Instance) -> None:
    while is_running(instance):
        time.sleep(0.2)


def _require_ports(instance: Instance) -> None:
    for service in services(instance).values():
        if not service.is_running():
            require_free_port(service)


def _start_emulator(instance: Instance, emulator: Service) -> None:
    if emulator.is_running():
        return
    shutil.rmtree(instance.temporary, ignore_errors=True)  # of a run that was killed
    instance.temporary.mkdir(parents=True)
    emulator.start([sys.executable, "-m", "local.emulator"], instance.emulator_environment)


def _start_sandbox(instance: Instance, sandbox: Service) -> None:
    if sandbox.is_running():
        return
    webhook_url = f"{instance.api_url}/webhooks/smallcase"
    arguments = [
        "--port",
        str(sandbox.port),
        "--state",
        str(instance.sandbox_state),
        "--webhook-url",
        webhook_url,
    ]
    sandbox.start([sys.executable, "-m", "sandbox", *arguments], instance.sandbox_environment)


def _build(instance: Instance) -> str:
    wanted = build.inputs_hash(CHECKOUT, machine=f"{sys.platform} {architecture()}")
    if build.is_current(wanted):
        console.print("  [green]✓[/green] Build (nothing has changed)")
    else:
        with step("Build (sam build)"):
            build.build(instance, wanted)
    return wanted


def _deploy(instance: Instance, build_hash: str) -> None:
    wanted = deploy.revision(instance, build_hash)
    if deploy.is_current(instance, wanted):
        console.print("  [green]✓[/green] Deployment (nothing has changed)")
    else:
        with step("Deploy (sam deploy)"):
            deploy.deploy(instance, wanted)


def _front_door_command(instance: Instance, api_id: str) -> list[str]:
    api_host = f"{api_id}.execute-api.localhost:{instance.port + 2}"
    web = str(CHECKOUT / "web")
    arguments = ["--port", str(instance.port), "--emulator", instance.aws_endpoint, "--api-host", api_host]
    return [sys.executable, "-m", "local.front_door", *arguments, "--web", web]


def _let_work_finish(instance: Instance) -> None:
    """Take no more from the queues and wait for what has been taken.

    A message lost in a worker's hands would be seen again only after its visibility timeout: six minutes.
    """
    try:
        _let_queues_flow(instance, flow=False)
        deadline = time.monotonic() + _PAUSE_SECONDS
        while time.monotonic() < deadline and _messages_in_hand(instance):
            time.sleep(0.2)
    except (BotoCoreError, ClientError) as error:
        console.print(f"  The emulated AWS did not answer, and is stopped as it is: {error}", markup=False)


def _let_queues_flow(instance: Instance, *, flow: bool) -> None:
    functions = instance.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if ":sqs:" in mapping["EventSourceArn"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=flow)


def _messages_in_hand(instance: Instance) -> int:
    queues = instance.client("sqs")
    name = "ApproximateNumberOfMessagesNotVisible"
    return sum(
        int(queues.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])
        for url in queues.list_queues().get("QueueUrls", [])
    )


def _write_outputs(instance: Instance, outputs: dict[str, str]) -> None:
    """For tests and tools: where everything is."""
    everything = {
        "apiUrl": instance.api_url,
        "sandboxUrl": instance.sandbox_url,
        "webUrl": instance.api_url + "/",
        "awsEndpoint": instance.aws_endpoint,
        "region": REGION,
        "stackName": STACK_NAME,
        "logs": str(instance.logs),
    }
    # The stack's own, by their names in camelCase. Its ApiUrl is the one it would have on AWS.
    everything |= {name[0].lower() + name[1:]: value for name, value in outputs.items() if name != "ApiUrl"}
    unfinished = Path(f"{instance.outputs}.new")
    unfinished.write_text(json.dumps(everything, indent=2) + "\n")
    unfinished.replace(instance.outputs)
