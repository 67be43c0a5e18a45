"""Where plans are kept: numbers, the journal after any death, who carries a plan on, answers."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.workspace.plans import BusyError, PlanFolder, Plans

posix = pytest.mark.skipif(os.name != "posix", reason="modes, limits and signals are POSIX's")

HOLDS = """
import sys
from pathlib import Path
from tandem.workspace.plans import PlanFolder
with PlanFolder(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""
FILLS = """
import resource, sys
from pathlib import Path
from tandem.workspace.plans import PlanFolder
plan = PlanFolder(Path(sys.argv[1]))
plan.append("one")
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (8, hard))
try:
    plan.append("two, on a disk that is full")
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    plan.append("three")
"""


@pytest.fixture
def plan(tmp_path):
    return Plans(tmp_path / "plans").new()


@contextmanager
def another_process(plan: PlanFolder) -> Generator[subprocess.Popen[bytes]]:
    """Have another process carry a plan on, until its stdin ends or it is killed."""
    command = [sys.executable, "-c", HOLDS, str(plan.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == b"held"
            yield process
        finally:
            process.kill()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ---------------------------------------------------------------------------------------- numbers


def test_plans_are_numbered_from_one(tmp_path):
    plans = Plans(tmp_path / "state" / "plans")

    assert plans.all() == []
    made = [plans.new() for _ in range(11)]
    assert [plan.number for plan in made] == list(range(1, 12))
    assert plans.all() == made  # 10 comes behind 9, not behind 1


def test_a_number_of_an_older_plan_is_not_given_again(tmp_path):
    plans = Plans(tmp_path)
    first, second, third = (plans.new() for _ in range(3))
    second.path.rmdir()

    assert plans.new().number == 4
    assert [plan.number for plan in plans.all()] == [first.number, third.number, 4]


def test_a_plan_is_found_by_its_number_alone(tmp_path):
    plans = Plans(tmp_path)
    made = plans.new()
    (tmp_path / "2").write_text("a file")

    assert plans.get(1) == made
    assert [plans.get(number) for number in (0, 2, 3, -1)] == [None] * 4


def test_what_is_no_plan_is_none(tmp_path):
    plans = Plans(tmp_path)
    for name in ("notes", "1.bak", "-1", "²", ".DS_Store"):
        (tmp_path / name).mkdir()
    (tmp_path / "7").write_text("a file")

    assert plans.all() == []
    assert plans.new().number == 1


def test_who_comes_second_takes_the_next_number(tmp_path, monkeypatch):
    plans = Plans(tmp_path)
    plans.new()
    seen = plans.all()
    for _ in range(2):  # another editor is quicker, twice
        plans.new()
    monkeypatch.setattr(Plans, "all", lambda _self: seen)

    assert plans.new().number == 4


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "plans").write_text("a file")

    assert Plans(tmp_path / "plans").all() == []
    with pytest.raises(OSError, match="plans"):
        Plans(tmp_path / "plans").new()


@posix
def test_only_the_owner_may_look_at_plans(tmp_path):
    plan = Plans(tmp_path / "plans").new()

    assert (mode(plan.path.parent), mode(plan.path)) == (0o700, 0o700)


# ---------------------------------------------------------------------------------------- journal

LINES = ['{"event": "Wanted"}', '{"event": "Proposed", "goal": "\\u00fc\\u2028"}', "{}"]


def test_lines_come_back_in_the_order_in_which_they_were_added(plan):
    assert plan.lines() == []
    for line in LINES:
        plan.append(line)

    assert plan.lines() == LINES
    assert PlanFolder(plan.path).lines() == LINES


@pytest.mark.parametrize("cut", range(1, len(LINES[1]) + 1))
def test_a_line_that_was_torn_is_as_if_never_written(plan, cut):
    plan.append(LINES[0])
    with (plan.path / "journal.jsonl").open("ab") as journal:
        journal.write(LINES[1].encode()[:cut])  # the process dies here

    assert plan.lines() == [LINES[0]]
    plan.mend()
    assert plan.lines() == [LINES[0]]
    plan.append(LINES[2])
    assert plan.lines() == [LINES[0], LINES[2]]


@given(st.lists(st.sampled_from(LINES), max_size=4), st.integers(0, 200))
def test_wherever_a_journal_is_cut_its_whole_lines_are_left(tmp_path_factory, lines, cut):
    plan = PlanFolder(tmp_path_factory.mktemp("plan"))
    data = "".join(f"{line}\n" for line in lines).encode()[:cut]
    (plan.path / "journal.jsonl").write_bytes(data)
    whole = lines[: data.count(b"\n")]

    assert plan.lines() == whole
    plan.mend()
    plan.append("{}")
    assert plan.lines() == [*whole, "{}"]


def test_there_is_nothing_to_mend_in_a_whole_journal(plan):
    plan.mend()
    assert not (plan.path / "journal.jsonl").exists()
    plan.append(LINES[0])
    plan.mend()
    assert plan.lines() == [LINES[0]]


def test_a_line_ends_at_its_end_alone(plan):
    damaged = b'{"a": "\x0b\x0c\x1c\x85"}\r\n{"b": "\xff\xe2\x80\xa8"}\n'
    (plan.path / "journal.jsonl").write_bytes(damaged)

    first, second = plan.lines()
    assert first.startswith('{"a": "\x0b\x0c\x1c')
    assert second.startswith('{"b": "')


@posix
def test_a_line_that_found_no_room_does_not_spoil_the_next(plan):
    command = [sys.executable, "-c", FILLS, str(plan.path)]
    subprocess.run(command, check=True, timeout=30)

    assert plan.lines() == ["one", "three"]


def test_a_line_that_is_not_certain_to_be_on_disk_is_not_there(plan, monkeypatch):
    def broken(_handle: int) -> None:
        raise OSError(5, "input/output error")

    plan.append(LINES[0])
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(OSError, match="input/output"):
            plan.append(LINES[1])

    assert plan.lines() == [LINES[0]]


# ------------------------------------------------------------------------------------------ texts


def test_texts_come_back_as_they_were_written(plan):
    text = "# Währungen\r\n\n\udcff and € \n"

    assert (plan.read(plan.text), plan.read(plan.patch)) == (None, None)
    plan.write(plan.text, text)
    plan.write(plan.patch, "")
    assert (plan.read(plan.text), plan.read(plan.patch)) == (text, "")
    plan.write(plan.text, "other")
    assert plan.read(plan.text) == "other"
    assert sorted(path.name for path in plan.path.iterdir()) == ["change.patch", "plan.md"]


def test_a_text_that_cannot_be_written_leaves_the_old_one(plan, monkeypatch):
    plan.write(plan.text, "old")

    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="no space"):
            plan.write(plan.text, "new")

    assert plan.read(plan.text) == "old"
    assert [path.name for path in plan.path.iterdir()] == ["plan.md"]


# ------------------------------------------------------------------------------------------- lock


def test_a_plan_is_carried_on_by_one_at_a_time(plan):
    with plan.held(), pytest.raises(BusyError), PlanFolder(plan.path).held():
        pass
    with plan.held():
        plan.append("{}")


def test_another_plan_is_free(tmp_path):
    first, second = Plans(tmp_path).new(), Plans(tmp_path).new()

    with first.held(), second.held():
        pass


def test_a_failure_gives_a_plan_free(plan):
    with pytest.raises(ZeroDivisionError), plan.held():
        raise ZeroDivisionError
    with plan.held():
        pass


def test_a_plan_that_another_process_carries_on_is_busy_until_that_ends(plan):
    with another_process(plan) as process:
        with pytest.raises(BusyError), plan.held():
            pass
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0
        with plan.held():
            pass


def test_a_process_that_is_killed_gives_its_plan_free(plan):
    with another_process(plan) as process:
        process.kill()
        process.wait(timeout=30)
        with plan.held():
            pass


# ---------------------------------------------------------------------------------------- answers

ANSWER = {"text": "x = 'ü\ud83d'\n", "cost": 12, "usage": None, "tool_calls": [{"id": "1"}]}


def test_an_answer_outlives_the_process(plan):
    assert plan.answer("k-0") is None
    plan.keep("k-0", ANSWER)
    plan.keep("k-1", {})

    again = PlanFolder(plan.path)
    assert [again.answer(key) for key in ("k-0", "k-1", "k-2")] == [ANSWER, {}, None]
    assert sorted(path.name for path in (plan.path / "answers").iterdir()) == [
        "k-0.json",
        "k-1.json",
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"\0" * 40,
        b"[1]",
        b"null",
        b'"text"',
        b"[" * 100_000,
        *(json.dumps(ANSWER).encode()[:cut] for cut in (1, 20, 60)),
    ],
    ids=lambda data: f"{data[:6]!r} {len(data)}",
)
def test_an_answer_that_is_damaged_is_none(plan, data):
    (plan.path / "answers").mkdir()
    (plan.path / "answers" / "k-0.json").write_bytes(data)

    assert plan.answer("k-0") is None
    plan.keep("k-0", ANSWER)
    assert plan.answer("k-0") == ANSWER


def test_an_answer_that_cannot_be_read_is_none(plan):
    (plan.path / "answers" / "k-0.json").mkdir(parents=True)

    assert plan.answer("k-0") is None
    with pytest.raises(OSError, match="k-0"):
        plan.keep("k-0", ANSWER)


def test_an_answer_that_cannot_be_kept_is_said(plan):
    (plan.path / "answers").write_text("a file")

    with pytest.raises(OSError, match="answers"):
        plan.keep("k-0", ANSWER)
