"""Suggestions in the ledger: what is added, what is summed, what an older file and others keep."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tandem.core.money import Usd
from tandem.core.suggestion import Happened, Offer
from tandem.ledger import migrations
from tandem.ledger.report import report, to_json
from tandem.ledger.suggestions import Fate, Share, SuggestionRows, completion_costs, fates
from tests.ledger.books import LONG_AGO, NOON, at, opened, reserve, settlement

FLASH = "deepseek-flash"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "ledger.db"


@pytest.fixture
def ledger(path):
    with opened(path) as ledger:
        yield ledger


def offer(number: int, **changes: Any) -> Offer:
    """Return a suggestion of 20 characters of the model's, at noon, or as `changes` say."""
    fields: dict[str, Any] = {
        "at": NOON,
        "language": "python",
        "source": "flash",
        "model": FLASH,
        "characters": 20,
        "lines": 1,
    }
    return Offer(number, **(fields | changes))


def happened(number: int, *news: tuple[Any, ...], when: datetime = NOON) -> list[Happened]:
    return [Happened(number, when, *one) for one in news]


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608


def test_what_is_written_is_numbers_and_names_of_languages_and_models(path, ledger):
    number = reserve(ledger)
    book = SuggestionRows(ledger, "hash")
    book.write([offer(7, reservation=number, lines=3, language="l" * 500)])
    book.write(happened(7, ("accepted", 12)))

    (suggestion,) = rows(path, "suggestion")
    assert suggestion == {
        "id": 1,
        "at": "2026-11-21T12:00:00.000+00:00",
        "workspace": "hash",
        "language": "l" * 40,
        "source": "flash",
        "model": FLASH,
        "characters": 20,
        "lines": 3,
        "reservation": number,
    }
    (event,) = rows(path, "suggestion_event")
    assert event == {
        "suggestion": 1,
        "at": "2026-11-21T12:00:00.000+00:00",
        "what": "accepted",
        "characters": 12,
        "accepted": None,
        "closed": 0,
    }


def test_events_of_unknown_suggestions_are_dropped(path, ledger):
    SuggestionRows(ledger, "").write([*happened(3, ("accepted", 1)), offer(4)])

    assert len(rows(path, "suggestion")) == 1
    assert rows(path, "suggestion_event") == []


def test_a_batch_is_written_whole_or_not_at_all(path, ledger):
    book = SuggestionRows(ledger, "")
    with pytest.raises(sqlite3.IntegrityError):
        book.write([offer(1), offer(2, reservation=99)])
    book.write(happened(1, ("accepted", 20)))

    assert rows(path, "suggestion") == []
    assert rows(path, "suggestion_event") == []


def test_fates_are_summed_by_who_suggested(ledger):
    SuggestionRows(ledger, "").write(
        [
            offer(1),
            *happened(1, ("displayed",), ("partly", 5), ("accepted", 15)),
            *happened(1, ("kept_30s", 5, 5), ("kept_30s", 10, 15), ("kept_5m", 4, 5, True)),
            offer(2),
            *happened(2, ("partly", 8), ("kept_30s", 8, 8)),
            offer(3),
            *happened(3, ("displayed",), ("ignored", 2)),
            offer(4),
            *happened(4, ("ignored", 0), ("accepted", 20)),
            offer(5),
            offer(6, source="local", model="", characters=3),
            offer(7, at=at(minutes=-1)),
        ]
    )

    assert fates(ledger, NOON) == [
        Fate("flash", FLASH, 5, 2, 2, 1, 1, 100, 48, Share(23, 28), Share(4, 5)),
        Fate("local", "", 1, 0, 0, 0, 0, 3, 0, Share(0, 0), Share(0, 0)),
    ]
    assert fates(ledger, at(minutes=1)) == []


def test_costs_are_those_of_all_completions_and_unknown_stays_unknown(ledger):
    for purpose, model, cost in [
        ("completion", FLASH, 300),
        ("completion", FLASH, 100),
        ("plan", FLASH, 7000),
        ("completion", "own", 5),
        ("completion", "own", None),
    ]:
        ledger.settle(reserve(ledger, purpose=purpose), NOON, settlement(cost, model=model))

    assert completion_costs(ledger, LONG_AGO) == {FLASH: Usd(400), "own": None}


