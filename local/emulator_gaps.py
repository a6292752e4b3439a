"""What `sam deploy` to the emulator leaves undone, done from the very template that was deployed.

ministack 1.5.33 ignores the OpenAPI body of an HTTP API, so that it has no routes, integrations, authorizers
or CORS; it drops a table's TTL and a function's dead-letter queue and reserved concurrency; a parameter in a queue's
ScalingConfig stays a text, and then it polls no queue at all. Each is set here through the emulator's own API, with
the values of the processed template: the template stays one.
Safe to repeat; every start does.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.instance import REGION, STACK_NAME, Instance

ACCOUNT = "000000000000"

# Logical ids get their physical ones by Ref; by GetAtt only an ARN is ever needed here.
_ARN_PREFIX = {
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:",
}


_DROPPED_OF_FUNCTIONS = ("DeadLetterConfig", "ReservedConcurrentExecutions")

# What the processed template says of a member that is to be as if it were not there.
_NO_VALUE = object()


class UnknownIntrinsicError(ValueError):
    """The processed template says something that `Stack.resolve` was never taught."""


@dataclass(frozen=True)
class Resource:
    type: str
    physical_id: str


@dataclass(frozen=True)
class Stack:
    """A processed template with what its references stand for."""

    template: Mapping[str, Any]
    resources: Mapping[str, Resource]
    parameters: Mapping[str, str | list[str]]

    def of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(physical id, properties as the template has them) of each resource of that type that was created."""
        for logical_id, resource in self.template["Resources"].items():
            if resource["Type"] == kind and logical_id in self.resources:
                yield self.resources[logical_id].physical_id, resource.get("Properties", {})

    def resolve(self, value: Any) -> Any:
        """`value` with Ref, Fn::GetAtt (ARNs), Fn::Sub, Fn::Join, Fn::Split and Fn::If worked out.

        Raises: UnknownIntrinsicError.
        """
        if isinstance(value, list):
            return [resolved for item in value if (resolved := self.resolve(item)) is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Ref":
                return self._reference(argument)
            if name == "Fn::GetAtt":
                return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            if name == "Fn::Sub":
                return self._substitute(argument)
            if name == "Fn::Join":
                separator, parts = argument
                return separator.join(self.resolve(parts))
            if name == "Fn::Split":
                separator, text = argument
                return self.resolve(text).split(separator)
            if name == "Fn::If":
                condition, then, otherwise = argument
                return self.resolve(then if self._holds(self.template["Conditions"][condition]) else otherwise)
            if name.startswith("Fn::"):
                raise UnknownIntrinsicError(name)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not _NO_VALUE}

    def _holds(self, condition: Mapping[str, Any]) -> bool:
        ((name, argument),) = condition.items()
        match name:
            case "Condition":
                return self._holds(self.template["Conditions"][argument])
            case "Fn::Equals":
                one, other = self.resolve(argument)
                return bool(one == other)
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(self._holds(item) for item in argument)
            case "Fn::Or":
                return any(self._holds(item) for item in argument)
        raise UnknownIntrinsicError(f"condition {name}")

    def _reference(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self.parameters:
            return self.parameters[name]
        if name in self.resources:
            return self.resources[name].physical_id
        raise UnknownIntrinsicError(f"Ref {name}")

    def _attribute(self, logical_id: str, attribute: str) -> str:
        resource = self.resources[logical_id]
        if attribute != "Arn" or resource.type not in _ARN_PREFIX:
            raise UnknownIntrinsicError(f"Fn::GetAtt {logical_id}.{attribute}")
        # A queue's physical id is its URL; a function's is its name.
        return _ARN_PREFIX[resource.type] + resource.physical_id.rsplit("/", 1)[-1]

    def _substitute(self, argument: str | list[Any]) -> str:
        text, own_names = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name in own_names:
                return str(self.resolve(own_names[name]))
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._reference(name))

        return re.sub(r"\$\{([^!}]+)\}", replacement, text)


@dataclass(frozen=True)
class Route:
    key: str
    function_uri: str
    payload_version: str
    authorizer: str | None = None
    scopes: list[str] = field(default_factory=list)


def routes_of(body: Mapping[str, Any]) -> list[Route]:
    """The routes of an HTTP API's OpenAPI body; OPTIONS answered by CORS are not among them."""
    return [
        _route(path, method, operation)
        for path, operations in body.get("paths", {}).items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and "x-amazon-apigateway-integration" in operation
    ]


def _route(path: str, method: str, operation: Mapping[str, Any]) -> Route:
    integration = operation["x-amazon-apigateway-integration"]
    # SAM writes `security: [{NONE: []}]` on a route without an authorizer.
    requirements = [item for item in operation.get("security", []) if "NONE" not in item]
    authorizer, scopes = next(iter(requirements[0].items())) if requirements else (None, [])
    verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
    return Route(
        key="$default" if path == "/$default" else f"{verb} {path}",
        function_uri=integration["uri"],
        payload_version=str(integration.get("payloadFormatVersion", "2.0")),
        authorizer=authorizer,
        scopes=scopes,
    )


