"""A stack parameter that is changed alone is what the live version of each function works with."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from gateway_backend.runtime.versions import Version, Versions
from local.instance import STACK_NAME
from tests.integration.aws import Aws

CHANGED = {
    "BrokerCapabilities": ("BROKER_CAPABILITIES", "groww-holdingsImport"),
    "CalendarOverrides": ("CALENDAR_OVERRIDES", "2027-03-10=closed"),
    "ConfirmShrinkPercent": ("CONFIRM_SHRINK_PERCENT", "60"),
    "AfterMarketOrders": ("AFTER_MARKET_ORDERS", "false"),
    "LimitOrderFields": ("LIMIT_ORDER_FIELDS", "price=limitPrice"),
    "BasketMeta": ("BASKET_META", "config"),
    "MostSecurities": ("MOST_SECURITIES", "49"),
    "MostShares": ("MOST_SHARES", "99999"),
    "UserRequestsPerMinute": ("USER_REQUESTS_PER_MINUTE", "9001"),
    "ReplayWindowDays": ("REPLAY_WINDOW_DAYS", "6"),
    "ReceiptRetentionDays": ("RECEIPT_RETENTION_DAYS", "91"),
    "RefreshDelayMinutes": ("REFRESH_DELAY_MINUTES", "16"),
    "RefreshSpreadMinutes": ("REFRESH_SPREAD_MINUTES", "21"),
    "RefreshFloorSeconds": ("REFRESH_FLOOR_SECONDS", "61"),
    "LogLevel": ("POWERTOOLS_LOG_LEVEL", "DEBUG"),
}
"""Parameter -> the variable that has it, and another value. `GatewayBaseUrl` and `ClockUrl` lead to this cloud."""

FUNCTIONS = ("ReceiveWebhookFunction", "GetOrderFunction", "PlanRefreshFunction")


class Stack:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.cloudformation = aws.client("cloudformation")
        self.before = self.parameters()

    def parameters(self) -> dict[str, str]:
        (stack,) = self.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
        return {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}

    def deploy(self, **changed: str) -> None:
        values = self.before | changed
        if values == self.parameters():
            return
        self.cloudformation.update_stack(
            StackName=STACK_NAME,
            UsePreviousTemplate=True,
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        while self.status().endswith("IN_PROGRESS"):
            time.sleep(0.2)
        assert self.status() == "UPDATE_COMPLETE"

    def status(self) -> str:
        return str(self.cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"])

    def live(self, function: str) -> tuple[str, dict[str, str]]:
        """The live version's number and environment."""
        name = self.aws.physical_id(function)
        found: Any = self.aws.client("lambda").get_function_configuration(FunctionName=name, Qualifier="live")
        return found["Version"], found["Environment"]["Variables"]


@pytest.fixture
def stack(aws: Aws) -> Iterator[Stack]:
    """It is as it was when the test ends."""
    stack = Stack(aws)
    yield stack
    stack.deploy()


def test_each_parameter_changed_alone_is_what_the_live_versions_work_with(stack: Stack) -> None:
    wrong = {}
    for parameter, (variable, value) in CHANGED.items():
        stack.deploy(**{parameter: value})
        for function in FUNCTIONS:
            number, environment = stack.live(function)
            if environment[variable] != value or number == "$LATEST":
                wrong[parameter, function] = (number, environment[variable])
    assert wrong == {}


def test_a_version_that_cannot_start_is_found_before_it_takes_a_call(stack: Stack, aws: Aws) -> None:
    """The local cloud has no CodeDeploy, which would ask this: what it is told is tested on its own."""
    versions = Versions(aws.client("lambda"), codedeploy_client=None)
    functions = ("GetHoldingsFunction", *FUNCTIONS)

    def faults() -> list[str | None]:
        return [versions.fault_of(Version(aws.physical_id(name), stack.live(name)[0])) for name in functions]

    assert faults() == [None] * len(functions)
    stack.deploy(CalendarOverrides="2027-13-10=closed")  # of the right form, and no day
    assert None not in faults()


def test_a_deployment_that_changes_nothing_publishes_nothing(stack: Stack) -> None:
    before = [stack.live(function) for function in FUNCTIONS]
    stack.deploy(OverdueAccounts="21")  # of an alarm: no function reads it

    assert [stack.live(function) for function in FUNCTIONS] == before
