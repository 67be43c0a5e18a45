"""What became of suggestions, in the ledger, so that what was spent can be held against it.

One row for each suggestion that was shown, one for each thing that happened to it. Numbers, times,
the editor's name of a language and the model's: no text, no path, no file name, never sent
anywhere. What counts as accepted and as kept is decided by ``features.inline.acceptance``.
Invariants: rows are only added; nobody accepted more of a suggestion than was shown.

Blocking by nature: ``engine.outcomes`` calls it on a thread of its own.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tandem.core.money import Usd
from tandem.core.suggestion import Happened, Offer
from tandem.ledger.ledger import Ledger, iso

_NUMBERS: Final = 4096
"""Suggestions of this server whose rows are remembered; events come within minutes."""

_LANGUAGE: Final = 40
"""Characters of a language's name; it is the client's, which may write anything."""


class SuggestionRows:
    """Adds one server's suggestions to the ledger."""

    def __init__(self, ledger: Ledger, workspace: str) -> None:
        """Take an open ledger; `workspace` is an opaque tag."""
        self._ledger = ledger
        self._workspace = workspace
        self._rows: dict[int, int] = {}

    def write(self, records: Sequence[Offer | Happened]) -> None:
        """Add records in their order, all or none. Events of unknown suggestions are dropped."""
        rows = dict(self._rows)
        with self._ledger.transaction() as db:
            for record in records:
                if isinstance(record, Offer):
                    rows[record.number] = self._add(db, record)
                elif record.number in rows:
                    _add_event(db, rows[record.number], record)
        self._rows = dict(list(rows.items())[-_NUMBERS:])

    def _add(self, db: sqlite3.Connection, offer: Offer) -> int:
        cursor = db.execute(
            "INSERT INTO suggestion (at, workspace, language, source, model, characters, lines,"
            " reservation) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                iso(offer.at),
                self._workspace,
                offer.language[:_LANGUAGE],
                offer.source,
                offer.model,
                offer.characters,
                offer.lines,
                offer.reservation,
            ),
        )
        return cursor.lastrowid or 0


def _add_event(db: sqlite3.Connection, suggestion: int, event: Happened) -> None:
    db.execute(
        "INSERT INTO suggestion_event VALUES (?, ?, ?, ?, ?, ?)",
        (
            suggestion,
            iso(event.at),
            event.what,
            event.characters,
            event.accepted,
            int(event.closed),
        ),
    )


@dataclass(frozen=True, slots=True)
class Share:
    """Characters that were still there, of the accepted ones that were looked at."""

    kept: int
    of: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one model's suggestions.

    `displayed` counts those of which the editor said so (most editors never do). `accepted` were
    taken to their end, `partly` not; `ignored` ended without either. The rest was on the screen
    when the server ended. Shares hold what was looked at: neither the last minutes nor what was
    open in a server that was killed.
    """

    source: str
    model: str
    shown: int
    displayed: int
    accepted: int
    partly: int
    ignored: int
    shown_characters: int
    accepted_characters: int
    kept_30s: Share
    kept_5m: Share


def fates(ledger: Ledger, since: datetime) -> list[Fate]:
    """Return what became of the suggestions shown since an instant, most often shown first."""
    with ledger.connection() as db:
        rows = db.execute(_FATES, (iso(since),)).fetchall()
    return [_fate(*row) for row in rows]


def _fate(source: str, model: str, *counts: int) -> Fate:
    """Return a row of the query below, whose columns are in the order of the fields."""
    shown, displayed, accepted, partly, ignored, offered, taken, *kept = counts
    return Fate(
        source,
        model,
        shown=shown,
        displayed=displayed,
        accepted=accepted,
        partly=partly,
        ignored=ignored,
        shown_characters=offered,
        accepted_characters=taken,
        kept_30s=Share(kept[0], kept[1]),
        kept_5m=Share(kept[2], kept[3]),
    )


def completion_costs(ledger: Ledger, since: datetime) -> dict[str, Usd | None]:
    """Return what completions cost since an instant, by model; None where a price is missing."""
    with ledger.connection() as db:
        rows = db.execute(_COSTS, (iso(since),)).fetchall()
    return {model: None if unpriced else Usd(cost) for model, cost, unpriced in rows}


_FATES: Final = """
    WITH fate AS (
        SELECT s.id, s.source, s.model, s.characters AS shown,
               coalesce(max(e.what = 'displayed'), 0) AS displayed,
               coalesce(max(e.what = 'accepted'), 0) AS accepted,
               coalesce(max(e.what = 'partly'), 0) AS partly,
               coalesce(max(e.what = 'ignored'), 0) AS ignored,
               total(e.characters * (e.what IN ('accepted', 'partly'))) AS taken,
               total(e.characters * (e.what = 'kept_30s')) AS kept_30s,
               total(e.accepted * (e.what = 'kept_30s')) AS of_30s,
               total(e.characters * (e.what = 'kept_5m')) AS kept_5m,
               total(e.accepted * (e.what = 'kept_5m')) AS of_5m
        FROM suggestion s LEFT JOIN suggestion_event e ON e.suggestion = s.id
        WHERE s.at >= ? GROUP BY s.id)
    SELECT source, model, count(*), sum(displayed), sum(accepted), sum(partly > accepted),
           sum(ignored > max(accepted, partly)), sum(shown), CAST(sum(taken) AS INTEGER),
           CAST(sum(kept_30s) AS INTEGER), CAST(sum(of_30s) AS INTEGER),
           CAST(sum(kept_5m) AS INTEGER), CAST(sum(of_5m) AS INTEGER)
    FROM fate GROUP BY source, model ORDER BY 3 DESC, source, model"""

_COSTS: Final = """
    SELECT s.model, coalesce(sum(s.cost_pico), 0), sum(s.cost_pico IS NULL)
    FROM reservation r JOIN settlement s ON s.reservation = r.id
    WHERE r.at >= ? AND r.purpose = 'completion' GROUP BY s.model"""
