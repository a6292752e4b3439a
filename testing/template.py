"""template.yaml as data, for the tests that assert rules on it."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

CHECKOUT = Path(__file__).parents[1]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms: `!GetAtt Table.Arn` becomes `{"Fn::GetAtt": ["Table", "Arn"]}`."""


def _intrinsic(loader: yaml.SafeLoader, name: str, node: yaml.ScalarNode | yaml.SequenceNode) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    else:
        value = loader.construct_sequence(node, deep=True)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def template() -> dict[str, Any]:
    return dict(yaml.load((CHECKOUT / "template.yaml").read_text(), _Loader))  # noqa: S506 - a SafeLoader


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties."""
    found = {name: item for name, item in template()["Resources"].items() if item["Type"] == kind}
    return {name: item.get("Properties", {}) for name, item in found.items()}


def functions() -> dict[str, dict[str, Any]]:
    """Logical id → properties, with what the Globals give to every function."""
    shared = template()["Globals"]["Function"]
    return {name: _merged(shared, own) for name, own in resources("AWS::Serverless::Function").items()}


def folder(function: str) -> str:
    """`ReceiveWebhookFunction` is built from `functions/receive_webhook`."""
    name = function.removesuffix("Function")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def events(function: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event["Properties"] for event in function.get("Events", {}).values() if event["Type"] == kind]


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    """The function's own policy statements; policy templates of SAM are scoped by their parameters."""
    return [statement for policy in function.get("Policies", []) for statement in policy.get("Statement", [])]


def _merged(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    variables = {**shared["Environment"]["Variables"], **own.get("Environment", {}).get("Variables", {})}
    return {**shared, **own, "Environment": {"Variables": variables}}
