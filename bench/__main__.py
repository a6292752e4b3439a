"""`make bench`: prints what the backend costs, as ratios with budgets. Says OVER, and never fails for it."""

import sys
from collections.abc import Iterable

from rich.console import Console

from bench import built, bytecode, cold_start, instructions, parsing, refresh_cost, rows, size, write_units


def main() -> int:
    console = Console()
    try:
        app = built.read()
    except built.NothingBuiltError as nothing:
        console.print(f"[red]{nothing}[/]")
        return 1
    if instructions.valgrind_is_missing():
        console.print("[yellow]valgrind is not installed: no rows of instruction counts[/] (apt-get install valgrind)")
    with console.status("Counting instructions; about two minutes"):
        measured = list(_measured(app))
    console.print(rows.table(measured))
    return 0


def _measured(app: built.BuiltApp) -> Iterable[rows.Row]:
    if not instructions.valgrind_is_missing():
        yield from cold_start.rows(app)
        yield from bytecode.instruction_rows(app)
        yield from parsing.rows(app)
    yield bytecode.recompiled_row(app)
    yield from write_units.rows()
    yield from refresh_cost.rows()
    yield size.row(app)


if __name__ == "__main__":
    sys.exit(main())
