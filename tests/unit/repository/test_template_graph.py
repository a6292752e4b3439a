"""What SAM makes of template.yaml can be created in some order: CloudFormation refuses a circle.

`sam validate --lint` looks at the template before SAM's transform, and the emulator does not look at all.
"""

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

from testing.template import processed

SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)")
RESOURCES: dict[str, dict[str, Any]] = processed()["Resources"]
NAMES = {
    "Name",
    "FunctionName",
    "TableName",
    "QueueName",
    "LogGroupName",
    "AlarmName",
    "DashboardName",
    "TopicName",
    "RoleName",
}
# Their names are unique within their API or function, not within the account.
NAMED_WITHIN_ANOTHER = {
    *("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::Lambda::Alias"),
    "AWS::AppConfig::ConfigurationProfile",
}


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


def test_deployments_in_steps_are_part_of_the_graph() -> None:
    assert "AWS::CodeDeploy::DeploymentGroup" in {resource["Type"] for resource in RESOURCES.values()}


def test_nothing_waits_for_itself() -> None:
    graph = {name: set(references(resource, set(RESOURCES))) for name, resource in RESOURCES.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(RESOURCES)


def test_two_stacks_fit_into_one_account() -> None:
    """A name of its own is a name that a second stack cannot have."""
    fixed = {
        logical_id: [name for name in NAMES if isinstance(resource.get("Properties", {}).get(name), str)]
        for logical_id, resource in RESOURCES.items()
        if resource["Type"] not in NAMED_WITHIN_ANOTHER
    }
    assert {logical_id: names for logical_id, names in fixed.items() if names} == {}
