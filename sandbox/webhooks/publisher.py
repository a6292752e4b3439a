"""Publishes webhooks about what happens in the sandbox, and composes those that a control call fires."""

from sandbox import exact_json
from sandbox.accounts.holdings import Snapshot
from sandbox.orders.batch import Batch
from sandbox.scenario import WebhookPolicy
from sandbox.settings import Settings
from sandbox.transactions import Transaction
from sandbox.webhooks.bodies import WebhookBodies
from sandbox.webhooks.held_webhooks import HeldWebhooks
from sandbox.webhooks.misdelivery import texts_to_send
from sandbox.webhooks.sender import WebhookSender
from sandbox.webhooks.signature import sign
from sandbox.webhooks.webhook import Body, Webhook, WebhookKind, WebhookMode


class WebhookPublisher:
    def __init__(self, settings: Settings, bodies: WebhookBodies, held: HeldWebhooks, sender: WebhookSender) -> None:
        self._settings = settings
        self._bodies = bodies
        self._held = held
        self._sender = sender

    def holdings_imported(self, transaction: Transaction, snapshot: Snapshot, policy: WebhookPolicy) -> None:
        self._bodies.save_import(transaction, snapshot)
        kind: WebhookKind = "holdings" if transaction.version == "v2" else "holdings_v1"
        self._publish(kind, self._bodies.holdings(kind, transaction, snapshot), policy)

    def mutual_funds_imported(self, transaction: Transaction, policy: WebhookPolicy) -> None:
        self._publish("mf", self._bodies.mutual_funds(transaction), policy)

    def order_changed(self, transaction: Transaction, batch: Batch, policy: WebhookPolicy) -> None:
        self._publish("order", self._bodies.order(transaction, batch), policy)

    def compose(
        self,
        kind: WebhookKind,
        mode: WebhookMode,
        transaction: Transaction | None,
        auth_id: str | None,
        overrides: Body,
    ) -> list[Webhook]:
        """The webhooks to fire, in order; `overrides` are applied before the signature is made.

        Raises: ControlError 409 when there is nothing that such a webhook could be about.
        """
        if transaction and not overrides:
            if mode == "normal" and (held := self._held.release_oldest(kind, transaction.id)):
                return [held]
            if mode == "duplicate" and (last := self._sender.last_sent(kind, transaction.id)):
                return [last.duplicate()]
        body = self._bodies.of_kind(kind, transaction, auth_id) | overrides
        if "checksum" not in overrides:
            body = sign(body, self._settings.api_secret)
        return [Webhook.new(kind, mode, body, text) for text in texts_to_send(mode, body, self._settings)]

    def _publish(self, kind: WebhookKind, body: Body, policy: WebhookPolicy) -> None:
        if policy == "drop":
            return
        signed = sign(body, self._settings.api_secret)
        webhook = Webhook.new(kind, "normal", signed, exact_json.dumps(signed))
        if policy == "hold":
            self._held.hold(webhook)
        else:
            self._sender.enqueue(webhook)
