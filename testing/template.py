"""template.yaml as data: as it is written, and as CloudFormation sees it, after SAM's transform."""

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

CHECKOUT = Path(__file__).parents[1]

_SUBSTITUTED = re.compile(r"\$\{(\w+)")
_FUNCTION_OF_URI = re.compile(r"/functions/\$\{(\w+)\}/invocations$")


class _ManagedPolicies:
    """Stands in for SAM's look-up of AWS's own policies, of which the template names none."""

    def load(self) -> dict[str, str]:
        return {}


@cache
def template() -> dict[str, Any]:
    """As it is written, but for YAML's anchors and short forms: `!GetAtt A.Arn` is `{"Fn::GetAtt": ["A", "Arn"]}`."""
    return dict(yaml_parse((CHECKOUT / "template.yaml").read_text()))


@cache
def processed(**parameters: str) -> dict[str, Any]:
    """As CloudFormation sees it: Globals are merged, and roles, aliases, routes and whatever else SAM makes are there.

    SAM puts in the value of a parameter in few places, such as CORS; a parameter that is not given has its default.
    """
    # Imported here because it takes half a second, and most of those who import this module only read the file.
    from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

    # By way of JSON, as `sam build` goes by way of a file: what shares an anchor must not be one object.
    packaged = json.loads(json.dumps(template()))
    packaged["Globals"]["Function"]["CodeUri"] = "s3://bucket/functions"
    packaged["Resources"]["CoreLayer"]["Properties"]["ContentUri"] = "s3://bucket/layer"
    with patch.dict(os.environ, AWS_DEFAULT_REGION="ap-south-1"):
        return dict(transform(packaged, parameters, _ManagedPolicies()))


def resource(logical_id: str) -> dict[str, Any]:
    """With its type and its policies of deletion and update."""
    return dict(processed()["Resources"][logical_id])


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties of what CloudFormation creates, by id: pytest's workers need one order."""
    found = {name: item for name, item in sorted(processed()["Resources"].items()) if item["Type"] == kind}
    return {name: item.get("Properties", {}) for name, item in found.items()}


def functions() -> dict[str, dict[str, Any]]:
    """Logical id → properties, and `Events`: what invokes the function."""
    found = {name: properties | {"Events": []} for name, properties in resources("AWS::Lambda::Function").items()}
    for invoked, kind, event in _invocations():
        found[function_of(invoked)]["Events"].append((kind, event))
    return found


def function_of(logical_id: str) -> str:
    """Of an alias the function; of a function itself."""
    alias = resources("AWS::Lambda::Alias").get(logical_id)
    return target(alias["FunctionName"]) if alias else logical_id


def folder(function: str) -> str:
    """`ReceiveWebhookFunction` is built from `functions/receive_webhook`."""
    name = function.removesuffix("Function")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def events(function: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """What invokes the function in SAM's words: `HttpApi`, `SQS`, `DynamoDB` or `ScheduleV2`, with its properties."""
    return [event for its_kind, event in function["Events"] if its_kind == kind]


def invoked() -> set[str]:
    """The logical ids that the API, the queues, the stream and the schedules invoke."""
    return {logical_id for logical_id, _, _ in _invocations()}


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    """What the function's role allows, SAM's own statements included; `Action` and `Resource` are lists."""
    policies = resources("AWS::IAM::Role")[target(function["Role"])].get("Policies", [])
    found = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return [
        statement | {"Action": _listed(statement["Action"]), "Resource": _listed(statement["Resource"])}
        for statement in found
    ]


def managed_policies(function: dict[str, Any]) -> set[str]:
    """The names of AWS's own policies that the function's role has."""
    role = resources("AWS::IAM::Role")[target(function["Role"])]
    return {str(arn).rpartition("/")[2] for arn in role.get("ManagedPolicyArns", [])}


def target(reference: Any) -> str:
    """The logical id, or the parameter, that a Ref, GetAtt or Sub is about."""
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Sub": [str(text), dict(variables)]}:
            (name,) = _SUBSTITUTED.findall(text)
            return target(variables[name])
        case {"Fn::Sub": str(text)}:
            return str(_SUBSTITUTED.findall(text)[0])
    return ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _invocations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What is invoked, by what kind of event, with which properties."""
    for api in resources("AWS::ApiGatewayV2::Api").values():
        for path, operations in api["Body"]["paths"].items():
            for method, operation in operations.items():
                uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                (function,) = _FUNCTION_OF_URI.findall(uri)
                authorizers = [name for rule in operation.get("security", []) for name in rule] or ["NONE"]
                (authorizer,) = authorizers
                yield function, "HttpApi", {"Method": method.upper(), "Path": path, "Auth": {"Authorizer": authorizer}}
    for mapping in resources("AWS::Lambda::EventSourceMapping").values():
        source = mapping["EventSourceArn"]
        if target(source) in resources("AWS::SQS::Queue"):
            yield target(mapping["FunctionName"]), "SQS", {"Queue": source} | mapping
        else:
            yield target(mapping["FunctionName"]), "DynamoDB", {"Stream": source} | mapping
    for schedule in resources("AWS::Scheduler::Schedule").values():
        yield target(schedule["Target"]["Arn"]), "ScheduleV2", schedule
