"""Serve the statement of a mutual fund import."""

from gateway_backend.domain.shared import exact_json, times
from gateway_backend.domain.shared.errors import NotFound, NothingImported
from gateway_backend.domain.transactions.intents import Intent
from gateway_backend.store.holdings.mutual_funds import MutualFunds
from gateway_backend.store.transactions.transactions import Transactions


def read_mutual_funds(transaction_id: str, *, user: str, transactions: Transactions, mutual_funds: MutualFunds) -> str:
    """JSON text: `data` is Gateway's, digit for digit, without the investor's personal data.

    Raises: NotFound when this is no mutual fund import of the user; NothingImported while Gateway has sent nothing.
    """
    transaction = transactions.owned(transaction_id, user)
    if transaction.intent is not Intent.MF_HOLDINGS_IMPORT:
        raise NotFound("This transaction imports no mutual fund statement")
    statement = mutual_funds.find(transaction_id)
    if statement is None and transaction.is_settled:
        raise NothingImported("The transaction ended without a statement: start another one")
    if statement is None:
        raise NothingImported("Gateway sends the statement by webhook when the user has finished: it has not come yet")
    about = {"transactionId": transaction_id, "receivedAt": times.to_text(statement.received_at)}
    return f'{exact_json.dumps(about)[:-1]},"data":{statement.text}}}'
