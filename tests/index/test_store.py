"""The store: what goes in comes out, and no damage is an error."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.text import Span
from tandem.index.facts import Definition, FileFacts, Import, Kind
from tandem.index.records import facts_of, imports_of, key_of, record_of
from tandem.index.store import Store, Stored

NAMES = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
DEFINITIONS = st.builds(
    Definition,
    NAMES,
    st.sampled_from(Kind),
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda p: Span(*p)),
    st.integers(0, 10**6),
    st.integers(0, 10**5),
    TEXTS,
    TEXTS,
    st.integers(-1, 50),
)


def _parented(definitions: list[Definition]) -> tuple[Definition, ...]:
    """Let each have a parent before it, as facts promise."""
    return tuple(replace(d, parent=min(d.parent, n - 1)) for n, d in enumerate(definitions))


IMPORTS = st.builds(
    Import,
    NAMES,
    st.lists(st.tuples(NAMES, NAMES), max_size=3).map(tuple),
    NAMES,
    st.integers(0, 99),
)
FACTS = st.builds(
    FileFacts,
    st.sampled_from(["python", "go", ""]),
    st.lists(DEFINITIONS, max_size=4).map(_parented),
    st.lists(IMPORTS, max_size=3).map(tuple),
    st.frozensets(NAMES, max_size=8),
    st.integers(0, 9),
    st.booleans(),
)


def stored(path: str, *names: str, data: bytes = b"") -> Stored:
    definitions = tuple(
        Definition(name, Kind.FUNCTION, Span(0, 9), 4, 0, f"def {name}()") for name in names
    )
    facts = FileFacts("python", definitions, (), frozenset(names), exact=True)
    return Stored(path, 1, len(data), record_of(key_of(data or path.encode(), "v1"), facts))


@pytest.fixture
def store_at():
    """Return a function that opens stores; they are closed in the end."""
    opened: list[Store] = []

    def store(path: Path) -> Store:
        opened.append(Store(path))
        return opened[-1]

    yield store
    for one in opened:
        one.close()


@given(FACTS)
def test_a_record_holds_all_facts(facts):
    record = record_of(b"key", facts)

    assert facts_of(record) == facts
    assert imports_of(record) == facts.imports
    for name in facts.identifiers:
        assert f" {name} ".encode() in record.bag


def test_what_was_put_is_loaded_without_bodies_and_found_whole(tmp_path, store_at):
    rows = [stored("a.py", "one", "two"), stored("b.py", "three")]
    store = store_at(tmp_path / "index.db")
    store.put(rows)
    store.close()
    again = store_at(tmp_path / "index.db")

    assert {row.path for row in again.load()} == {"a.py", "b.py"}
    assert all(row.record.body == "" for row in again.load())
    assert again.record(rows[0].record.key) == rows[0].record
    assert again.record(b"nothing") is None


def test_a_file_that_changed_back_needs_no_new_facts(tmp_path, store_at):
    store = store_at(tmp_path / "index.db")
    old, new = stored("a.py", "old", data=b"1"), stored("a.py", "new", data=b"2")
    store.put([old])
    store.put([new])
    store.touch([old])

    (row,) = store.load()
    assert row.record.names == "old"


def test_forgotten_files_are_gone(tmp_path, store_at):
    store = store_at(tmp_path / "index.db")
    store.put([stored("a.py", "one"), stored("b.py", "two")])
    store.forget(["a.py"])

    assert [row.path for row in store.load()] == ["b.py"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"not a database at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
    ],
    ids=["garbage", "cut", "deleted", "empty"],
)
def test_a_damaged_store_is_an_empty_one(tmp_path, store_at, damage):
    path = tmp_path / "index.db"
    store = store_at(path)
    store.put([stored(f"f{n}.py", f"name_{n}") for n in range(200)])
    store.close()
    for beside in ("-wal", "-shm"):
        Path(f"{path}{beside}").unlink(missing_ok=True)
    damage(path)
    again = store_at(path)

    again.load()
    again.put([stored("new.py", "fresh")])
    assert "new.py" in {row.path for row in again.load()}


def test_a_store_that_cannot_be_made_does_no_harm(tmp_path, store_at):
    (tmp_path / "file").write_text("in the way")
    store = store_at(tmp_path / "file" / "index.db")

    store.put([stored("a.py", "one")])
    assert store.load() == []
    assert store.record(b"x") is None


def test_a_store_of_another_format_is_made_anew(tmp_path, store_at):
    path = tmp_path / "index.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE facts (something TEXT)")
        db.execute("PRAGMA user_version=999")
    db.close()
    store = store_at(path)
    store.put([stored("a.py", "one")])

    assert [row.path for row in store.load()] == ["a.py"]


def test_two_editors_share_a_store(tmp_path, store_at):
    one, other = store_at(tmp_path / "index.db"), store_at(tmp_path / "index.db")
    for number in range(20):
        one.put([stored(f"a{number}.py", "x")])
        other.put([stored(f"b{number}.py", "y")])

    assert len(one.load()) == len(other.load()) == 40
