"""Parsing Gateway's holdings, v2 or v1 (contract 4.1, 4.2)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from gateway_backend.domain.holdings.portfolio import Leg, MutualFund, Portfolio, Security, UnreadableRow
from gateway_backend.domain.shared.money import DUST, ZERO, is_dust, readable

_COMMON = 10**15


class PortfolioUnreadable(ValueError):
    """The data object does not have the shape of contract 4.1 or 4.2; the text names the member."""


class _RowUnreadable(ValueError):
    """A quantity of one row cannot be read."""


def parse_portfolio(data: Mapping[str, Any]) -> Portfolio:
    """Read Gateway's holdings data object, v2 or v1 by its shape.

    A row whose quantity cannot be read is kept as unreadable, and hides no other. A price that cannot be read counts as
    unknown. Raises: PortfolioUnreadable.
    """
    unreadable: list[UnreadableRow] = []
    securities = data.get("securities")
    funds = tuple(_readable(_fund, _fund_rows(data), _unreadable_fund, unreadable))
    if isinstance(securities, list):
        rows = tuple(_readable(_security, securities, _unreadable_security, unreadable))
        return Portfolio("v2", rows, funds, tuple(unreadable))
    if isinstance(securities, Mapping):
        rows = tuple(_v1_securities(data, securities, unreadable))
        return Portfolio("v1", rows, funds, tuple(unreadable))
    raise PortfolioUnreadable("securities is neither a v2 list nor a v1 object")


def identities(data: Mapping[str, Any]) -> set[tuple[str, ...]]:
    """What a data object holds: securities by ISIN or ticker, funds by folio. Rows of nothing but zeros are left out.

    No portfolio is made for it: a refresh needs this of every snapshot that it replaces.
    """
    securities = data["securities"]
    listed = securities
    if isinstance(securities, dict):  # v1: what smallcases hold stands apart
        listed = [*_rows(securities.get("holdings")), *_constituents(data)]
    found = {(_name_of(row),) for row in _rows(listed) if _may_hold(row)}
    return found | {
        (_text(row, "isin") or _fund_name(row) or "", _text(row, "folio") or "")
        for row in _rows(_fund_rows(data))
        if _may_be_held(row.get("quantity"))
    }


def identity_of(row: UnreadableRow) -> tuple[str, ...]:
    """As `identities` has it."""
    if row.is_fund:
        return (row.isin or row.name or "", row.folio or "")
    return (next(filter(None, (row.isin, row.nse_ticker, row.bse_ticker, row.name)), ""),)


def _name_of(row: Mapping[str, Any]) -> str:
    return next(filter(None, (_text(row, name) for name in _NAMES)), "")


_NAMES = ("isin", "nseTicker", "ticker", "bseTicker", "name")


def _may_hold(row: Mapping[str, Any]) -> bool:
    """Whether any of its quantities is not zero; what cannot be read may hold something."""
    positions = row.get("positions")
    places = positions if isinstance(positions, dict) else {}
    legs = [leg for leg in (row.get("holdings"), places.get("nse"), places.get("bse")) if isinstance(leg, dict)]
    quantities = [leg.get("quantity") for leg in legs] if legs else [row.get("shares")]
    return any(map(_may_be_held, quantities))


def _may_be_held(quantity: Any) -> bool:
    if isinstance(quantity, int | float):
        return abs(quantity) >= DUST
    number = readable(quantity)
    return number is None or not is_dust(number)


def _readable[Row](
    parse: Callable[[Mapping[str, Any]], Row],
    rows: Iterable[Any],
    unreadable_row: Callable[[Mapping[str, Any]], UnreadableRow],
    unreadable: list[UnreadableRow],
) -> Iterator[Row]:
    for raw in rows:
        row = raw if isinstance(raw, dict) else {}
        try:
            yield parse(row)
        except _RowUnreadable:
            unreadable.append(unreadable_row(row))


def _security(row: Mapping[str, Any]) -> Security:
    positions = row.get("positions") or {}
    if not isinstance(positions, dict):
        raise _RowUnreadable
    return Security(
        isin=_text(row, "isin"),
        name=_text(row, "name") or "",
        nse_ticker=_text(row, "nseTicker"),
        bse_ticker=_text(row, "bseTicker"),
        demat=_leg(row.get("holdings")),
        nse=_leg(positions["nse"]) if positions.get("nse") is not None else Leg(),
        bse=_leg(positions["bse"]) if positions.get("bse") is not None else Leg(),
        transactable=_amount(row, "transactableQuantity"),
        in_smallcases=_amount(row, "smallcaseQuantity"),
        collateral=_amount(row, "collateralQuantity"),
        suspended_on_nse=row.get("isSuspendedOrDelistedOnNSE") is True,
        suspended_on_bse=row.get("isSuspendedOrDelistedOnBSE") is True,
    )


def _unreadable_security(row: Mapping[str, Any]) -> UnreadableRow:
    nse_ticker = _text(row, "nseTicker") or _text(row, "ticker")
    return UnreadableRow(_text(row, "isin"), _text(row, "name"), nse_ticker, _text(row, "bseTicker"))


def _v1_securities(
    data: Mapping[str, Any], securities: Mapping[str, Any], unreadable: list[UnreadableRow]
) -> Iterator[Security]:
    """v1 leaves smallcase shares out of a stock's quantity: here they are added back (contract 4.1)."""
    if not isinstance(securities.get("holdings"), list):
        raise PortfolioUnreadable("securities.holdings is not a list")
    in_smallcases: dict[str, Decimal] = {}
    for ticker, shares in _readable(_constituent, _constituents(data), _unreadable_security, unreadable):
        in_smallcases[ticker] = in_smallcases.get(ticker, ZERO) + shares

    def security(row: Mapping[str, Any]) -> Security:
        ticker = _text(row, "ticker")
        inside = in_smallcases.pop(ticker or "", ZERO)
        return _v1_security(_text(row, "name"), ticker, _quantity(row, "shares"), _amount(row, "averagePrice"), inside)

    yield from _readable(security, securities["holdings"], _unreadable_security, unreadable)
    for ticker, shares in in_smallcases.items():
        yield _v1_security(None, ticker, ZERO, ZERO, shares)


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


