"""Pause the queues' consumers before the emulator stops, and resume them after it starts."""

import time

from botocore.exceptions import BotoCoreError, ClientError

from local.instance import Instance
from local.progress import console

_DRAIN_SECONDS = 10


def resume_consumers(instance: Instance) -> None:
    _set_consumers(instance, enabled=True)


def drain_consumers(instance: Instance) -> None:
    """Stop taking messages from the queues and wait until those in flight are done.

    A message in flight when the emulator stops would become visible only after its visibility timeout of six minutes.
    """
    try:
        _set_consumers(instance, enabled=False)
        deadline = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < deadline and _count_messages_in_flight(instance):
            time.sleep(0.2)
    except (BotoCoreError, ClientError) as error:
        console.print(
            f"  The queues could not be drained, because the emulated AWS does not answer: {error}", markup=False
        )


def _set_consumers(instance: Instance, *, enabled: bool) -> None:
    functions = instance.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        if ":sqs:" in mapping["EventSourceArn"]:
            functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def _count_messages_in_flight(instance: Instance) -> int:
    sqs = instance.client("sqs")
    attribute = "ApproximateNumberOfMessagesNotVisible"
    return sum(
        int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"][attribute])
        for url in sqs.list_queues().get("QueueUrls", [])
    )
