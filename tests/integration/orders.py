"""Orders as the scenarios make them."""

from typing import Any

from testing.portfolios import market
from tests.integration.aws import Aws

KNOWN = {row["nse_ticker"]: number for number, row in enumerate(market())}


def number_of(ticker: str) -> int:
    """Of the security in the market, as `testing.portfolios.holding` takes it."""
    return KNOWN[ticker]


def basket(*securities: tuple[str, str, int], **more: Any) -> dict[str, Any]:
    """A TRANSACTION of type SECURITIES: (side, ticker, quantity) each."""
    listed = [{"ticker": ticker, "quantity": quantity, "type": side} for side, ticker, quantity in securities]
    return {"intent": "TRANSACTION", "orderConfig": {"type": "SECURITIES", "securities": listed}, **more}


def stocks(order: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """Ticker -> (status, shares filled) over all batches of an order as our API tells it."""
    return {
        stock["ticker"]: (stock["status"], stock["filledQuantity"])
        for batch in order["batches"]
        for stock in batch["orders"]
    }


def truth(batch: dict[str, Any]) -> dict[str, tuple[str, int]]:
    """The same of a batch as the sandbox's exchange knows it."""
    placed = [*batch["orders"], *batch["unplaced"]]
    return {stock["tradingsymbol"]: (stock["status"], stock.get("filledQuantity") or 0) for stock in placed}


def verdicts(aws: Aws, transaction_id: str) -> list[tuple[str, str]]:
    """(verdict, reason) of every webhook about the transaction that has been worked on."""
    return [
        (receipt["verdict"]["S"], receipt["reason"]["S"])
        for receipt in aws.every_receipt()
        if receipt.get("transactionId", {}).get("S") == transaction_id and "verdict" in receipt
    ]
