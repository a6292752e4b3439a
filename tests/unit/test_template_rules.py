"""What template.yaml must hold (design section 11). What the local cloud does not enforce is enforced here."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_backend.domain.refresh.result import Result
from gateway_backend.runtime.settings import Settings
from ops.api_reference.routes import ROUTES
from testing import reach
from testing.template import CHECKOUT, events, folder, functions, resources, statements, template

FUNCTIONS = functions()
ALARMS = resources("AWS::CloudWatch::Alarm")
QUEUES = resources("AWS::SQS::Queue")
RETENTION = {"Ref": "LogRetentionDays"}
SECRET_TEMPLATE = "AWSSecretsManagerGetSecretValuePolicy"
# Actions of an index; whatever else a statement allows has no effect there.
ON_INDEXES = {"dynamodb:Query", "dynamodb:Scan"}
STACK = "AWS::StackName"
OF_THIS_STACK = {"service": {"Ref": STACK}}
"""How our own metrics are told from those of another stack in the account."""
API_GATEWAY_WAITS_SECONDS = 30
CANARY_SECONDS = 300
SQS_KEEPS_AT_MOST = 14 * 86400

# Which metrics AWS publishes with which dimensions, as far as we use them; a wrong dimension is a silent alarm.
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


def handler(name: str) -> Path:
    return CHECKOUT / "functions" / folder(name) / "app.py"


def target(reference: Any) -> str:
    """The logical id a Ref, GetAtt or Sub is about."""
    match reference:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            return name
        case {"Fn::Sub": str(text)}:
            return str(re.findall(r"\$\{(\w+)", text)[0])
    return ""


def index(resource: Any) -> str:
    return str(resource.get("Fn::Sub", "").partition("/index/")[2])


def failure_destination(function: dict[str, Any]) -> str:
    """The queue that Lambda itself, in the function's name, puts what the function could not do."""
    destinations = [event["DestinationConfig"]["OnFailure"]["Destination"] for event in events(function, "DynamoDB")]
    return target(destinations[0]) if destinations else ""


def granted(function: dict[str, Any]) -> set[str]:
    """Every permission of the function's own policies, in the words of `reach`."""
    found = set()
    for statement in statements(function):
        for action in statement["Action"]:
            for resource in statement["Resource"]:
                if index(resource):
                    found |= {f"{action} on {index(resource)}"} if action in ON_INDEXES else set()
                elif target(resource) != failure_destination(function):
                    found.add(action)
    if any(SECRET_TEMPLATE in policy for policy in function.get("Policies", [])):
        found.add("secretsmanager:GetSecretValue")
    return found


# Functions -------------------------------------------------------------------------------------


def test_every_folder_is_deployed() -> None:
    assert {path.parent.name for path in (CHECKOUT / "functions").glob("*/app.py")} == set(map(folder, FUNCTIONS))


@each_function
def test_a_function_may_do_what_its_code_does_and_nothing_else(name: str) -> None:
    assert granted(FUNCTIONS[name]) == reach.permissions(handler(name))


# get_transaction reconciles with Gateway on read (design section 3).
READERS = {route.function for route in ROUTES if route.method == "GET"} - {"get_transaction", "get_order"}


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if folder(name) in READERS])
def test_a_reader_cannot_write(name: str) -> None:
    reads = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Query on Lists", "secretsmanager:GetSecretValue"}
    assert granted(FUNCTIONS[name]) <= reads


@each_function
def test_a_policy_names_what_it_is_about(name: str) -> None:
    for statement in statements(FUNCTIONS[name]):
        assert set(statement) == {"Effect", "Action", "Resource"}
        assert "*" not in json.dumps(statement)
        assert {target(resource) for resource in statement["Resource"]} <= set(template()["Resources"])
    for policy in FUNCTIONS[name].get("Policies", []):
        assert policy.get(SECRET_TEMPLATE, {"SecretArn": {"Ref": "GatewaySecret"}}) == {
            "SecretArn": {"Ref": "GatewaySecret"}
        }
        assert set(policy) in ({"Statement"}, {SECRET_TEMPLATE})


def setting(value: Any) -> str:
    """What the variable holds when every parameter has its default."""
    return value if isinstance(value, str) else str(template()["Parameters"].get(target(value), {}).get("Default", "x"))


@each_function
def test_a_function_has_the_settings_its_code_reads(name: str) -> None:
    variables, read = FUNCTIONS[name]["Environment"]["Variables"], reach.settings_read(handler(name))
    own = {"WEBHOOK_QUEUE_URL", "REFRESH_QUEUE_URL", "EVENT_BUS_NAME"}
    assert own & {setting.upper() for setting in read} == own & set(variables)
    assert Settings.read({key: setting(value) for key, value in variables.items()})


