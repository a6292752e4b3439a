"""What `sam build` made for this machine: the layer, and every function with the environment that it starts in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

BUILD = Path(__file__).resolve().parent.parent / ".local" / "build" / "artifacts"
"""`make up`, `make run` and `make test` build here, for this machine's processor."""

LAMBDA_ENVIRONMENT = {
    "AWS_REGION": "ap-south-1",
    "AWS_DEFAULT_REGION": "ap-south-1",
    "AWS_ACCESS_KEY_ID": "not-a-real-key",
    "AWS_SECRET_ACCESS_KEY": "not-a-real-secret",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
}
"""The environment variables that Lambda itself sets and that our code or botocore reads."""


class NotBuiltError(Exception):
    """There are no built artifacts."""


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
        """Return Python's search path as Lambda has it: the function's code before the layer."""
        return os.pathsep.join([str(function.folder), str(self.layer)])


def read_app(build: Path = BUILD) -> BuiltApp:
    """Read the built template. Raises: NotBuiltError."""
    template = build / "template.yaml"
    if not template.exists():
        raise NotBuiltError(f"Nothing is built in {build}: run `make up` first, which builds for this machine")
    document = yaml.safe_load(template.read_text(encoding="utf-8"))
    layer = document["Resources"]["CoreLayer"]["Properties"]["ContentUri"]
    return BuiltApp(build / layer / "python", tuple(_read_functions(document, build)))


def _read_functions(document: dict[str, Any], build: Path) -> list[Function]:
    defaults = {name: parameter.get("Default", name) for name, parameter in document["Parameters"].items()}
    shared = document["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    functions = []
    for name, resource in sorted(document["Resources"].items()):
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        own = resource["Properties"].get("Environment", {}).get("Variables", {})
        variables = {key: _resolve(value, defaults) for key, value in {**shared, **own}.items()}
        folder = build / resource["Properties"]["CodeUri"]
        functions.append(Function(name.removesuffix("Function"), folder, {**LAMBDA_ENVIRONMENT, **variables}))
    return functions


def _resolve(value: Any, defaults: Mapping[str, Any]) -> str:
    """Resolve a reference to a parameter's default, or to a resource's logical id: it has no physical one yet."""
    if isinstance(value, dict):
        ((_, reference),) = value.items()
        return str(defaults.get(str(reference), reference))
    return str(value)
