"""What template.yaml must hold about queues and the stream of changes."""

import json
import re

import pytest

from gateway_backend.runtime.batches import MOST_ATTEMPTS
from testing.template import (
    events,
    folder,
    statements,
    target,
)
from testing.template_rules import (
    ALARMS,
    FUNCTIONS,
    PARAMETERS,
    QUEUES,
    SQS_KEEPS_AT_MOST,
    STREAM_KEEPS_SECONDS,
    dimensions,
    failure_destination,
    functions_of,
    metrics,
)


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
    assert QUEUES[name]["RedrivePolicy"]["maxReceiveCount"] == MOST_ATTEMPTS


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
