"""What template.yaml must hold, read as CloudFormation sees it, after SAM's transform.

What the local cloud does not enforce is enforced here.
"""

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_backend.domain.refresh.result import Result
from gateway_backend.runtime.settings import Settings
from ops.api_reference.routes import ROUTES
from testing import reach
from testing.template import (
    CHECKOUT,
    events,
    folder,
    function_of,
    functions,
    invoked,
    managed_policies,
    processed,
    resource,
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


# Functions -------------------------------------------------------------------------------------


def test_every_folder_is_deployed() -> None:
    assert {path.parent.name for path in (CHECKOUT / "functions").glob("*/app.py")} == set(map(folder, FUNCTIONS))


@each_function
def test_a_function_may_do_what_its_code_does_and_nothing_else(name: str) -> None:
    assert granted(FUNCTIONS[name]) == reach.permissions(handler(name))


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
    assert "*" not in json.dumps(statements(FUNCTIONS[name]))


@each_function
def test_a_statement_names_resources_of_this_stack(name: str) -> None:
    for statement in statements(FUNCTIONS[name]):
        assert set(statement) == {"Effect", "Action", "Resource"}
        assert set(map(target, statement["Resource"])) <= set(processed()["Resources"])


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


# API -------------------------------------------------------------------------------------------


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


# Queues ----------------------------------------------------------------------------------------


def dead_letter_queues() -> dict[str, str]:
    """Queue → its dead-letter queue."""
    redrives = {name: queue["RedrivePolicy"] for name, queue in QUEUES.items() if "RedrivePolicy" in queue}
    return {name: target(policy["deadLetterTargetArn"]) for name, policy in redrives.items()}


def all_dead_letter_queues() -> set[str]:
    destinations = {failure_destination(function) for function in FUNCTIONS.values()} - {""}
    return {*dead_letter_queues().values(), *destinations}


@pytest.mark.parametrize("name", functions_of("SQS"))
def test_a_message_stays_hidden_for_six_times_its_functions_timeout(name: str) -> None:
    """As AWS advises, so that retries of throttled batches do not overlap."""
    (event,) = events(FUNCTIONS[name], "SQS")
    assert QUEUES[target(event["Queue"])]["VisibilityTimeout"] >= 6 * FUNCTIONS[name]["Timeout"]


@pytest.mark.parametrize("name", functions_of("SQS"))
def test_only_the_messages_that_failed_come_back(name: str) -> None:
    (event,) = events(FUNCTIONS[name], "SQS")
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_queue_with_a_function_has_dead_letters() -> None:
    worked_on = {target(event["Queue"]) for function in FUNCTIONS.values() for event in events(function, "SQS")}
    assert worked_on == set(dead_letter_queues())


@pytest.mark.parametrize("name", dead_letter_queues())
def test_a_message_is_a_dead_letter_after_five_failures(name: str) -> None:
    assert QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] == 5


@pytest.mark.parametrize("name", sorted(all_dead_letter_queues()))
def test_dead_letters_are_kept_for_as_long_as_sqs_can(name: str) -> None:
    assert QUEUES[name]["MessageRetentionPeriod"] == SQS_KEEPS_AT_MOST


def watched_queues(metric: str) -> set[str]:
    return {
        target(dimensions(each)["QueueName"])
        for alarm in ALARMS.values()
        for each in metrics(alarm)
        if (each["Namespace"], each["MetricName"]) == ("AWS/SQS", metric)
    }


