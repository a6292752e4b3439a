"""A write is recognised by what it leaves behind."""

from decimal import Decimal

import pytest

from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.writes import Delete, Put, Update, address_of, is_made

ITEM: Item = {"pk": "A", "sk": "B", "state": "NEW", "count": Decimal(1)}
SET = Update("A", "B", "SET #state = :state, #count = :count", {"state": "NEW", "count": 1})
REMOVE = Update("A", "B", "SET #state = :state REMOVE #lease", {"state": "NEW"})


@pytest.mark.parametrize(
    ("write", "stored", "made"),
    [
        (Put({"pk": "A", "sk": "B", "state": "NEW", "count": 1, "left out": None}), ITEM, True),
        (Put(ITEM | {"state": "OTHER"}), ITEM, False),
        (Put(ITEM), None, False),
        (Delete("A", "B"), None, True),
        (Delete("A", "B"), ITEM, False),
        (SET, ITEM | {"further": "member"}, True),
        (SET, ITEM | {"count": Decimal(2)}, False),
        (SET, None, False),
        (REMOVE, ITEM, True),
        (REMOVE, ITEM | {"lease": "until"}, False),
        (Update("A", "B", "ADD #count :one", {"one": 1}), ITEM, False),
    ],
)
def test_a_write_is_made_when_the_item_is_as_it_leaves_it(
    write: Put | Update | Delete, stored: Item | None, made: bool
) -> None:
    assert is_made(write, stored) is made


@pytest.mark.parametrize("write", [Put(ITEM), SET, Delete("A", "B")])
def test_a_write_has_an_address(write: Put | Update | Delete) -> None:
    assert address_of(write) == ("A", "B")
