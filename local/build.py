"""`sam build` for this machine, skipped while none of its inputs has changed.

It builds into `.local/build` and not into `.aws-sam`, because its wheels are for this machine's processor and must not
be deployed to AWS.
"""

import fcntl
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.instance import BUILD, CHECKOUT, Instance, architecture
from local.sam import run_sam

BUILT_TEMPLATE = BUILD / "artifacts" / "template.yaml"

_INPUTS = ("template.yaml", "functions", "layers")
_LAYER_INPUTS = ("layers/core", "template.yaml")
_CACHE_FOLDERS = {"__pycache__", ".mypy_cache", ".ruff_cache"}
_STAMP = BUILD / "inputs.sha256"


@contextmanager
def build_lock() -> Iterator[None]:
    """Let one instance at a time build or read the build, which all instances of a checkout share."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hash_inputs(checkout: Path, inputs: Iterable[str] = _INPUTS, *, machine: str) -> str:
    """Hash the name and content of every input file, and the machine that the build is for."""
    digest = hashlib.sha256(machine.encode())
    for path in _list_files(checkout, inputs):
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(checkout).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def layer_digest() -> str:
    """Hash the sources of the layer, for a file in each function's artifact.

    `AutoPublishAlias` publishes a new version of a function only when the function's own artifact changes, and SAM does
    not count the layer as a part of it. With the digest in the artifact, a new layer makes new versions.
    """
    return hash_inputs(CHECKOUT, _LAYER_INPUTS, machine="")


def _list_files(checkout: Path, inputs: Iterable[str]) -> list[Path]:
    roots = [checkout / name for name in inputs]
    paths = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*"))]
    return sorted(path for path in paths if path.is_file() and not _CACHE_FOLDERS.intersection(path.parts))


def is_current(inputs_hash: str) -> bool:
    return BUILT_TEMPLATE.exists() and _STAMP.exists() and _STAMP.read_text() == inputs_hash


def build(instance: Instance, inputs_hash: str) -> None:
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
        extra_environment={"LAYER_DIGEST": layer_digest()},
    )
    _STAMP.write_text(inputs_hash)
