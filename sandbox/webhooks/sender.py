"""Sends webhooks and retries them as Gateway does: after 15 minutes, 24 and 48 hours (contract 3.3)."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import httpx

from sandbox.clock import Clock, to_iso
from sandbox.state import State
from sandbox.webhooks.webhook import Webhook

TIMEOUT_SECONDS = 10
RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=24), timedelta(hours=48))
CONCURRENT_ATTEMPTS = 8
LONGEST_STORED_ANSWER = 300

Delivery = dict[str, Any]


class WebhookSender:
    """Stores the webhooks that are still to be sent, so that neither a crash nor a stop loses any."""

    def __init__(self, state: State, clock: Clock, url: str | None, client: httpx.AsyncClient) -> None:
        self._state = state
        self._clock = clock
        self._url = url
        self._client = client
        self._woken = asyncio.Event()
        self._in_flight: set[str] = set()
        self._resets = 0
        self._slots = asyncio.Semaphore(CONCURRENT_ATTEMPTS)

    def enqueue(self, webhook: Webhook) -> None:
        """The webhook is sent in the background, as soon as possible."""
        if self._url is None:
            return
        self._state.put("post", webhook.id, vars(webhook))
        self._state.put("due", webhook.id, {"at": self._clock.now_iso(), "attempt": 1})
        self.wake()

    async def send_now(self, webhooks: Iterable[Webhook], *, parallel: bool = False) -> list[Delivery]:
        """Sends the webhooks sequentially in this order, or all at once if `parallel`."""
        attempts = [self._first_attempt(webhook) for webhook in webhooks if self._url]
        if parallel:
            return await asyncio.gather(*attempts)
        return [await attempt for attempt in attempts]

    async def retry_now(self) -> list[Delivery]:
        """Retries all webhooks that wait for another attempt, due or not."""
        waiting = [webhook_id for webhook_id, due in self._state.items("due") if due["attempt"] > 1]
        return [await self._attempt(*claimed) for webhook_id in waiting if (claimed := self._claim(webhook_id))]

    def deliveries(self) -> list[Delivery]:
        return [delivery for _, delivery in self._state.items("delivery")]

    def last_sent(self, kind: str, transaction_id: str) -> Webhook | None:
        webhook_id = self._state.get("last-sent", f"{kind}/{transaction_id}")
        stored = self._state.get("post", webhook_id) if webhook_id else None
        return Webhook(**stored) if stored else None

    def discard_in_flight(self) -> None:
        """Attempts that are in flight at a reset are not stored when they end."""
        self._resets += 1

    def wake(self) -> None:
        """Looks for due webhooks again, because there is a new webhook or the clock was moved."""
        self._woken.set()

    async def run(self) -> None:
        """Sends due webhooks for as long as the sandbox runs."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._woken.clear()
                for webhook_id in self._due_now():
                    if claimed := self._claim(webhook_id):
                        tasks.create_task(self._attempt(*claimed))
                await self._wait()

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), timeout=1)
        except TimeoutError:
            return

    def _due_now(self) -> list[str]:
        now = self._clock.now_iso()
        return [webhook_id for webhook_id, due in self._state.items("due") if due["at"] <= now]

    def _claim(self, webhook_id: str) -> tuple[Webhook, int] | None:
        """The webhook and the number of its attempt; None when it is in flight already or was deleted."""
        due, stored = self._state.get("due", webhook_id), self._state.get("post", webhook_id)
        if due is None or stored is None or webhook_id in self._in_flight:
            return None
        self._in_flight.add(webhook_id)
        return Webhook(**stored), due["attempt"]

    async def _first_attempt(self, webhook: Webhook) -> Delivery:
        if webhook.is_retried:
            self._state.put("post", webhook.id, vars(webhook))
        self._in_flight.add(webhook.id)
        return await self._attempt(webhook, 1)

    async def _attempt(self, webhook: Webhook, attempt: int) -> Delivery:
        resets = self._resets
        try:
            async with self._slots:
                sent_at = self._clock.now_iso()
                status, answer = await self._post(webhook.text)
        finally:
            self._in_flight.discard(webhook.id)
        delivery = {
            "id": webhook.id,
            "kind": webhook.kind,
            "mode": webhook.mode,
            "transactionId": webhook.transaction_id,
            "attempt": attempt,
            "sentAt": sent_at,
            "status": status,
            "answer": answer[:LONGEST_STORED_ANSWER],
        }
        if resets == self._resets:
            self._store(webhook, attempt, delivery)
        return delivery

    def _store(self, webhook: Webhook, attempt: int, delivery: Delivery) -> None:
        with self._state.atomic():
            self._state.put("delivery", f"{webhook.id}/{attempt}", delivery)
            if webhook.mode == "normal":
                self._state.put("last-sent", f"{webhook.kind}/{webhook.transaction_id}", webhook.id)
            status = delivery["status"]
            self._schedule_next(webhook, attempt, accepted=status is not None and 200 <= status < 300)

    def _schedule_next(self, webhook: Webhook, attempt: int, *, accepted: bool) -> None:
        if accepted or not webhook.is_retried or attempt > len(RETRY_AFTER):
            self._state.delete("due", webhook.id)
            return
        next_at = to_iso(self._clock.now() + RETRY_AFTER[attempt - 1])
        self._state.put("due", webhook.id, {"at": next_at, "attempt": attempt + 1})

    async def _post(self, text: str) -> tuple[int | None, str]:
        """The status and the answer; None and the reason when there was no answer."""
        assert self._url
        try:
            answer = await self._client.post(
                self._url, content=text.encode(), headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__}: {error}"
        return answer.status_code, answer.text
