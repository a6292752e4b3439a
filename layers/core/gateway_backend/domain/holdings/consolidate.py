"""Consolidating a user's accounts (contract 4): every holding added up by ISIN.

A quantity is demat plus net NSE and BSE positions (T+1, may be negative). Shares held through smallcases are already
inside those quantities in v2 and are only shown beside, never added.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gateway_backend.domain.holdings.portfolio import AccountPortfolio, Leg, MutualFund, Security
from gateway_backend.domain.shared.money import ZERO, is_dust, nearly_equal, net, product, quotient, tidy, total

type _Parts = dict[str, tuple[AccountPortfolio, list[Security]]]
"""One ISIN's securities by account id."""


def consolidate(accounts: Sequence[AccountPortfolio]) -> dict[str, Any]:
    """Add accounts up by ISIN: `{"invested", "totals", "holdings": […], "mutualFunds": […]}`, the largest first.

    Quantities are shares (units for funds), amounts rupees. `averagePrice` and `invested` are null where the cost of
    any part is unknown: an average over the rest would pass for the whole. `invested` above is the sum of those below,
    of securities and funds; `totals` says what it leaves out. `weight` is the share (0 to 1) of that sum. Where
    nothing is held any more, nothing is `invested` and there is no `averagePrice`.
    """
    rows, funds, unreadable = [_holding(parts) for parts in _rows(accounts)], _funds(accounts), _unreadable(accounts)
    invested = total(row["invested"] for row in (*rows, *funds) if row["invested"] is not None)
    for row in (*rows, *funds):
        has_cost = row["invested"] is not None and invested > 0
        row["weight"] = quotient(row["invested"], invested) if has_cost else None
    rows.sort(key=lambda row: (-(row["invested"] or ZERO), row["name"], row["isin"] or ""))
    return {
        "invested": tidy(invested),
        "totals": {
            "securities": _total(rows, "quantity"),
            "mutualFunds": _total(funds, "units"),
            "unreadable": len(unreadable),
        },
        "holdings": rows,
        "mutualFunds": funds,
        "unreadable": unreadable,
    }


def _total(rows: Sequence[Mapping[str, Any]], quantity: str) -> dict[str, Any]:
    """`held` rows, how many of them are `withoutCost`, and what the others cost together."""
    held = [row for row in rows if row[quantity] > 0]
    known = [row["invested"] for row in held if row["invested"] is not None]
    return {"invested": tidy(total(known)), "held": len(held), "withoutCost": len(held) - len(known)}


def _unreadable(accounts: Sequence[AccountPortfolio]) -> list[dict[str, Any]]:
    """What is held and cannot be read, by account: what is known of it, and no number."""
    return [
        {
            "smallcaseAuthId": account.account_id,
            "broker": account.broker,
            "isin": row.isin,
            "name": row.name,
            "nseTicker": row.nse_ticker,
            "bseTicker": row.bse_ticker,
            "folio": row.folio,
        }
        for account in accounts
        for row in account.portfolio.unreadable
    ]


def _rows(accounts: Sequence[AccountPortfolio]) -> Iterable[_Parts]:
    # A v1 snapshot names tickers only: it joins the row of the ISIN that another account has for the ticker. Where two
    # ISINs share it, a share and a preference share, it has a row of its own: nobody can tell which is meant.
    isins: dict[str, set[str]] = {}
    for account in accounts:
        for security in account.portfolio.securities:
            if security.isin and security.nse_ticker:
                isins.setdefault(security.nse_ticker, set()).add(security.isin)
    isin_of: dict[str | None, str] = {ticker: next(iter(found)) for ticker, found in isins.items() if len(found) == 1}
    rows: dict[str, _Parts] = {}
    for account in accounts:
        for security in account.portfolio.securities:
            parts = rows.setdefault(_identity(security, isin_of), {})
            parts.setdefault(account.account_id, (account, []))[1].append(security)
    return rows.values()


def _identity(security: Security, isin_of: Mapping[str | None, str]) -> str:
    isin = security.isin or isin_of.get(security.nse_ticker)
    if isin:
        return isin
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
        "suspendedOn": [
            *(["NSE"] if any(s.suspended_on_nse for s in securities) else []),
            *(["BSE"] if any(s.suspended_on_bse for s in securities) else []),
        ],
        **_quantities(securities),
        "averagePrice": average,
        "invested": invested,
        "weight": None,
        "accounts": accounts,
    }


