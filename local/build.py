"""`sam build` for this machine, skipped while nothing that goes into it has changed.

Built into `.local/build`, apart from `.aws-sam`: the wheels are this machine's, not those to deploy.
"""

import fcntl
import hashlib
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local.errors import LocalCloudError
from local.instance import BUILD, CHECKOUT, Instance, architecture
from local.processes import tail

INPUTS = ("template.yaml", "functions", "layers")
LAYER = ("layers/core",)
BUILT_TEMPLATE = BUILD / "artifacts" / "template.yaml"

_STAMP = BUILD / "inputs.sha256"
_SAM = CHECKOUT / ".tools" / "sam" / "bin" / "sam"
_NOT_INPUTS = {"__pycache__", ".mypy_cache", ".ruff_cache"}


@contextmanager
def build_lock() -> Iterator[None]:
    """Instances share the build: one builds or reads it at a time."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def inputs_hash(checkout: Path, inputs: Iterable[str] = INPUTS, *, machine: str) -> str:
    """Changes with the name or content of any input file, and with the machine built for."""
    digest = hashlib.sha256(machine.encode())
    for path in _files(checkout, inputs):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(checkout).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def layer_digest() -> str:
    """What the layer is made of.

    `AutoPublishAlias` publishes a new version of a function only when the function's own artifact changes, and to SAM
    the layer is no part of it. So the build writes this beside the function's code: a new layer makes new versions.
    """
    return inputs_hash(CHECKOUT, LAYER, machine="")


def _files(checkout: Path, inputs: Iterable[str]) -> list[Path]:
    roots = [checkout / name for name in inputs]
    found = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(path for path in found if path.is_file() and not _NOT_INPUTS.intersection(path.parts))


def is_current(wanted: str) -> bool:
    return BUILT_TEMPLATE.exists() and _STAMP.exists() and _STAMP.read_text() == wanted


def build(instance: Instance, wanted: str) -> None:
    """Raises: LocalCloudError."""
    _STAMP.unlink(missing_ok=True)
    run_sam(
        instance,
        ["build", "--cached", "--parallel"],
        {
            "template-file": "template.yaml",
            "build-dir": str(BUILD / "artifacts"),
            "cache-dir": str(BUILD / "cache" / architecture()),
        },
        log_name="sam-build",
        more_environment={"LAYER_DIGEST": layer_digest()},
    )
    _STAMP.write_text(wanted)


def run_sam(
    instance: Instance,
    command: list[str],
    options: dict[str, str | list[str]],
    *,
    log_name: str,
    more_environment: Mapping[str, str] | None = None,
) -> None:
    """Raises: LocalCloudError with the end of sam's output."""
    log = instance.logs / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    # An environment that samconfig.toml does not have: its settings are for AWS.
    arguments = [str(_SAM), *command, "--config-env", "local"]
    for name, value in options.items():
        arguments += [f"--{name}", *([value] if isinstance(value, str) else value)]
    # sam leaves a folder behind for every function that it packs.
    with TemporaryDirectory(dir=instance.state) as temporary, log.open("w") as output:
        environment = {**instance.tool_environment, **(more_environment or {}), "TMPDIR": temporary}
        result = subprocess.run(
            arguments,
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if result.returncode != 0:
        raise LocalCloudError(f"`sam {command[0]}` failed. The end of its output:\n{tail(log)}", f"All of it: {log}")
