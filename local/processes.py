"""Background processes that outlive the command that started them, stopped by their own id.

Each process holds a lock on its own file in `run/` for as long as it lives: the operating system drops the
lock when the process ends, however it ends. So a left-over file of a crashed process, or another process
that got its number, is never mistaken for ours.
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
    """A server of ours. `health_url` answers 200 once it is ready."""

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
        """Raises: LocalCloudError when the port is taken."""
        require_free_port(self)
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".previous.log"))
        with self.lock.open("w") as lock, self.log.open("w") as log:
            if not _try_lock(lock, fcntl.LOCK_EX):
                raise LocalCloudError(f"The {self.name} is being started already.", "Wait for it.")
            process = subprocess.Popen(
                command,
                cwd=CHECKOUT,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the command, which then stops it in order
                pass_fds=[lock.fileno()],
            )
            lock.write(str(process.pid))

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Raises: LocalCloudError with the end of its log when it died or never answered."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self.is_running():
                raise self._failure("ended while starting")
            if _answers(self.health_url):
                return
            time.sleep(0.1)
        raise self._failure(f"did not answer at {self.health_url} within {seconds:.0f} s")

    def stop(self, seconds: float = 30) -> bool:
        """Ask it to end and wait; True if it did by itself, False if it had to be killed."""
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

    def _failure(self, what: str) -> LocalCloudError:
        return LocalCloudError(
            f"The {self.name} {what}. The end of its log:\n{tail(self.log)}", f"The whole log: {self.log}"
        )


def require_free_port(service: Service) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", service.port))
        except OSError as error:
            raise port_in_use(service) from error


def port_in_use(service: Service) -> LocalCloudError:
    return LocalCloudError(
        f"Port {service.port}, for the {service.name}, is in use by another program.",
        "If that is another checkout's local cloud, `make down` there. Otherwise choose three other ports "
        f"in a row, for example: make run PORT={_another(service.port)} LOCAL_STATE=.local/{_another(service.port)}",
    )


def tail(log: Path, lines: int = 25) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"


def _another(port: int) -> int:
    return port // 100 * 100 + 1000


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
