"""Optimistic locking: a change is written only if the item is still as it was read."""

from gateway_backend.store.dynamodb.codec import Item
from gateway_backend.store.dynamodb.writes import Update

VERSION = "itemVersion"
"""Counts the writes of an item. Items that former releases wrote have none before their next write."""


def difference(before: Item, after: Item, *, read_version: int, condition: str = "", **values: str) -> Update:
    """The update from the item as it was read to the one decided on, whose keys are the same.

    The table refuses it with ConditionFailed when another write has come between, or the further condition does not
    hold.
    """
    changed = {name: value for name, value in after.items() if value is not None and before.get(name) != value}
    removed = [name for name, value in before.items() if value is not None and after.get(name) is None]
    assignments = ", ".join(f"#{name} = :{name}" for name in (*changed, VERSION))
    update = f"SET {assignments}" + (f" REMOVE {', '.join(f'#{name}' for name in removed)}" if removed else "")
    unchanged = f"#{VERSION} = :readVersion" if read_version else f"attribute_not_exists(#{VERSION})"
    condition = " AND ".join(filter(None, ["attribute_exists(#pk)", unchanged, condition]))
    versions = {VERSION: read_version + 1} | ({"readVersion": read_version} if read_version else {})
    return Update(before["pk"], before["sk"], update, changed | versions | values, condition)
