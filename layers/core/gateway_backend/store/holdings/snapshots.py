"""Snapshots: portfolios by date, immutable, as Gateway's own JSON text.

ACCOUNT#<id> / SNAPSHOT#<date>#<8 of hash>  written before the connection points at it, so that a reader always finds a
                                            whole one and a crash in between leaves the last good one in place
ACCOUNT#<id> / PART#…                       what of a large portfolio did not fit
"""

from datetime import datetime
from decimal import Decimal

from gateway_backend.domain.connections.connection import Connection
from gateway_backend.domain.connections.records import StoredSnapshot
from gateway_backend.domain.holdings.known_prices import StoredPortfolio
from gateway_backend.domain.holdings.snapshot import Snapshot
from gateway_backend.domain.shared import times
from gateway_backend.store.connections.codec import SNAPSHOT, STATUS, account_pk, from_item
from gateway_backend.store.connections.connections import check_owner
from gateway_backend.store.dynamodb.blobs import part_keys, put_with_blob, read_blob
from gateway_backend.store.dynamodb.codec import Item, digits
from gateway_backend.store.dynamodb.table import Table

_PART = "PART#"


class Snapshots:
    def __init__(self, table: Table) -> None:
        self._table = table

    # Reading -----------------------------------------------------------------------------------

    def newest(self, connection: Connection) -> StoredPortfolio | None:
        """The newest portfolio; None before the first import, or when it was unlinked meanwhile."""
        item = self._table.get(*_key(connection.id, connection.snapshot)) if connection.snapshot else None
        return self._portfolio(item) if item else None

    def owned_with_newest(self, account_id: str, owner: str) -> tuple[Connection, StoredPortfolio | None]:
        """The connection and its newest portfolio, None before the first import. Raises: NotFound."""
        items = self._table.query(account_pk(account_id), descending=True, limit=2)
        status = items[0] if items and items[0]["sk"] == STATUS else None
        connection = check_owner(from_item(status) if status else None, owner)
        if connection.snapshot is None:
            return connection, None
        pk, sk = _key(connection.id, connection.snapshot)
        # A snapshot that arrived late, or whose writer stopped half-way, may sort above the newest one.
        item = items[1] if len(items) > 1 and items[1]["sk"] == sk else self._table.get(pk, sk)
        if item is None:
            current = self._table.get(pk, STATUS)
            check_owner(from_item(current) if current else None, owner)  # unlinked while we read?
            raise LookupError("the status points at a snapshot that is not there")
        return connection, self._portfolio(item)

    def owned_with_history(
        self, account_id: str, owner: str, since: datetime
    ) -> tuple[Connection, StoredPortfolio | None, tuple[str, StoredPortfolio] | None]:
        """The connection, its newest portfolio, and (`snapshotDate`, portfolio) of what was valid at `since`.

        That is the newest snapshot not after `since`, else the oldest there is. Raises: NotFound.
        """
        connection, newest = self.owned_with_newest(account_id, owner)
        if newest is None or connection.snapshot is None:
            return connection, newest, None
        pk, sk = _key(connection.id, connection.snapshot)
        item = self._table.latest_before(pk, SNAPSHOT, f"{SNAPSHOT}{times.to_key(since)}$")
        item = item or next(iter(self._table.query(pk, prefix=SNAPSHOT, limit=1)), None)
        if item is None or item["sk"] > sk:
            item = self._table.get(pk, sk)
        if item is None or item["sk"] == sk:
            return connection, newest, (item["snapshotDate"] if item else connection.snapshot.snapshot_date, newest)
        return connection, newest, (item["snapshotDate"], self._portfolio(item))

    # Writing -----------------------------------------------------------------------------------

    def save(self, connection: Connection, snapshot: Snapshot, now: datetime) -> None:
        """Store the portfolio that the connection, as decided, will point at. Repeating it changes nothing."""
        if connection.snapshot is None:
            raise ValueError("the connection points at no snapshot")
        pk, sk = _key(connection.id, connection.snapshot)
        # Later than the linking, however long the pull took: an erasure that is under way must not take it.
        stored_at = times.to_key(max(now, connection.linked_at))
        item = {
            "pk": pk,
            "sk": sk,
            "snapshotDate": snapshot.snapshot_date,
            "storedAt": stored_at,
            "knownPrices": {name: digits(price) for name, price in snapshot.known_prices.items()} or None,
        }
        put_with_blob(self._table, item, snapshot.text.encode(), part_prefix=_part_prefix(sk))

    def delete(self, account_id: str, snapshot: StoredSnapshot) -> None:
        """Take back what no connection came to point at."""
        pk, sk = _key(account_id, snapshot)
        stored = self._table.get(pk, sk)
        if stored:
            self._table.delete_all([*part_keys(stored, _part_prefix(sk)), (pk, sk)])

    def dates(self, account_id: str) -> list[str]:
        """The `snapshotDate` of each portfolio that is kept, the oldest first."""
        return [item["snapshotDate"] for item in self._outline(account_id, SNAPSHOT, "snapshotDate")]

    def erase(self, account_id: str) -> int:
        """Delete every portfolio that is not of the present link: how many items that were.

        The link is read after the portfolios: one that was made in between has stored none of those.
        """
        items = [item for prefix in (SNAPSHOT, _PART) for item in self._outline(account_id, prefix, "storedAt")]
        if not items:
            return 0
        status = self._table.get(account_pk(account_id), STATUS)
        linked_at = times.to_key(from_item(status).linked_at) if status else None
        old = [(item["pk"], item["sk"]) for item in items if linked_at is None or item["storedAt"] < linked_at]
        self._table.delete_all(old)
        return len(old)

    def _outline(self, account_id: str, prefix: str, attribute: str) -> list[Item]:
        return self._table.outline(account_pk(account_id), attribute, prefix=prefix)

    def _portfolio(self, item: Item) -> StoredPortfolio:
        text = read_blob(self._table, item, part_prefix=_part_prefix(item["sk"])).decode()
        return StoredPortfolio(text, {name: Decimal(price) for name, price in item.get("knownPrices", {}).items()})


def _key(account_id: str, snapshot: StoredSnapshot) -> tuple[str, str]:
    return account_pk(account_id), SNAPSHOT + snapshot.id


def _part_prefix(sk: str) -> str:
    return _PART + sk.removeprefix(SNAPSHOT)