@each_function
def test_a_function_runs_as_all_do(name: str) -> None:
    function = FUNCTIONS[name]
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert function["Tracing"] == "Active"
    assert function["Layers"] == [{"Ref": "CoreLayer"}]
    assert "Role" not in function
    if events(function, "HttpApi"):
        assert function["Timeout"] < API_GATEWAY_WAITS_SECONDS


def test_the_runtime_is_the_one_that_is_tested() -> None:
    assert (CHECKOUT / ".python-version").read_text().strip() == "3.13"
    assert template()["Parameters"]["Architecture"]["Default"] == "arm64"
    assert resources("AWS::Serverless::LayerVersion")["CoreLayer"]["CompatibleRuntimes"] == ["python3.13"]


# Logs ------------------------------------------------------------------------------------------


def test_every_function_logs_into_a_group_of_its_own() -> None:
    groups = [target(function["LoggingConfig"]["LogGroup"]) for function in FUNCTIONS.values()]
    assert len(set(groups)) == len(FUNCTIONS)
    assert set(groups) <= set(resources("AWS::Logs::LogGroup"))


def test_every_log_group_forgets_when_the_operator_says() -> None:
    groups = resources("AWS::Logs::LogGroup")
    assert {name: group.get("RetentionInDays") for name, group in groups.items()} == dict.fromkeys(groups, RETENTION)


def test_access_logs_hold_no_bodies_headers_claims_or_addresses() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    line = api["AccessLogSettings"]["Format"]
    assert json.loads(line), "one JSON object per line"
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
    assert target(api["AccessLogSettings"]["DestinationArn"]) in resources("AWS::Logs::LogGroup")


# API -------------------------------------------------------------------------------------------


def test_only_the_webhook_is_open() -> None:
    every_event = [event for function in FUNCTIONS.values() for event in events(function, "HttpApi")]
    assert [event["Path"] for event in every_event if "Auth" in event] == ["/webhooks/smallcase"]
    (api,) = resources("AWS::Serverless::HttpApi").values()
    default = api["Auth"]["DefaultAuthorizer"]
    assert api["Auth"]["Authorizers"][default]["JwtConfiguration"] == {
        "issuer": {"Ref": "JwtIssuer"},
        "audience": {"Ref": "JwtAudience"},
    }


def test_the_api_is_throttled() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    for limit in ("ThrottlingBurstLimit", "ThrottlingRateLimit"):
        parameter = template()["Parameters"][target(api["DefaultRouteSettings"][limit])]
        assert parameter["Type"] == "Number"
        assert parameter["Default"] > 0


def test_browsers_may_send_and_read_the_headers_that_the_routes_use() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    cors = api["CorsConfiguration"]
    app_routes = [route for route in ROUTES if route.needs_user]
    sent = {parameter.name.lower() for route in app_routes for parameter in route.headers}
    assert sent | {"authorization", "content-type"} == set(cors["AllowHeaders"])
    assert {route.method for route in app_routes} == set(cors["AllowMethods"])
    assert {"etag", "idempotent-replayed", "retry-after", "x-correlation-id"} <= set(cors["ExposeHeaders"])
    assert cors["AllowOrigins"] == {"Ref": "AllowedOrigins"}
    assert "*" not in template()["Parameters"]["AllowedOrigins"]["Default"]


# Queues ----------------------------------------------------------------------------------------


def dead_letter_queues() -> dict[str, str]:
    """Queue → its dead-letter queue."""
    redrives = {name: queue["RedrivePolicy"] for name, queue in QUEUES.items() if "RedrivePolicy" in queue}
    return {name: target(policy["deadLetterTargetArn"]) for name, policy in redrives.items()}


@each_function
def test_a_queue_gives_its_function_time_and_takes_back_only_what_failed(name: str) -> None:
    for event in events(FUNCTIONS[name], "SQS"):
        queue = QUEUES[target(event["Queue"])]
        assert queue["VisibilityTimeout"] >= 6 * FUNCTIONS[name]["Timeout"]
        assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_a_message_that_fails_five_times_is_kept_apart() -> None:
    worked_on = {target(event["Queue"]) for function in FUNCTIONS.values() for event in events(function, "SQS")}
    assert worked_on == set(dead_letter_queues())
    for name, dead_letters in dead_letter_queues().items():
        assert QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] == 5
        assert QUEUES[dead_letters]["MessageRetentionPeriod"] == SQS_KEEPS_AT_MOST


def test_every_dead_letter_queue_has_an_alarm_on_depth_and_one_on_age() -> None:
    watched = {
        (metric["MetricName"], target(value))
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        for value in dimensions(metric).values()
    }
    destinations = {failure_destination(function) for function in FUNCTIONS.values()} - {""}
    for dead_letters in {*dead_letter_queues().values(), *destinations}:
        assert ("ApproximateNumberOfMessagesVisible", dead_letters) in watched
        assert ("ApproximateAgeOfOldestMessage", dead_letters) in watched


