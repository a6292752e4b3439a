"""The routes, authorizers and CORS settings of an HTTP API are read from its OpenAPI body."""

from typing import Any

import pytest

from local.emulator.http_api import Route, parse_authorizers, parse_cors, parse_routes
from local.emulator.stack import UnsupportedTemplateError

INVOKE = "arn:aws:apigateway:ap-south-1:lambda:path/2015-03-31/functions/{}/invocations"


def test_every_operation_with_an_integration_is_a_route() -> None:
    def operation(function: str, **more: Any) -> dict[str, Any]:
        uri = INVOKE.format(function)
        return {"x-amazon-apigateway-integration": {"uri": uri, "payloadFormatVersion": "2.0"}, **more}

    body = {
        "paths": {
            "/v1/holdings": {
                "get": operation("read", security=[{"AppUser": ["holdings:read"]}]),
                "options": {"responses": {}},
            },
            "/webhooks/smallcase": {"post": operation("webhook", security=[{"NONE": []}])},
            "/v1/any": {"x-amazon-apigateway-any-method": operation("any")},
            "/$default": {"x-amazon-apigateway-any-method": operation("rest")},
        }
    }
    assert parse_routes(body) == [
        Route("GET /v1/holdings", INVOKE.format("read"), "2.0", "AppUser", ["holdings:read"]),
        Route("POST /webhooks/smallcase", INVOKE.format("webhook"), "2.0"),
        Route("ANY /v1/any", INVOKE.format("any"), "2.0"),
        Route("$default", INVOKE.format("rest"), "2.0"),
    ]


def body_with_authorizer(authorizer_type: str) -> dict[str, Any]:
    authorizer = {
        "type": authorizer_type,
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://login.example", "audience": ["app", "web"]},
    }
    return {"components": {"securitySchemes": {"AppUser": {"x-amazon-apigateway-authorizer": authorizer}}}}


def test_a_jwt_authorizer_has_its_issuer_and_every_audience() -> None:
    assert parse_authorizers(body_with_authorizer("jwt")) == {
        "AppUser": {
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Issuer": "https://login.example", "Audience": ["app", "web"]},
        }
    }


def test_an_unsupported_authorizer_is_an_error() -> None:
    with pytest.raises(UnsupportedTemplateError, match="AppUser"):
        parse_authorizers(body_with_authorizer("request"))


def test_cors_settings_have_the_names_of_the_api() -> None:
    body = {"x-amazon-apigateway-cors": {"allowMethods": ["GET"], "maxAge": 60}}
    assert parse_cors(body) == {"AllowMethods": ["GET"], "MaxAge": 60}


def test_cors_origins_in_one_text_are_split() -> None:
    body = {"x-amazon-apigateway-cors": {"allowOrigins": "http://a,http://b"}}
    assert parse_cors(body) == {"AllowOrigins": ["http://a", "http://b"]}


def test_an_api_without_cors_has_no_cors_settings() -> None:
    assert parse_cors({}) == {}
