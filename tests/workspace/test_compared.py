"""What a review is about, compared: in repositories of a test, against what was written in them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tandem.core.errors import RefusedError
from tandem.workspace import compared as module
from tandem.workspace.compared import Compared, Kind, Scope, Work, compared
from tandem.workspace.files import list_files, read_text
from tandem.workspace.git import Git, ask
from tandem.workspace.ignore import Reason, read_regular, read_rules

posix = pytest.mark.skipif(os.name != "posix", reason="links, modes and odd names of POSIX")
WHO = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
SECRET = "sk-live-0123456789"  # noqa: S105 - no password


class Repository:
    """A git repository in a folder of the test."""

    def __init__(self, root: Path, *words: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *words)

    def git(self, *words: str, check: bool = True) -> str:
        command = ["git", "-C", str(self.root), *WHO, *words]
        done = subprocess.run(command, check=check, capture_output=True)
        return done.stdout.decode().strip()

    def write(self, path: str, data: str | bytes | None) -> None:
        file = self.root / path
        if data is None:
            file.unlink()
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def compared(
        self, kind: Kind = Kind.UNCOMMITTED, revision: str = "", sub: str = "", **typed: str
    ) -> Compared:
        root = self.root / sub
        rules = read_rules(root)
        known = {file.path for file in list_files(root, rules).files}
        buffers = {name.replace("_py", ".py"): text for name, text in typed.items()}

        def read(path: str) -> str | None:
            return buffers.get(path) or read_text(root / path)

        return compared(Work(root, known, rules, read, set(buffers)), Scope(kind, revision))


def pairs(found: Compared) -> dict[str, tuple[str | None, str | None]]:
    """Return both texts by path."""
    assert found.before.keys() == found.after.keys()
    return {path: (found.before[path], found.after[path]) for path in found.before}


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path / "repo")
    for name in "abc":
        made.write(f"{name}.py", f"{name} = 1\n")
    made.commit("first")
    return made


def test_each_scope_compares_its_two_sides(repository):
    repository.write("a.py", "a = 2\n")
    repository.git("add", "a.py")
    repository.write("a.py", "a = 3\n")
    repository.write("b.py", None)
    repository.write("new.py", "n = 1\n")
    untracked = {"b.py": ("b = 1\n", None), "new.py": (None, "n = 1\n")}

    assert pairs(repository.compared()) == {"a.py": ("a = 1\n", "a = 3\n"), **untracked}
    found = repository.compared(Kind.UNSTAGED)
    assert pairs(found) == {"a.py": ("a = 2\n", "a = 3\n"), **untracked}
    assert found.title == "what is not staged"
    staged = repository.compared(Kind.STAGED)
    assert pairs(staged) == {"a.py": ("a = 1\n", "a = 2\n")}
    assert staged.beneath == {"b.py": "b = 1\n", "new.py": None}
    assert repository.compared(Kind.UNCOMMITTED, "HEAD").title == "what is not committed"


def test_a_commit_is_compared_with_its_first_parent(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.write("side.py", "s = 1\n")
    repository.commit("side")
    repository.git("checkout", "-q", "main")
    repository.write("a.py", "a = 2\n")
    second = repository.commit("Say two\n\nAt length.")
    repository.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    repository.write("a.py", "a = 4\n")

    found = repository.compared(Kind.COMMIT, second)
    assert found.title == f"{second[:7]} Say two"
    assert pairs(found) == {"a.py": ("a = 1\n", "a = 2\n")}
    assert found.beneath == {"side.py": None}
    merge = repository.compared(Kind.COMMIT, "HEAD")
    assert pairs(merge) == {"side.py": (None, "s = 1\n")}
    assert merge.beneath == {"a.py": "a = 2\n"}
    first = repository.compared(Kind.COMMIT, f"{second}^")
    assert pairs(first) == {f"{name}.py": (None, f"{name} = 1\n") for name in "abc"}


def test_ranges_and_branches(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.write("side.py", "s = 1\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a.py", "a = 2\n")
    repository.commit()
    side = {"side.py": (None, "s = 1\n")}

    assert pairs(repository.compared(Kind.RANGE, "main...side")) == side
    both = {**side, "a.py": ("a = 2\n", "a = 1\n")}
    assert pairs(repository.compared(Kind.RANGE, "main..side")) == both
    assert pairs(repository.compared(Kind.RANGE, "HEAD^..")) == {"a.py": ("a = 1\n", "a = 2\n")}
    assert pairs(repository.compared(Kind.UNCOMMITTED, "side"))["side.py"] == ("s = 1\n", None)
    repository.git("checkout", "-q", "side")
    repository.write("side.py", "s = 2\n")
    found = repository.compared(Kind.BRANCH, "main")
    assert pairs(found) == {"side.py": (None, "s = 2\n")}  # not what main did meanwhile
    assert found.title.startswith("this branch since main (")


def test_what_is_typed_counts_and_not_what_is_saved(repository):
    repository.write("b.py", "b = 2\n")

    found = repository.compared(a_py="a = 9\n", b_py="b = 1\n", c_py="c = 1\n")
    assert pairs(found) == {"a.py": ("a = 1\n", "a = 9\n")}


def test_a_moved_file_is_one_that_goes_and_one_that_comes(repository):
    repository.git("mv", "a.py", "moved.py")

    for kind in (Kind.UNCOMMITTED, Kind.STAGED):
        assert pairs(repository.compared(kind)) == {
            "a.py": ("a = 1\n", None),
            "moved.py": (None, "a = 1\n"),
        }


def test_of_what_is_no_text_it_is_said_what_happened(repository):
    repository.write("a.py", b"\0\1\2")
    repository.write("old.png", b"\x89PNG")
    repository.write("long.py", "x = 1\n")
    repository.write("lib.min.js", "var a\n")
    repository.commit()
    repository.write("old.png", None)
    repository.write("new.png", b"\x89PNG")
    repository.write("long.py", "x = 1\n" * 200_000)
    repository.write("data.csv", "1,2\n" * 400_000)
    repository.write("lib.min.js", "var b\n")
    repository.write("made.py", "# Code generated by protoc. DO NOT EDIT.\n")
    repository.write("b.py", b"\0\0")
    expected = {
        "b.py": "changed: binary",
        "data.csv": "new: larger than a megabyte",
        "lib.min.js": "changed: generated",
        "long.py": "changed: larger than a megabyte",
        "made.py": "new: generated",
        "new.png": "new: binary",
        "old.png": "gone: binary",
    }

    found = repository.compared()
    assert (found.notes, pairs(found)) == (expected, {})
    repository.git("add", "-A")
    assert repository.compared(Kind.STAGED).notes == expected
    repository.commit()
    assert repository.compared(Kind.COMMIT, "HEAD").notes == expected
    assert repository.compared().notes == {}


@pytest.mark.parametrize("tracked", [True, False])
def test_secrets_are_noted_and_never_told(repository, tracked):
    if tracked:
        repository.write(".env", f"KEY={SECRET}\n")
        repository.write("own.py", f"k = '{SECRET}'\n")
        repository.write(".tandemignore", "own.py\n")
        repository.commit()
    repository.write(".env", f"KEY={SECRET}1\n")
    repository.write("own.py", f"k = '{SECRET}1'\n" if tracked else "k = 1\n")

    found = repository.compared()
    happened = "changed" if tracked else "new"
    assert found.notes[".env"] == f"{happened}: kept out, it may hold secrets"
    assert (found.notes.get("own.py") == "changed: named in .tandemignore") is tracked
    repository.git("add", "-A")
    for one in (found, repository.compared(Kind.STAGED), repository.compared(Kind.UNSTAGED)):
        assert SECRET not in repr([one.before, one.after, one.beneath, one.notes])
    commit = repository.commit()
    last = repository.compared(Kind.RANGE, f"HEAD^..{commit}")
    assert ".env" in last.notes
    assert SECRET not in repr([last.before, last.after, last.beneath])


@posix
def test_modes_and_links(repository):
    (repository.root / "link").symlink_to("a.py")
    (repository.root / "same").symlink_to("a.py")
    repository.write("was.py", "w = 1\n")
    repository.commit()
    (repository.root / "a.py").chmod(0o755)
    (repository.root / "link").unlink()
    (repository.root / "link").symlink_to("b.py")
    (repository.root / "fresh").symlink_to("b.py")
    (repository.root / "was.py").unlink()
    (repository.root / "was.py").symlink_to("b.py")

    found = repository.compared()
    assert pairs(found) == {}
    assert found.notes == {
        "a.py": "mode 100644 → 100755",
        "fresh": "new: a link, or behind one",
        "link": "changed: a link",
        "was.py": "changed: a link, or behind one",
    }
    repository.git("add", "-A")
    assert repository.compared(Kind.STAGED).notes["a.py"] == "mode 100644 → 100755"
    repository.git("config", "core.fileMode", "false")
    repository.git("reset", "-q")
    assert "a.py" not in repository.compared().notes


def test_a_mode_and_a_text_may_both_change(repository):
    repository.git("update-index", "--chmod=+x", "a.py")
    repository.git("commit", "-qm", "runs")
    repository.write("a.py", "a = 2\n")

    found = repository.compared(Kind.COMMIT, "HEAD")
    assert found.notes == {"a.py": "mode 100644 → 100755"}
    assert found.beneath == {"a.py": "a = 1\n"}  # as committed, not as in the working tree
    repository.git("update-index", "--chmod=-x", "a.py")
    found = repository.compared(Kind.STAGED)
    assert found.notes == {"a.py": "mode 100755 → 100644"}
    assert pairs(found) == {"a.py": ("a = 1\n", "a = 2\n")}


def test_submodules_are_told_by_their_commits(repository, tmp_path):
    inner = Repository(tmp_path / "inner")
    inner.write("i.py", "i = 1\n")
    first = inner.commit()
    allow = ("-c", "protocol.file.allow=always")
    repository.git(*allow, "submodule", "--quiet", "add", str(inner.root), "sub")

    assert repository.compared().notes == {"sub": f"submodule nothing → {first[:7]}"}
    assert repository.compared(Kind.STAGED).notes == {"sub": f"submodule nothing → {first[:7]}"}
    repository.commit()
    assert repository.compared().notes == {}
    here = Repository(repository.root / "sub")
    here.write("i.py", "i = 2\n")
    second = here.commit()
    assert repository.compared().notes == {"sub": f"submodule {first[:7]} → {second[:7]}"}
    repository.commit()
    found = repository.compared(Kind.COMMIT, "HEAD")
    assert found.notes == {"sub": f"submodule {first[:7]} → {second[:7]}"}


def test_conflicts_are_said(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.write("a.py", "a = 'side'\n")
    repository.write("b.py", None)
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("a.py", "a = 'main'\n")
    repository.write("b.py", "b = 'main'\n")
    repository.commit()
    repository.git("merge", "side", check=False)

    found = repository.compared()
    assert found.notes == {"a.py": "in conflict", "b.py": "in conflict"}
    assert "<<<<<<<" in (found.after["a.py"] or "")
    assert repository.compared(Kind.STAGED).notes == found.notes
    assert repository.compared(Kind.RANGE, "main..side").notes == {}


def test_before_the_first_commit_everything_is_new(tmp_path):
    repository = Repository(tmp_path / "fresh")
    repository.write("a.py", "a = 1\n")
    repository.write("b.py", "b = 1\n")
    repository.git("add", "a.py")

    both = {"a.py": (None, "a = 1\n"), "b.py": (None, "b = 1\n")}
    assert pairs(repository.compared()) == both
    assert pairs(repository.compared(Kind.STAGED)) == {"a.py": (None, "a = 1\n")}
    assert pairs(repository.compared(Kind.UNSTAGED)) == {"b.py": (None, "b = 1\n")}
    with pytest.raises(RefusedError, match="there is no commit 'HEAD'"):
        repository.compared(Kind.COMMIT, "HEAD")
    with pytest.raises(RefusedError, match="there is no commit"):
        repository.compared(Kind.BRANCH, "main")


def test_a_folder_of_a_repository_is_compared_alone(repository):
    repository.write("sub/s.py", "s = 1\n")
    repository.commit()
    repository.write("sub/s.py", "s = 2\n")
    repository.write("a.py", "a = 2\n")
    repository.write("fresh/f.py", "f = 1\n")

    changed = {"s.py": ("s = 1\n", "s = 2\n")}
    assert pairs(repository.compared(sub="sub")) == changed
    assert pairs(repository.compared(sub="fresh")) == {"f.py": (None, "f = 1\n")}
    repository.commit()
    assert pairs(repository.compared(Kind.COMMIT, "HEAD", sub="sub")) == changed


ODD = ["with space.py", "ünï.py", "-x.py", "[a]*.py"]
if sys.platform == "linux":
    ODD += ['quo"te.py', "new\nline.py", "tab\t.py", "? q.py", os.fsdecode(b"\xff.py"), "back\\.py"]


@pytest.mark.parametrize("path", ODD)
def test_names_of_files_may_be_odd(repository, path):
    repository.write(path, "x = 1\n")
    assert pairs(repository.compared()) == {path: (None, "x = 1\n")}
    repository.commit()
    repository.write(path, "x = 2\n")
    changed = {path: ("x = 1\n", "x = 2\n")}
    assert pairs(repository.compared()) == changed
    repository.commit()
    assert pairs(repository.compared(Kind.COMMIT, "HEAD")) == changed


def test_line_ends_of_a_platform_are_no_change(repository, monkeypatch):
    repository.git("config", "core.autocrlf", "true")
    for name in "abc":
        repository.write(f"{name}.py", f"{name} = 1\r\n")
    monkeypatch.setattr(module, "_MOST", 1)
    assert pairs(repository.compared()) == {}  # nor are they counted
    repository.write("a.py", "a = 2\r\n")

    assert pairs(repository.compared()) == {"a.py": ("a = 1\n", "a = 2\n")}


def test_what_git_lfs_keeps_is_no_change(repository):
    data = {name: bytes([number]) * 50 for number, name in enumerate(("a.png", "b.png", "t.py"))}
    for name, held in data.items():
        digest = hashlib.sha256(held).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 50\n"
        repository.write(name, pointer)
    repository.commit()
    for name, held in data.items():
        repository.write(name, held)
    assert repository.compared().notes == {}
    repository.write("b.png", b"other")

    found = repository.compared()
    assert found.notes == {"b.png": "changed: kept by Git LFS"}
    assert pairs(found) == {}
    assert repository.compared(Kind.COMMIT, "HEAD").notes["t.py"] == "new: kept by Git LFS"


def test_what_is_not_checked_out_is_not_gone(repository):
    repository.git("update-index", "--skip-worktree", "a.py")
    repository.write("a.py", None)

    assert pairs(repository.compared()) == {}
    assert repository.compared(Kind.COMMIT, "HEAD").beneath == {}


TRAPS = (
    "filter.t.clean", "filter.t.smudge", "filter.t.process", "diff.t.textconv", "diff.t.command",
    "diff.external", "core.fsmonitor", "gpg.program", "core.pager", "core.sshCommand",
)  # fmt: skip


@posix
def test_nothing_that_a_repository_names_is_run(repository):
    trap, program = repository.root.parent / "trap", repository.root.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat\n")
    program.chmod(0o755)
    head = repository.git("cat-file", "commit", "HEAD")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n xx\n -----END PGP SIGNATURE-----"
    head = head.replace("\n\n", f"\n{signature}\n\n", 1)
    repository.write(".git/signed", head)
    signed = repository.git("hash-object", "-t", "commit", "-w", ".git/signed")
    repository.git("update-ref", "HEAD", signed)
    repository.write(".gitattributes", "*.py filter=t diff=t\n")
    for name in ("post-index-change", "post-checkout", "fsmonitor-watchman"):
        repository.write(f".git/hooks/{name}", program.read_text())
        (repository.root / ".git/hooks" / name).chmod(0o755)
    for key in TRAPS:
        repository.git("config", key, str(program))
    repository.git("config", "log.showSignature", "true")
    repository.write("a.py", "a = 2\n")
    trap.unlink(missing_ok=True)

    for kind in (Kind.UNCOMMITTED, Kind.UNSTAGED, Kind.STAGED):
        repository.compared(kind)
    for kind, revision in (
        (Kind.BRANCH, "main"), (Kind.COMMIT, "main"), (Kind.RANGE, "main..HEAD"),
    ):  # fmt: skip
        repository.compared(kind, revision)
    assert not trap.exists()
    assert pairs(repository.compared())["a.py"] == ("a = 1\n", "a = 2\n")
    repository.git("show", "-s", "HEAD", check=False)
    assert trap.exists()  # it would have been


@pytest.mark.parametrize(
    ("kind", "revision", "sentence"),
    [
        (Kind.COMMIT, "nothing", "there is no commit 'nothing'"),
        (Kind.COMMIT, "--all", "there is no commit '--all'"),
        (Kind.COMMIT, "", "there is no commit ''"),
        (Kind.COMMIT, "a\0b", "there is no commit"),
        (Kind.BRANCH, "origin/main", "there is no commit 'origin/main'"),
        (Kind.BRANCH, "alone", "'alone' and 'HEAD' have no commit in common"),
        (Kind.RANGE, "main", "'main' is no range: write A..B, or A...B"),
        (Kind.RANGE, "main..no", "there is no commit 'no'"),
        (Kind.UNCOMMITTED, "no", "there is no commit 'no'"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(repository, kind, revision, sentence):
    tree = repository.git("write-tree")
    repository.git("update-ref", "refs/heads/alone", repository.git("commit-tree", tree, "-m", "x"))

    with pytest.raises(RefusedError) as refused:
        repository.compared(kind, revision)
    assert sentence in str(refused.value)


def test_without_git_or_history_there_is_a_sentence(repository, tmp_path):
    (tmp_path / "plain").mkdir()
    rules = read_rules(tmp_path / "plain")
    with pytest.raises(RefusedError, match="git knows no repository"):
        compared(Work(tmp_path / "plain", (), rules, lambda _: None), Scope())
    no_git = Git({"PATH": str(tmp_path)})
    work = Work(repository.root, (), read_rules(repository.root), lambda _: None, git=no_git)
    with pytest.raises(RefusedError, match="git knows no repository"):
        compared(work, Scope())
    repository.write("a.py", "a = 2\n")
    repository.commit()
    url = repository.root.as_uri()
    subprocess.run(["git", "clone", "-q", "--depth=1", url, str(tmp_path / "cut")], check=True)
    with pytest.raises(RefusedError, match="has no more history"):
        Repository(tmp_path / "cut").compared(Kind.COMMIT, "HEAD")


def test_a_folder_that_git_ignores_is_in_no_repository(repository):
    repository.write(".gitignore", "own/\n")
    repository.write("own/a.py", "a = 1\n")

    with pytest.raises(RefusedError, match="git knows no repository"):
        repository.compared(sub="own")


def test_what_is_too_much_is_refused(repository, monkeypatch):
    monkeypatch.setattr(module, "_MOST", 2)
    for name in "abc":
        repository.write(f"{name}.py", "")

    with pytest.raises(RefusedError, match=r"changes 3 files: more than 2 are not read"):
        repository.compared()


def test_a_repository_of_sha256_is_like_any_other(tmp_path):
    repository = Repository(tmp_path / "sha256", "--object-format=sha256")
    repository.write("a.py", "a = 1\n")
    repository.write("same.png", "same")
    assert len(repository.commit()) == 64
    repository.write("a.py", "a = 2\n")

    found = repository.compared()
    assert pairs(found) == {"a.py": ("a = 1\n", "a = 2\n")}
    assert found.notes == {}
    repository.commit()
    assert pairs(repository.compared(Kind.COMMIT, "HEAD")) == {"a.py": ("a = 1\n", "a = 2\n")}


def test_what_did_not_change_is_read_once_and_not_as_text(tmp_path, monkeypatch):
    repository = Repository(tmp_path / "many")
    for number in range(300):
        repository.write(f"f{number % 9}/m{number}.py", f"x = {number}\n")
    repository.commit()
    repository.write("f0/m0.py", "x = 'new'\n")
    asked: list[str] = []
    reads: list[str] = []
    texts: list[str] = []

    def asking(git: Git, root: Path, *words: str, stdin: bytes = b"") -> bytes | None:
        asked.append(words[0])
        return ask(git, root, *words, stdin=stdin)

    def reading(path: str, most: int) -> bytes | Reason:
        reads.append(path)
        return read_regular(path, most)

    rules = read_rules(repository.root)
    known = {file.path for file in list_files(repository.root, rules).files}
    for name in ("compared", "objects", "revisions"):
        monkeypatch.setattr(f"tandem.workspace.{name}.ask", asking)
    monkeypatch.setattr("tandem.workspace.objects.read_regular", reading)

    def read(path: str) -> str | None:
        texts.append(path)
        return read_text(repository.root / path)

    assert list(compared(Work(repository.root, known, rules, read), Scope()).after) == ["f0/m0.py"]
    assert texts == ["f0/m0.py"]
    assert len(reads) == len(set(reads)) == 300
    assert len(asked) <= 6
