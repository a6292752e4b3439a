"""What Gateway knows of an account's holdings, in both of its shapes (contract 4)."""

from dataclasses import dataclass
from typing import Any

from sandbox import market
from sandbox.exact_json import to_float, to_int

# Not part of the portfolio: Gateway says these about it.
ABOUT_IT = ("updating", "lastUpdate", "snapshotDate", "smallcaseAuthId", "broker")


@dataclass(frozen=True)
class Snapshot:
    """The portfolio as the broker had it at `snapshot_date`."""

    auth_id: str
    broker: str
    portfolio: dict[str, Any]
    snapshot_date: str
    last_update: str

    def in_version(self, version: str, *, with_mutual_funds: bool) -> dict[str, Any]:
        return self._v2(with_mutual_funds) if version == "v2" else self._v1(with_mutual_funds)

    def _v2(self, with_mutual_funds: bool) -> dict[str, Any]:
        left_out = set(ABOUT_IT) if with_mutual_funds else {*ABOUT_IT, "mutualFunds"}
        told = {member: value for member, value in self.portfolio.items() if member not in left_out}
        return told | self._about_it()

    def _v1(self, with_mutual_funds: bool) -> dict[str, Any]:
        told = self._v2(with_mutual_funds)
        # v1 knows no share without an NSE ticker.
        rows = [_v1_row(row) for row in self.portfolio["securities"] if row.get("nseTicker")]
        return told | {"securities": {"holdings": [row for row in rows if row["shares"]]}}

    def _about_it(self) -> dict[str, Any]:
        return {
            "updating": self.portfolio.get("updating", False),
            "lastUpdate": self.last_update,
            "snapshotDate": self.snapshot_date,
            "smallcaseAuthId": self.auth_id,
            "broker": self.broker,
        }


def transactable(portfolio: dict[str, Any], ticker: str) -> int:
    """How many shares the account can sell."""
    row = _row_of(portfolio, ticker)
    return to_int(row.get("transactableQuantity")) if row else 0


def book_trade(portfolio: dict[str, Any], ticker: str, *, shares: int, price: float) -> None:
    """Bought shares, or sold ones if negative, become the day's NSE position (contract 4.2)."""
    row = _row_of(portfolio, ticker)
    if row is None:
        row = market.nothing_of(market.by_ticker()[ticker])
        portfolio["securities"].append(row)
    positions = row.get("positions") or {}
    before = positions.get("nse") or {}
    held, paid = to_int(before.get("quantity")), to_float(before.get("averagePrice") or 0)
    if held * shares > 0:
        price = (held * paid + shares * price) / (held + shares)
    row["positions"] = positions | {"nse": {"quantity": held + shares, "averagePrice": price}}
    row["transactableQuantity"] = to_int(row.get("transactableQuantity")) + shares
    # What the portfolio said of its own age is over.
    for date in ("snapshotDate", "lastUpdate"):
        portfolio.pop(date, None)


def _row_of(portfolio: dict[str, Any], ticker: str) -> dict[str, Any] | None:
    return next((row for row in portfolio["securities"] if row.get("nseTicker") == ticker), None)


def _v1_row(row: dict[str, Any]) -> dict[str, Any]:
    """One number for demat and positions together, without what smallcases hold (contract 4.1)."""
    demat, positions = row.get("holdings") or {}, row.get("positions") or {}
    held = [demat, positions.get("nse") or {}, positions.get("bse") or {}]
    shares = sum(to_int(part.get("quantity")) for part in held) - to_int(row.get("smallcaseQuantity"))
    return {
        "name": row.get("name"),
        "ticker": row["nseTicker"],
        "exchange": "NSE",
        "averagePrice": demat.get("averagePrice", 0),
        "shares": shares,
    }
