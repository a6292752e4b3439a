"""A DynamoDB client in memory: real conditions, transactions and indexes, and the units that DynamoDB would charge.

It supports the expressions that `gateway_backend.store` writes and refuses every other, so that no test passes on an
expression that was not evaluated. A write shows in the indexes at once.
"""

from testing.memory_table.client import MemoryClient
from testing.memory_table.indexes import INDEXES
from testing.memory_table.shapes import Attributes
from testing.memory_table.units import item_bytes

__all__ = ["INDEXES", "Attributes", "MemoryClient", "item_bytes"]

_INDEXED = INDEXES
