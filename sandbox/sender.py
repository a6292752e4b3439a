"""Sends webhooks and tries again as Gateway does: after 15 minutes, 24 and 48 hours (contract 3.3)."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from sandbox.clock import Clock, to_iso
from sandbox.state import State

TIMEOUT_SECONDS = 10
RETRY_AFTER = (timedelta(minutes=15), timedelta(hours=24), timedelta(hours=48))
AT_ONCE = 8
ANSWER_SHOWN = 300


@dataclass(frozen=True)
class Post:
    """One webhook, to be sent as the very same bytes each time."""

    id: str
    kind: str
    mode: str
    transaction_id: str | None
    text: str
    is_retried: bool


Delivery = dict[str, Any]


class Sender:
    """Keeps what is still to be sent, so that neither a crash nor a stop loses any."""

    def __init__(self, state: State, clock: Clock, url: str | None, client: httpx.AsyncClient) -> None:
        self._state = state
        self._clock = clock
        self._url = url
        self._client = client
        self._something_new = asyncio.Event()
        self._under_way: set[str] = set()
        self._resets = 0
        self._slots = asyncio.Semaphore(AT_ONCE)

    def send_soon(self, post: Post) -> None:
        if self._url is None:
            return
        self._state.put("post", post.id, vars(post))
        self._state.put("due", post.id, {"at": self._clock.now_iso(), "attempt": 1})
        self.look_again()

    async def send_now(self, posts: Iterable[Post], *, parallel: bool = False) -> list[Delivery]:
        """In this order, one after the other unless `parallel`; answers what came of each."""
        attempts = [self._attempt_now(post) for post in posts if self._url]
        if parallel:
            return await asyncio.gather(*attempts)
        return [await attempt for attempt in attempts]

    async def _attempt_now(self, post: Post) -> Delivery:
        if post.is_retried:
            self._state.put("post", post.id, vars(post))
        self._under_way.add(post.id)
        return await self._attempt(post, 1)

    async def retry_now(self) -> list[Delivery]:
        """Every webhook that waits for another attempt, due or not."""
        waiting = [post_id for post_id, due in self._state.items("due") if due["attempt"] > 1]
        return [await self._attempt(*claimed) for post_id in waiting if (claimed := self._claim(post_id))]

    def deliveries(self) -> list[Delivery]:
        return [delivery for _, delivery in self._state.items("delivery")]

    def last_sent(self, kind: str, transaction_id: str) -> Post | None:
        post_id = self._state.get("last-sent", f"{kind}/{transaction_id}")
        stored = self._state.get("post", post_id) if post_id else None
        return Post(**stored) if stored else None

    def discard_in_flight(self) -> None:
        """After a reset, what is still under way leaves no trace."""
        self._resets += 1

    def look_again(self) -> None:
        """There is a new webhook, or the clock was moved."""
        self._something_new.set()

    async def run(self) -> None:
        """Sends what is due, for as long as the sandbox runs."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._something_new.clear()
                for post_id in self._due_now():
                    if claimed := self._claim(post_id):
                        tasks.create_task(self._attempt(*claimed))
                await self._pause()

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._something_new.wait(), timeout=1)
        except TimeoutError:
            return

    def _due_now(self) -> list[str]:
        now = self._clock.now_iso()
        return [post_id for post_id, due in self._state.items("due") if due["at"] <= now]

    def _claim(self, post_id: str) -> tuple[Post, int] | None:
        """The webhook and its attempt; None when it is under way already or was forgotten meanwhile."""
        due, post = self._state.get("due", post_id), self._state.get("post", post_id)
        if due is None or post is None or post_id in self._under_way:
            return None
        self._under_way.add(post_id)
        return Post(**post), due["attempt"]

    async def _attempt(self, post: Post, attempt: int) -> Delivery:
        resets = self._resets
        try:
            async with self._slots:
                sent_at = self._clock.now_iso()
                status, answer = await self._post(post.text)
        finally:
            self._under_way.discard(post.id)
        delivery = {
            "id": post.id,
            "kind": post.kind,
            "mode": post.mode,
            "transactionId": post.transaction_id,
            "attempt": attempt,
            "sentAt": sent_at,
            "status": status,
            "answer": answer[:ANSWER_SHOWN],
        }
        if resets == self._resets:
            self._write_down(post, attempt, delivery)
        return delivery

    def _write_down(self, post: Post, attempt: int, delivery: Delivery) -> None:
        with self._state.atomic():
            self._state.put("delivery", f"{post.id}/{attempt}", delivery)
            if post.mode == "normal":
                self._state.put("last-sent", f"{post.kind}/{post.transaction_id}", post.id)
            status = delivery["status"]
            self._plan_next(post, attempt, accepted=status is not None and 200 <= status < 300)

    def _plan_next(self, post: Post, attempt: int, *, accepted: bool) -> None:
        if accepted or not post.is_retried or attempt > len(RETRY_AFTER):
            self._state.delete("due", post.id)
            return
        next_at = to_iso(self._clock.now() + RETRY_AFTER[attempt - 1])
        self._state.put("due", post.id, {"at": next_at, "attempt": attempt + 1})

    async def _post(self, text: str) -> tuple[int | None, str]:
        """The status and what was answered; None and the reason when nothing was."""
        assert self._url
        try:
            answer = await self._client.post(
                self._url, content=text.encode(), headers={"Content-Type": "application/json"}
            )
        except httpx.HTTPError as error:
            return None, f"{type(error).__name__}: {error}"
        return answer.status_code, answer.text
