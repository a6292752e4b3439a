"""What the tests of template.yaml have in common: it is read as CloudFormation sees it, after SAM's transform."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_backend.domain.refresh.result import Result
from testing.template import (
    CHECKOUT,
    events,
    folder,
    functions,
    processed,
    resources,
    statements,
    target,
)

FUNCTIONS = functions()
ALARMS = resources("AWS::CloudWatch::Alarm")
QUEUES = resources("AWS::SQS::Queue")
LOG_GROUPS = resources("AWS::Logs::LogGroup")
PARAMETERS = processed()["Parameters"]
(API,) = resources("AWS::ApiGatewayV2::Api").values()
(STAGE,) = resources("AWS::ApiGatewayV2::Stage").values()
(TABLE,) = resources("AWS::DynamoDB::Table").values()
# Actions of an index; whatever else a statement allows has no effect there.
ON_INDEXES = {"dynamodb:Query", "dynamodb:Scan"}
STACK = "AWS::StackName"
# The dimensions of our own metrics, which tell them from those of another stack in the account.
OF_THIS_STACK = {"service": {"Ref": STACK}}
API_GATEWAY_WAITS_SECONDS = 30
CANARY_SECONDS = 300
SQS_KEEPS_AT_MOST = 14 * 86400
STREAM_KEEPS_SECONDS = 86400

# Which metrics AWS publishes with which dimensions, as far as we use them. An alarm with other dimensions never rings.
PUBLISHED_BY_AWS: dict[str, dict[str, set[tuple[str, ...]]]] = {
    "AWS/SQS": {
        "ApproximateNumberOfMessagesVisible": {("QueueName",)},
        "ApproximateAgeOfOldestMessage": {("QueueName",)},
    },
    "AWS/ApiGateway": {name: {("ApiId",), ("ApiId", "Stage")} for name in ("Count", "Latency", "4xx", "5xx")},
    "AWS/DynamoDB": {
        "ReadThrottleEvents": {("TableName",), ("GlobalSecondaryIndexName", "TableName")},
        "WriteThrottleEvents": {("TableName",), ("GlobalSecondaryIndexName", "TableName")},
        "ThrottledRequests": {("Operation", "TableName")},
        "SystemErrors": {("Operation", "TableName")},
    },
    "AWS/Lambda": {name: {(), ("FunctionName",)} for name in ("Errors", "Invocations", "Throttles")}
    | {"IteratorAge": {("FunctionName",)}},
}

each_function = pytest.mark.parametrize("name", FUNCTIONS)
each_alarm = pytest.mark.parametrize("name", ALARMS)


def functions_of(kind: str) -> list[str]:
    return [name for name, function in FUNCTIONS.items() if events(function, kind)]


def handler(name: str) -> Path:
    return CHECKOUT / "functions" / folder(name) / "app.py"


def index(arn: Any) -> str:
    """The name of the index that the ARN is of; empty for anything else."""
    text = arn.get("Fn::Sub", "")
    return text.partition("/index/")[2] if isinstance(text, str) else ""


def failure_destination(function: dict[str, Any]) -> str:
    """The queue to which Lambda sends, by the function's role, what the function could not do."""
    destinations = [event["DestinationConfig"]["OnFailure"]["Destination"] for event in events(function, "DynamoDB")]
    return target(destinations[0]) if destinations else ""


def granted(function: dict[str, Any]) -> set[str]:
    """Every permission of the function's role that its code can use, in the words of `reach`."""
    found = set()
    for statement in statements(function):
        for action in statement["Action"]:
            for arn in statement["Resource"]:
                if index(arn):
                    found |= {f"{action} on {index(arn)}"} if action in ON_INDEXES else set()
                elif target(arn) != failure_destination(function):
                    found.add(action)
    return found


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Those the alarm watches: its only one, or those that its expression is about."""
    stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return stats or [alarm]


def dimensions(metric: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}


def counter(word: str) -> str:
    return word[0].upper() + word[1:]


def texts(name: ast.expr) -> Iterator[str]:
    """The text itself, or the two that `a if … else b` chooses from."""
    match name:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from (*texts(first), *texts(second))


def counted_in_code() -> set[str]:
    """Counters that the code writes: `count("WebhookRejected")`, a page's results, and what a schedule returns."""
    found = set(map(counter, Result))
    for path in [*(CHECKOUT / "layers/core/gateway_backend").rglob("*.py"), *(CHECKOUT / "functions").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id="count" | "_count"), args=[name, *_]):
                    found |= set(texts(name))
                case ast.Call(func=ast.Name(id="Counter"), keywords=given):
                    found |= {counter(str(keyword.arg)) for keyword in given}
                case ast.FunctionDef(returns=ast.Subscript() as result, body=[*_, ast.Return(ast.expr() as value)]):
                    dicts = [each for each in ast.walk(value) if isinstance(each, ast.Dict)]
                    if ast.unparse(result) == "dict[str, int]":
                        keys = [key for each in dicts for key in each.keys]
                        found |= {counter(str(key.value)) for key in keys if isinstance(key, ast.Constant)}
    return found
