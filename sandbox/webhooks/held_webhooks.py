"""Webhooks that are held back until a control call releases them."""

from typing import Any

from sandbox import exact_json
from sandbox.errors import ControlError
from sandbox.state import State
from sandbox.webhooks.webhook import Webhook, WebhookKind


class HeldWebhooks:
    def __init__(self, state: State) -> None:
        self._state = state

    def hold(self, webhook: Webhook) -> None:
        self._state.put("held", webhook.id, {"post": vars(webhook), "released": False})

    def to_json(self) -> list[dict[str, Any]]:
        """The webhooks that wait for their release, in the order in which they were made."""
        return [
            {
                "id": webhook.id,
                "kind": webhook.kind,
                "transactionId": webhook.transaction_id,
                "status": exact_json.loads(webhook.text).get("status"),
            }
            for webhook in self._waiting()
        ]

    def release(self, ids: list[str]) -> list[Webhook]:
        """The webhooks to send, in this order; an id that was released before stands for a duplicate.

        Raises: ControlError 404 for an id that was never held.
        """
        return [self._release(webhook_id) for webhook_id in ids]

    def release_oldest(self, kind: WebhookKind, transaction_id: str) -> Webhook | None:
        for webhook in self._waiting():
            if (webhook.kind, webhook.transaction_id) == (kind, transaction_id):
                return self._release(webhook.id)
        return None

    def _waiting(self) -> list[Webhook]:
        return [Webhook(**held["post"]) for _, held in self._state.items("held") if not held["released"]]

    def _release(self, webhook_id: str) -> Webhook:
        held = self._state.get("held", webhook_id)
        if held is None:
            raise ControlError(404, f"No webhook {webhook_id} was ever held.")
        self._state.put("held", webhook_id, held | {"released": True})
        webhook = Webhook(**held["post"])
        return webhook.duplicate() if held["released"] else webhook
