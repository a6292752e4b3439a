"""What `sam build` made, as Lambda will meet it: the layer, the function's code, and nothing else."""

import os
import platform
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest

from bench import artifacts, bytecode, size
from build_layer import AWS_SERVICES
from local.build import layer_digest

CHECKOUT = Path(__file__).resolve().parents[2]
LARGEST_MB = 20
ELF_MACHINES = {"x86_64": 0x3E, "aarch64": 0xB7, "arm64": 0xB7}
RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot_restore_py")

STARTS_AS_ON_LAMBDA = """
import importlib
from awslambdaric.bootstrap import _get_handler
handler = _get_handler("app.handler")
assert handler is importlib.import_module("app").handler
assert callable(handler)
"""

MAKES_EVERY_CLIENT = f"""
import botocore.session
session = botocore.session.get_session()
for service in {AWS_SERVICES!r}:
    print(session.create_client(service).meta.endpoint_url)
"""


@pytest.fixture(scope="module")
def app() -> artifacts.BuiltApp:
    return artifacts.read_app()


@pytest.fixture(scope="module")
def runtime_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lambda's own runtime client, alone: the development environment holds much more than Lambda does."""
    folder = tmp_path_factory.mktemp("runtime")
    for distribution in RUNTIME_CLIENT:
        for file in files(distribution) or ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and source.exists():
                link = folder / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(source)
    return folder


def run_alone(code: str, python_path: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A Python without site-packages, so that only what is on `python_path` can be imported."""
    interpreter = getattr(sys, "_base_executable", sys.executable)
    environment = {**environment, "PYTHONPATH": python_path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [interpreter, "-S", "-P", "-c", code], env=environment, capture_output=True, text=True, check=False
    )


def test_the_layer_is_built_for_this_machine(app: artifacts.BuiltApp) -> None:
    (binary,) = app.layer.glob("pydantic_core/*.so")

    machine = int.from_bytes(binary.read_bytes()[18:20], "little")

    assert machine == ELF_MACHINES[platform.machine()], "the build has another machine's wheels"


def test_every_function_starts_from_layer_and_code_alone(app: artifacts.BuiltApp, runtime_client: Path) -> None:
    assert app.functions
    failures = {}
    for function in app.functions:
        python_path = f"{app.python_path(function)}:{runtime_client}"
        result = run_alone(STARTS_AS_ON_LAMBDA, python_path, dict(function.environment))
        if result.returncode != 0:
            failures[function.name] = result.stderr[-600:]

    assert failures == {}


def test_every_aws_service_we_call_has_its_client_in_the_layer(app: artifacts.BuiltApp) -> None:
    result = run_alone(MAKES_EVERY_CLIENT, str(app.layer), artifacts.LAMBDA_ENVIRONMENT)

    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == [f"https://{name}.ap-south-1.amazonaws.com" for name in AWS_SERVICES]


def test_nothing_is_compiled_again_on_lambda(app: artifacts.BuiltApp) -> None:
    row = bytecode.recompiled_row(app)

    assert row.reference > 100, "the artifacts hold hardly any Python"
    assert row.measured == 0


def test_bytecode_names_where_lambda_unpacks_and_not_the_machine_that_built_it(app: artifacts.BuiltApp) -> None:
    for folder, place in [
        (app.layer, b"/opt/python/"),
        *((each.folder, b"/var/task/") for each in app.functions),
    ]:
        for compiled in folder.rglob("*.pyc"):
            content = compiled.read_bytes()
            assert place in content, compiled
            assert str(CHECKOUT).encode() not in content, compiled


def test_layer_and_function_are_small(app: artifacts.BuiltApp) -> None:
    assert size.row(app).measured <= LARGEST_MB


def test_requirements_are_what_the_lock_says() -> None:
    environment = {**os.environ, "PATH": os.pathsep.join([str(CHECKOUT / ".tools" / "bin"), os.environ["PATH"]])}
    exported = subprocess.run(
        ["make", "--silent", "--no-print-directory", "-C", "layers/core", "print-requirements"],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert exported.returncode == 0, exported.stderr
    committed = (CHECKOUT / "layers/core/requirements.txt").read_text(encoding="utf-8")
    assert committed == exported.stdout, "uv.lock has moved on: run `make -C layers/core requirements`"


def test_a_new_layer_makes_new_versions_of_every_function(app: artifacts.BuiltApp) -> None:
    """SAM publishes a version only when a function's own artifact changes: the layer's digest is part of each."""
    digests = {(function.folder / "layer.sha256").read_text().strip() for function in app.functions}

    assert digests == {layer_digest()}
