"""Holdings as CSV for spreadsheets and portfolio trackers: one row per security and account."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gateway_backend.domain.shared.money import is_dust

COLUMNS = (
    "ISIN",
    "Symbol",
    "Exchange",
    "Name",
    "Quantity",
    "Average Price",
    "Invested",
    "Currency",
    "Broker",
    "Account",
    "As Of",
)
_BYTE_ORDER_MARK = "\ufeff"
"""So that a spreadsheet takes the file for UTF-8."""

_FORMULA = re.compile(r"[\s\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER_OR_DATE = re.compile(r"\s*[+-]?[\d.,]*\d[\d.,]*([eE][+-]?\d+)?\s*|\s*\d+(\s*[/-]\s*\d+){1,2}\s*")


def to_csv(consolidated: Mapping[str, Any], as_of: Mapping[str, str | None]) -> str:
    """`consolidated` as `holdings.consolidate` gives it; `as_of` has the date of each account and statement."""
    text = io.StringIO()
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for rows in (_security_rows, _fund_rows, _unreadable_rows):
        writer.writerows(rows(consolidated, as_of))
    return text.getvalue()


def _security_rows(consolidated: Mapping[str, Any], as_of: Mapping[str, str | None]) -> Iterable[list[str]]:
    for row in consolidated["holdings"]:
        exchange = "NSE" if row["nseTicker"] else "BSE" if row["bseTicker"] else None
        for account in row["accounts"]:
            if account["quantity"] != 0:
                symbol = row["nseTicker"] or row["bseTicker"]
                yield _cells(row, symbol, exchange, account["quantity"], account["invested"], account, as_of)


def _fund_rows(consolidated: Mapping[str, Any], as_of: Mapping[str, str | None]) -> Iterable[list[str]]:
    for row in consolidated["mutualFunds"]:
        for account in row["accounts"]:
            if not is_dust(account["units"]):
                yield _cells(row, account["folio"], "MF", account["units"], account["invested"], account, as_of)


def _unreadable_rows(consolidated: Mapping[str, Any], as_of: Mapping[str, str | None]) -> Iterable[list[str]]:
    """What is held and cannot be read has a name and no number."""
    for row in consolidated["unreadable"]:
        exchange = "NSE" if row["nseTicker"] else "BSE" if row["bseTicker"] else "MF" if row["folio"] else None
        symbol = row["nseTicker"] or row["bseTicker"] or row["folio"]
        yield _cells(row, symbol, exchange, None, None, {**row, "averagePrice": None}, as_of)


def _cells(
    row: Mapping[str, Any],
    symbol: str | None,
    exchange: str | None,
    quantity: Decimal | None,
    invested: Decimal | None,
    account: Mapping[str, Any],
    as_of: Mapping[str, str | None],
) -> list[str]:
    source = account["smallcaseAuthId"] or account.get("transactionId")
    return [
        _text(row["isin"]),
        _text(symbol),
        _text(exchange),
        _text(row["name"]),
        _number(quantity),
        _number(account["averagePrice"]),
        _number(invested),
        "INR",
        _text(account["broker"]),
        _text(source),
        _text(as_of.get(source or "")),
    ]


def _number(value: Decimal | None) -> str:
    return "" if value is None else format(value, "f")


def _text(value: str | None) -> str:
    """A cell that no spreadsheet takes for a formula, nor a folio such as 0012345 or 10/12 for a number or a date."""
    value = value or ""
    return f"'{value}" if _FORMULA.match(value) or _NUMBER_OR_DATE.fullmatch(value) else value
