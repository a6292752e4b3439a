"""What a transaction that goes well comes to, intent by intent (contract 2.3, 2.5, 6.1)."""

from datetime import timedelta
from typing import Any

from sandbox import order_screen
from sandbox.accounts.accounts import Account, AccountStore
from sandbox.accounts.investments import Investment, InvestmentStore, new_iscid
from sandbox.auth.gateway_tokens import GatewayTokens
from sandbox.clock import Clock
from sandbox.errors import ControlError
from sandbox.exchange import Exchange
from sandbox.orders.batch import Batch
from sandbox.orders.order_store import OrderStore
from sandbox.scenario import OrderResult, Scenario
from sandbox.transactions import Transaction, TransactionStore
from sandbox.webhooks.publisher import WebhookPublisher

Answer = dict[str, Any]


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

    def complete(self, transaction: Transaction, account: Account, act: Scenario) -> Answer:
        """The user has logged in; what the SDK resolves with."""
        token = {"smallcaseAuthToken": self._tokens.connected(account.auth_id), "transactionId": transaction.id}
        identity = token | {"broker": account.broker}
        match transaction.intent:
            case "TRANSACTION" if act.action_required:
                return identity | self._something_else_first(transaction, account)
            case "TRANSACTION":
                batch = self.order(transaction, account, act, usual=None)
                notes = {} if transaction.notes is None else {"notes": transaction.notes}
                return identity | notes | {"orderBatches": [batch.to_json()]} | transaction.result
            case "HOLDINGS_IMPORT":
                self._finish(transaction, account)
                self._webhook_publisher.holdings_imported(
                    transaction, self._accounts.import_holdings(account), act.webhooks
                )
                return identity
            case "FETCH_FUNDS":
                return token | self._finish(transaction, account, funds=act.funds)
            case "SIP_SETUP":
                return token | self._finish(transaction, account, sipDetails=self._sip(transaction, account, act))
            case "AUTHORISE_HOLDINGS":
                self._finish(transaction, account)
                return token | {"status": "COMPLETED"}
            case "CANCEL_ORDER":
                self._cancel_order(transaction)
            case "CANCEL_AMO":
                self._cancel_after_market_orders(transaction, account)
        self._finish(transaction, account)
        return identity

    def complete_mutual_funds(self, transaction: Transaction, act: Scenario) -> Answer:
        """No broker takes part, and the data comes by webhook only (contract 2.4)."""
        self._transactions.transition(transaction, "COMPLETED")
        self._webhook_publisher.mutual_funds_imported(transaction, act.webhooks)
        return {"transactionId": transaction.id, "notes": transaction.notes}

    def order(self, transaction: Transaction, account: Account, act: Scenario, usual: OrderResult | None) -> Batch:
        """The orders are sent; `usual` is what comes of those that nothing is said about."""
        kind = transaction.order_type
        if kind == "SECURITIES":
            wishes = order_screen.securities(transaction, act.orders, usual)
            return self._exchange.place(transaction, account, wishes, webhooks=act.webhooks)
        assert kind
        investment = self._investment(transaction, account)
        wishes = order_screen.smallcase(kind, investment, act.orders, usual or "fill")
        investment.recommended_action = None
        self._investments.save(investment)
        transaction.result = _about(investment)
        return self._exchange.place(
            transaction, account, wishes, webhooks=act.webhooks, label=kind, iscid=investment.iscid
        )

    def _something_else_first(self, transaction: Transaction, account: Account) -> Answer:
        """As a repair before a rebalance (contract 2.5): nothing is ordered."""
        if transaction.order_type == "SECURITIES":
            raise ControlError(400, "Only a smallcase order can need another action first.")
        investment = self._investment(transaction, account)
        about = _about(investment)
        self._move(transaction, account, "ACTION_REQUIRED", about)
        return about | {"orderBatches": []}

    def _investment(self, transaction: Transaction, account: Account) -> Investment:
        """A first BUY makes a new one."""
        config = transaction.order_config
        iscid = config.get("iscid") or new_iscid(transaction.id)
        return self._investments.get_or_new(account.auth_id, iscid, scid=config.get("scid"))

    def _sip(self, transaction: Transaction, account: Account, act: Scenario) -> Answer:
        investment = self._investment(transaction, account)
        chosen = {
            "amount": 5000.5,
            "frequency": "1m",
            "iscid": investment.iscid,
            "scheduledDate": (self._clock.now() + timedelta(days=30)).date().isoformat(),
            "scid": investment.scid,
            "sipAction": "create",
            "sipActive": True,
            "sipType": "manual",
        } | act.sip
        if chosen["sipAction"] == "end":
            told = ("iscid", "scid", "sipAction", "sipActive")
            chosen = {name: chosen[name] for name in told} | {"sipActive": act.sip.get("sipActive", False)}
        return chosen

    def _cancel_order(self, transaction: Transaction) -> None:
        config = transaction.order_config
        batch = self._order_store.get(config["batchId"])
        order = batch and batch.order(config["ticker"])
        assert batch
        assert order
        self._exchange.withdraw(batch, order)

    def _cancel_after_market_orders(self, transaction: Transaction, account: Account) -> None:
        """Those of the investment, and those of no investment at all."""
        wanted = (None, transaction.order_config["iscid"])
        for batch in self._order_store.all():
            if batch.auth_id == account.auth_id and batch.is_amo and batch.iscid in wanted:
                for order in batch.orders:
                    if order.is_open:
                        self._exchange.withdraw(batch, order)

    def _finish(self, transaction: Transaction, account: Account, **result: Any) -> Answer:
        self._move(transaction, account, "COMPLETED", result)
        return result

    def _move(self, transaction: Transaction, account: Account, status: str, result: Answer) -> None:
        self._transactions.transition(
            transaction, status, auth_id=account.auth_id, broker=account.broker, result=result
        )


def _about(investment: Investment) -> Answer:
    return {"scid": investment.scid, "iscid": investment.iscid, "name": investment.name}
