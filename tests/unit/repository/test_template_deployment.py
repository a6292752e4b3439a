"""What template.yaml must hold about deployment."""

from typing import Any

from testing.template import (
    function_of,
    invoked,
    processed,
    resource,
    resources,
    target,
)
from testing.template_rules import ALARMS, CANARY_SECONDS, each_function, metrics

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
