"""Reading and consolidating holdings (contract 4).

A portfolio is what one broker account held at one `snapshotDate`. Consolidation adds accounts up by ISIN:
demat plus net NSE and BSE positions (T+1, may be negative). Shares held through smallcases are already inside
those quantities in v2 and are only shown beside, never added.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gateway_backend.domain.shared.money import ZERO, product, quotient, tidy, total

_MOST_DIGITS = 30
_COMMON = 10**15


class PortfolioUnreadable(ValueError):
    """The data object does not have the shape of contract 4.1 or 4.2; says where."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A quantity of shares and what one cost on average; a price of zero means the broker does not know it."""

    quantity: Decimal = ZERO
    average_price: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Security:
    isin: str | None
    name: str
    nse_ticker: str | None
    bse_ticker: str | None
    demat: Leg
    nse: Leg = Leg()
    bse: Leg = Leg()
    transactable: Decimal = ZERO
    in_smallcases: Decimal = ZERO
    collateral: Decimal = ZERO
    suspended_on_nse: bool = False
    suspended_on_bse: bool = False


@dataclass(frozen=True, slots=True)
class MutualFund:
    isin: str | None
    name: str
    folio: str | None
    units: Decimal
    average_price: Decimal


@dataclass(frozen=True, slots=True)
class Portfolio:
    version: str
    securities: tuple[Security, ...]
    mutual_funds: tuple[MutualFund, ...]

    @property
    def size(self) -> int:
        """How many securities and fund folios are held."""
        return len(self.securities) + len(self.mutual_funds)

    def quantities(self) -> list[tuple[str, ...]]:
        """What is held, without what it is worth: comparable between two answers moments apart."""
        securities = [
            (s.isin or "", s.nse_ticker or "", *(str(tidy(leg.quantity)) for leg in (s.demat, s.nse, s.bse)))
            for s in self.securities
        ]
        return sorted(
            [*securities, *((f.isin or f.name, f.folio or "", str(tidy(f.units))) for f in self.mutual_funds)]
        )


# Reading ---------------------------------------------------------------------------------------


def parse_portfolio(data: Mapping[str, Any]) -> Portfolio:
    """Read Gateway's holdings data object, v2 or v1 by its shape. Raises: PortfolioUnreadable."""
    securities = data.get("securities")
    funds = tuple(map(_fund, _list(_object(data.get("mutualFunds") or {}, "mutualFunds"), "holdings")))
    if isinstance(securities, list):
        return Portfolio("v2", tuple(map(_security, securities)), funds)
    if isinstance(securities, Mapping):
        return Portfolio("v1", _v1_securities(data, securities), funds)
    raise PortfolioUnreadable("securities is neither a v2 list nor a v1 object")


