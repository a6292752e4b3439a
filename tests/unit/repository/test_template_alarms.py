"""What template.yaml must hold about alarms and the dashboard."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from testing.template import (
    CHECKOUT,
    processed,
    resource,
    resources,
    target,
)
from testing.template_rules import (
    ALARMS,
    FUNCTIONS,
    OF_THIS_STACK,
    PUBLISHED_BY_AWS,
    STACK,
    TABLE,
    counted_in_code,
    dimensions,
    each_alarm,
    each_function,
    functions_of,
    metrics,
)


def watched() -> set[tuple[str, str]]:
    return {(metric["Namespace"], metric["MetricName"]) for alarm in ALARMS.values() for metric in metrics(alarm)}


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
        labels = dimensions(metric)
        assert labels.pop("GlobalSecondaryIndexName", None) in (None, "Lists", "Work")
        assert {target(label) for label in labels.values()} <= {*processed()["Resources"], STACK}


def test_no_two_alarms_watch_the_same_thing() -> None:
    """An alarm that takes over a block of another one must say what is its own."""
    watched_by = Counter(
        json.dumps([[metric["Namespace"], metric["MetricName"], metric["Dimensions"]] for metric in metrics(alarm)])
        for alarm in ALARMS.values()
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


def test_a_function_that_does_not_run_to_its_end_rings_whichever_it_is() -> None:
    watched_functions = {
        target(dimensions(metric)["FunctionName"])
        for name in ("ApiFunctionErrorsAlarm", "OrderFunctionErrorsAlarm", "WorkerErrorsAlarm")
        for metric in metrics(ALARMS[name])
    }
    assert watched_functions == {*FUNCTIONS} - {"CheckVersionFunction"}


def test_an_alarm_on_several_metrics_has_no_more_than_cloudwatch_takes() -> None:
    assert max(len(metrics(alarm)) for alarm in ALARMS.values()) <= 10


def test_every_schedule_rings_when_it_falls_silent() -> None:
    silent = {
        target(dimensions(metric)["FunctionName"])
        for alarm in ALARMS.values()
        for metric in metrics(alarm)
        if metric["MetricName"] == "Invocations"
    }
    assert silent == {*functions_of("ScheduleV2")}


def test_the_throttles_of_the_table_and_of_each_index_ring() -> None:
    for name in ("ReadThrottlesAlarm", "WriteThrottlesAlarm"):
        indexes = {dimensions(metric).get("GlobalSecondaryIndexName") for metric in metrics(ALARMS[name])}
        assert indexes == {None, *(index["IndexName"] for index in TABLE["GlobalSecondaryIndexes"])}


def test_what_users_do_every_day_pages_nobody() -> None:
    assert ("GatewayBackend", "WebhookSetAside") not in watched()
    assert ("GatewayBackend", "GatewayCallRefused") not in watched()
