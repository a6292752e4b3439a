"""`make bench`: print what the backend costs, as ratios with budgets. A row over its budget is marked OVER."""

import sys
from collections.abc import Iterable

from rich.console import Console

from bench import artifacts, bytecode, cold_start, instructions, parsing, refresh_cost, rows, size, write_units


def main() -> int:
    console = Console()
    try:
        app = artifacts.read_app()
    except artifacts.NotBuiltError as error:
        console.print(f"[red]{error}[/]")
        return 1
    if instructions.valgrind_is_missing():
        console.print("[yellow]valgrind is not installed: no rows of instruction counts[/] (apt-get install valgrind)")
    with console.status("Counting instructions; about two minutes"):
        measured = list(_measure(app))
    console.print(rows.table(measured))
    return 0


def _measure(app: artifacts.BuiltApp) -> Iterable[rows.Row]:
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
