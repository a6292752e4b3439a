"""What the emulator leaves out is read from the processed template: references, routes, authorizers, CORS."""

from typing import Any
from unittest.mock import Mock

import pytest

from local import emulator_gaps
from local.emulator_gaps import Resource, Route, Stack, UnknownIntrinsicError, authorizers_of, cors_of, routes_of

INVOKE = "arn:aws:apigateway:ap-south-1:lambda:path/2015-03-31/functions/{}/invocations"

STACK = Stack(
    template={
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}, "Skipped": {"Type": "AWS::DynamoDB::Table"}},
        "Conditions": {
            "Local": {"Fn::Equals": [{"Ref": "Issuer"}, "http://127.0.0.1:3001"]},
            "Real": {"Fn::Not": [{"Condition": "Local"}]},
            "Both": {"Fn::And": [{"Condition": "Local"}, {"Condition": "Real"}]},
            "Either": {"Fn::Or": [{"Condition": "Real"}, {"Condition": "Local"}]},
            "Odd": {"Fn::Contains": [["a"], "a"]},
        },
    },
    resources={
        "Table": Resource("AWS::DynamoDB::Table", "stack-Table-1"),
        "Read": Resource("AWS::Lambda::Function", "stack-Read-1"),
        "Letters": Resource("AWS::SQS::Queue", "http://localhost:3002/000000000000/stack-Letters-1"),
    },
    parameters={"AWS::Partition": "aws", "Issuer": "http://127.0.0.1:3001", "Audiences": ["app", "web"]},
)

READ_ARN = "arn:aws:lambda:ap-south-1:000000000000:function:stack-Read-1"


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ({"Ref": "Issuer"}, "http://127.0.0.1:3001"),
        ({"Ref": "Audiences"}, ["app", "web"]),
        ({"Ref": "Table"}, "stack-Table-1"),
        ({"Fn::GetAtt": ["Read", "Arn"]}, READ_ARN),
        ({"Fn::GetAtt": "Letters.Arn"}, "arn:aws:sqs:ap-south-1:000000000000:stack-Letters-1"),
        ({"Fn::Sub": "arn:${AWS::Partition}:x/${Read.Arn}/y"}, f"arn:aws:x/{READ_ARN}/y"),
        (
            {"Fn::Sub": ["${Who}-${Table}-${!Literal}", {"Who": {"Ref": "Issuer"}}]},
            "http://127.0.0.1:3001-stack-Table-1-${!Literal}",
        ),
        ({"Fn::Join": ["-", ["a", {"Ref": "Table"}]]}, "a-stack-Table-1"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::If": ["Local", {"Ref": "Table"}, {"Ref": "Nobody"}]}, "stack-Table-1"),
        ({"Fn::If": ["Real", 1, 2]}, 2),
        ({"Fn::If": ["Both", 1, {"Fn::If": ["Either", 2, 3]}]}, 2),
        ({"Reserved": {"Fn::If": ["Real", 5, {"Ref": "AWS::NoValue"}]}, "Kept": 1}, {"Kept": 1}),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"deep": [{"er": {"Ref": "Table"}}, 1, None]}, {"deep": [{"er": "stack-Table-1"}, 1, None]}),
    ],
)
def test_references_are_resolved(value: Any, resolved: Any) -> None:
    assert STACK.resolve(value) == resolved


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Nobody"},
        {"Fn::If": ["Odd", 1, 2]},
        {"Fn::GetAtt": ["Table", "StreamArn"]},
        {"Fn::FindInMap": ["Sizes", "small", "memory"]},
    ],
)
def test_what_cannot_be_resolved_is_refused_and_not_passed_on(value: Any) -> None:
    with pytest.raises(UnknownIntrinsicError):
        STACK.resolve(value)


def test_a_resource_whose_condition_left_it_out_is_not_completed() -> None:
    assert [physical_id for physical_id, _ in STACK.of_type("AWS::DynamoDB::Table")] == ["stack-Table-1"]


def test_each_operation_of_the_body_becomes_a_route() -> None:
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
    assert routes_of(body) == [
        Route("GET /v1/holdings", INVOKE.format("read"), "2.0", "AppUser", ["holdings:read"]),
        Route("POST /webhooks/smallcase", INVOKE.format("webhook"), "2.0"),
        Route("ANY /v1/any", INVOKE.format("any"), "2.0"),
        Route("$default", INVOKE.format("rest"), "2.0"),
    ]


def scheme(kind: str) -> dict[str, Any]:
    authorizer = {
        "type": kind,
        "identitySource": "$request.header.Authorization",
        "jwtConfiguration": {"issuer": "https://login.example", "audience": ["app", "web"]},
    }
    return {"components": {"securitySchemes": {"AppUser": {"x-amazon-apigateway-authorizer": authorizer}}}}


def test_a_jwt_authorizer_keeps_its_issuer_and_every_audience() -> None:
    assert authorizers_of(scheme("jwt")) == {
        "AppUser": {
            "AuthorizerType": "JWT",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Issuer": "https://login.example", "Audience": ["app", "web"]},
        }
    }


def test_an_authorizer_that_could_not_be_made_is_refused_rather_than_left_out() -> None:
    with pytest.raises(UnknownIntrinsicError, match="AppUser"):
        authorizers_of(scheme("request"))


def test_cors_is_spelled_as_the_api_wants_it() -> None:
    body = {"x-amazon-apigateway-cors": {"allowOrigins": "http://a,http://b", "allowMethods": ["GET"], "maxAge": 60}}
    assert cors_of(body) == {"AllowOrigins": ["http://a", "http://b"], "AllowMethods": ["GET"], "MaxAge": 60}
    assert cors_of({}) == {}


@pytest.mark.parametrize(("reserves", "reserved"), [("true", [7]), ("false", [])])
def test_numbers_that_are_parameters_arrive_as_numbers(reserves: str, reserved: list[int]) -> None:
    functions = Mock()
    stack = Stack(
        template={
            "Conditions": {"Reserves": {"Fn::Equals": [{"Ref": "Reserve"}, "true"]}},
            "Resources": {
                "Refresh": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "ReservedConcurrentExecutions": {
                            "Fn::If": ["Reserves", {"Ref": "Most"}, {"Ref": "AWS::NoValue"}]
                        }
                    },
                },
                "Queue": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {"ScalingConfig": {"MaximumConcurrency": {"Ref": "Most"}}},
                },
                "Stream": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"BatchSize": 100}},
            },
        },
        resources={
            "Refresh": Resource("AWS::Lambda::Function", "refresh"),
            "Queue": Resource("AWS::Lambda::EventSourceMapping", "mapping-1"),
            "Stream": Resource("AWS::Lambda::EventSourceMapping", "mapping-2"),
        },
        parameters={"Most": "7", "Reserve": reserves},
    )

    emulator_gaps._complete_functions(Mock(client=lambda _: functions), stack)
    emulator_gaps._complete_event_sources(Mock(client=lambda _: functions), stack)

    given = functions.put_function_concurrency.call_args_list
    assert [call.kwargs["ReservedConcurrentExecutions"] for call in given] == reserved
    functions.update_event_source_mapping.assert_called_once_with(
        UUID="mapping-1", ScalingConfig={"MaximumConcurrency": 7}
    )
