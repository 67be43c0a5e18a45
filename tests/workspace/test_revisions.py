"""What commits hold and what differs from them: against git itself, in repositories of a test."""

import os
import subprocess
from pathlib import Path

import pytest

from tandem.workspace.files import list_files, read_text
from tandem.workspace.ignore import read_rules
from tandem.workspace.revisions import (
    Revised,
    blobs,
    commit_of,
    contents,
    last_commits,
    replayed,
    revised,
)


class Repository:
    """A git repository in a folder of the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q")

    def git(self, *words: str) -> bytes:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.root), *who, *words]
        return subprocess.run(command, check=True, capture_output=True).stdout

    def write(self, **files: str | None) -> None:
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_py", ".py")
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(text.encode())

    def commit(self, message: str = "change") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def revised(self, base: str = "HEAD") -> list[Revised] | None:
        rules = read_rules(self.root)
        known = {file.path for file in list_files(self.root, rules).files}
        commit = commit_of(self.root, base)
        assert commit is not None
        return revised(self.root, commit, known, rules, lambda path: read_text(self.root / path))


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repo")
    made.write(a_py="a = 1\n", sub__ü_py="u = 'ü'\n", gone_py="x = 1\n")
    made.commit()
    return made


def test_a_revision_is_a_commit_or_nothing(repository):
    head = repository.git("rev-parse", "HEAD").decode().strip()

    assert commit_of(repository.root, "HEAD") == head
    for odd in ("HEAD~9", "--all", "-h", "", "a.py"):
        assert commit_of(repository.root, odd) is None


def test_the_texts_of_a_commit_are_those_that_were_written(repository):
    found = blobs(repository.root, "HEAD")
    assert found is not None
    texts = contents(repository.root, found.values())

    assert {path: texts[blob.name] for path, blob in found.items()} == {
        "a.py": "a = 1\n",
        "gone.py": "x = 1\n",
        "sub/ü.py": "u = 'ü'\n",
    }
    assert set(blobs(repository.root, "HEAD", ["sub/ü.py", "nothing.py"]) or ()) == {"sub/ü.py"}
    assert set(blobs(repository.root / "sub", "HEAD") or ()) == {"ü.py"}


def test_what_differs_is_told_with_both_texts(repository):
    repository.write(a_py="a = 2\n", gone_py=None, new_py="n = 1\n")
    repository.git("add", "a.py")  # staged or not is the same

    assert repository.revised() == [
        Revised("a.py", "a = 1\n", "a = 2\n"),
        Revised("gone.py", "x = 1\n", None),
        Revised("new.py", None, "n = 1\n"),
    ]
    assert repository.revised("HEAD") == repository.revised()


def test_a_file_that_was_only_touched_does_not_differ(repository):
    os.utime(repository.root / "a.py", (1, 1))

    assert repository.revised() == []


def test_line_ends_of_a_platform_are_no_difference(repository):
    (repository.root / "a.py").write_bytes(b"a = 1\r\n")

    assert repository.revised() == []


def test_binaries_and_secrets_have_no_text(repository):
    (repository.root / "a.py").write_bytes(b"\0\1\2")
    repository.write(**{".env": "KEY=1\n", "id_rsa": "k\n"})
    repository.git("add", "-A")

    assert repository.revised() == [Revised("a.py", "a = 1\n", None)]


def test_what_is_left_out_of_the_workspace_is_neither_changed_nor_gone(repository):
    (repository.root / "data.bin").write_bytes(b"1")
    (repository.root / ".tandemignore").write_text("own.py\n")
    repository.write(own_py="o = 1\n", kept_py="k = 1\n")
    repository.commit()
    repository.write(own_py=None)
    (repository.root / "kept.py").write_text("k = 1\n" * 200_000)  # larger than a megabyte

    assert repository.revised() == []


def test_nothing_of_the_repository_is_run(repository):
    trap = repository.root / "trap"
    (repository.root / ".gitattributes").write_text("*.py filter=t diff=t\n")
    for key in ("filter.t.clean", "filter.t.smudge", "diff.t.textconv", "diff.t.command"):
        repository.git("config", key, f"touch {trap.as_posix()}; cat")
    (repository.root / "a.py").write_text("a = 3\n")

    assert Revised("a.py", "a = 1\n", "a = 3\n") in (repository.revised() or [])
    assert not trap.exists()


def test_outside_of_git_there_is_no_answer(tmp_path):
    assert commit_of(tmp_path, "HEAD") is None
    assert blobs(tmp_path, "HEAD") is None
    assert revised(tmp_path, "HEAD", set(), read_rules(tmp_path), lambda _: None) is None
    assert last_commits(tmp_path, 3) == []
    assert replayed(tmp_path, [], lambda _: True) == []


def test_the_last_commits_are_replayed_with_the_merge_among_them(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.write(side_py="s = 1\n")
    repository.commit("side")
    repository.git("checkout", "-q", "-")
    repository.write(a_py="a = 2\n")
    repository.commit("main")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    repository.write(gone_py=None)
    repository.commit("gone")
    commits = last_commits(repository.root, 9)
    states = replayed(repository.root, commits[::-1], lambda path: path.endswith(".py"))

    assert [len(commit.paths) for commit in commits] == [1, 1, 1, 3]
    first = {"a.py": "a = 1\n", "gone.py": "x = 1\n", "sub/ü.py": "u = 'ü'\n"}
    second = first | {"a.py": "a = 2\n"}
    third = second | {"side.py": "s = 1\n"}
    last = {path: text for path, text in third.items() if path != "gone.py"}
    assert states == [first, second, third, last]
