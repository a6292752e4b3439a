"""The queue between accepting a webhook and applying it."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway_backend.runtime.observability import count, logger


class Queue:
    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def offer(self, message: str) -> bool:
        """False when the queue does not take it: what it is about must be durable already, for the sweep to find."""
        try:
            self._client.send_message(QueueUrl=self._url, MessageBody=message)
        except (ClientError, BotoCoreError) as error:
            logger.warning("queueing failed", error=type(error).__name__)
            count("QueueingFailed")
            return False
        return True
