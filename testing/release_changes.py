"""In what the answers of this release differ from a former one's, apart from what was changed on purpose."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from gateway_backend.contracts.transactions.views import REFUSAL_CODES
from gateway_backend.domain.shared.money import quotient


def fault(new: str, old: str) -> Any:
    if old.startswith("ISIN,"):
        return fault_of_csv(new, old)
    if not old.startswith("{"):
        return None if new == old else (new, old)
    parse: Callable[[str], Any] = lambda text: json.loads(text, parse_float=Decimal)  # noqa: E731
    before = parse(old)
    change_on_purpose(before)
    for volatile in ("correlationId", "nextCursor"):
        before.pop(volatile, None)
    return lacks(parse(new), before)


def fault_of_csv(new: str, old: str) -> Any:
    """Since 2026-11-27 it begins with a byte order mark, folios are text, and funds have their cost."""
    rows = list(csv.reader(io.StringIO(new.removeprefix("\ufeff"))))
    before = list(csv.reader(io.StringIO(old)))
    for row in before:
        if row[2] == "MF":
            row[1], row[6] = f"'{row[1]}", rows[before.index(row)][6]
    return None if rows == before else (rows, before)


def change_on_purpose(answer: dict[str, Any]) -> None:
    """Since 2026-11-26 a refused link has a status and a code of its own (docs/api.md).

    Since 2026-11-27 `invested` and the weights count mutual funds.
    """
    if "mutualFunds" in answer:
        answer["invested"] = Decimal(answer["invested"]) + sum(
            Decimal(fund["invested"] or 0) for fund in answer["mutualFunds"]
        )
        for row in answer["holdings"]:
            row["weight"] = quotient(Decimal(row["invested"]), answer["invested"]) if row["invested"] else row["weight"]
    for transaction in answer.get("transactions", [answer]):
        error = transaction.get("error") or {}
        if error.get("code") == 409:
            error["code"] = REFUSAL_CODES[error["message"]]
            transaction["status"] = "LINK_REFUSED"


def lacks(new: Any, old: Any) -> Any:
    """What of an old answer a new one does not say; None when it says all of it, and perhaps more."""
    if isinstance(old, dict) and isinstance(new, dict):
        faults = {name: lacks(new.get(name, "nothing"), value) for name, value in old.items()}
        return {name: fault for name, fault in faults.items() if fault is not None} or None
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [fault for pair in zip(new, old, strict=True) if (fault := lacks(*pair)) is not None] or None
    return None if new == old else (new, old)
