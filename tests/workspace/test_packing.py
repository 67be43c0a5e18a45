"""The pack of a workspace over calls, restarts and losses: what is kept, and what is said."""

import asyncio
import os
from pathlib import Path

import pytest

from tandem.index.codebase import Codebase
from tandem.index.pack import state
from tandem.index.pack.compact import Options
from tandem.index.pack.explain import Cause, explain
from tandem.index.pack.forecast import alive, shared
from tandem.index.pack.layout import Kind, Level
from tandem.index.pack.state import Moment
from tandem.index.records import Record, record_of
from tandem.index.store import Stored
from tandem.ledger.prices import Rate
from tandem.workspace.files import list_files
from tandem.workspace.packing import Origin, Pack, Packing, Sources, moment_of, sources
from tests.index.context.small import facts_of
from tests.support.clock import NOON
from tests.workspace.test_revisions import Repository

MODEL = "pro"


def moment(now_s: int = 0) -> Moment:
    made = moment_of(MODEL, Rate(22_000, 660_000, 0), NOON)
    return Moment(made.model, made.system, made.rate, now_s)


class Workspace:
    """A folder with a few files, and calls about it; each call is a process of its own."""

    def __init__(self, folder: Path, options: Options | None = None) -> None:
        self.root = folder / "work"
        self.kept = folder / "kept"
        self.options = options
        self.changed: dict[str, int] = {}
        self.packing = self.restarted()

    def restarted(self) -> Packing:
        self.packing = Packing(self.root, self.code(), self.kept, self.options)
        return self.packing

    def code(self) -> Codebase:
        records: dict[bytes, Record] = {}
        for path in self.root.rglob("*.py"):
            name = path.relative_to(self.root).as_posix()
            records[name.encode()] = record_of(
                name.encode(), facts_of(name, path.read_text("utf-8"))
            )
        code = Codebase(records.get, lambda path: (self.root / path).read_text("utf-8"))
        rows = (Stored(key.decode(), 0, 0, r._replace(body="")) for key, r in records.items())
        code.update(rows)
        return code

    def write(self, name: str, text: str | None, at: int | None = None) -> None:
        path = self.root / name
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        if at is not None:
            self.changed[name] = at

    def prepared(self, now_s: int = 0, **over: str) -> Pack:
        files = list_files(self.root).files
        given = Sources(files, self.changed, open={f"{n}.py": t for n, t in over.items()})
        return asyncio.run(self.packing.prepare(given, moment(now_s)))

    def sent(self, now_s: int = 0) -> Pack:
        pack = self.prepared(now_s)
        asyncio.run(self.packing.sent(pack, moment(now_s)))
        return pack


@pytest.fixture
def workspace(tmp_path):
    made = Workspace(tmp_path)
    for number, name in enumerate(["old", "middle", "new"]):
        made.write(f"{name}.py", f"def {name}(value):\n    return value + {number}\n" * 9, number)
    made.write("README.md", "# Words\n", 0)
    made.restarted()
    return made


def test_the_least_recently_changed_files_come_first(workspace):
    pack = workspace.prepared()
    parts = pack.prompt("", "task", workspace.packing.options).sections
    files = [part.name for part in parts if part.kind is Kind.FILE]

    assert pack.origin is Origin.BEGUN
    assert files == ["README.md", "old.py", "middle.py", "new.py"]


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("send", [False, True])
def test_a_second_call_after_an_edit_continues_the_prefix_byte_for_byte(workspace, restart, send):
    first = workspace.sent() if send else workspace.prepared()
    workspace.write("old.py", "def old(value, more):\n    return value\n")
    workspace.write("added.py", "def added():\n    return old(1, 2)\n")
    if restart:
        workspace.restarted()
    second = workspace.prepared(60)

    assert second.origin is Origin.CONTINUED
    assert state.prefix(second.state).startswith(state.prefix(first.state))
    assert len(second.state.log) == 1
    assert "+def old(value, more):" in second.state.log[0].text


def test_without_an_edit_the_same_bytes_are_sent(workspace):
    first = workspace.prepared()
    kept = {path.name: path.read_bytes() for path in workspace.kept.iterdir()}
    workspace.restarted()
    again = workspace.prepared(60)

    assert again.state == first.state
    assert {path.name: path.read_bytes() for path in workspace.kept.iterdir()} == kept


def test_looking_at_a_prompt_does_not_count_as_sent(workspace):
    workspace.prepared()
    workspace.restarted()
    pack = workspace.prepared(60)

    assert pack.before is not None
    assert pack.before.sent_s is None
    assert not alive(pack.before, moment(60), Options())
    assert (pack.state.calls, pack.state.carried) == (0, 0)


def test_what_was_sent_stays_what_the_next_call_continues_whatever_is_looked_at(workspace):
    sent = workspace.sent(10)
    kept = {path.name: path.read_bytes() for path in workspace.kept.iterdir()}
    before = (workspace.root / "old.py").read_text("utf-8")
    workspace.write("old.py", "something = 'else, on another branch'\n" * 300)
    workspace.restarted()
    assert workspace.prepared(20).state.log
    workspace.write("old.py", before)
    workspace.restarted()
    pack = workspace.prepared(30)

    assert {path.name: path.read_bytes() for path in workspace.kept.iterdir()} == kept
    assert state.prefix(pack.state) == state.prefix(sent.state)
    assert pack.state.calls == 1


