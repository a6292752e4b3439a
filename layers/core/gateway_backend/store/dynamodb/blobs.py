"""Compressed texts, split where one would not fit into a DynamoDB item (400 KB)."""

import zlib

from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.table import Table
from gateway_backend.store.dynamodb.writes import Put

PART_BYTES = 380_000
"""Leaves room for the item's other attributes."""


def put_with_blob(table: Table, item: Item, body: bytes, *, part_prefix: str, condition: str = "") -> None:
    """Write the item with `body` compressed; the parts that do not fit go first, so a seen item is always whole.

    Raises: ConditionFailed. Parts are named by what they belong to, so writing them again changes nothing.
    """
    blob = zlib.compress(body, 6)
    parts = [blob[at : at + PART_BYTES] for at in range(0, len(blob), PART_BYTES)]
    for number, part in enumerate(parts[1:], start=1):
        kept = {name: item.get(name) for name in ("storedAt", "expiresAt")}
        table.write(Put({**_part_key(item["pk"], part_prefix, number), **kept, "blob": part}))
    table.write(Put({**item, "blob": parts[0], "parts": len(parts)}, condition=condition))


def read_blob(table: Table, item: Item, *, part_prefix: str) -> bytes:
    rest = []
    for number in range(1, int(item["parts"])):
        part = table.get(*_part_key(item["pk"], part_prefix, number).values())
        if part is None:
            raise LookupError(f"part {number} of a stored text is missing")
        rest.append(part["blob"])
    return zlib.decompress(b"".join([item["blob"], *rest]))


def part_keys(item: Item, part_prefix: str) -> list[tuple[str, str]]:
    keys = (_part_key(item["pk"], part_prefix, number) for number in range(1, int(item.get("parts", 1))))
    return [(key["pk"], key["sk"]) for key in keys]


def _part_key(pk: str, part_prefix: str, number: int) -> dict[str, str]:
    return {"pk": pk, "sk": f"{part_prefix}#{number:04d}"}
