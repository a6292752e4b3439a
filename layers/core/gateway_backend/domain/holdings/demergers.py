"""Which new rows were likely demerged from which: the cost that one row has lost is that of new ones."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

from gateway_backend.domain.holdings.compared_row import SAME_MONEY, Row

_MOST_PARTS = 3
"""Companies that one is split into on a day."""

_MOST_NEW = 20
"""New rows that are tried for them: somebody who buys more at once has a list of their own."""


def find_demergers(new: Sequence[Row], cost_changed: Sequence[tuple[Row, Row]]) -> dict[Row, Row]:
    """What is new -> what it was likely demerged from. `cost_changed`: rows before and after, in the same quantity."""
    known = [row for row in new if row.invested][:_MOST_NEW]
    parent_of: dict[Row, Row] = {}
    for was, now in cost_changed:
        if was.invested and now.invested and now.invested < was.invested:
            moved, left = was.invested - now.invested, [row for row in known if row not in parent_of]
            parent_of |= dict.fromkeys(_parts(moved, was, left), now)
    return parent_of


def _parts(moved: Decimal, was: Row, new: Sequence[Row]) -> tuple[Row, ...]:
    """The fewest of them that cost together what was moved, as brokers round; none if none do."""
    allowed = min(SAME_MONEY * Fraction(was.invested or 0), Fraction(moved) / 10)
    for count in range(1, _MOST_PARTS + 1):
        for rows in combinations(new, count):
            if abs(Fraction(moved) - sum(Fraction(row.invested or 0) for row in rows)) <= allowed:
                return rows
    return ()