def _quantities(securities: Sequence[Security]) -> dict[str, Any]:
    legs = [leg for s in securities for leg in (s.demat, s.nse, s.bse)]
    average, invested = cost(legs)
    return {
        "quantity": net([leg.quantity for leg in legs]),
        "demat": total(s.demat.quantity for s in securities),
        "nse": total(s.nse.quantity for s in securities),
        "bse": total(s.bse.quantity for s in securities),
        "collateral": total(s.collateral for s in securities),
        "inSmallcases": total(s.in_smallcases for s in securities),
        "transactable": total(s.transactable for s in securities),
        "averagePrice": average,
        "invested": invested,
    }


def cost(legs: Sequence[Leg]) -> tuple[Decimal | None, Decimal | None]:
    """Weighted average cost and the money in the shares still held; both unknown where any share's price is.

    Net sales (a negative position) leave at that average: a sale does not change what the rest cost.
    """
    held = net([leg.quantity for leg in legs])
    if held <= 0:
        return None, ZERO
    bought = [leg for leg in legs if leg.quantity > 0 and not is_dust(leg.quantity)]
    if any(leg.average_price <= 0 for leg in bought):
        return None, None
    cost = total(product(leg.quantity, leg.average_price) for leg in bought)
    shares = total(leg.quantity for leg in bought)
    average = bought[0].average_price if len(bought) == 1 else quotient(cost, shares)
    return average, tidy(cost) if nearly_equal(held, shares) else quotient(product(cost, held), shares)


def _cost_across(accounts: Sequence[Mapping[str, Any]]) -> tuple[Decimal | None, Decimal | None]:
    """The same over accounts: what one of them sold left at its own average, so the parts add up to the row."""
    held = [account for account in accounts if account["quantity"] > 0]
    if not held:
        return None, ZERO
    if any(account["invested"] is None for account in held):
        return None, None
    if len(held) == 1:
        return held[0]["averagePrice"], held[0]["invested"]
    cost = total(product(account["quantity"], account["averagePrice"]) for account in held)
    average = quotient(cost, total(account["quantity"] for account in held))
    return average, tidy(total(account["invested"] for account in held))


def _funds(accounts: Sequence[AccountPortfolio]) -> list[dict[str, Any]]:
    grouped: dict[str, list[tuple[AccountPortfolio, MutualFund]]] = {}
    at_brokers = [fund for one in accounts if not one.transaction_id for fund in one.portfolio.mutual_funds]
    named_by_brokers = {name for fund in at_brokers for name in _names(fund)}
    for account in accounts:
        for fund in account.portfolio.mutual_funds:
            if account.transaction_id and not named_by_brokers.isdisjoint(_names(fund)):
                continue  # the same units: the broker's row is refreshed, a statement is not
            grouped.setdefault(fund.isin or fund.name, []).append((account, fund))
    return sorted(map(_fund_row, grouped.values()), key=lambda row: (row["name"], row["isin"] or ""))


def _fund_row(parts: Sequence[tuple[AccountPortfolio, MutualFund]]) -> dict[str, Any]:
    average, invested = cost([Leg(fund.units, fund.average_price) for _, fund in parts])
    first = parts[0][1]
    return {
        "isin": first.isin,
        "name": first.name,
        "units": net([fund.units for _, fund in parts]),
        "averagePrice": average,
        "invested": invested,
        "accounts": [
            {
                "smallcaseAuthId": account.account_id or None,
                "broker": account.broker or None,
                "transactionId": account.transaction_id,
                "folio": fund.folio,
                "units": fund.units,
                **_fund_cost(fund),
            }
            for account, fund in parts
        ],
        "weight": None,
    }


def _fund_cost(fund: MutualFund) -> dict[str, Any]:
    average, invested = cost([Leg(fund.units, fund.average_price)])
    return {"averagePrice": average, "invested": invested}


def _names(fund: MutualFund) -> list[tuple[str, str]]:
    """By which a folio is recognised: brokers and registrars write it differently, and not all give the ISIN."""
    folio = re.sub(r"/0*$", "", "".join((fund.folio or "").split())).lstrip("0").casefold()
    return [(folio, name.casefold()) for name in (fund.isin, fund.name) if folio and name]