def test_queues_are_encrypted() -> None:
    assert [name for name, queue in QUEUES.items() if not queue.get("SqsManagedSseEnabled")] == []


def test_what_changes_is_published_record_by_record_and_nothing_blocks_it_for_ever() -> None:
    """The emulator hands on whole batches and knows no failure destination."""
    ((name, event),) = [(name, event) for name, f in FUNCTIONS.items() for event in events(f, "DynamoDB")]
    assert folder(name) == "publish_events"
    assert event["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert event["BisectBatchOnFunctionError"] is True
    assert event["MaximumRetryAttempts"] == -1, "a bus that is away for hours loses nothing"
    assert event["MaximumRecordAgeInSeconds"] < 86400, "then it is kept apart, before the stream forgets it"
    assert event["StartingPosition"] == "TRIM_HORIZON"
    assert target(event["DestinationConfig"]["OnFailure"]["Destination"]) in QUEUES
    assert QUEUES[failure_destination(FUNCTIONS[name])]["MessageRetentionPeriod"] == SQS_KEEPS_AT_MOST
    (pattern,) = [json.loads(one["Pattern"]) for one in event["FilterCriteria"]["Filters"]]
    assert pattern == {"dynamodb": {"Keys": {"sk": {"S": ["STATUS", "META", {"prefix": "BATCH#"}]}}}}


def test_refreshes_never_ask_gateway_for_more_than_the_operator_allows() -> None:
    function = FUNCTIONS["RefreshSnapshotsFunction"]
    (event,) = events(function, "SQS")
    limit = {"Ref": "RefreshConcurrency"}
    assert event["ScalingConfig"]["MaximumConcurrency"] == limit
    assert function["ReservedConcurrentExecutions"]["Fn::If"][:2] == ["ReservesConcurrency", limit]
    assert event["BatchSize"] == 1, "a page of accounts may take the function's whole time"


def test_the_virtual_clock_can_only_be_this_machine() -> None:
    parameter = template()["Parameters"]["ClockUrl"]
    assert parameter["Default"] == ""
    for elsewhere in ("https://example.com/clock", "http://127.0.0.1.example.com/", "http://localhost:1/"):
        assert not re.fullmatch(parameter["AllowedPattern"], elsewhere)


# What is kept ----------------------------------------------------------------------------------


def test_the_table_survives_mistakes() -> None:
    (table,) = resources("AWS::DynamoDB::Table").values()
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


@pytest.mark.parametrize("name", ["Table", "GatewaySecret"])
def test_deleting_the_stack_keeps_it(name: str) -> None:
    resource = template()["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


# Secrets ---------------------------------------------------------------------------------------

SECRET_NAME = re.compile(r"secret|password|token|credential|private|apikey", re.IGNORECASE)


def test_no_parameter_takes_a_secret() -> None:
    parameters = template()["Parameters"]
    assert [name for name in parameters if SECRET_NAME.search(name)] == []
    assert [name for name, parameter in parameters.items() if "NoEcho" in parameter] == []


@each_function
def test_no_variable_holds_a_secret(name: str) -> None:
    variables = FUNCTIONS[name]["Environment"]["Variables"]
    suspects = {key: value for key, value in variables.items() if SECRET_NAME.search(key)}
    assert suspects == {"GATEWAY_SECRET_ID": {"Ref": "GatewaySecret"}}


def test_the_secret_is_empty_until_the_operator_fills_it() -> None:
    (secret,) = resources("AWS::SecretsManager::Secret").values()
    assert json.loads(secret["SecretString"]) == {"gatewayName": "", "secret": "", "apiSecret": ""}
    assert "{{resolve:" not in (CHECKOUT / "template.yaml").read_text()


# Alarms ----------------------------------------------------------------------------------------


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Those the alarm watches: its only one, or those that its expression is about."""
    stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
    return stats or [alarm]


def dimensions(metric: dict[str, Any]) -> dict[str, Any]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}


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
                case ast.FunctionDef(returns=ast.Subscript() as told, body=[*_, ast.Return(ast.Dict(keys))]):
                    if ast.unparse(told) == "dict[str, int]":
                        found |= {counter(str(key.value)) for key in keys if isinstance(key, ast.Constant)}
    return found


def counter(word: str) -> str:
    return word[0].upper() + word[1:]


def texts(name: ast.expr) -> Iterator[str]:
    """The one a text is, or the two that `a if … else b` chooses from."""
    match name:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts(one), *texts(other))


def is_published(namespace: str, name: str, labels: dict[str, Any]) -> bool:
    """Does anybody write this metric with exactly these dimensions?"""
    variables = template()["Globals"]["Function"]["Environment"]["Variables"]
    if namespace == variables["POWERTOOLS_METRICS_NAMESPACE"]:
        assert {"service": variables["POWERTOOLS_SERVICE_NAME"]} == OF_THIS_STACK
        return name in counted_in_code() and labels == OF_THIS_STACK
    return tuple(sorted(labels)) in PUBLISHED_BY_AWS[namespace].get(name, set())


@each_alarm
def test_an_alarm_watches_a_metric_that_exists(name: str) -> None:
    for metric in metrics(ALARMS[name]):
        labels = dimensions(metric)
        assert is_published(metric["Namespace"], metric["MetricName"], labels)
        named = {target(value) for value in labels.values() if not isinstance(value, str)}
        assert named <= {*template()["Resources"], STACK}


@each_alarm
def test_an_alarm_wakes_somebody_and_names_the_page_to_read(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
    silent = "Invocations" in {metric["MetricName"] for metric in metrics(alarm)}
    assert alarm["TreatMissingData"] == ("breaching" if silent else "notBreaching")
    section = re.search(r"\(runbook: (\w[\w ]+)\)$", alarm["AlarmDescription"])
    assert section
    headings = re.findall(r"^#+ (.+)$", (CHECKOUT / "docs/runbook.md").read_text(), re.MULTILINE)
    assert section[1].lower() in map(str.lower, headings)


def test_what_an_operator_must_hear_of_has_an_alarm() -> None:
    watched = {(metric["Namespace"], metric["MetricName"]) for alarm in ALARMS.values() for metric in metrics(alarm)}
    assert {("GatewayBackend", "WebhookRejected"), ("GatewayBackend", "WebhookQuarantined")} <= watched
    assert {("AWS/DynamoDB", "ReadThrottleEvents"), ("AWS/DynamoDB", "WriteThrottleEvents")} <= watched
    assert {("AWS/ApiGateway", "5xx"), ("GatewayBackend", "UnexpectedError")} <= watched


def test_nobody_can_miss_that_a_schedule_fails() -> None:
    """What no caller waits for and no queue keeps fails silently."""
    watched = {
        target(dimensions(metric)["FunctionName"])
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        if (metric["Namespace"], metric["MetricName"]) == ("AWS/Lambda", "Errors")
    }
    assert {name for name, function in FUNCTIONS.items() if events(function, "ScheduleV2")} <= watched


def test_the_dashboard_draws_metrics_that_exist() -> None:
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    drawn = [
        [part for part in metric if isinstance(part, str)]
        for widget in json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
        for metric in widget["properties"]["metrics"]
    ]
    assert drawn
    for namespace, name, *labels in drawn:
        values = [{"Ref": STACK} if label == f"${{{STACK}}}" else label for label in labels[1::2]]
        assert is_published(namespace, name, dict(zip(labels[::2], values, strict=True))), name
    named = set(re.findall(r"\$\{(\w+)[.}]", dashboard["DashboardBody"]["Fn::Sub"]))
    assert named <= set(template()["Resources"])


@each_function
def test_a_new_version_takes_over_in_steps_and_not_while_an_alarm_is_on(name: str) -> None:
    function = FUNCTIONS[name]
    assert function["AutoPublishAlias"]
    assert function["DeploymentPreference"]["Type"] == {"Fn::If": ["IsGradual", "Canary10Percent5Minutes", "AllAtOnce"]}
    condition, (alarm,), otherwise = function["DeploymentPreference"]["Alarms"]["Fn::If"]
    # Without steps no alarm is asked: that is the way in for a mend while it rings.
    assert (condition, otherwise) == ("IsGradual", [])
    (metric,) = metrics(ALARMS[target(alarm)])
    # Our own bugs and nothing else: an outage of Gateway, or dead letters lying there, must not keep the mend out.
    assert (metric["Namespace"], metric["MetricName"]) == ("GatewayBackend", "UnexpectedError")
    # The canary has five minutes: the alarm has to ring, and to fall silent, within them.
    assert ALARMS[target(alarm)]["Period"] * ALARMS[target(alarm)]["EvaluationPeriods"] <= CANARY_SECONDS / 2


def test_somebody_subscribes_to_the_alarms_when_an_address_is_given() -> None:
    subscription = template()["Resources"]["AlarmSubscription"]
    assert subscription["Condition"] == "HasAlarmEmail"
    assert subscription["Properties"] == {
        "TopicArn": {"Ref": "AlarmTopic"},
        "Protocol": "email",
        "Endpoint": {"Ref": "AlarmEmail"},
    }


def test_the_local_cloud_and_the_operator_find_what_they_need() -> None:
    needed = {"ApiUrl", "ApiId", "TableName", "GatewaySecretArn", "EventBusName"}
    needed |= {
        f"{queue}QueueUrl"
        for queue in ("Webhook", "WebhookDeadLetter", "Refresh", "RefreshDeadLetter", "EventDeadLetter")
    }
    assert needed <= set(template()["Outputs"])
