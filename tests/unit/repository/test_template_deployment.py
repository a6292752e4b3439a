"""What template.yaml must hold about deployment."""

import re
from typing import Any

import pytest

from testing.template import (
    function_of,
    invoked,
    resource,
    resources,
    target,
)
from testing.template_rules import ALARMS, CANARY_SECONDS, FUNCTIONS, PARAMETERS, metrics

CHECK = "CheckVersionFunction"
STOPS_A_DEPLOYMENT = [
    "UnexpectedErrorsAlarm",
    "ApiFunctionErrorsAlarm",
    "OrderFunctionErrorsAlarm",
    "WorkerErrorsAlarm",
]
GROUPS = resources("AWS::CodeDeploy::DeploymentGroup")


def deployment_group(function: str) -> dict[str, Any]:
    """How the alias of the function moves to a new version."""
    (alias,) = [alias for alias in resources("AWS::Lambda::Alias") if function_of(alias) == function]
    update = resource(alias)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    return GROUPS[target(update["DeploymentGroupName"])]


def test_whatever_invokes_a_function_invokes_its_live_version() -> None:
    """Else a deployment in steps would not be one: the newest code would take every call."""
    aliases = resources("AWS::Lambda::Alias")
    assert invoked() == {alias for alias in aliases if function_of(alias) != CHECK}
    assert {alias["Name"] for alias in aliases.values()} == {"live"}


each_deployed = pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != CHECK])


@each_deployed
def test_a_new_version_takes_over_in_steps_unless_the_operator_wants_it_at_once(name: str) -> None:
    condition, *choices = deployment_group(name)["DeploymentConfigName"]["Fn::If"]
    in_steps, at_once = (choice["Fn::Sub"][1]["ConfigName"] for choice in choices)
    assert (condition, in_steps, at_once) == ("IsGradual", "Canary10Percent5Minutes", "AllAtOnce")


@each_deployed
def test_a_deployment_in_steps_stops_when_our_own_code_fails_and_for_nothing_else(name: str) -> None:
    """An outage of Gateway, or dead letters lying there, must not keep the fix out."""
    _, in_steps, _ = deployment_group(name)["AlarmConfiguration"]["Fn::If"]
    assert in_steps == {"Enabled": True, "Alarms": [{"Name": {"Ref": alarm}} for alarm in STOPS_A_DEPLOYMENT]}


@each_deployed
def test_a_deployment_at_once_asks_no_alarm(name: str) -> None:
    """That is the way in for a fix while the alarm rings."""
    condition, _, at_once = deployment_group(name)["AlarmConfiguration"]["Fn::If"]
    assert (condition, at_once) == ("IsGradual", {})


@each_deployed
def test_an_alarm_takes_a_new_version_back(name: str) -> None:
    rollback = deployment_group(name)["AutoRollbackConfiguration"]
    assert rollback["Enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in rollback["Events"]


def test_the_alarm_that_stops_a_deployment_is_about_our_own_code() -> None:
    (metric,) = metrics(ALARMS["UnexpectedErrorsAlarm"])
    assert (metric["Namespace"], metric["MetricName"]) == ("GatewayBackend", "UnexpectedError")


@pytest.mark.parametrize("name", STOPS_A_DEPLOYMENT)
def test_that_alarm_rings_and_falls_silent_within_the_first_step(name: str) -> None:
    alarm = ALARMS[name]
    periods = [alarm["Period"]] if "Period" in alarm else [q["MetricStat"]["Period"] for q in alarm["Metrics"][1:]]
    assert max(periods) * alarm["EvaluationPeriods"] <= CANARY_SECONDS / 2


@each_deployed
def test_a_new_version_is_invoked_before_it_takes_a_call(name: str) -> None:
    (alias,) = [alias for alias in resources("AWS::Lambda::Alias") if function_of(alias) == name]
    update = resource(alias)["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert update["BeforeAllowTrafficHook"] == {"Ref": CHECK}


def test_codedeploy_may_call_the_check_by_its_managed_policy() -> None:
    assert FUNCTIONS[CHECK]["FunctionName"] == {"Fn::Sub": "CodeDeployHook_${AWS::StackName}"}


# A changed setting -------------------------------------------------------------------------------


def named_in(value: Any) -> set[str]:
    """The parameters and resources that a piece of the template takes values of."""
    if isinstance(value, dict):
        if set(value) == {"Fn::Sub"}:
            return set(re.findall(r"\$\{(\w+)[.}]", str(value["Fn::Sub"])))
        if set(value) in ({"Ref"}, {"Fn::GetAtt"}):
            return {target(value)}
        return set().union(*map(named_in, value.values()))
    return set().union(*map(named_in, value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_everything_that_a_function_works_with_makes_another_version_of_the_settings(name: str) -> None:
    content = resource("SettingsVersion")["Properties"]["Content"]
    used = named_in([FUNCTIONS[name]["Environment"], FUNCTIONS[name]["Architectures"]])
    assert used - {"SettingsVersion", "AWS::StackName"} <= named_in(content)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_another_version_of_the_settings_makes_a_new_version_of_the_function(name: str) -> None:
    """CloudFormation replaces a version whose description changes, and Lambda publishes what differs from the last."""
    (version,) = [
        version for version in resources("AWS::Lambda::Version").values() if target(version["FunctionName"]) == name
    ]
    assert named_in(version["Description"]) == {"SettingsVersion"}
    assert named_in(FUNCTIONS[name]["Environment"]["Variables"]["SETTINGS_VERSION"]) == {"SettingsVersion"}


NUMBERS_OF_THE_API = {"ApiBurstLimit", "ApiRateLimit", "WebhookBurstLimit", "WebhookRateLimit"}


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_typo_in_a_parameter_fails_before_anything_is_deployed(name: str) -> None:
    parameter, default = PARAMETERS[name], str(PARAMETERS[name].get("Default", ""))
    is_number = name in NUMBERS_OF_THE_API or name == "LogRetentionDays"
    assert "AllowedPattern" in parameter or "AllowedValues" in parameter or is_number
    if "AllowedPattern" in parameter and "Default" in parameter:
        values = default.split(",") if parameter["Type"] == "CommaDelimitedList" else [default]
        assert all(re.fullmatch(parameter["AllowedPattern"], value) for value in values)
