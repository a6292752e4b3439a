"""Holdings of an account: the snapshot that Gateway serves of them in v1 and v2, and trades (contract 4)."""

from dataclasses import dataclass
from typing import Any

from sandbox.exact_json import to_float, to_int
from sandbox.market.securities import Security, by_ticker

# Members that Gateway adds to the portfolio. A portfolio's own values are left out of what is served.
GATEWAY_MEMBERS = ("updating", "lastUpdate", "snapshotDate", "smallcaseAuthId", "broker")


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
        left_out = set(GATEWAY_MEMBERS) if with_mutual_funds else {*GATEWAY_MEMBERS, "mutualFunds"}
        served = {member: value for member, value in self.portfolio.items() if member not in left_out}
        return served | self._gateway_members()

    def _v1(self, with_mutual_funds: bool) -> dict[str, Any]:
        served = self._v2(with_mutual_funds)
        # v1 leaves out securities without an NSE ticker.
        rows = [_v1_row(row) for row in self.portfolio["securities"] if row.get("nseTicker")]
        return served | {"securities": {"holdings": [row for row in rows if row["shares"]]}}

    def _gateway_members(self) -> dict[str, Any]:
        return {
            "updating": self.portfolio.get("updating", False),
            "lastUpdate": self.last_update,
            "snapshotDate": self.snapshot_date,
            "smallcaseAuthId": self.auth_id,
            "broker": self.broker,
        }


def sellable_quantity(portfolio: dict[str, Any], ticker: str) -> int:
    """How many shares of the security the account can sell."""
    row = _row_of(portfolio, ticker)
    return to_int(row.get("transactableQuantity")) if row else 0


def record_trade(portfolio: dict[str, Any], ticker: str, *, shares: int, price: float) -> None:
    """Traded shares change the day's NSE position (contract 4.2); `shares` is negative for a sale."""
    row = _row_of(portfolio, ticker)
    if row is None:
        row = security_row(by_ticker()[ticker], demat=0, price=0)
        portfolio["securities"].append(row)
    positions = row.get("positions") or {}
    before = positions.get("nse") or {}
    held, paid = to_int(before.get("quantity")), to_float(before.get("averagePrice") or 0)
    if held * shares > 0:
        price = (held * paid + shares * price) / (held + shares)
    row["positions"] = positions | {"nse": {"quantity": held + shares, "averagePrice": price}}
    row["transactableQuantity"] = to_int(row.get("transactableQuantity")) + shares
    # The dates that the portfolio was given are older than this trade.
    for date in ("snapshotDate", "lastUpdate"):
        portfolio.pop(date, None)


def security_row(
    security: Security,
    *,
    demat: int,
    price: float,
    nse: tuple[int, float] = (0, 0),
    bse: tuple[int, float] = (0, 0),
    in_smallcases: int = 0,
    pledged: int | None = None,
    sellable: int | None = None,
) -> dict[str, Any]:
    """A security in a portfolio (contract 4.2); `nse` and `bse` are the quantity and price of the day's positions."""
    row: dict[str, Any] = {
        "holdings": {"quantity": demat, "averagePrice": price},
        "positions": {
            "nse": {"quantity": nse[0], "averagePrice": nse[1]},
            "bse": {"quantity": bse[0], "averagePrice": bse[1]},
        },
        "transactableQuantity": demat + nse[0] if sellable is None else sellable,
        "smallcaseQuantity": in_smallcases,
        "nseTicker": security.ticker,
        "bseTicker": security.ticker,
        "isin": security.isin,
        "name": security.name,
    }
    if pledged is not None:
        row["collateralQuantity"] = pledged
    return row


def _row_of(portfolio: dict[str, Any], ticker: str) -> dict[str, Any] | None:
    return next((row for row in portfolio["securities"] if row.get("nseTicker") == ticker), None)


def _v1_row(row: dict[str, Any]) -> dict[str, Any]:
    """A single quantity for demat and positions, without the shares in smallcases (contract 4.1)."""
    demat, positions = row.get("holdings") or {}, row.get("positions") or {}
    parts = [demat, positions.get("nse") or {}, positions.get("bse") or {}]
    shares = sum(to_int(part.get("quantity")) for part in parts) - to_int(row.get("smallcaseQuantity"))
    return {
        "name": row.get("name"),
        "ticker": row["nseTicker"],
        "exchange": "NSE",
        "averagePrice": demat.get("averagePrice", 0),
        "shares": shares,
    }
