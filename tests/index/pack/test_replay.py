"""The economy bench on a repository made here: it reads history right and counts every call."""

import subprocess
from pathlib import Path

import pytest

from tandem.index.pack.compact import Options
from tests.bench.economy import ORDERS, Repository, focus_of, replay, speed, today
from tests.index.pack.worlds import moment


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path) -> Repository:
    """Return a repository of twenty files, whose last three commits edit, move and delete."""
    git(tmp_path, "init", "-q")
    for n in range(20):
        (tmp_path / f"m{n:02}.py").write_text(f"def f{n}():\n    return {n}\n" * 200)
    (tmp_path / "notes.txt").write_text("no code\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    (tmp_path / "m07.py").write_text("def seven():\n    return 7\n" * 200)
    git(tmp_path, "commit", "-qam", "edit")
    (tmp_path / "notes.txt").write_text("still no code\n")
    git(tmp_path, "commit", "-qam", "words only")
    git(tmp_path, "mv", "m03.py", "a@b c.py")
    git(tmp_path, "commit", "-qm", "move")
    git(tmp_path, "rm", "-q", "m11.py")
    git(tmp_path, "commit", "-qm", "delete")
    return Repository(tmp_path)


def test_history_is_read_as_it_was(repository):
    first, steps = repository.replay(50)

    assert [path for path, _ in steps[0][0].changes] == ["m07.py"]
    assert len(steps) == 3
    assert sorted(first) == [f"m{n:02}.py" for n in range(20)]
    assert steps[0][1]["m07.py"].text.startswith("def seven()")
    assert steps[1][1].keys() - first.keys() == {"a@b c.py"}
    assert first.keys() - steps[2][1].keys() == {"m03.py", "m11.py"}
    assert "+def seven():\n" in focus_of(first, steps[0][1], steps[0][0])


def test_the_latest_commits_are_replayed(repository):
    _, steps = repository.replay(1)

    assert [path for path, _ in steps[0][0].changes] == ["m11.py"]


def test_ours_hits_where_the_others_miss(repository):
    done = replay(repository, 50, today(), Options())
    share = {key: arm.hit / arm.sent for key, arm in done.arms.items()}

    assert {arm.calls for arm in done.arms.values()} == {6}
    for name in ORDERS:
        for kind in ("block128", "v4ab"):
            assert share["ours", kind] > share[name, kind]


def test_the_speed_is_that_of_a_million_tokens(repository):
    first, _ = repository.replay(1)
    found = speed(first, moment())

    assert 1_000_000 <= found["pack_tokens"] < 1_100_000