def _constituent(row: Mapping[str, Any]) -> tuple[str, Decimal]:
    return _text(row, "ticker") or "", _quantity(row, "shares")


def _constituents(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    smallcases = _object(data.get("smallcases"))
    private = _object(smallcases.get("private"))
    for investment in [*_rows(smallcases.get("public")), *_rows(private.get("investments"))]:
        yield from _rows(investment.get("constituents"))


def _fund(row: Mapping[str, Any]) -> MutualFund:
    return MutualFund(
        isin=_text(row, "isin"),
        name=_fund_name(row) or "",
        folio=_text(row, "folio"),
        units=_quantity(row, "quantity"),
        average_price=_amount(row, "averagePrice"),
    )


def _unreadable_fund(row: Mapping[str, Any]) -> UnreadableRow:
    return UnreadableRow(_text(row, "isin"), _fund_name(row), folio=_text(row, "folio"), is_fund=True)


def _fund_name(row: Mapping[str, Any]) -> str | None:
    return _text(row, "fund") or _text(row, "tradingsymbol")


def _fund_rows(data: Mapping[str, Any]) -> list[Any]:
    """A member that holds no list is one row that cannot be read."""
    funds = data.get("mutualFunds")
    if funds is None:
        return []
    rows = funds.get("holdings") if isinstance(funds, dict) else funds
    return rows if isinstance(rows, list) else [] if rows is None else [rows]


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _leg(value: Any) -> Leg:
    leg = _object(value)
    return Leg(_quantity(leg, "quantity"), _amount(leg, "averagePrice"))


def _quantity(owner: Mapping[str, Any], name: str) -> Decimal:
    """Raises: _RowUnreadable."""
    number = _number(owner.get(name))
    if number is None:
        raise _RowUnreadable
    return number


def _amount(owner: Mapping[str, Any], name: str) -> Decimal:
    """Zero when it is missing or cannot be read."""
    return _number(owner.get(name)) or ZERO


def _number(value: Any) -> Decimal | None:
    if type(value) is int and -_COMMON < value < _COMMON:  # most are: no need to look closer
        return Decimal(value)
    return readable(value)


def _text(owner: Mapping[str, Any], name: str) -> str | None:
    value = owner.get(name)
    return value[:_LONGEST_TEXT] if value and isinstance(value, str) else None


_LONGEST_TEXT = 500
