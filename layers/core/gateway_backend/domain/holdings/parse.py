"""Parsing Gateway's holdings, v2 or v1 (contract 4.1, 4.2)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from gateway_backend.domain.holdings.portfolio import Leg, MutualFund, Portfolio, Security
from gateway_backend.domain.shared.money import ZERO

_MOST_DIGITS = 30
_COMMON = 10**15


class PortfolioUnreadable(ValueError):
    """The data object does not have the shape of contract 4.1 or 4.2; the text names the member."""


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

    No portfolio is made for it: a refresh needs this of every snapshot that it replaces.
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
