"""Steps of users, brokers, Gateway and this backend around the use cases, and what there is to see afterwards."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from gateway_backend.contracts.events.details import Detail
from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.erasure.erasure import Erasure
from gateway_backend.domain.holdings.snapshot import PullOutcome
from gateway_backend.domain.orders.batch import Batch
from gateway_backend.domain.orders.recorded_batch import RecordedBatch, apply_report
from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.domain.refresh.circuit import CircuitState
from gateway_backend.domain.refresh.page import RefreshPage
from gateway_backend.domain.shared import times
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.report import Status
from gateway_backend.domain.transactions.transaction import Transaction, begin
from gateway_backend.domain.webhooks.receipt import Receipt, ReceiptKey
from gateway_backend.gateway.checksums import checksum
from gateway_backend.runtime.streams import Change
from gateway_backend.usecases.connections.link import link_account
from gateway_backend.usecases.connections.unlink import unlink_account
from gateway_backend.usecases.erasure.erase_user import erase_user
from gateway_backend.usecases.erasure.finish_erasures import finish_erasures
from gateway_backend.usecases.events.publish import events_of
from gateway_backend.usecases.holdings.import_holdings import AFTER_LOGIN, import_holdings
from gateway_backend.usecases.orders.sync import placement_of
from gateway_backend.usecases.refresh.page import refresh_page
from gateway_backend.usecases.webhooks.accept import accept_webhook
from gateway_backend.usecases.webhooks.apply import apply_webhook
from testing.contexts import CALENDAR, Contexts
from testing.gateway import KEYS, BrokerAccount, Securities, securities_in
from testing.market_times import MINUTE


class World(Contexts):
    # What users and brokers do -----------------------------------------------------------------

    def begin_transaction(
        self, transaction_id: str, user: str = "user-1", intent: Intent = Intent.HOLDINGS_IMPORT, **more: Any
    ) -> Transaction:
        transaction = begin(
            Transaction(transaction_id, user, intent, self.now, self.now + timedelta(minutes=5), "correlation", **more)
        )
        self.transactions.add(transaction)
        self.gateway.transactions[transaction_id] = {"status": Status.INITIALIZED}
        return transaction

    def complete_login(self, transaction_id: str, account_id: str, securities: int = 4, broker: str = "kite") -> None:
        """The user logs in at the broker and consents. Gateway has recorded that; we have not yet."""
        account = BrokerAccount(broker, dict.fromkeys(range(securities), 10))
        self.gateway.accounts.setdefault(account_id, account).session_is_live = True
        self.gateway.transactions[transaction_id] = {
            "status": Status.COMPLETED,
            "smallcaseAuthId": account_id,
            "broker": broker,
        }

    def link(self, account_id: str, securities: int = 4, broker: str = "kite", *, imported: bool = True) -> Connection:
        """A user's account, with its first snapshot taken now."""
        transaction = self.begin_transaction(f"TRX_{account_id}")
        self.complete_login(transaction.id, account_id, securities, broker)
        self.link_with(transaction, account_id, broker)
        if imported:
            self.pull(account_id)
        return self.connection(account_id)

    def link_many(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.link(account_id).id for account_id in ids)

    def begin_order(self, transaction_id: str, user: str = "user-1", **more: Any) -> Transaction:
        """For a basket of a single stock, whose quantity and side are left to the user."""
        order = OrderRequest("SECURITIES", (RequestedSecurity("AXISBANK"),))
        return self.begin_transaction(transaction_id, user, Intent.TRANSACTION, **({"order": order} | more))

    def report_order(
        self, transaction_id: str, account_id: str, status: Status, *batches: dict[str, Any], **more: Any
    ) -> None:
        """The user has logged in; Gateway reports this of the order from now on."""
        account = self.gateway.accounts.get(account_id)
        self.gateway.transactions[transaction_id] = {
            "status": status,
            "smallcaseAuthId": account_id,
            "broker": account.broker if account else "groww",
            "flags": {"isOrderRequested": bool(batches)},
        } | more
        self.gateway.orders[transaction_id] = list(batches)

    def set_holdings(self, account_id: str, *securities: int, quantity: float = 10) -> None:
        """The account holds exactly these at its broker from now on."""
        self.gateway.accounts[account_id].securities = dict.fromkeys(securities, quantity)

    def fail_next(self, subject: str, *faults: str) -> None:
        """The next calls of Gateway about that subject run into these faults."""
        self.gateway.faults[subject].extend(faults)

    # What the system does ----------------------------------------------------------------------

    def signed_webhook(self, body: dict[str, Any]) -> bytes:
        """As Gateway sends it now; its checksum covers a timestamp and an id only."""
        body = {"timestamp": times.to_text(self.now)} | body
        subject = body.get("smallcaseAuthId") or body["transactionId"]
        return json.dumps(body | {"checksum": checksum(body["timestamp"] + subject, KEYS.api_secret)}).encode()

    def receive_webhook(self, body: dict[str, Any], **more: Any) -> ReceiptKey:
        return self.receive_raw(self.signed_webhook(body | more))

    def receive_raw(self, raw: bytes) -> ReceiptKey:
        return accept_webhook(
            raw, now=self.now, api_secrets=KEYS.api_secrets, receipts=self.receipts, queue=self.queue
        ).key

    def apply_receipt(self, key: ReceiptKey, attempt: int = 1) -> tuple[str | None, str | None]:
        """The receipt's verdict and reason afterwards."""
        apply_webhook(key, self.webhook_context(attempt))
        receipt = self.receipt(key)
        return receipt.verdict, receipt.reason

    def refresh(self, *accounts: str, attempt: int = 0, threads: int = 1) -> Counter[str]:
        """A page of these accounts, after the last close."""
        page = RefreshPage(CALENDAR.last_close(self.now), accounts, attempt)
        return refresh_page(page, self.refresh_context._replace(threads=threads))

    def pull(self, account_id: str) -> PullOutcome:
        return import_holdings(self.connection(account_id), AFTER_LOGIN, self.pull_context)

    def link_with(self, transaction: Transaction, account_id: str, broker: str = "kite") -> Connection:
        """Gateway has named the account that the transaction's user has logged in to."""
        return link_account(transaction, account_id, broker, self.sync_context)

    def end_session(self, account_id: str, reason: str = "GATEWAY_FORBIDDEN") -> None:
        """An answer of Gateway has proven the account's session over."""
        connection = self.connection(account_id)

        def end(stored: Connection) -> Connection:
            return stored.record_failure(reason, self.now, pulled_for=connection, ends_session=True)

        self.connections.update(connection, end)

    def end_ownership(self, account_id: str, at: datetime | None = None) -> None:
        """The first step of unlinking: nothing is erased yet."""
        self.connections.unlink(self.connection(account_id).unlink(at or self.now))

    def unlink(self, account_id: str, user: str = "user-1") -> None:
        unlink_account(account_id, user=user, context=self.erase_context)

    def erase(self, user: str = "user-1") -> Erasure:
        """The user has everything erased."""
        return erase_user(user, self.erase_context)

    def finish_erasures(self) -> dict[str, int]:
        return finish_erasures(self.erase_context)

    def lease_for_refresh(self, account_id: str) -> None:
        """The user's own refresh of the account has begun."""
        connection = self.connection(account_id)
        self.connections.save(connection, connection.begin_refresh(self.now, key="key", floor=MINUTE, lasting=MINUTE))

    def open_circuit(self) -> None:
        circuit = self.circuits.find()
        self.circuits.open(circuit, circuit.open(self.now))

    def record_batch(self, transaction: Transaction, report: Batch, now: datetime) -> RecordedBatch | None:
        """Gateway has reported this batch. Gives what is recorded afterwards; None when it was erased."""
        recorded = {batch.batch.id: batch for batch in self.batches.of(transaction.id)}.get(report.id)
        decide = partial(apply_report, report=report, placed_by=placement_of(transaction), now=now)
        step = decide(recorded)
        return self.batches.record(step, decide, transaction.created_at) if step else recorded

    # What there is to see ----------------------------------------------------------------------

    def connection(self, account_id: str) -> Connection:
        connection = self.connections.find(account_id)
        assert connection is not None, f"{account_id} is not linked"
        return connection

    def transaction(self, transaction_id: str) -> Transaction:
        transaction = self.transactions.find(transaction_id)
        assert transaction is not None, f"there is no transaction {transaction_id}"
        return transaction

    def receipt(self, key: ReceiptKey) -> Receipt:
        receipt = self.receipts.find(key)
        assert receipt is not None, f"there is no receipt {key}"
        return receipt

    def stored_holdings(self, account_id: str) -> Securities | None:
        """The securities of our newest snapshot."""
        _, stored = self.snapshots.owned_with_newest(account_id, self.connection(account_id).owner)
        return None if stored is None else securities_in(stored.text)

    def record_events(self) -> list[Detail]:
        """The list that every event is added to from now on, as the table's stream gives it."""
        events: list[Detail] = []
        numbers = count()

        def on_change(before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
            number = f"{next(numbers)}"
            events.extend(events_of(Change(number, number, self.now, before, after)))

        self.memory.on_change = on_change
        return events

    def calls_for(self, subject: str) -> int:
        """How often Gateway was called about that subject."""
        return self.gateway.calls.count(subject)

    def circuit_is_open(self) -> bool:
        return self.circuits.find().state(self.now) is CircuitState.OPEN