def authorizers_of(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The settings of each native JWT authorizer, by name.

    Raises: UnknownIntrinsicError for any other kind: none is in use here.
    """
    found = {}
    for name, scheme in body.get("components", {}).get("securitySchemes", {}).items():
        authorizer = scheme.get("x-amazon-apigateway-authorizer")
        if authorizer is None:
            continue
        if authorizer["type"] != "jwt":
            raise UnknownIntrinsicError(f"authorizer {name} of type {authorizer['type']}")
        source = authorizer["identitySource"]
        audience = authorizer["jwtConfiguration"]["audience"]
        found[name] = {
            "AuthorizerType": "JWT",
            "IdentitySource": source if isinstance(source, list) else [source],
            "JwtConfiguration": {
                "Issuer": authorizer["jwtConfiguration"]["issuer"],
                "Audience": audience if isinstance(audience, list) else [audience],
            },
        }
    return found


def cors_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The API's CorsConfiguration; empty when it has none.

    The emulator expands the template before it knows any parameter: one used in CORS has its default value,
    and a list of them is still a text with commas.
    """
    return {
        name[0].upper() + name[1:]: value.split(",") if isinstance(value, str) else value
        for name, value in body.get("x-amazon-apigateway-cors", {}).items()
    }


def complete(instance: Instance) -> int:
    """Fill every gap of the deployed stack; the number of HTTP routes that it has then."""
    stack = read_stack(instance)
    routes = sum(
        _complete_http_api(instance, api_id, stack.resolve(properties["Body"]))
        for api_id, properties in stack.of_type("AWS::ApiGatewayV2::Api")
        if "Body" in properties
    )
    _complete_tables(instance, stack)
    _complete_functions(instance, stack)
    _complete_event_sources(instance, stack)
    return routes


def read_stack(instance: Instance) -> Stack:
    cloudformation = instance.client("cloudformation")
    template = cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    described = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    given = {item["ParameterKey"]: item["ParameterValue"] for item in described.get("Parameters", [])}
    return Stack(
        template=template,
        resources={
            item["LogicalResourceId"]: Resource(item["ResourceType"], item["PhysicalResourceId"]) for item in resources
        },
        parameters=_pseudo_parameters() | _parameter_values(template.get("Parameters", {}), given),
    )


def _pseudo_parameters() -> dict[str, str | list[str]]:
    return {
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackName": STACK_NAME,
    }


def _parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str | list[str]]:
    values = {name: given.get(name, str(rules.get("Default", ""))) for name, rules in declared.items()}
    return {
        name: [part.strip() for part in value.split(",")] if _is_list(declared[name]) else value
        for name, value in values.items()
    }


def _is_list(parameter: Mapping[str, Any]) -> bool:
    kind: str = parameter["Type"]
    return kind == "CommaDelimitedList" or kind.startswith("List<")


def _complete_http_api(instance: Instance, api_id: str, body: Mapping[str, Any]) -> int:
    gateway = instance.client("apigatewayv2")
    _empty_http_api(gateway, api_id)
    authorizer_ids = {
        name: gateway.create_authorizer(ApiId=api_id, Name=name, **settings)["AuthorizerId"]
        for name, settings in authorizers_of(body).items()
    }
    routes = routes_of(body)
    for route in routes:
        integration = gateway.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=route.function_uri,
            IntegrationMethod="POST",
            PayloadFormatVersion=route.payload_version,
        )
        authorization = (
            {"AuthorizationType": "NONE"}
            if route.authorizer is None
            else {
                "AuthorizationType": "JWT",
                "AuthorizerId": authorizer_ids[route.authorizer],
                "AuthorizationScopes": route.scopes,
            }
        )
        target = f"integrations/{integration['IntegrationId']}"
        gateway.create_route(ApiId=api_id, RouteKey=route.key, Target=target, **authorization)
    if cors := cors_of(body):
        gateway.update_api(ApiId=api_id, CorsConfiguration=cors)
    return len(routes)


def _empty_http_api(gateway: Any, api_id: str) -> None:
    for route in gateway.get_routes(ApiId=api_id)["Items"]:
        gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api_id)["Items"]:
        gateway.delete_integration(ApiId=api_id, IntegrationId=integration["IntegrationId"])
    for authorizer in gateway.get_authorizers(ApiId=api_id)["Items"]:
        gateway.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer["AuthorizerId"])


def _complete_tables(instance: Instance, stack: Stack) -> None:
    dynamodb = instance.client("dynamodb")
    for table, properties in stack.of_type("AWS::DynamoDB::Table"):
        wanted = properties.get("TimeToLiveSpecification")
        present = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if wanted and present["TimeToLiveStatus"] != "ENABLED":
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=stack.resolve(wanted))


def _complete_functions(instance: Instance, stack: Stack) -> None:
    functions = instance.client("lambda")
    for function, properties in stack.of_type("AWS::Lambda::Function"):
        dropped = {name: properties[name] for name in _DROPPED_OF_FUNCTIONS if name in properties}
        wanted = stack.resolve(dropped)
        if letters := wanted.get("DeadLetterConfig"):
            functions.update_function_configuration(FunctionName=function, DeadLetterConfig=letters)
        if reserved := wanted.get("ReservedConcurrentExecutions"):
            functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=int(reserved))


def _complete_event_sources(instance: Instance, stack: Stack) -> None:
    functions = instance.client("lambda")
    for mapping, properties in stack.of_type("AWS::Lambda::EventSourceMapping"):
        if scaling := properties.get("ScalingConfig"):
            numbers = {name: int(value) for name, value in stack.resolve(scaling).items()}
            functions.update_event_source_mapping(UUID=mapping, ScalingConfig=numbers)
