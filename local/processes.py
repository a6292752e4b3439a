"""A background process that outlives the command that started it.

Each process holds a lock on its own file in `run/` while it lives. The operating system releases the lock when the
process ends, however it ends. So neither the file of a crashed process nor an unrelated process that got the same id is
mistaken for a running service.
"""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import httpx

from local.errors import LocalCloudError
from local.instance import CHECKOUT


@dataclass(frozen=True)
class Service:
    """A server in a background process. Its `health_url` answers 200 once it is ready."""

    name: str
    port: int
    health_url: str
    lock: Path
    log: Path

    def is_running(self) -> bool:
        if not self.lock.exists():
            return False
        with self.lock.open() as file:
            return not _try_lock(file, fcntl.LOCK_SH)

    def start(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start the process.

        Raises: LocalCloudError when its port is in use, or when another command is starting it.
        """
        require_free_port(self)
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        with self.lock.open("w") as lock, self.log.open("w") as log:
            if not _try_lock(lock, fcntl.LOCK_EX):
                raise LocalCloudError(f"Another command is starting the {self.name}.", "Wait until it has finished.")
            process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C must reach the command only, which stops the services in order
                pass_fds=[lock.fileno()],
            )
            lock.write(str(process.pid))

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Wait until the service answers.

        Raises: LocalCloudError with the end of its log when it ends or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_running():
                raise self._failure("ended while starting")
            if _answers(self.health_url):
                return
            time.sleep(0.1)
        raise self._failure(f"did not answer at {self.health_url} within {seconds:.0f} s")

    def stop(self, seconds: float = 30) -> bool:
        """Terminate the process and wait. Return whether it ended by itself, without being killed."""
        if not self.is_running():
            return True
        pid = int(self.lock.read_text())
        os.kill(pid, signal.SIGTERM)
        ended = self._wait_for_end(seconds)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            self._wait_for_end(5)
        return ended

    def _wait_for_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_running():
                return True
            time.sleep(0.05)
        return False

    def _failure(self, event: str) -> LocalCloudError:
        return LocalCloudError(
            f"The {self.name} {event}. The end of its log:\n{tail(self.log)}", f"The whole log: {self.log}"
        )


def require_free_port(service: Service) -> None:
    """Raises: LocalCloudError when another program uses the service's port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", service.port))
        except OSError as error:
            raise _port_in_use(service) from error


def _port_in_use(service: Service) -> LocalCloudError:
    other = service.port // 100 * 100 + 1000
    return LocalCloudError(
        f"Port {service.port}, for the {service.name}, is in use by another program.",
        "If it is the local cloud of another checkout, run `make down` there. Otherwise choose another PORT, the first "
        f"of three ports in a row, for example: make run PORT={other} LOCAL_STATE=.local/{other}",
    )


def tail(log: Path, lines: int = 25) -> str:
    """Return the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _try_lock(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
