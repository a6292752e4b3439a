"""The three processes of a local cloud: their ports, logs and commands."""

import shutil
import sys

from local.instance import CHECKOUT, Instance
from local.processes import Service, require_free_port

REVERSE_PROXY = "reverse proxy"
EMULATOR = "emulated AWS"
SANDBOX = "sandbox Gateway"


def services(instance: Instance) -> dict[str, Service]:
    """Return the services in the order in which they stop.

    The reverse proxy is first, so that no more requests arrive; the sandbox is last, as functions may be calling it.
    """
    health_urls = {
        REVERSE_PROXY: (instance.port, f"{instance.api_url}/healthz"),
        EMULATOR: (instance.port + 2, f"{instance.aws_endpoint}/_ministack/ready"),
        SANDBOX: (instance.port + 1, f"{instance.sandbox_url}/_sandbox/health"),
    }
    return {
        name: Service(
            name=name,
            port=port,
            health_url=url,
            lock=instance.state / "run" / f"{name.replace(' ', '-').lower()}.lock",
            log=instance.logs / f"{name.replace(' ', '-').lower()}.log",
        )
        for name, (port, url) in health_urls.items()
    }


def is_running(instance: Instance) -> bool:
    """Is any of the services running?"""
    return any(service.is_running() for service in services(instance).values())


def require_free_ports(instance: Instance) -> None:
    """Raises: LocalCloudError when another program uses a port of a service that has still to start."""
    for service in services(instance).values():
        if not service.is_running():
            require_free_port(service)


def start_emulator(instance: Instance) -> Service:
    """Start the emulator unless it is running; it may not be ready yet."""
    emulator = services(instance)[EMULATOR]
    if not emulator.is_running():
        shutil.rmtree(instance.temporary, ignore_errors=True)  # left by an emulator that was killed
        instance.temporary.mkdir(parents=True)
        emulator.start([sys.executable, "-m", "local.emulator"], instance.emulator_environment)
    return emulator


def start_sandbox(instance: Instance) -> Service:
    """Start the sandbox Gateway unless it is running; it may not be ready yet."""
    sandbox = services(instance)[SANDBOX]
    if not sandbox.is_running():
        arguments = [
            *("--port", str(sandbox.port)),
            *("--state", str(instance.sandbox_state)),
            *("--webhook-url", f"{instance.api_url}/webhooks/smallcase"),
        ]
        sandbox.start([sys.executable, "-m", "sandbox", *arguments], instance.sandbox_environment)
    return sandbox


def restart_reverse_proxy(instance: Instance, api_id: str) -> None:
    """Start the reverse proxy anew: a deployment may have given the HTTP API another id."""
    reverse_proxy = services(instance)[REVERSE_PROXY]
    reverse_proxy.stop()
    arguments = [
        *("--port", str(instance.port)),
        *("--emulator", instance.aws_endpoint),
        *("--api-host", f"{api_id}.execute-api.localhost:{instance.port + 2}"),
        *("--web", str(CHECKOUT / "web")),
    ]
    reverse_proxy.start([sys.executable, "-m", "local.reverse_proxy", *arguments], instance.sandbox_environment)
    reverse_proxy.wait_until_ready()
