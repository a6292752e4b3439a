"""The table's secondary indexes."""

from testing.memory_table.shapes import Attributes

INDEXES = {
    "Lists": (
        "listKey",
        "listOrder",
        frozenset(
            (
                *("intent", "version", "status", "createdAt", "expireAt", "updatedAt", "smallcaseAuthId", "broker"),
                *("error", "note", "owner", "mutualFunds", "stored", "refused", "sweeps", "order", "outcome"),
                *("revision", "body"),
            )
        ),
    ),
    "Work": ("workKey", "workOrder", frozenset[str]()),
}
"""As in template.yaml: index -> (hash key, range key, attributes that it projects beside the keys)."""


def index_entry(index: str, item: Attributes) -> Attributes | None:
    """The item as the index has it; None when it is not in the index."""
    hash_key, range_key, projected = INDEXES[index]
    if hash_key not in item or range_key not in item:
        return None
    names = ("pk", "sk", hash_key, range_key, *(projected & item.keys()))
    return {name: item[name] for name in names}