def test_the_report_relates_what_was_spent_to_what_was_kept(ledger):
    ledger.settle(reserve(ledger), NOON, settlement(10_000_000))
    SuggestionRows(ledger, "").write(
        [
            offer(1),
            *happened(1, ("accepted", 20), ("kept_30s", 20, 20), ("kept_5m", 16, 20)),
            offer(2, source="local", model=""),
            *happened(2, ("accepted", 10), ("kept_5m", 10, 10)),
            offer(3, model="own"),
        ]
    )
    ledger.settle(reserve(ledger), NOON, settlement(None, model="own"))
    summary = report(ledger, LONG_AGO, at(hours=1))

    prices = {kept.fate.model: kept.per_thousand for kept in summary.suggestions}
    assert prices == {FLASH: Usd(625_000_000), "": Usd(), "own": None}
    found = json.loads(json.dumps(to_json(summary)))["suggestions"]
    assert found[0] == {
        "source": "flash",
        "model": FLASH,
        "shown": 1,
        "displayed": 0,
        "accepted": 1,
        "partly": 0,
        "ignored": 0,
        "shown_characters": 20,
        "accepted_characters": 20,
        "kept_30s": {"characters": 20, "of": 20},
        "kept_5m": {"characters": 16, "of": 20},
        "cost_usd": "0.00001",
        "usd_per_1000_kept": "0.000625",
    }
    assert [one["cost_usd"] for one in found] == ["0.00001", None, "0"]


def test_a_ledger_from_before_suggestions_keeps_its_rows(path, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:1])
        with opened(path) as ledger:
            number = reserve(ledger, 1000)
            ledger.settle(number, NOON, settlement(400))
            reserve(ledger, 70)
    kept = rows(path, "reservation"), rows(path, "settlement")
    with closing(sqlite3.connect(path)) as db, pytest.raises(sqlite3.OperationalError):
        db.execute("SELECT * FROM suggestion")

    with opened(path, "new") as ledger:
        assert fates(ledger, LONG_AGO) == []
        assert ledger.totals(LONG_AGO).committed == Usd(470)
        SuggestionRows(ledger, "").write([offer(1, reservation=number)])
        assert [fate.shown for fate in fates(ledger, LONG_AGO)] == [1]
    assert (rows(path, "reservation"), rows(path, "settlement")) == kept


_WRITE = """
import sys
from pathlib import Path
from tandem.ledger.ledger import Ledger
from tandem.ledger.suggestions import SuggestionRows
from tests.ledger.test_suggestions import happened, offer
ledger = Ledger(Path(sys.argv[1]), sys.argv[2])
book = SuggestionRows(ledger, sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(1, 21):
    book.write([offer(number, characters=int(sys.argv[3]))])
    book.write(happened(number, ("accepted", int(sys.argv[3]))))
ledger.close()
"""


def test_two_servers_write_at_once_and_neither_counts_for_the_other(path):
    with opened(path):
        pass
    root = Path(__file__).parents[2]
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITE, str(path), name, size],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": f"{root / 'server'}:{root}"},
        )
        for name, size in (("one", "1"), ("two", "100"))
    ]
    for server in servers:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
    for server in servers:
        server.communicate(b"\n")

    assert [server.returncode for server in servers] == [0, 0]
    characters = {row["id"]: row["characters"] for row in rows(path, "suggestion")}
    events = rows(path, "suggestion_event")
    assert (len(characters), len(events)) == (40, 40)
    assert all(event["characters"] == characters[event["suggestion"]] for event in events)


def test_reading_does_not_keep_servers_from_writing(path, ledger):
    SuggestionRows(ledger, "").write([offer(1), offer(2)])
    with opened(path, "reader") as reader, reader.connection() as db:
        found = db.execute("SELECT id FROM suggestion")
        assert found.fetchone() == (1,)
        SuggestionRows(ledger, "").write([offer(3)])
        assert found.fetchall() == [(2,)]
