"""The append-only record of every call to a model: a reservation before, a settlement after.

SQLite in WAL mode, shared by all editors of a user. Holds tokens, money and times; no document
text, no file name, no key. Invariants: a row is never updated or deleted; every reservation has at
most one settlement; what a crash left open is settled as abandoned at the next start, at its
reserved amount, so that a crash can never make a budget look larger than it is.

Blocking by nature: the gateway calls it on its own thread.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.migrations import migrate

Outcome = Literal["done", "cancelled", "failed", "abandoned"]

# A call that another living server holds open is not an orphan; no call lives longer than this.
_LONGEST_CALL: Final = timedelta(hours=1)
_BUSY_S: Final = 5.0
_BUSY_TRIES: Final = 50


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a call ended. `cost` is None where the model has no known price."""

    outcome: Outcome
    model: str
    usage: Usage
    cost: Usd | None
    estimated: bool
    first_event_ms: int | None
    total_ms: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a time; `reserved` is what calls still under way may cost."""

    calls: int
    spent: Usd
    reserved: Usd
    unpriced: int
    estimated: int

    @property
    def committed(self) -> Usd:
        """What a budget must count: spent, and promised to calls under way."""
        return self.spent + self.reserved


class Ledger:
    """One user's ledger file. Usable from any thread; each call is one short transaction."""

    def __init__(self, path: Path, process: str) -> None:
        """Open or create the file; `process` names this server among the user's others."""
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives the files it puts beside this one (-wal, -shm) the same mode.
        path.touch(mode=0o600)
        if os.name == "posix":
            path.chmod(0o600)
        self._process = process
        self._lock = threading.RLock()  # `allow` reads totals inside `reserve`
        self._db = sqlite3.connect(
            path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        _use_wal(self._db)
        # FULL would sync each commit (0.5-8 ms); with NORMAL a power cut can lose the last rows of
        # a WAL but never corrupts the file, and a process crash loses nothing.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA foreign_keys=ON")
        migrate(self._db)

    def reserve(
        self,
        *,
        at: datetime,
        purpose: str,
        model: str,
        workspace: str,
        amount: Usd | None,
        allow: Callable[[], None] = lambda: None,
    ) -> int:
        """Promise an amount to a call before it is made; return the reservation's number.

        `allow` may read the totals and raise; it runs in the same transaction, so two editors
        cannot both take the last cent.
        """
        with self.transaction() as db:
            allow()
            row = db.execute(
                "INSERT INTO reservation (at, process, purpose, model, workspace, amount_pico)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (iso(at), self._process, purpose, model, workspace, _pico(amount)),
            )
        return row.lastrowid or 0

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Write several rows or none, before anybody else does; for this package."""
        with self.connection() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    @contextmanager
    def connection(self) -> Generator[sqlite3.Connection]:
        """Keep the file to this thread; for this package."""
        with self._lock:
            yield self._db

    def settle(self, reservation: int, at: datetime, settlement: Settlement) -> None:
        """Record how a reserved call ended. A second settlement of one call is refused."""
        usage = settlement.usage
        with self._lock:
            self._db.execute(
                "INSERT INTO settlement VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    reservation,
                    iso(at),
                    settlement.outcome,
                    settlement.model,
                    usage.hit,
                    usage.miss,
                    usage.output,
                    usage.reasoning,
                    _pico(settlement.cost),
                    int(settlement.estimated),
                    settlement.first_event_ms,
                    settlement.total_ms,
                ),
            )

    def totals(self, since: datetime) -> Totals:
        """Add up what was reserved since an instant, over all servers of the user."""
        with self._lock:
            row = self._db.execute(
                """SELECT count(*), coalesce(sum(s.cost_pico), 0),
                          coalesce(sum(CASE WHEN s.reservation IS NULL THEN r.amount_pico END), 0),
                          coalesce(sum(s.reservation IS NOT NULL AND s.cost_pico IS NULL), 0),
                          coalesce(sum(s.estimated), 0)
                   FROM reservation r LEFT JOIN settlement s ON s.reservation = r.id
                   WHERE r.at >= ?""",
                (iso(since),),
            ).fetchone()
        return Totals(row[0], Usd(row[1]), Usd(row[2]), row[3], row[4])

    def by_purpose(self, since: datetime) -> list[tuple[str, str, int, Usage, Usd]]:
        """Return (purpose, model, calls, tokens, cost) since an instant, dearest first."""
        with self._lock:
            rows = self._db.execute(
                """SELECT r.purpose, s.model, count(*), sum(s.hit), sum(s.miss), sum(s.output),
                          sum(s.reasoning), coalesce(sum(s.cost_pico), 0)
                   FROM reservation r JOIN settlement s ON s.reservation = r.id
                   WHERE r.at >= ? GROUP BY r.purpose, s.model ORDER BY 8 DESC""",
                (iso(since),),
            ).fetchall()
        return [(r[0], r[1], r[2], Usage(*r[3:7]), Usd(r[7])) for r in rows]

    def sweep(self, now: datetime) -> int:
        """Settle what crashed servers left open, at the reserved amount; return how many."""
        with self._lock:
            cursor = self._db.execute(
                """INSERT INTO settlement
                   SELECT r.id, ?, 'abandoned', r.model, 0, 0, 0, 0, r.amount_pico, 1, NULL, 0
                   FROM reservation r LEFT JOIN settlement s ON s.reservation = r.id
                   WHERE s.reservation IS NULL AND r.process != ? AND r.at < ?""",
                (iso(now), self._process, iso(now - _LONGEST_CALL)),
            )
        return cursor.rowcount

    def close(self) -> None:
        """Close the file; open reservations stay open and are swept by a later start."""
        with self._lock:
            self._db.close()


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL; waits for another editor that is doing it, which SQLite itself does not."""
    for attempt in range(_BUSY_TRIES):
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if attempt == _BUSY_TRIES - 1:
                raise
            time.sleep(_BUSY_S / _BUSY_TRIES)
        else:
            return


def iso(at: datetime) -> str:
    """Return an instant as the ledger writes it, in UTC; later ones sort behind earlier ones."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")


def _pico(amount: Usd | None) -> int | None:
    return None if amount is None else amount.pico
