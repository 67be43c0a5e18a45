"""History as facts: which files change together, when each changed last."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.workspace.vcs import history, parsed, summed


@pytest.fixture
def repository(tmp_path):
    def git(*words: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True, capture_output=True)

    git("init", "-q")
    for number, names in enumerate((["a.py", "b.py"], ["a.py", "b.py", "sub/c.py"], ["sub/ü.py"])):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(f"x = {number}\n")
        git("add", "-A")
        git("commit", "-q", "-m", f"change {number}")
    return tmp_path


def test_files_of_a_commit_changed_together(repository):
    found = history(repository)

    assert found.together["a.py"] == {"b.py": 1.5, "sub/c.py": 0.5}
    assert set(found.changed) == {"a.py", "b.py", "sub/c.py", "sub/ü.py"}
    assert "sub/ü.py" not in found.together


def test_paths_are_relative_to_the_folder_that_was_asked_about(repository):
    assert set(history(repository / "sub").changed) == {"c.py", "ü.py"}


def test_no_repository_has_no_history(tmp_path):
    found = history(tmp_path)

    assert (found.together, found.changed) == ({}, {})


def test_a_commit_of_many_files_says_nothing_about_two_of_them():
    found = summed([(5, [f"f{n}" for n in range(200)]), (3, ["f1", "f2"])])

    assert found.together == {"f1": {"f2": 1.0}, "f2": {"f1": 1.0}}
    assert found.changed["f1"] == 5


@given(st.binary(max_size=200))
def test_no_log_is_too_odd_to_read(log):
    summed(parsed(b"\x01" + log))
