"""The intrinsic functions of the processed template are resolved as CloudFormation resolves them."""

from typing import Any

import pytest

from local.emulator.stack import Resource, Stack, UnsupportedTemplateError

STACK = Stack(
    template={
        "Resources": {"Table": {"Type": "AWS::DynamoDB::Table"}, "Skipped": {"Type": "AWS::DynamoDB::Table"}},
        "Conditions": {
            "Local": {"Fn::Equals": [{"Ref": "Issuer"}, "http://127.0.0.1:3001"]},
            "Real": {"Fn::Not": [{"Condition": "Local"}]},
            "Both": {"Fn::And": [{"Condition": "Local"}, {"Condition": "Real"}]},
            "Either": {"Fn::Or": [{"Condition": "Real"}, {"Condition": "Local"}]},
            "Unsupported": {"Fn::Contains": [["a"], "a"]},
        },
    },
    resources={
        "Table": Resource("AWS::DynamoDB::Table", "stack-Table-1"),
        "Read": Resource("AWS::Lambda::Function", "stack-Read-1"),
        "DeadLetters": Resource("AWS::SQS::Queue", "http://localhost:3002/000000000000/stack-DeadLetters-1"),
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
        ({"Fn::GetAtt": "DeadLetters.Arn"}, "arn:aws:sqs:ap-south-1:000000000000:stack-DeadLetters-1"),
        ({"Fn::Sub": "arn:${AWS::Partition}:x/${Read.Arn}/y"}, f"arn:aws:x/{READ_ARN}/y"),
        (
            {"Fn::Sub": ["${Host}-${Table}-${!Literal}", {"Host": {"Ref": "Issuer"}}]},
            "http://127.0.0.1:3001-stack-Table-1-${!Literal}",
        ),
        ({"Fn::Join": ["-", ["a", {"Ref": "Table"}]]}, "a-stack-Table-1"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::If": ["Local", {"Ref": "Table"}, {"Ref": "Missing"}]}, "stack-Table-1"),
        ({"Fn::If": ["Real", 1, 2]}, 2),
        ({"Fn::If": ["Both", 1, {"Fn::If": ["Either", 2, 3]}]}, 2),
        ({"Reserved": {"Fn::If": ["Real", 5, {"Ref": "AWS::NoValue"}]}, "Kept": 1}, {"Kept": 1}),
        ([1, {"Ref": "AWS::NoValue"}, 2], [1, 2]),
        ({"outer": [{"inner": {"Ref": "Table"}}, 1, None]}, {"outer": [{"inner": "stack-Table-1"}, 1, None]}),
    ],
)
def test_intrinsic_functions_are_resolved(value: Any, resolved: Any) -> None:
    assert STACK.resolve(value) == resolved


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Missing"},
        {"Fn::If": ["Unsupported", 1, 2]},
        {"Fn::GetAtt": ["Table", "StreamArn"]},
        {"Fn::FindInMap": ["Sizes", "small", "memory"]},
    ],
)
def test_an_unsupported_intrinsic_function_is_an_error(value: Any) -> None:
    with pytest.raises(UnsupportedTemplateError):
        STACK.resolve(value)


def test_resources_whose_condition_is_false_are_skipped() -> None:
    assert [physical_id for physical_id, _ in STACK.resources_of_type("AWS::DynamoDB::Table")] == ["stack-Table-1"]
