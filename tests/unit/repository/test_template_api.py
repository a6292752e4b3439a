"""What template.yaml must hold about the API, and about secrets."""

import json
import re

import pytest

from ops.api_reference.routes import ROUTES
from testing.template import (
    events,
    processed,
    resources,
    target,
)
from testing.template_rules import API, FUNCTIONS, PARAMETERS, STAGE, each_function


def test_only_the_webhook_is_open() -> None:
    routes = [event for function in FUNCTIONS.values() for event in events(function, "HttpApi")]
    authorizers = {event["Path"]: event["Auth"]["Authorizer"] for event in routes}
    opened = {path for path, authorizer in authorizers.items() if authorizer == "NONE"}
    assert opened == {"/webhooks/smallcase"}
    assert {authorizers[path] for path in set(authorizers) - opened} == {"AppUser"}


def test_the_api_takes_tokens_of_the_operators_issuer_for_the_operators_audience() -> None:
    authorizer = API["Body"]["components"]["securitySchemes"]["AppUser"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "jwt"
    assert authorizer["jwtConfiguration"] == {"issuer": {"Ref": "JwtIssuer"}, "audience": {"Ref": "JwtAudience"}}


@pytest.mark.parametrize("limit", ["ThrottlingBurstLimit", "ThrottlingRateLimit"])
def test_the_api_is_throttled(limit: str) -> None:
    parameter = PARAMETERS[target(STAGE["DefaultRouteSettings"][limit])]
    assert parameter["Type"] == "Number"
    assert parameter["Default"] > 0


APP_ROUTES = [route for route in ROUTES if route.needs_user]
CORS = API["Body"]["x-amazon-apigateway-cors"]


def test_browsers_may_send_the_headers_that_the_routes_take() -> None:
    taken = {parameter.name.lower() for route in APP_ROUTES for parameter in route.headers}
    assert set(CORS["allowHeaders"]) == taken | {"authorization", "content-type"}


def test_browsers_may_use_the_methods_that_the_routes_have() -> None:
    assert set(CORS["allowMethods"]) == {route.method for route in APP_ROUTES}


def test_browsers_may_read_the_headers_that_the_routes_answer_with() -> None:
    assert {"etag", "idempotent-replayed", "retry-after", "x-correlation-id"} <= set(CORS["exposeHeaders"])


def test_browsers_may_call_from_the_origins_that_the_operator_names() -> None:
    given = processed(AllowedOrigins="https://app.example")["Resources"]["Api"]["Properties"]["Body"]
    assert given["x-amazon-apigateway-cors"]["allowOrigins"] == "https://app.example"


def test_browsers_may_not_call_from_anywhere_unless_the_operator_says_so() -> None:
    assert "*" not in CORS["allowOrigins"]


SECRET_NAME = re.compile(r"secret|password|token|credential|private|apikey", re.IGNORECASE)


def test_no_parameter_takes_a_secret() -> None:
    assert [name for name in PARAMETERS if SECRET_NAME.search(name)] == []
    assert [name for name, parameter in PARAMETERS.items() if "NoEcho" in parameter] == []


@each_function
def test_no_variable_holds_a_secret(name: str) -> None:
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    suspects = {key: value for key, value in variables.items() if SECRET_NAME.search(key)}
    assert suspects == {"GATEWAY_SECRET_ID": {"Ref": "GatewaySecret"}}


def test_the_secret_is_empty_until_the_operator_fills_it() -> None:
    (secret,) = resources("AWS::SecretsManager::Secret").values()
    assert json.loads(secret["SecretString"]) == {"gatewayName": "", "secret": "", "apiSecret": ""}


def test_no_secret_is_copied_into_the_template() -> None:
    assert "{{resolve:" not in json.dumps(processed())
