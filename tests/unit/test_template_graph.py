"""What SAM makes of template.yaml can be created in some order: CloudFormation refuses a circle.

`sam validate --lint` looks at the template before SAM's transform, and the emulator does not look at all.
"""

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.conftest import CHECKOUT

SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)")


class ManagedPolicies:
    """Stands in for SAM's look-up of AWS's own policies."""

    def load(self) -> dict[str, str]:
        return {}


def processed(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    template = yaml_parse((CHECKOUT / "template.yaml").read_text())
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/functions"
    template["Resources"]["CoreLayer"]["Properties"]["ContentUri"] = "s3://bucket/layer"
    return dict(transform(template, {}, ManagedPolicies())["Resources"])


def references(value: Any, resources: set[str]) -> Iterator[str]:
    """The logical ids that a piece of the template waits for."""
    if isinstance(value, list):
        for entry in value:
            yield from references(entry, resources)
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        if name == "Ref":
            yield from {inner} & resources
        elif name == "Fn::GetAtt":
            yield from {inner[0] if isinstance(inner, list) else inner.split(".")[0]} & resources
        elif name == "Fn::Sub" and isinstance(inner, str):
            yield from set(SUBSTITUTED.findall(inner)) & resources
        elif name == "Fn::Sub":
            yield from set(SUBSTITUTED.findall(inner[0])) & resources
            yield from references(inner[1], resources)
        elif name == "DependsOn":
            yield from {inner} if isinstance(inner, str) else set(inner)
        else:
            yield from references(inner, resources)


def test_nothing_waits_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    resources = processed(monkeypatch)
    graph = {name: set(references(resource, set(resources))) for name, resource in resources.items()}

    assert "AWS::CodeDeploy::DeploymentGroup" in {resource["Type"] for resource in resources.values()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(resources)


def test_two_stacks_fit_into_one_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of its own is a name that a second stack cannot have."""
    names = (
        "Name",
        "FunctionName",
        "TableName",
        "QueueName",
        "LogGroupName",
        "AlarmName",
        "DashboardName",
        "TopicName",
    )
    for logical_id, resource in processed(monkeypatch).items():
        if resource["Type"] not in ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::Lambda::Alias"):
            fixed = [name for name in names if isinstance(resource.get("Properties", {}).get(name), str)]
            assert fixed == [], f"{logical_id} has a fixed {fixed}"
