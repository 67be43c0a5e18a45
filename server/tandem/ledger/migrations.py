"""How the ledger's schema came to be: functions that are added and never edited."""

import sqlite3
from collections.abc import Callable
from typing import Final


def m001_calls(db: sqlite3.Connection) -> None:
    """Reservations before a call, settlements after it; rows are never updated or deleted."""
    db.execute(
        """CREATE TABLE reservation (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,            -- UTC, ISO 8601
            process TEXT NOT NULL,       -- pid and start of the server that made it
            purpose TEXT NOT NULL,       -- completion, fix, plan, ...
            model TEXT NOT NULL,         -- as asked for
            workspace TEXT NOT NULL,     -- a hash of the folder, never its name
            amount_pico INTEGER          -- NULL: the model has no known price
        )"""
    )
    db.execute(
        """CREATE TABLE settlement (
            reservation INTEGER PRIMARY KEY REFERENCES reservation(id),
            at TEXT NOT NULL,
            outcome TEXT NOT NULL,       -- done, cancelled, failed, abandoned
            model TEXT NOT NULL,         -- as it answered
            hit INTEGER NOT NULL,
            miss INTEGER NOT NULL,
            output INTEGER NOT NULL,
            reasoning INTEGER NOT NULL,
            cost_pico INTEGER,           -- NULL: the model has no known price
            estimated INTEGER NOT NULL,  -- 1: the API's own count never came
            first_event_ms INTEGER,
            total_ms INTEGER NOT NULL
        )"""
    )
    db.execute("CREATE INDEX reservation_at ON reservation(at)")


def m002_suggestions(db: sqlite3.Connection) -> None:
    """Suggestions that were shown and what became of them; rows are only added."""
    db.execute(
        """CREATE TABLE suggestion (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,            -- UTC, ISO 8601: when it was first shown
            workspace TEXT NOT NULL,     -- a hash of the folder, never its name
            language TEXT NOT NULL,      -- as the editor names it
            source TEXT NOT NULL,        -- local, flash
            model TEXT NOT NULL,         -- as it answered; empty for the repository engine
            characters INTEGER NOT NULL,
            lines INTEGER NOT NULL,
            reservation INTEGER REFERENCES reservation(id)  -- NULL: free, or not known
        )"""
    )
    db.execute(
        """CREATE TABLE suggestion_event (
            suggestion INTEGER NOT NULL REFERENCES suggestion(id),
            at TEXT NOT NULL,
            what TEXT NOT NULL,          -- displayed, accepted, partly, ignored, kept_30s, kept_5m
            characters INTEGER NOT NULL, -- accepted ones, kept ones; typed by hand if ignored
            accepted INTEGER,            -- kept_*: of how many accepted characters
            closed INTEGER NOT NULL      -- 1: the document was closed before the time was over
        )"""
    )
    db.execute("CREATE INDEX suggestion_at ON suggestion(at)")
    db.execute("CREATE INDEX suggestion_event_of ON suggestion_event(suggestion)")


Step = Callable[[sqlite3.Connection], None]
MIGRATIONS: Final[tuple[tuple[str, Step], ...]] = (
    ("m001_calls", m001_calls),
    ("m002_suggestions", m002_suggestions),
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database up to date; each step is recorded by name and runs once."""
    db.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)")
    known = {name for (name,) in db.execute("SELECT name FROM migration")}
    if all(name in known for name, _ in MIGRATIONS):
        return
    db.execute("BEGIN IMMEDIATE")  # several editors may start at once
    known = {name for (name,) in db.execute("SELECT name FROM migration")}
    for name, step in MIGRATIONS:
        if name not in known:
            step(db)
            db.execute("INSERT INTO migration VALUES (?)", (name,))
    db.execute("COMMIT")
