"""The routes, integrations, authorizers and CORS of an HTTP API, read from its OpenAPI body.

ministack 1.5.33 ignores the body when it deploys the API, so they are created here through the API Gateway API.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.emulator.stack import UnsupportedTemplateError
from local.instance import Instance


@dataclass(frozen=True)
class Route:
    key: str
    function_uri: str
    payload_version: str
    authorizer: str | None = None
    scopes: list[str] = field(default_factory=list)


def configure_http_api(instance: Instance, api_id: str, body: Mapping[str, Any]) -> int:
    """Replace everything that the API has with what its OpenAPI body declares; return the number of routes."""
    gateway = instance.client("apigatewayv2")
    _delete_everything(gateway, api_id)
    authorizer_ids = {
        name: gateway.create_authorizer(ApiId=api_id, Name=name, **settings)["AuthorizerId"]
        for name, settings in parse_authorizers(body).items()
    }
    routes = parse_routes(body)
    for route in routes:
        _create_route(gateway, api_id, route, authorizer_ids)
    if cors := parse_cors(body):
        gateway.update_api(ApiId=api_id, CorsConfiguration=cors)
    return len(routes)


def parse_routes(body: Mapping[str, Any]) -> list[Route]:
    """Parse the routes of an OpenAPI body, without the OPTIONS operations that CORS answers."""
    return [
        _parse_route(path, method, operation)
        for path, operations in body.get("paths", {}).items()
        for method, operation in operations.items()
        if isinstance(operation, dict) and "x-amazon-apigateway-integration" in operation
    ]


def _parse_route(path: str, method: str, operation: Mapping[str, Any]) -> Route:
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


def parse_authorizers(body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Parse the settings of every JWT authorizer, by name.

    Raises: UnsupportedTemplateError for any other type, because a route must not silently lose its authorizer.
    """
    schemes = body.get("components", {}).get("securitySchemes", {})
    return {
        name: _parse_jwt_authorizer(name, scheme["x-amazon-apigateway-authorizer"])
        for name, scheme in schemes.items()
        if "x-amazon-apigateway-authorizer" in scheme
    }


def _parse_jwt_authorizer(name: str, authorizer: Mapping[str, Any]) -> dict[str, Any]:
    if authorizer["type"] != "jwt":
        raise UnsupportedTemplateError(f"authorizer {name} of type {authorizer['type']}")
    jwt = authorizer["jwtConfiguration"]
    return {
        "AuthorizerType": "JWT",
        "IdentitySource": _as_list(authorizer["identitySource"]),
        "JwtConfiguration": {"Issuer": jwt["issuer"], "Audience": _as_list(jwt["audience"])},
    }


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def parse_cors(body: Mapping[str, Any]) -> dict[str, Any]:
    """Parse the API's CorsConfiguration; it is empty when the API has none.

    A comma-delimited text is split into a list. The emulator expands the template before it has the parameters' values,
    so a list parameter in the CORS settings arrives as the text of its default value.
    """
    return {
        name[0].upper() + name[1:]: value.split(",") if isinstance(value, str) else value
        for name, value in body.get("x-amazon-apigateway-cors", {}).items()
    }


def _delete_everything(gateway: Any, api_id: str) -> None:
    for route in gateway.get_routes(ApiId=api_id)["Items"]:
        gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api_id)["Items"]:
        gateway.delete_integration(ApiId=api_id, IntegrationId=integration["IntegrationId"])
    for authorizer in gateway.get_authorizers(ApiId=api_id)["Items"]:
        gateway.delete_authorizer(ApiId=api_id, AuthorizerId=authorizer["AuthorizerId"])


def _create_route(gateway: Any, api_id: str, route: Route, authorizer_ids: Mapping[str, str]) -> None:
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
