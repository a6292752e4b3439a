"""What template.yaml must hold about functions, their permissions and logs."""

import json
import re
from typing import Any

import pytest

from gateway_backend.runtime.settings import Settings
from ops.api_reference.routes import ROUTES
from testing import reach
from testing.template import (
    CHECKOUT,
    events,
    folder,
    managed_policies,
    processed,
    resources,
    statements,
    target,
)
from testing.template_rules import (
    API_GATEWAY_WAITS_SECONDS,
    FUNCTIONS,
    LOG_GROUPS,
    PARAMETERS,
    STAGE,
    each_function,
    functions_of,
    granted,
    handler,
)


def test_every_folder_is_deployed() -> None:
    assert {path.parent.name for path in (CHECKOUT / "functions").glob("*/app.py")} == set(map(folder, FUNCTIONS))


@each_function
def test_a_function_may_do_what_its_code_does_and_nothing_else(name: str) -> None:
    assert granted(FUNCTIONS[name]) == reach.permissions(handler(name))


CHECK = "CheckVersionFunction"
# Both ask Gateway on read how a transaction stands, and store the answer.
SYNC_ON_READ = {"get_transaction", "get_order"}
READERS = {route.function for route in ROUTES if route.method == "GET"} - SYNC_ON_READ


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if folder(name) in READERS])
def test_a_reader_cannot_write(name: str) -> None:
    reads = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Query on Lists", "secretsmanager:GetSecretValue"}
    assert granted(FUNCTIONS[name]) <= reads


@each_function
def test_a_function_has_a_role_of_its_own(name: str) -> None:
    others = [target(function["Role"]) for other, function in FUNCTIONS.items() if other != name]
    assert target(FUNCTIONS[name]["Role"]) not in others


@each_function
def test_a_statement_has_no_wildcard(name: str) -> None:
    """But for what has no name before it is made: the versions of a function, the groups of a deployment."""
    written = json.dumps(statements(FUNCTIONS[name]))
    assert "*" not in re.sub(r"\$\{\w+Function\.Arn\}:\*|\$\{ServerlessDeploymentApplication\}/\*", "", written)


@each_function
def test_a_statement_names_resources_of_this_stack(name: str) -> None:
    for statement in statements(FUNCTIONS[name]):
        assert set(statement) == {"Effect", "Action", "Resource"}
        for arn in statement["Resource"]:
            text = arn.get("Fn::Sub")
            named = re.findall(r"\$\{(\w+)[.}]", text) if isinstance(text, str) else [target(arn)]
            assert named
            assert set(named) <= set(processed()["Resources"])


def test_every_other_function_is_checked_before_its_new_version_takes_a_call() -> None:
    (invoke,) = [each for each in statements(FUNCTIONS[CHECK]) if each["Action"] == ["lambda:InvokeFunction"]]
    assert {target(arn) for arn in invoke["Resource"]} == {*FUNCTIONS} - {CHECK}


@each_function
def test_a_function_has_no_policy_of_aws_but_those_that_sam_adds(name: str) -> None:
    added = {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess"}
    added |= {"AWSLambdaSQSQueueExecutionRole"} if events(FUNCTIONS[name], "SQS") else set()
    added |= {"AWSLambdaDynamoDBExecutionRole"} if events(FUNCTIONS[name], "DynamoDB") else set()
    assert managed_policies(FUNCTIONS[name]) == added


@each_function
def test_a_function_has_the_addresses_that_its_code_reads_and_no_others(name: str) -> None:
    addresses = {"WEBHOOK_QUEUE_URL", "REFRESH_QUEUE_URL", "EVENT_BUS_NAME"}
    read = {setting.upper() for setting in reach.settings_read(handler(name))}
    assert addresses & set(FUNCTIONS[name]["Environment"]["Variables"]) == addresses & read


def setting(value: Any) -> str:
    """What the variable holds when every parameter has its default."""
    return value if isinstance(value, str) else str(PARAMETERS.get(target(value), {}).get("Default", "x"))


@each_function
def test_a_function_can_read_its_settings(name: str) -> None:
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    assert Settings.read({key: setting(value) for key, value in variables.items()})


@each_function
def test_a_function_runs_on_the_python_that_is_tested(name: str) -> None:
    tested = (CHECKOUT / ".python-version").read_text().strip()
    assert FUNCTIONS[name]["Runtime"] == f"python{tested}"


@each_function
def test_a_function_runs_on_the_processor_that_the_operator_names(name: str) -> None:
    assert FUNCTIONS[name]["Architectures"] == [{"Ref": "Architecture"}]


def test_the_processor_is_arm64_unless_the_operator_names_another() -> None:
    assert PARAMETERS["Architecture"]["Default"] == "arm64"


@each_function
def test_a_function_has_the_layer(name: str) -> None:
    (layer,) = resources("AWS::Lambda::LayerVersion")
    assert FUNCTIONS[name]["Layers"] == [{"Ref": layer}]


def test_the_layer_is_for_what_the_functions_run_on() -> None:
    (layer,) = resources("AWS::Lambda::LayerVersion").values()
    for function in FUNCTIONS.values():
        assert layer["CompatibleRuntimes"] == [function["Runtime"]]
        assert layer["CompatibleArchitectures"] == function["Architectures"]


@each_function
def test_a_function_is_traced(name: str) -> None:
    assert FUNCTIONS[name]["TracingConfig"] == {"Mode": "Active"}


@pytest.mark.parametrize("name", functions_of("HttpApi"))
def test_a_function_ends_before_the_api_stops_waiting(name: str) -> None:
    assert FUNCTIONS[name]["Timeout"] < API_GATEWAY_WAITS_SECONDS


# Logs ------------------------------------------------------------------------------------------


def test_every_function_logs_into_a_group_of_its_own() -> None:
    groups = [target(function["LoggingConfig"]["LogGroup"]) for function in FUNCTIONS.values()]
    assert len(set(groups)) == len(FUNCTIONS)
    assert set(groups) <= set(LOG_GROUPS)


@pytest.mark.parametrize("name", LOG_GROUPS)
def test_a_log_group_keeps_for_as_long_as_the_operator_says(name: str) -> None:
    assert LOG_GROUPS[name]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_an_access_log_is_one_json_object_a_line() -> None:
    line = STAGE["AccessLogSettings"]["Format"]
    assert "\n" not in line
    assert isinstance(json.loads(line), dict)


def test_access_logs_hold_no_bodies_headers_claims_or_addresses() -> None:
    line = STAGE["AccessLogSettings"]["Format"]
    harmless = {
        "requestId",
        "routeKey",
        "status",
        "responseLatency",
        "responseLength",
        "error.message",
        "integrationLatency",
        "integration.status",
    }
    assert set(re.findall(r"\$context\.([\w.]+)", line)) <= harmless
    assert line.count("$") == line.count("$context.")


def test_access_logs_go_into_a_group_of_the_stack() -> None:
    assert target(STAGE["AccessLogSettings"]["DestinationArn"]) in LOG_GROUPS
