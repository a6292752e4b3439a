"""SQS queues: between accepting a webhook and applying it, between planning a refresh and doing it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.runtime.observability import count, logger

_AT_ONCE = 10
"""Messages in one batch, by SQS's own limit."""

_NO_DELAY = timedelta(0)


class Queue:
    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: str) -> bool:
        """False when the queue does not take it: what it is about must be durable already, for the sweep to find."""
        return self.send_all([message])

    def send_all(self, messages: Sequence[str], *, delay: timedelta = _NO_DELAY) -> bool:
        """Put them all, to be seen after the delay (15 minutes at most); False when some were not taken."""
        return all(self._send(messages[at : at + _AT_ONCE], delay) for at in range(0, len(messages), _AT_ONCE))

    def _send(self, messages: Sequence[str], delay: timedelta) -> bool:
        entries = [
            {"Id": str(number), "MessageBody": message, "DelaySeconds": int(delay.total_seconds())}
            for number, message in enumerate(messages)
        ]
        try:
            refused = self._client.send_message_batch(QueueUrl=self._url, Entries=entries).get("Failed", [])
        except (ClientError, BotoCoreError) as error:
            logger.warning("queueing failed", error=type(error).__name__)
            count("QueueingFailed", len(messages))
            return False
        if refused:
            logger.warning("queueing failed", error=refused[0].get("Code"))
            count("QueueingFailed", len(refused))
        return not refused
