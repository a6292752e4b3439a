"""The deployed stack as CloudFormation describes it, with the intrinsic functions of its template resolved."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.instance import REGION, STACK_NAME, Instance

_ACCOUNT_ID = "000000000000"

# `Ref` gives a physical id. Of the attributes of `Fn::GetAtt`, the template needs only the ARNs of these types.
_ARN_PREFIX = {
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{_ACCOUNT_ID}:function:",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{_ACCOUNT_ID}:",
}

# Marks a member that `AWS::NoValue` removes.
_NO_VALUE = object()


class UnsupportedTemplateError(ValueError):
    """The processed template uses something that this package cannot reproduce in the emulator."""


@dataclass(frozen=True)
class Resource:
    type: str
    physical_id: str


@dataclass(frozen=True)
class Stack:
    """A processed template with the values that its references resolve to."""

    template: Mapping[str, Any]
    resources: Mapping[str, Resource]
    parameters: Mapping[str, str | list[str]]

    def resources_of_type(self, resource_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the physical id and the unresolved properties of every created resource of the type."""
        for logical_id, resource in self.template["Resources"].items():
            if resource["Type"] == resource_type and logical_id in self.resources:
                yield self.resources[logical_id].physical_id, resource.get("Properties", {})

    def resolve(self, value: Any) -> Any:
        """Resolve Ref, Fn::GetAtt (ARNs), Fn::Sub, Fn::Join, Fn::Split and Fn::If everywhere in `value`.

        Raises: UnsupportedTemplateError for any other, because a value that is passed on unresolved would fail later.
        """
        if isinstance(value, list):
            return [resolved for item in value if (resolved := self.resolve(item)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._resolve_intrinsic(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def _resolve_intrinsic(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return self._resolve_ref(argument)
            case "Fn::GetAtt":
                return self._resolve_attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            case "Fn::Sub":
                return self._substitute(argument)
            case "Fn::Join":
                separator, parts = argument
                return separator.join(self.resolve(parts))
            case "Fn::Split":
                separator, text = argument
                return self.resolve(text).split(separator)
            case "Fn::If":
                condition, then, otherwise = argument
                return self.resolve(then if self._evaluate(self.template["Conditions"][condition]) else otherwise)
        raise UnsupportedTemplateError(name)

    def _evaluate(self, condition: Mapping[str, Any]) -> bool:
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self._evaluate(self.template["Conditions"][argument])
            case "Fn::Equals":
                left, right = self.resolve(argument)
                return bool(left == right)
            case "Fn::Not":
                return not self._evaluate(argument[0])
            case "Fn::And":
                return all(self._evaluate(item) for item in argument)
            case "Fn::Or":
                return any(self._evaluate(item) for item in argument)
        raise UnsupportedTemplateError(f"condition {name}")

    def _resolve_ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.parameters:
            return self.parameters[name]
        if name in self.resources:
            return self.resources[name].physical_id
        raise UnsupportedTemplateError(f"Ref {name}")

    def _resolve_attribute(self, logical_id: str, attribute: str) -> str:
        resource = self.resources[logical_id]
        if attribute != "Arn" or resource.type not in _ARN_PREFIX:
            raise UnsupportedTemplateError(f"Fn::GetAtt {logical_id}.{attribute}")
        # A queue's physical id is its URL; a function's is its name.
        return _ARN_PREFIX[resource.type] + resource.physical_id.rsplit("/", 1)[-1]

    def _substitute(self, argument: str | list[Any]) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name in variables:
                return str(self.resolve(variables[name]))
            return str(self._resolve_attribute(*name.split(".", 1)) if "." in name else self._resolve_ref(name))

        return re.sub(r"\$\{([^!}]+)\}", replacement, text)


def read_stack(instance: Instance) -> Stack:
    """Read the processed template, the resources and the parameters of the deployed stack."""
    cloudformation = instance.client("cloudformation")
    template = cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    described = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    deployed = {item["ParameterKey"]: item["ParameterValue"] for item in described.get("Parameters", [])}
    return Stack(
        template=template,
        resources={
            item["LogicalResourceId"]: Resource(item["ResourceType"], item["PhysicalResourceId"]) for item in resources
        },
        parameters=_pseudo_parameters() | _parameter_values(template.get("Parameters", {}), deployed),
    )


def _pseudo_parameters() -> dict[str, str | list[str]]:
    return {
        "AWS::Region": REGION,
        "AWS::AccountId": _ACCOUNT_ID,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": STACK_NAME,
    }


def _parameter_values(declared: Mapping[str, Any], deployed: Mapping[str, str]) -> dict[str, str | list[str]]:
    values = {name: deployed.get(name, str(declaration.get("Default", ""))) for name, declaration in declared.items()}
    return {
        name: [item.strip() for item in value.split(",")] if _is_list(declared[name]) else value
        for name, value in values.items()
    }


def _is_list(parameter: Mapping[str, Any]) -> bool:
    parameter_type: str = parameter["Type"]
    return parameter_type == "CommaDelimitedList" or parameter_type.startswith("List<")
