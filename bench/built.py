"""What `sam build` made for this machine: where it is, and the environment each function starts in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BUILD = Path(__file__).resolve().parent.parent / ".local" / "build" / "artifacts"
"""Where `make up`, `make run` and `make test` build, for this machine's processor."""

LAMBDA_GIVES = {
    "AWS_REGION": "ap-south-1",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "AWS_ACCESS_KEY_ID": "not-a-real-key",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
}
"""Environment variables that Lambda sets itself, as far as our code or botocore reads them."""


class NothingBuiltError(Exception):
    """There are no artifacts to look at."""


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    folder: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BuiltApp:
    layer: Path
    functions: tuple[Function, ...]

    def python_path(self, function: Function) -> str:
        """Where Lambda looks first: the function's code, then the layer."""
        return os.pathsep.join([str(function.folder), str(self.layer)])


def read(build: Path = BUILD) -> BuiltApp:
    """Raises: NothingBuiltError."""
    template = build / "template.yaml"
    if not template.exists():
        raise NothingBuiltError(f"Nothing is built in {build}: run `make up` first, it builds for this machine")
    document = yaml.safe_load(template.read_text(encoding="utf-8"))
    layer = document["Resources"]["CoreLayer"]["Properties"]["ContentUri"]
    return BuiltApp(build / layer / "python", tuple(_functions(document, build)))


def _functions(document: dict[str, Any], build: Path) -> list[Function]:
    defaults = {name: parameter.get("Default", name) for name, parameter in document["Parameters"].items()}
    shared = document["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    functions = []
    for name, resource in sorted(document["Resources"].items()):
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        own = resource["Properties"].get("Environment", {}).get("Variables", {})
        variables = {key: _resolved(value, defaults) for key, value in {**shared, **own}.items()}
        folder = build / resource["Properties"]["CodeUri"]
        functions.append(Function(name.removesuffix("Function"), folder, {**LAMBDA_GIVES, **variables}))
    return functions


def _resolved(value: Any, defaults: Mapping[str, Any]) -> str:
    """A parameter's default; for what only exists once deployed, its logical id will do."""
    if isinstance(value, dict):
        ((_, reference),) = value.items()
        return str(defaults.get(str(reference), reference))
    return str(value)
