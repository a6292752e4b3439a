"""Completes transactions, intent by intent (contract 2.3, 2.5, 6.1)."""

from datetime import timedelta
from typing import Any

from sandbox.accounts.accounts import Account, AccountStore
from sandbox.accounts.investments import Investment, InvestmentStore, new_iscid
from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.clock import Clock
from sandbox.errors import ControlError
from sandbox.exchange.exchange import Exchange
from sandbox.orders.batch import Batch
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import OrderResult, Scenario
from sandbox.transactions import Transaction, TransactionStore
from sandbox.user.order_screen import securities_orders, smallcase_orders
from sandbox.webhooks.publisher import WebhookPublisher

Result = dict[str, Any]


class Completion:
    def __init__(
        self,
        clock: Clock,
        transactions: TransactionStore,
        accounts: AccountStore,
        tokens: GatewayTokens,
        webhook_publisher: WebhookPublisher,
        order_store: OrderStore,
        exchange: Exchange,
        investments: InvestmentStore,
    ) -> None:
        self._clock = clock
        self._transactions = transactions
        self._accounts = accounts
        self._tokens = tokens
        self._webhook_publisher = webhook_publisher
        self._order_store = order_store
        self._exchange = exchange
        self._investments = investments

    def complete(self, transaction: Transaction, account: Account, scenario: Scenario) -> Result:
        """Completes the transaction of a user who has logged in, and returns what the SDK resolves with."""
        token = {"smallcaseAuthToken": self._tokens.connected(account.auth_id), "transactionId": transaction.id}
        identity = token | {"broker": account.broker}
        match transaction.intent:
            case "TRANSACTION" if scenario.action_required:
                return identity | self._require_other_action(transaction, account)
            case "TRANSACTION":
                batch = self.place_orders(transaction, account, scenario, default=None)
                notes = {} if transaction.notes is None else {"notes": transaction.notes}
                return identity | notes | {"orderBatches": [batch.to_json()]} | transaction.result
            case "HOLDINGS_IMPORT":
                self._finish(transaction, account)
                snapshot = self._accounts.import_holdings(account)
                self._webhook_publisher.holdings_imported(transaction, snapshot, scenario.webhooks)
                return identity
            case "FETCH_FUNDS":
                return token | self._finish(transaction, account, funds=scenario.funds)
            case "SIP_SETUP":
                return token | self._finish(transaction, account, sipDetails=self._sip(transaction, account, scenario))
            case "AUTHORISE_HOLDINGS":
                self._finish(transaction, account)
                return token | {"status": "COMPLETED"}
            case "CANCEL_ORDER":
                self._cancel_order(transaction)
            case "CANCEL_AMO":
                self._cancel_after_market_orders(transaction, account)
        self._finish(transaction, account)
        return identity

    def complete_mutual_funds(self, transaction: Transaction, scenario: Scenario) -> Result:
        """Completes an import without a broker; its data comes by webhook only (contract 2.4)."""
        self._transactions.transition(transaction, "COMPLETED")
        self._webhook_publisher.mutual_funds_imported(transaction, scenario.webhooks)
        return {"transactionId": transaction.id, "notes": transaction.notes}

    def place_orders(
        self, transaction: Transaction, account: Account, scenario: Scenario, default: OrderResult | None
    ) -> Batch:
        """Sends the orders; `default` is the result of those without a scenario."""
        order_type = transaction.order_type
        if order_type == "SECURITIES":
            plans = securities_orders(transaction, scenario.orders, default)
            return self._exchange.place(transaction, account, plans, webhooks=scenario.webhooks)
        assert order_type
        investment = self._investment(transaction, account)
        plans = smallcase_orders(order_type, investment, scenario.orders, default or "fill")
        investment.recommended_action = None
        self._investments.save(investment)
        transaction.result = _reference(investment)
        return self._exchange.place(
            transaction, account, plans, webhooks=scenario.webhooks, label=order_type, iscid=investment.iscid
        )

    def _require_other_action(self, transaction: Transaction, account: Account) -> Result:
        """Orders nothing, because the smallcase needs another action first, as a repair (contract 2.5)."""
        if transaction.order_type == "SECURITIES":
            raise ControlError(400, "Only a smallcase order can need another action first.")
        reference = _reference(self._investment(transaction, account))
        self._transition(transaction, account, "ACTION_REQUIRED", reference)
        return reference | {"orderBatches": []}

    def _investment(self, transaction: Transaction, account: Account) -> Investment:
        """The investment of the order; a first BUY begins a new investment."""
        config = transaction.order_config
        iscid = config.get("iscid") or new_iscid(transaction.id)
        return self._investments.get_or_new(account.auth_id, iscid, scid=config.get("scid"))

    def _sip(self, transaction: Transaction, account: Account, scenario: Scenario) -> Result:
        investment = self._investment(transaction, account)
        sip = {
            "amount": 5000.5,
            "frequency": "1m",
            "iscid": investment.iscid,
            "scheduledDate": (self._clock.now() + timedelta(days=30)).date().isoformat(),
            "scid": investment.scid,
            "sipAction": "create",
            "sipActive": True,
            "sipType": "manual",
        } | scenario.sip
        if sip["sipAction"] == "end":
            members = ("iscid", "scid", "sipAction", "sipActive")
            sip = {name: sip[name] for name in members} | {"sipActive": scenario.sip.get("sipActive", False)}
        return sip

    def _cancel_order(self, transaction: Transaction) -> None:
        config = transaction.order_config
        batch = self._order_store.get(config["batchId"])
        assert batch
        order = batch.order(config["ticker"])
        assert order
        self._exchange.cancel(batch, order)

    def _cancel_after_market_orders(self, transaction: Transaction, account: Account) -> None:
        """Cancels the orders of the investment and those without an investment."""
        iscids = (None, transaction.order_config["iscid"])
        for batch in self._order_store.all():
            if batch.auth_id == account.auth_id and batch.is_amo and batch.iscid in iscids:
                for order in batch.orders:
                    if order.is_open:
                        self._exchange.cancel(batch, order)

    def _finish(self, transaction: Transaction, account: Account, **result: Any) -> Result:
        self._transition(transaction, account, "COMPLETED", result)
        return result

    def _transition(self, transaction: Transaction, account: Account, status: str, result: Result) -> None:
        self._transactions.transition(
            transaction, status, auth_id=account.auth_id, broker=account.broker, result=result
        )


def _reference(investment: Investment) -> Result:
    return {"scid": investment.scid, "iscid": investment.iscid, "name": investment.name}