@pytest.mark.parametrize("metric", ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"])
def test_dead_letters_have_an_alarm_on_their_number_and_one_on_their_age(metric: str) -> None:
    assert all_dead_letter_queues() <= watched_queues(metric)


@pytest.mark.parametrize("name", QUEUES)
def test_a_queue_is_encrypted(name: str) -> None:
    assert QUEUES[name]["SqsManagedSseEnabled"] is True


def test_refreshes_never_ask_gateway_for_more_than_the_operator_allows() -> None:
    function = FUNCTIONS["RefreshSnapshotsFunction"]
    (event,) = events(function, "SQS")
    limit = {"Ref": "RefreshConcurrency"}
    assert event["ScalingConfig"]["MaximumConcurrency"] == limit
    assert function["ReservedConcurrentExecutions"]["Fn::If"][:2] == ["ReservesConcurrency", limit]


def test_a_refresh_worker_takes_one_page_at_a_time() -> None:
    """A page of accounts may take the function's whole time."""
    (event,) = events(FUNCTIONS["RefreshSnapshotsFunction"], "SQS")
    assert event["BatchSize"] == 1


@pytest.mark.parametrize(
    "elsewhere", ["https://example.com/clock", "http://127.0.0.1.example.com/", "http://localhost:1/"]
)
def test_the_virtual_clock_can_only_be_this_machine(elsewhere: str) -> None:
    assert not re.fullmatch(PARAMETERS["ClockUrl"]["AllowedPattern"], elsewhere)


def test_there_is_no_virtual_clock_unless_one_is_named() -> None:
    assert PARAMETERS["ClockUrl"]["Default"] == ""


# The stream of changes: the emulator hands on whole batches and knows no failure destination -----

((PUBLISHER, CHANGES),) = [(name, event) for name, f in FUNCTIONS.items() for event in events(f, "DynamoDB")]


def test_changes_go_to_the_function_that_publishes_events() -> None:
    assert folder(PUBLISHER) == "publish_events"


def test_of_the_tables_items_only_those_that_make_events_are_streamed() -> None:
    (pattern,) = [json.loads(accepted["Pattern"]) for accepted in CHANGES["FilterCriteria"]["Filters"]]
    assert pattern == {"dynamodb": {"Keys": {"sk": {"S": ["STATUS", "META", {"prefix": "BATCH#"}]}}}}


def test_only_the_changes_that_failed_are_streamed_again() -> None:
    assert CHANGES["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert CHANGES["BisectBatchOnFunctionError"] is True


def test_a_bus_that_is_away_for_hours_loses_nothing() -> None:
    assert CHANGES["MaximumRetryAttempts"] == -1


def test_no_change_is_skipped_when_the_stream_is_first_read() -> None:
    assert CHANGES["StartingPosition"] == "TRIM_HORIZON"


def test_a_change_that_cannot_be_published_becomes_a_dead_letter_before_the_stream_forgets_it() -> None:
    assert CHANGES["MaximumRecordAgeInSeconds"] < STREAM_KEEPS_SECONDS
    assert failure_destination(FUNCTIONS[PUBLISHER]) in QUEUES


def test_lambda_may_send_those_dead_letters() -> None:
    sent_to = {
        target(arn)
        for statement in statements(FUNCTIONS[PUBLISHER])
        for arn in statement["Resource"]
        if "sqs:SendMessage" in statement["Action"]
    }
    assert sent_to == {failure_destination(FUNCTIONS[PUBLISHER])}


# What is kept ----------------------------------------------------------------------------------


HOLDS_DATA = {
    "Table": "AWS::DynamoDB::Table",
    "GatewaySecret": "AWS::SecretsManager::Secret",
    "WebhookQueue": "AWS::SQS::Queue",
    "WebhookDeadLetterQueue": "AWS::SQS::Queue",
    "RefreshQueue": "AWS::SQS::Queue",
    "RefreshDeadLetterQueue": "AWS::SQS::Queue",
    "EventDeadLetterQueue": "AWS::SQS::Queue",
    "EventBus": "AWS::Events::EventBus",
    "ApiLogs": "AWS::Logs::LogGroup",
} | {f"{name.removesuffix('Function')}Logs": "AWS::Logs::LogGroup" for name in FUNCTIONS}


@pytest.mark.parametrize(("name", "kind"), HOLDS_DATA.items())
def test_what_holds_data_keeps_its_logical_id(name: str, kind: str) -> None:
    """Under another id CloudFormation would create a new one, and delete the old one or leave it behind."""
    assert name in resources(kind)


def test_the_table_is_paid_by_the_request() -> None:
    assert TABLE["BillingMode"] == "PAY_PER_REQUEST"


def test_the_table_cannot_be_deleted_by_mistake() -> None:
    assert TABLE["DeletionProtectionEnabled"] is True


def test_the_table_can_be_restored_to_any_second() -> None:
    assert TABLE["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_table_is_encrypted_with_a_key_of_the_account() -> None:
    assert TABLE["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_the_stream_has_every_item_before_and_after_a_write() -> None:
    assert TABLE["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_table_removes_what_has_expired() -> None:
    assert TABLE["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


@pytest.mark.parametrize("name", ["Table", "GatewaySecret"])
def test_deleting_the_stack_keeps_it(name: str) -> None:
    assert resource(name)["DeletionPolicy"] == "Retain"


@pytest.mark.parametrize("name", ["Table", "GatewaySecret"])
def test_replacing_it_keeps_the_old_one(name: str) -> None:
    assert resource(name)["UpdateReplacePolicy"] == "Retain"


# Secrets ---------------------------------------------------------------------------------------

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


# Alarms ----------------------------------------------------------------------------------------


def watched() -> set[tuple[str, str]]:
    return {(metric["Namespace"], metric["MetricName"]) for alarm in ALARMS.values() for metric in metrics(alarm)}


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
                case ast.FunctionDef(returns=ast.Subscript() as result, body=[*_, ast.Return(ast.Dict(keys))]):
                    if ast.unparse(result) == "dict[str, int]":
                        found |= {counter(str(key.value)) for key in keys if isinstance(key, ast.Constant)}
    return found


def counter(word: str) -> str:
    return word[0].upper() + word[1:]


def texts(name: ast.expr) -> Iterator[str]:
    """The text itself, or the two that `a if … else b` chooses from."""
    match name:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=first, orelse=second):
            yield from (*texts(first), *texts(second))


def is_published(namespace: str, name: str, labels: dict[str, Any]) -> bool:
    """Does anybody write this metric with exactly these dimensions?"""
    if namespace == "GatewayBackend":
        return name in counted_in_code() and labels == OF_THIS_STACK
    return tuple(sorted(labels)) in PUBLISHED_BY_AWS[namespace].get(name, set())


@each_function
def test_a_function_counts_in_our_namespace_for_its_stack(name: str) -> None:
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "GatewayBackend"
    assert {"service": variables["POWERTOOLS_SERVICE_NAME"]} == OF_THIS_STACK


@each_alarm
def test_an_alarm_watches_a_metric_that_exists(name: str) -> None:
    for metric in metrics(ALARMS[name]):
        assert is_published(metric["Namespace"], metric["MetricName"], dimensions(metric))


@each_alarm
def test_an_alarm_watches_something_of_this_stack(name: str) -> None:
    for metric in metrics(ALARMS[name]):
        labels = dimensions(metric).values()
        assert {target(label) for label in labels} <= {*processed()["Resources"], STACK}


def test_no_two_alarms_watch_the_same_thing() -> None:
    """An alarm that takes over a block of another one must say what is its own."""
    watched_by = Counter(
        json.dumps([alarm["Namespace"], alarm["MetricName"], alarm["Dimensions"]]) for alarm in ALARMS.values()
    )
    assert [watching for watching, alarms in watched_by.items() if alarms > 1] == []


def test_no_two_alarms_read_the_same() -> None:
    descriptions = Counter(alarm["AlarmDescription"] for alarm in ALARMS.values())
    assert [description for description, alarms in descriptions.items() if alarms > 1] == []


@each_alarm
def test_an_alarm_wakes_somebody(name: str) -> None:
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "AlarmTopic"}]


@each_alarm
def test_silence_rings_only_where_something_must_run(name: str) -> None:
    silence = "Invocations" in {metric["MetricName"] for metric in metrics(ALARMS[name])}
    assert ALARMS[name]["TreatMissingData"] == ("breaching" if silence else "notBreaching")


@each_alarm
def test_an_alarm_names_the_section_of_the_runbook_to_read(name: str) -> None:
    section = re.search(r"\(runbook: (\w[\w ]+)\)$", ALARMS[name]["AlarmDescription"])
    assert section
    headings = re.findall(r"^#+ (.+)$", (CHECKOUT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert section[1].lower() in map(str.lower, headings)


@pytest.mark.parametrize(
    "metric",
    [
        ("GatewayBackend", "UnexpectedError"),
        ("GatewayBackend", "WebhookRejected"),
        ("GatewayBackend", "WebhookQuarantined"),
        ("AWS/ApiGateway", "5xx"),
        ("AWS/DynamoDB", "ReadThrottleEvents"),
        ("AWS/DynamoDB", "WriteThrottleEvents"),
    ],
    ids=lambda metric: metric[1],
)
def test_what_an_operator_must_hear_of_has_an_alarm(metric: tuple[str, str]) -> None:
    assert metric in watched()


@pytest.mark.parametrize("name", functions_of("ScheduleV2"))
def test_a_schedule_that_fails_has_an_alarm(name: str) -> None:
    """No caller waits for it and no queue keeps what it could not do."""
    failures = [
        target(dimensions(metric)["FunctionName"])
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        if (metric["Namespace"], metric["MetricName"]) == ("AWS/Lambda", "Errors")
    ]
    assert name in failures


def test_somebody_subscribes_to_the_alarms_when_an_address_is_given() -> None:
    subscription = resource("AlarmSubscription")
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


# The dashboard ---------------------------------------------------------------------------------


def dashboard() -> str:
    (found,) = resources("AWS::CloudWatch::Dashboard").values()
    return str(found["DashboardBody"]["Fn::Sub"])


def test_the_dashboard_draws_metrics_that_exist() -> None:
    drawn = [
        [part for part in metric if isinstance(part, str)]
        for widget in json.loads(dashboard())["widgets"]
        for metric in widget["properties"]["metrics"]
    ]
    assert drawn
    for namespace, name, *labels in drawn:
        values = [{"Ref": STACK} if label == f"${{{STACK}}}" else label for label in labels[1::2]]
        assert is_published(namespace, name, dict(zip(labels[::2], values, strict=True))), name


def test_the_dashboard_draws_what_is_in_the_stack() -> None:
    assert set(re.findall(r"\$\{(\w+)[.}]", dashboard())) <= set(processed()["Resources"])


# Deployment ------------------------------------------------------------------------------------

GROUPS = resources("AWS::CodeDeploy::DeploymentGroup")


def deployment_group(function: str) -> dict[str, Any]:
    """How the alias of the function moves to a new version."""
    (alias,) = [alias for alias in resources("AWS::Lambda::Alias") if function_of(alias) == function]
    update = resource(alias)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    return GROUPS[target(update["DeploymentGroupName"])]


def test_whatever_invokes_a_function_invokes_its_live_version() -> None:
    """Else a deployment in steps would not be one: the newest code would take every call."""
    aliases = resources("AWS::Lambda::Alias")
    assert invoked() == set(aliases)
    assert {alias["Name"] for alias in aliases.values()} == {"live"}


@each_function
def test_a_new_version_takes_over_in_steps_unless_the_operator_wants_it_at_once(name: str) -> None:
    condition, *choices = deployment_group(name)["DeploymentConfigName"]["Fn::If"]
    in_steps, at_once = (choice["Fn::Sub"][1]["ConfigName"] for choice in choices)
    assert (condition, in_steps, at_once) == ("IsGradual", "Canary10Percent5Minutes", "AllAtOnce")


@each_function
def test_a_deployment_in_steps_stops_when_our_own_code_fails_and_for_nothing_else(name: str) -> None:
    """An outage of Gateway, or dead letters lying there, must not keep the fix out."""
    _, in_steps, _ = deployment_group(name)["AlarmConfiguration"]["Fn::If"]
    assert in_steps == {"Enabled": True, "Alarms": [{"Name": {"Ref": "UnexpectedErrorsAlarm"}}]}


@each_function
def test_a_deployment_at_once_asks_no_alarm(name: str) -> None:
    """That is the way in for a fix while the alarm rings."""
    condition, _, at_once = deployment_group(name)["AlarmConfiguration"]["Fn::If"]
    assert (condition, at_once) == ("IsGradual", {})


@each_function
def test_an_alarm_takes_a_new_version_back(name: str) -> None:
    rollback = deployment_group(name)["AutoRollbackConfiguration"]
    assert rollback["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"]


def test_the_alarm_that_stops_a_deployment_is_about_our_own_code() -> None:
    (metric,) = metrics(ALARMS["UnexpectedErrorsAlarm"])
    assert (metric["Namespace"], metric["MetricName"]) == ("GatewayBackend", "UnexpectedError")


def test_that_alarm_rings_and_falls_silent_within_the_first_step() -> None:
    alarm = ALARMS["UnexpectedErrorsAlarm"]
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= CANARY_SECONDS / 2


def test_the_local_cloud_and_the_operator_find_what_they_need() -> None:
    needed = {"ApiUrl", "ApiId", "TableName", "GatewaySecretArn", "EventBusName"}
    needed |= {
        f"{queue}QueueUrl"
        for queue in ("Webhook", "WebhookDeadLetter", "Refresh", "RefreshDeadLetter", "EventDeadLetter")
    }
    assert needed <= set(processed()["Outputs"])
