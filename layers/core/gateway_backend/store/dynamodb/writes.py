"""Writes of the table in plain items, and what tells whether one of them has been made.

In every expression #name stands for the attribute `name` and :name for `values["name"]`.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from gateway_backend.store.dynamodb.codec import Item, decode, encode

_NAME = re.compile(r"#(\w+)")
_ASSIGNMENT = re.compile(r"#(\w+) = :(\w+)")


class ConditionFailed(Exception):
    """A conditional write found an item other than it must be; `which` are the positions of the refused writes.

    `repeated`: the SDK has sent the write more than once, so an earlier try may have made it, its answer lost.
    """

    def __init__(self, which: frozenset[int] = frozenset({0}), *, repeated: bool = False) -> None:
        super().__init__("a condition of the write does not hold")
        self.which = which
        self.repeated = repeated


_NO_VALUES: Mapping[str, Any] = MappingProxyType({})


class Put(NamedTuple):
    item: Item
    condition: str = ""
    values: Mapping[str, Any] = _NO_VALUES


class Update(NamedTuple):
    pk: str
    sk: str
    update: str
    values: Mapping[str, Any] = _NO_VALUES
    condition: str = ""


class Delete(NamedTuple):
    pk: str
    sk: str
    condition: str = ""
    values: Mapping[str, Any] = _NO_VALUES


class Check(NamedTuple):
    """Only inside a transaction: the write of the others depends on this item."""

    pk: str
    sk: str
    condition: str
    values: Mapping[str, Any] = _NO_VALUES


type Write = Put | Update | Delete | Check


def is_made(write: Put | Update | Delete, stored: Item | None) -> bool:
    """Whether the stored item is as the write would leave it. Of an update that adds to a number nothing is known."""
    match write:
        case Put(item=item):
            return stored == decode(encode(item))
        case Delete():
            return stored is None
        case Update(update=update, values=values):
            if stored is None or update.startswith("ADD"):
                return False
            assigned, _, removed = update.partition("REMOVE")
            wanted = decode(encode({name: values[value] for name, value in _ASSIGNMENT.findall(assigned)}))
            return wanted.items() <= stored.items() and stored.keys().isdisjoint(_NAME.findall(removed))


def address_of(write: Put | Update | Delete) -> tuple[str, str]:
    """Its item's pk and sk."""
    return (write.item["pk"], write.item["sk"]) if isinstance(write, Put) else (write.pk, write.sk)
