"""Run the SAM CLI against the emulator."""

import subprocess
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from local.errors import LocalCloudError
from local.instance import CHECKOUT, Instance
from local.processes import tail

_SAM = CHECKOUT / ".tools" / "sam" / "bin" / "sam"


def run_sam(
    instance: Instance,
    command: list[str],
    options: Mapping[str, str | list[str]],
    *,
    log_name: str,
    extra_environment: Mapping[str, str] | None = None,
) -> None:
    """Run `sam` with its output in a log file.

    Raises: LocalCloudError with the end of that output when it fails.
    """
    log = instance.logs / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # sam leaves a temporary folder behind for every function that it packages.
    with TemporaryDirectory(dir=instance.state) as temporary, log.open("w") as output:
        result = subprocess.run(
            _command_line(command, options),
            cwd=CHECKOUT,
            env={**instance.tool_environment, **(extra_environment or {}), "TMPDIR": temporary},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if result.returncode != 0:
        raise LocalCloudError(
            f"`sam {command[0]}` failed. The end of its output:\n{tail(log)}", f"The whole output: {log}"
        )


def _command_line(command: list[str], options: Mapping[str, str | list[str]]) -> list[str]:
    # An environment that samconfig.toml does not define: the settings there are for AWS.
    arguments = [str(_SAM), *command, "--config-env", "local"]
    for name, value in options.items():
        arguments += [f"--{name}", *([value] if isinstance(value, str) else value)]
    return arguments
