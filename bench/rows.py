"""One measured thing, and the table of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.table import Table

_DECIMALS = {"MB": 1, "dollars": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """`measured` and `reference` are in one unit; the budget is the largest ratio of the two that is fine."""

    what: str
    measured: float
    reference: float
    unit: str
    against: str
    budget: float | None = None

    @property
    def ratio(self) -> float:
        return self.measured / self.reference

    @property
    def within_budget(self) -> bool:
        return self.budget is None or self.ratio <= self.budget


def table(rows: Iterable[Row]) -> Table:
    """Ratios, grouped by what they are relative to; smaller is better."""
    drawn = Table("", box=box.SIMPLE)
    for name in ("measured", "reference", "ratio", "budget", ""):
        drawn.add_column(name, justify="right", no_wrap=True)
    for (unit, against), group in groupby(rows, key=lambda row: (row.unit, row.against)):
        drawn.add_row(f"[bold]{unit}, against {against}[/]")
        for row in group:
            drawn.add_row(f"  {row.what}", *_figures(row))
        drawn.add_section()
    return drawn


def _figures(row: Row) -> tuple[str, ...]:
    decimals = _DECIMALS.get(row.unit, 0)
    measured, reference = (f"{amount:,.{decimals}f}" for amount in (row.measured, row.reference))
    if row.budget is None:
        return measured, reference, f"{row.ratio:.2f}"
    verdict = "[green]ok[/]" if row.within_budget else "[red]OVER[/]"
    return measured, reference, f"{row.ratio:.2f}", f"{row.budget:.2f}", verdict
