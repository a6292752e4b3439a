"""What is stored of a user."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import ConsentRecord
from gateway_backend.domain.erasure.erasure import Erasure
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.domain.transactions.transaction import Transaction


class StoredAccount(NamedTuple):
    """`snapshot_dates` are those of the portfolios that are kept, the oldest first; `webhooks` counts receipts."""

    connection: Connection
    snapshot_dates: Sequence[str]
    webhooks: int


class UserData(NamedTuple):
    """`withdrawn` are the consents that ended. `transactions` and the count of `orders` may miss the last second."""

    accounts: Sequence[StoredAccount]
    transactions: Sequence[Transaction]
    orders: int
    account_openings: int
    withdrawn: Sequence[ConsentRecord]
    erasures: Sequence[Erasure]

    @property
    def mutual_fund_statements(self) -> int:
        """An import of mutual funds is settled by its statement."""
        return sum(each.intent is Intent.MF_HOLDINGS_IMPORT and each.result_persisted for each in self.transactions)
