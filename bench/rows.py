"""The table of what was measured, as ratios to a reference."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.table import Table

_DECIMALS = {"MB": 1, "dollars": 2}


@dataclass(frozen=True, slots=True)
class Row:
    """A measured amount and the amount that `reference_name` takes, both in `unit`.

    `budget` is the largest ratio of the two that is acceptable.
    """

    name: str
    measured: float
    reference: float
    unit: str
    reference_name: str
    budget: float | None = None

    @property
    def ratio(self) -> float:
        return self.measured / self.reference

    @property
    def within_budget(self) -> bool:
        return self.budget is None or self.ratio <= self.budget


def table(rows: Iterable[Row]) -> Table:
    """Lay the rows out in groups of one unit and one reference. A smaller ratio is better."""
    layout = Table("", box=box.SIMPLE)
    for heading in ("measured", "reference", "ratio", "budget", ""):
        layout.add_column(heading, justify="right", no_wrap=True)
    for (unit, reference_name), group in groupby(rows, key=lambda row: (row.unit, row.reference_name)):
        layout.add_row(f"[bold]{unit}, against {reference_name}[/]")
        for row in group:
            layout.add_row(f"  {row.name}", *_format(row))
        layout.add_section()
    return layout


def _format(row: Row) -> tuple[str, ...]:
    decimals = _DECIMALS.get(row.unit, 0)
    measured, reference = (f"{amount:,.{decimals}f}" for amount in (row.measured, row.reference))
    if row.budget is None:
        return measured, reference, f"{row.ratio:.2f}"
    verdict = "[green]ok[/]" if row.within_budget else "[red]OVER[/]"
    return measured, reference, f"{row.ratio:.2f}", f"{row.budget:.2f}", verdict
