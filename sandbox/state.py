"""Everything that the sandbox stores, in a single SQLite file that survives a stop and a crash."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox import exact_json

SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (kind, key)
)
"""


class State:
    """JSON values by kind and key, in the order in which they were first stored."""

    def __init__(self, file: Path | str = ":memory:") -> None:
        if file != ":memory:":
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        # A single event loop uses the connection, but a test client runs that loop in another thread.
        self._database = sqlite3.connect(file, autocommit=True, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(SCHEMA)

    def get(self, kind: str, key: str) -> Any | None:
        found = self._database.execute("SELECT value FROM items WHERE kind = ? AND key = ?", (kind, key))
        row = found.fetchone()
        return exact_json.loads(row[0]) if row else None

    def items(self, kind: str) -> list[tuple[str, Any]]:
        rows = self._database.execute("SELECT key, value FROM items WHERE kind = ? ORDER BY sequence", (kind,))
        return [(key, exact_json.loads(value)) for key, value in rows]

    def put(self, kind: str, key: str, value: Any) -> None:
        self._database.execute(
            "INSERT INTO items (kind, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            (kind, key, exact_json.dumps(value)),
        )

    def delete(self, kind: str, key: str) -> None:
        self._database.execute("DELETE FROM items WHERE kind = ? AND key = ?", (kind, key))

    def clear(self, *, except_kinds: Collection[str]) -> None:
        kept = ",".join("?" * len(except_kinds))
        self._database.execute(f"DELETE FROM items WHERE kind NOT IN ({kept})", tuple(except_kinds))  # noqa: S608

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Either all writes inside are stored or none; the block must not contain an `await`."""
        self._database.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def close(self) -> None:
        self._database.close()