def identities(data: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """What a readable data object holds, whatever the quantity: securities by ISIN or ticker, funds by folio.

    Without making a portfolio of it: a refresh asks this of every snapshot that is about to be replaced.
    """
    securities = data["securities"]
    listed = securities
    if isinstance(securities, dict):  # v1: what smallcases hold stands apart
        listed = [*securities["holdings"], *_constituents(_object(data.get("smallcases") or {}, "smallcases"))]
    funds = (data.get("mutualFunds") or {}).get("holdings") or []
    names = ("isin", "nseTicker", "ticker", "bseTicker", "name")
    return {(next((row[name] for name in names if row.get(name)), ""),) for row in listed} | {
        (fund.get("isin") or fund.get("fund") or "", fund.get("folio") or "") for fund in funds
    }


def _security(item: Any) -> Security:
    item = _object(item, "securities[]")
    positions = _object(item.get("positions") or {}, "positions")
    return Security(
        isin=_text(item, "isin"),
        name=_text(item, "name") or "",
        nse_ticker=_text(item, "nseTicker"),
        bse_ticker=_text(item, "bseTicker"),
        demat=_leg(item, "holdings", required=True),
        nse=_leg(positions, "nse"),
        bse=_leg(positions, "bse"),
        transactable=_number(item, "transactableQuantity"),
        in_smallcases=_number(item, "smallcaseQuantity"),
        collateral=_number(item, "collateralQuantity"),
        suspended_on_nse=item.get("isSuspendedOrDelistedOnNSE") is True,
        suspended_on_bse=item.get("isSuspendedOrDelistedOnBSE") is True,
    )


def _v1_securities(data: Mapping[str, Any], securities: Mapping[str, Any]) -> tuple[Security, ...]:
    """v1 leaves smallcase shares out of a stock's quantity: here they are added back (contract 4.1)."""
    in_smallcases: dict[str, Decimal] = {}
    for constituent in _constituents(_object(data.get("smallcases") or {}, "smallcases")):
        name = _text(constituent, "ticker") or ""
        in_smallcases[name] = in_smallcases.get(name, ZERO) + _number(constituent, "shares")
    found = []
    for raw in _list(securities, "holdings", required=True):
        item = _object(raw, "securities.holdings[]")
        ticker = _text(item, "ticker")
        inside = in_smallcases.pop(ticker or "", ZERO)
        shares = _number(item, "shares", required=True)
        found.append(_v1_security(_text(item, "name"), ticker, shares, _number(item, "averagePrice"), inside))
    found += [_v1_security(None, ticker, ZERO, ZERO, shares) for ticker, shares in in_smallcases.items()]
    return tuple(found)


def _v1_security(name: str | None, ticker: str | None, shares: Decimal, price: Decimal, inside: Decimal) -> Security:
    quantity = shares + inside
    return Security(
        None,
        name or ticker or "",
        ticker,
        None,
        Leg(quantity, price),
        transactable=quantity,
        in_smallcases=inside,
    )


def _constituents(smallcases: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    private = _object(smallcases.get("private") or {}, "smallcases.private")
    for investment in [*_list(smallcases, "public"), *_list(private, "investments")]:
        for constituent in _list(_object(investment, "smallcases"), "constituents"):
            yield _object(constituent, "constituents[]")


def _fund(item: Any) -> MutualFund:
    item = _object(item, "mutualFunds.holdings[]")
    return MutualFund(
        isin=_text(item, "isin"),
        name=_text(item, "fund") or _text(item, "tradingsymbol") or "",
        folio=_text(item, "folio"),
        units=_number(item, "quantity", required=True),
        average_price=_number(item, "averagePrice"),
    )


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise PortfolioUnreadable(f"{where} is not an object")
    return value


def _list(owner: Mapping[str, Any], name: str, *, required: bool = False) -> list[Any]:
    value = owner.get(name)
    if value is None and not required:
        return []
    if not isinstance(value, list):
        raise PortfolioUnreadable(f"{name} is not a list")
    return value


def _leg(owner: Mapping[str, Any], name: str, *, required: bool = False) -> Leg:
    if owner.get(name) is None and not required:
        return Leg()
    leg = _object(owner.get(name), name)
    return Leg(_number(leg, "quantity", required=True), _number(leg, "averagePrice"))


def _number(owner: Mapping[str, Any], name: str, *, required: bool = False) -> Decimal:
    value = owner.get(name)
    if value is None and not required:
        return ZERO
    if type(value) is int and -_COMMON < value < _COMMON:  # most are: no need to look closer
        return Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise PortfolioUnreadable(f"{name} is not a number")
    number = Decimal(value)
    if not number:
        return ZERO  # a zero's exponent may be absurd too: 0e-999999
    if abs(number.adjusted()) > _MOST_DIGITS:
        raise PortfolioUnreadable(f"{name} is absurdly large or small")
    return number


def _text(owner: Mapping[str, Any], name: str) -> str | None:
    value = owner.get(name)
    if value is not None and not isinstance(value, str):
        raise PortfolioUnreadable(f"{name} is not a text")
    return value or None


# Consolidating ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AccountPortfolio:
    account_id: str
    broker: str
    portfolio: Portfolio


type _Parts = dict[str, tuple[AccountPortfolio, list[Security]]]
"""One ISIN's securities by account id."""


def consolidate(accounts: Sequence[AccountPortfolio]) -> dict[str, Any]:
    """Add accounts up by ISIN: `{"holdings": […], "mutualFunds": […], "invested"}`, the largest first.

    Quantities are shares (units for funds), amounts rupees, `weight` the share (0 to 1) of the money put into
    securities of known cost. `averagePrice`, `invested` and `weight` are null where the broker knows no cost;
    where nothing is held any more, nothing is `invested` and there is no `averagePrice`.
    """
    rows = [_holding(parts) for parts in _rows(accounts)]
    invested = total(row["invested"] for row in rows if row["invested"] is not None)
    for row in rows:
        known = row["invested"] is not None and invested > 0
        row["weight"] = quotient(row["invested"], invested) if known else None
    rows.sort(key=lambda row: (-(row["invested"] or ZERO), row["name"], row["isin"] or ""))
    return {"invested": tidy(invested), "holdings": rows, "mutualFunds": _funds(accounts)}


def _rows(accounts: Sequence[AccountPortfolio]) -> Iterable[_Parts]:
    # A v1 snapshot names tickers only: it joins the row of the ISIN that another account has for the ticker.
    isin_of: dict[str | None, str] = {
        security.nse_ticker: security.isin
        for account in accounts
        for security in account.portfolio.securities
        if security.isin and security.nse_ticker
    }
    rows: dict[str, _Parts] = {}
    for account in accounts:
        for security in account.portfolio.securities:
            parts = rows.setdefault(_identity(security, isin_of), {})
            parts.setdefault(account.account_id, (account, []))[1].append(security)
    return rows.values()


def _identity(security: Security, isin_of: Mapping[str | None, str]) -> str:
    known = security.isin or isin_of.get(security.nse_ticker)
    if known:
        return known
    return f"NSE:{security.nse_ticker}" if security.nse_ticker else f"BSE:{security.bse_ticker or security.name}"


def _holding(parts: _Parts) -> dict[str, Any]:
    securities = [security for _, held in parts.values() for security in held]
    accounts = [
        {"smallcaseAuthId": account.account_id, "broker": account.broker, **_quantities(held)}
        for account, held in parts.values()
    ]
    average, invested = _cost_across(accounts)
    return {
        "isin": next((s.isin for s in securities if s.isin), None),
        "name": next((s.name for s in securities if s.isin and s.name), securities[0].name),
        "nseTicker": next((s.nse_ticker for s in securities if s.nse_ticker), None),
        "bseTicker": next((s.bse_ticker for s in securities if s.bse_ticker), None),
        "suspended": any(s.suspended_on_nse or s.suspended_on_bse for s in securities),
        **_quantities(securities),
        "averagePrice": average,
        "invested": invested,
        "weight": None,
        "accounts": accounts,
    }


def _quantities(securities: Sequence[Security]) -> dict[str, Any]:
    legs = [leg for s in securities for leg in (s.demat, s.nse, s.bse)]
    average, invested = _cost(legs)
    return {
        "quantity": total(leg.quantity for leg in legs),
        "demat": total(s.demat.quantity for s in securities),
        "nse": total(s.nse.quantity for s in securities),
        "bse": total(s.bse.quantity for s in securities),
        "collateral": total(s.collateral for s in securities),
        "inSmallcases": total(s.in_smallcases for s in securities),
        "transactable": total(s.transactable for s in securities),
        "averagePrice": average,
        "invested": invested,
    }


def _cost(legs: Sequence[Leg]) -> tuple[Decimal | None, Decimal | None]:
    """Weighted average cost and the money in the shares still held.

    Only bought shares of known price make the average. Net sales (a negative position) leave at that average: a
    sale does not change what the rest cost. Shares of unknown price make `invested` unknown, not smaller.
    """
    if total(leg.quantity for leg in legs) <= 0:
        return None, ZERO
    bought = [leg for leg in legs if leg.quantity > 0]
    priced = [leg for leg in bought if leg.average_price > 0]
    if not priced:
        return None, None
    cost = total(product(leg.quantity, leg.average_price) for leg in priced)
    shares = total(leg.quantity for leg in priced)
    average = priced[0].average_price if len(priced) == 1 else quotient(cost, shares)
    if len(priced) < len(bought):
        return average, None
    held = total(leg.quantity for leg in legs)
    return average, tidy(cost) if held == shares else quotient(product(cost, held), shares)


def _cost_across(accounts: Sequence[Mapping[str, Any]]) -> tuple[Decimal | None, Decimal | None]:
    """The same over accounts: what one of them sold left at its own average, so the parts add up to the row."""
    held = [account for account in accounts if account["quantity"] > 0]
    if not held:
        return None, ZERO
    priced = [account for account in held if account["averagePrice"] is not None]
    if not priced:
        return None, None
    if len(held) == 1:
        return held[0]["averagePrice"], held[0]["invested"]
    cost = total(product(account["quantity"], account["averagePrice"]) for account in priced)
    average = quotient(cost, total(account["quantity"] for account in priced))
    if any(account["invested"] is None for account in held):
        return average, None
    return average, tidy(total(account["invested"] for account in held))


def _funds(accounts: Sequence[AccountPortfolio]) -> list[dict[str, Any]]:
    grouped: dict[str, list[tuple[AccountPortfolio, MutualFund]]] = {}
    for account in accounts:
        for fund in account.portfolio.mutual_funds:
            grouped.setdefault(fund.isin or fund.name, []).append((account, fund))
    return sorted(map(_fund_row, grouped.values()), key=lambda row: (row["name"], row["isin"] or ""))


def _fund_row(parts: Sequence[tuple[AccountPortfolio, MutualFund]]) -> dict[str, Any]:
    average, invested = _cost([Leg(fund.units, fund.average_price) for _, fund in parts])
    first = parts[0][1]
    return {
        "isin": first.isin,
        "name": first.name,
        "units": total(fund.units for _, fund in parts),
        "averagePrice": average,
        "invested": invested,
        "accounts": [
            {
                "smallcaseAuthId": account.account_id,
                "broker": account.broker,
                "folio": fund.folio,
                "units": fund.units,
                "averagePrice": fund.average_price if fund.average_price > 0 else None,
            }
            for account, fund in parts
        ],
    }


# v1 of a v2 snapshot ---------------------------------------------------------------------------


def v1_securities(portfolio: Portfolio) -> dict[str, Any]:
    """The v1 `securities` member of a v2 portfolio, with v1's own limits (contract 4.1).

    Positions are folded into shares, smallcase shares are left out, and stocks listed on BSE only do not appear.
    """
    holdings = []
    for security in portfolio.securities:
        legs = [security.demat, security.nse, security.bse]
        shares = total(leg.quantity for leg in legs) - security.in_smallcases
        if security.nse_ticker is None or shares == 0:
            continue
        average, _ = _cost(legs)
        holdings.append(
            {
                "name": security.name,
                "ticker": security.nse_ticker,
                "averagePrice": average or ZERO,
                "shares": shares,
            }
        )
    return {"holdings": holdings}
