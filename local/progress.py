"""Show the steps of a command with their duration: with a spinner on a terminal, as plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


@dataclass
class Step:
    title: str
    detail: str = ""


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show `title` while the block runs, and afterwards its duration and the `detail` that it has set."""
    current = Step(title)
    started = time.monotonic()
    if console.is_terminal:
        with console.status(title):
            yield current
    else:
        console.print(f"  … {title}")
        yield current
    detail = f" ({current.detail})" if current.detail else ""
    console.print(f"  [green]✓[/green] {title}{detail} [dim]{time.monotonic() - started:.1f} s[/dim]")
