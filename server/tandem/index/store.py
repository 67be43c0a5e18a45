"""Facts on disk: SQLite keyed by content, so that a warm start reads and does not parse.

A cache and nothing else: it may be deleted or damaged at any time and is then made anew. Several
editors share one file (WAL, one short transaction per batch). Facts of contents that no file has
any more are kept for a while: switching back to a branch costs nothing.

Blocking by nature: called on the index's own thread. Invariant: no method raises for what is wrong
with the file; it answers as if it were empty.
"""

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from tandem.index.records import FORMAT, Record, Stored

__all__ = ["Store", "Stored"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

_BUSY_S: Final = 5.0
# Contents of no file are dropped when they are more than the files there are, and this many.
_SPARE: Final = 2_000

_SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS facts (key BLOB PRIMARY KEY, language TEXT, exact INTEGER,
        names TEXT, bag BLOB, imports TEXT, body TEXT)""",
    """CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, mtime_ns INTEGER, size INTEGER,
        key BLOB) WITHOUT ROWID""",
)


_TYPES: Final = (bytes, str, int, str, bytes, str, str)
_STATE: Final = (str, int, int)


class Store:
    """The facts of one workspace."""

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened before it is needed."""
        self._path = path
        self._db: sqlite3.Connection | None = None

    def load(self) -> list[Stored]:
        """Return every file's record, with an empty body: what memory holds."""

        def read(db: sqlite3.Connection) -> list[Stored]:
            rows = db.execute(
                "SELECT path, mtime_ns, size, key, language, exact, names, bag, imports, ''"
                " FROM file JOIN facts USING (key)"
            )
            return [
                Stored(path, mtime_ns, size, record)
                for path, mtime_ns, size, *rest in rows
                if (type(path), type(mtime_ns), type(size)) == _STATE and (record := _sound(rest))
            ]

        return self._guarded(read, [])

    def record(self, key: bytes) -> Record | None:
        """Return the whole record of a content."""
        sql = "SELECT * FROM facts WHERE key = ?"
        row = self._guarded(lambda db: db.execute(sql, (key,)).fetchone(), None)
        return None if row is None else _sound(row)

    def outlines(self, keys: Sequence[bytes]) -> dict[bytes, Record]:
        """Return the records of contents, by key and with empty bodies, as far as there are any."""

        def read(db: sqlite3.Connection) -> dict[bytes, Record]:
            sql = "SELECT key, language, exact, names, bag, imports, '' FROM facts WHERE key = ?"
            rows = [db.execute(sql, (key,)).fetchone() for key in keys]
            found = [_sound(row) for row in rows if row is not None]
            return {record.key: record for record in found if record is not None}

        return self._guarded(read, {})

    def put(self, files: Iterable[Stored]) -> None:
        """Store files with their records, in one transaction."""
        rows = list(files)

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(
                "INSERT OR REPLACE INTO facts VALUES (?,?,?,?,?,?,?)", [row.record for row in rows]
            )
            db.executemany(
                "INSERT OR REPLACE INTO file VALUES (?,?,?,?)",
                [(row.path, row.mtime_ns, row.size, row.record.key) for row in rows],
            )
            db.execute("COMMIT")

        self._guarded(write, None)

    def touch(self, files: Iterable[Stored]) -> None:
        """Note the present state of files whose facts are stored already."""
        rows = [(row.path, row.mtime_ns, row.size, row.record.key) for row in files]

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("INSERT OR REPLACE INTO file VALUES (?,?,?,?)", rows)
            db.execute("COMMIT")

        self._guarded(write, None)

    def forget(self, paths: Iterable[str]) -> None:
        """Drop files that are gone; their facts stay for a while."""
        rows = [(path,) for path in paths]

        def write(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("DELETE FROM file WHERE path = ?", rows)
            (facts,) = db.execute("SELECT count(*) FROM facts").fetchone()
            (files,) = db.execute("SELECT count(*) FROM file").fetchone()
            if facts > 2 * files + _SPARE:
                db.execute("DELETE FROM facts WHERE key NOT IN (SELECT key FROM file)")
            db.execute("COMMIT")

        self._guarded(write, None)

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _guarded(self, use: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Run a statement; a damaged file is thrown away, a busy or missing one does no harm."""
        for attempt in (1, 2):
            try:
                return use(self._open())
            except (sqlite3.OperationalError, OSError):  # busy, read-only, no space
                logger.warning("store.unusable")
                self.close()
                return otherwise
            except sqlite3.DatabaseError:
                logger.warning("store.damaged", extra={"fields": {"attempt": attempt}})
                self._discard()
        return otherwise

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(
                self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
            )
            self._db = db
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=OFF")  # a cache: a power cut may cost it
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version != FORMAT:
                for table in ("facts", "file", "words"):
                    db.execute(f"DROP TABLE IF EXISTS {table}")
                db.execute(f"PRAGMA user_version={FORMAT:d}")
            for statement in _SCHEMA:
                db.execute(statement)
        return self._db

    def _discard(self) -> None:
        self.close()
        for suffix in ("", "-wal", "-shm"):
            try:
                os.unlink(f"{self._path}{suffix}")  # noqa: PTH108 - names, not paths
            except OSError:
                continue


def _sound(row: Sequence[Any]) -> Record | None:
    """Return a row as a record; None for what a damaged page may have made of it."""
    if tuple(map(type, row)) != _TYPES:
        return None
    key, language, exact, *rest = row
    return Record(key, language, bool(exact), *rest)
