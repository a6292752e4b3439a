"""What the emulator leaves out of a deployment is set through its API, with the values of the template."""

from unittest.mock import Mock

import pytest

from local.emulator.gaps import complete_event_sources, complete_functions
from local.emulator.stack import Resource, Stack


def stack_with_limits(*, reserve: bool) -> Stack:
    """A stack whose concurrency limits are the parameter `Limit`, a text."""
    reserved = {"Fn::If": ["Reserves", {"Ref": "Limit"}, {"Ref": "AWS::NoValue"}]}
    return Stack(
        template={
            "Conditions": {"Reserves": {"Fn::Equals": [{"Ref": "Reserve"}, "true"]}},
            "Resources": {
                "Refresh": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {"ReservedConcurrentExecutions": reserved},
                },
                "Queue": {
                    "Type": "AWS::Lambda::EventSourceMapping",
                    "Properties": {"ScalingConfig": {"MaximumConcurrency": {"Ref": "Limit"}}},
                },
                "Stream": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {"BatchSize": 100}},
            },
        },
        resources={
            "Refresh": Resource("AWS::Lambda::Function", "refresh"),
            "Queue": Resource("AWS::Lambda::EventSourceMapping", "mapping-1"),
            "Stream": Resource("AWS::Lambda::EventSourceMapping", "mapping-2"),
        },
        parameters={"Limit": "7", "Reserve": str(reserve).lower()},
    )


@pytest.fixture
def functions() -> Mock:
    """The Lambda API."""
    return Mock()


@pytest.fixture
def instance(functions: Mock) -> Mock:
    return Mock(client=lambda _service: functions)


def test_reserved_concurrency_is_set_as_a_number(instance: Mock, functions: Mock) -> None:
    complete_functions(instance, stack_with_limits(reserve=True))

    functions.put_function_concurrency.assert_called_once_with(FunctionName="refresh", ReservedConcurrentExecutions=7)


def test_a_function_without_reserved_concurrency_is_left_alone(instance: Mock, functions: Mock) -> None:
    complete_functions(instance, stack_with_limits(reserve=False))

    functions.put_function_concurrency.assert_not_called()


def test_only_event_sources_with_a_scaling_limit_are_updated_and_with_a_number(instance: Mock, functions: Mock) -> None:
    complete_event_sources(instance, stack_with_limits(reserve=True))

    functions.update_event_source_mapping.assert_called_once_with(
        UUID="mapping-1", ScalingConfig={"MaximumConcurrency": 7}
    )