def test_a_prompt_that_was_sent_is_expected_in_the_cache_for_a_while(workspace):
    workspace.sent(10)
    workspace.write("new.py", "def new():\n    return 5\n")
    workspace.restarted()
    pack = workspace.prepared(20)
    prompt = pack.prompt("focus", "task", Options())

    assert pack.before is not None
    assert shared(pack.before.prompt, prompt) == len(pack.before.prompt.prefix) > 4
    assert alive(pack.before, moment(20), Options())
    assert not alive(pack.before, moment(10 + Options().ttl_s + 1), Options())


def test_when_the_cache_is_cold_the_changes_go_into_a_new_snapshot(workspace):
    workspace.sent(10)
    workspace.write("new.py", "def new():\n    return 5\n", 9)
    workspace.restarted()
    pack = workspace.prepared(Options().ttl_s + 11)

    assert pack.origin is Origin.CUT
    assert pack.state.log == ()


@pytest.mark.parametrize("damage", ["delete", "cut", "foreign"])
def test_a_lost_pack_is_begun_anew_and_the_break_is_explained(workspace, damage):
    workspace.sent(10)
    pack_file = workspace.kept / "pack"
    if damage == "delete":
        pack_file.unlink()
    else:
        pack_file.write_bytes(pack_file.read_bytes()[:-9] if damage == "cut" else b"foreign")
    workspace.write("middle.py", "def middle(value):\n    return value - 7\n", 5)
    for now_s in (20, 30):  # not only the first time
        workspace.restarted()
        pack = workspace.prepared(now_s)
        prompt = pack.prompt("", "task", Options())
        assert pack.before is not None
        found = explain(pack.before.prompt, prompt, moment().rate)

        assert found is not None
        assert (found.section.kind, found.section.name) == (Kind.FILE, "new.py")
        assert found.byte_in_section == len('<file path="')
        assert found.cause is Cause.ORDER
        assert 0 < found.lost < sum(part.tokens for part in prompt.prefix)


def test_a_folder_that_cannot_be_written_costs_only_the_continuation(workspace):
    workspace.kept.write_text("a file where the folder should be")

    assert workspace.prepared().origin is Origin.BEGUN
    assert workspace.sent(5).origin is Origin.CONTINUED  # in this process it is known
    workspace.restarted()
    assert workspace.prepared(9).origin is Origin.BEGUN


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_is_kept_is_the_owners_alone(workspace):
    workspace.sent()
    modes = {path.name: path.stat().st_mode & 0o777 for path in workspace.kept.iterdir()}

    assert workspace.kept.stat().st_mode & 0o777 == 0o700
    assert modes == {"pack": 0o600, "prompt": 0o600}


def test_an_open_document_lies_over_its_file(workspace):
    workspace.prepared()
    pack = workspace.prepared(5, new="def new():\n    return 'not saved yet'\n")

    assert "not saved yet" in pack.state.log[0].text
    assert workspace.prepared(6).state.shown["new.py"].text == (
        (workspace.root / "new.py").read_text("utf-8")
    )


def test_what_is_made_by_machines_is_not_in_the_pack(workspace):
    workspace.write("made.py", "# @generated\nx = 1\n")
    workspace.write("table.json", "[" + "1234567, " * 4000 + "1]\n")
    workspace.write("small.json", '{"a": 1}\n')
    workspace.write("notes.unknown", "?\n")
    pack = workspace.prepared()

    assert {"made.py", "table.json", "notes.unknown"}.isdisjoint(pack.state.shown)
    assert "small.json" in pack.state.shown


def test_what_does_not_fit_is_shown_by_signatures_near_the_work_of_late_first(tmp_path):
    workspace = Workspace(tmp_path, Options(window=9_000, reserve=0, log_least=100))
    body = "    return value  # and so on, and so on, and so on\n" * 20
    for number in range(40):
        workspace.write(f"f{number:02}.py", f"def function_{number}(value):\n{body}", number)
    workspace.restarted()
    shown = workspace.prepared().state.shown

    assert shown["f39.py"].level is Level.FULL
    assert shown["f00.py"].level is Level.SKELETON
    assert shown["f00.py"].text == "def function_0(value):"
    workspace.write("f00.py", "def function_0(value, more):\n    return value\n")
    workspace.restarted()
    pack = workspace.prepared(5)
    assert "+def function_0(value, more):" in pack.state.log[0].text
    assert "return value" not in pack.state.log[0].text


def test_in_git_what_is_in_progress_counts_as_the_last_that_changed(tmp_path):
    repository = Repository(tmp_path / "repo")
    repository.write(a_py="a = 1\n", b_py="b = 1\n")
    repository.commit()
    repository.write(a_py="a = 12\n", new_py="n = 1\n")
    files = list_files(repository.root).files
    found = sources(repository.root, files)
    later = {file.path: file.mtime_ns // 10**9 for file in files}

    assert found.changed["a.py"] == later["a.py"]
    assert found.changed["new.py"] == later["new.py"]
    assert found.changed["b.py"] <= later["b.py"]
    assert sources(tmp_path, files).changed == {}
