"""The worker processes: what hangs, crashes or lies costs its own files only."""

import sys

import pytest

from tandem.index import pool
from tandem.index.pool import Workers

# A worker that does what its files are called: hang, crash, answer nonsense, or answer.
PRETENDER = """
import sys, time, os
sys.path[:0] = {path!r}
from tandem.index.messages import HEADER, Request, framed, receive
from tandem.index.store import Stored
from tandem.index.records import Record
while (request := receive(sys.stdin.buffer)) is not None:
    if any("hang" in p for p in request.paths):
        time.sleep(60)
    if any("crash" in p for p in request.paths):
        os._exit(3)
    if any("lie" in p for p in request.paths):
        sys.stdout.buffer.write(HEADER.pack(3) + b"abc")
    else:
        record = Record(b"k", "", False, "", b"", "[]", "")
        known = {{path: words.bag for path, words in request.words.items()}}
        other = b" new " if request.tier == 1 else b""
        records = [record._replace(bag=known.get(p, other)) for p in request.paths]
        rows = [Stored(p, 1, request.tier, r) for p, r in zip(request.paths, records)]
        sys.stdout.buffer.write(framed(rows))
    sys.stdout.buffer.flush()
"""


@pytest.fixture
async def workers(tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "_ANSWER_S", 5.0)
    monkeypatch.setattr(pool, "_ALONE_S", 2.0)
    made = Workers(tmp_path / "index.db", tmp_path, 2)
    made._command = (sys.executable, "-c", PRETENDER.format(path=sys.path))
    yield made
    await made.aclose()
    assert made._alive == set()


async def test_records_come_back(workers):
    rows = await workers.facts(2, ["a.py", "b.py"])

    assert [(row.path, row.size) for row in rows] == [("a.py", 2), ("b.py", 2)]
    assert len(workers._alive) == 1


async def test_words_found_by_names_go_along_once(workers):
    await workers.facts(1, ["a.py", "b.py"])

    rows = await workers.facts(2, ["b.py", "c.py"])
    assert [row.record.bag for row in rows] == [b" new ", b""]
    assert [row.record.bag for row in await workers.facts(2, ["a.py", "b.py"])] == [b" new ", b""]
    assert workers._words == {}


@pytest.mark.parametrize("bad", ["crash.py", "lie.py"])
async def test_a_bad_file_costs_itself_only(workers, bad):
    rows = await workers.facts(1, ["a.py", bad, "b.py"])

    assert [row.path for row in rows] == ["a.py", "b.py"]
    assert [row.path for row in await workers.facts(1, ["c.py"])] == ["c.py"]


async def test_a_file_that_hangs_is_given_up(workers, monkeypatch):
    monkeypatch.setattr(pool, "_ANSWER_S", 1.0)
    rows = await workers.facts(1, ["hang.py"])

    assert rows == []
    assert [row.path for row in await workers.facts(1, ["c.py"])] == ["c.py"]
