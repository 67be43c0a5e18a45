"""The schema: made once, however often and by however many it is opened; rows survive."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tandem.ledger import migrations
from tandem.ledger.ledger import Ledger
from tandem.ledger.migrations import MIGRATIONS, migrate
from tests.ledger.books import LONG_AGO, NOON, opened, reserve, settlement


@contextmanager
def database(path: Path | str = ":memory:") -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        yield db


def names(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("SELECT name FROM migration ORDER BY rowid")]


def schema(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    return db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()


def test_a_fresh_database_gets_every_step_in_order():
    with database() as db:
        migrate(db)

        assert names(db) == [name for name, _ in MIGRATIONS]
        tables = {name for kind, name, _ in schema(db) if kind == "table"}
        assert {"reservation", "settlement", "migration"} <= tables
        assert not db.in_transaction


def test_a_second_time_changes_nothing():
    with database() as db:
        migrate(db)
        before = schema(db)
        migrate(db)

        assert schema(db) == before
        assert names(db) == [name for name, _ in MIGRATIONS]


def test_an_older_database_keeps_its_rows_and_gets_what_is_new(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        ledger.settle(reserve(ledger), NOON, settlement())

    def m002_note(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE reservation ADD COLUMN note TEXT")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("m002_note", m002_note)))
    with opened(path, "two") as ledger:
        assert ledger.totals(LONG_AGO).spent.pico == 400
    with database(path) as db:
        assert names(db) == [*(name for name, _ in MIGRATIONS), "m002_note"]
        assert db.execute("SELECT count(*), count(note) FROM reservation").fetchone() == (1, 0)


def test_a_step_that_fails_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "ledger.db"
    with database(path) as db:
        migrate(db)

    def m002_half(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (x)")
        db.execute("CREATE TABLE nonsense (")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, ("m002_half", m002_half)))
    with database(path) as db, pytest.raises(sqlite3.OperationalError):
        migrate(db)
    with database(path) as db:
        assert names(db) == [name for name, _ in MIGRATIONS]
        assert not [name for _, name, _ in schema(db) if name == "half"]


def test_several_threads_may_be_the_first_to_use_a_ledger(tmp_path):
    path = tmp_path / "ledger.db"
    with database(path) as db:
        db.execute("PRAGMA journal_mode=WAL")
    count = 6
    barrier = threading.Barrier(count)
    failures: list[Exception] = []

    def first(number: int) -> None:
        barrier.wait()
        try:
            Ledger(path, str(number)).close()
        except Exception as error:  # noqa: BLE001 - to be shown by the test, not by the thread
            failures.append(error)

    threads = [threading.Thread(target=first, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with database(path) as db:
        assert len(names(db)) == len(MIGRATIONS)


_OPEN = """
import sys
from pathlib import Path
from tests.ledger.books import reserve
from tandem.ledger.ledger import Ledger
print("ready", flush=True)
sys.stdin.readline()
ledger = Ledger(Path(sys.argv[1]), sys.argv[2])
for _ in range(5):
    reserve(ledger)
"""  # ends without closing, as a killed server does


def test_opening_waits_for_another_editor_that_is_just_making_the_file(tmp_path):
    path = tmp_path / "ledger.db"
    failures: list[Exception] = []

    def second() -> None:
        try:
            Ledger(path, "second").close()
        except sqlite3.OperationalError as error:
            failures.append(error)

    with database(path) as first:
        first.execute("CREATE TABLE migration (name TEXT PRIMARY KEY)")
        first.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)
        waits = thread.is_alive()
        first.execute("COMMIT")
        thread.join()

    assert (waits, failures) == (True, [])


def test_several_processes_may_be_the_first_to_use_a_ledger(tmp_path):
    path = tmp_path / "ledger.db"
    with database(path) as db:
        db.execute("PRAGMA journal_mode=WAL")
    root = Path(__file__).parents[2]
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(path), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"PYTHONPATH": f"{root / 'server'}:{root}"},
        )
        for name in ("one", "two", "three")
    ]
    for server in servers:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
    for server in servers:
        assert server.stdin is not None
        server.stdin.write(b"\n")
        server.stdin.flush()
    for server in servers:
        server.communicate()

    assert [server.returncode for server in servers] == [0, 0, 0]
    with opened(path, "four") as ledger:
        assert ledger.totals(LONG_AGO).calls == 15
