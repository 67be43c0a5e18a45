"""Where the files of a result go: into the workspace, all or nothing; or on a branch beside it."""

import itertools
import os
import subprocess
from pathlib import Path

import pytest

from tandem.core.errors import RefusedError
from tandem.workspace.delivery import commit, write
from tandem.workspace.git import Git

posix = pytest.mark.skipif(os.name != "posix", reason="modes and links are POSIX's")

Texts = dict[str, str | None]

BEFORE: Texts = {"a.py": "a = 1\n", "gone.py": "g = 1\n", "new.py": None, "deep/er/n.py": None}
AFTER: Texts = {"a.py": "a = 2\n", "gone.py": None, "new.py": "n = 1\n", "deep/er/n.py": ""}


def lay(root: Path, texts: Texts) -> None:
    for name, text in texts.items():
        path = root / name
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())


def tree(root: Path) -> Texts:
    """Return all files below a folder but those of git."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def times(root: Path) -> dict[str, int]:
    return {name: (root / name).stat().st_mtime_ns for name in tree(root)}


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    lay(folder, {**BEFORE, "other.py": "o = 1\n"})
    return folder


# --------------------------------------------------------------------------- into the workspace


def test_files_are_made_changed_and_removed(root):
    write(root, BEFORE, AFTER)

    assert tree(root) == {
        "a.py": "a = 2\n",
        "deep/er/n.py": "",
        "new.py": "n = 1\n",
        "other.py": "o = 1\n",
    }


@pytest.mark.parametrize(
    "meanwhile",
    [
        {"a.py": "a = 3\n"},
        {"a.py": None},
        {"a.py": "a = 1\r\n"},
        {"a.py": ""},
        {"gone.py": "g = 2\n"},
        {"new.py": "n = 2\n"},
        {"new.py": ""},
        {"new.py": "\0\1"},  # binary: no text is read, which is not the same as no file
        {"gone.py": "\0\1"},
        {"a.py": "\0\1"},
    ],
)
def test_where_one_file_was_changed_meanwhile_nothing_is_written(root, meanwhile):
    lay(root, meanwhile)
    was = tree(root)

    (name,) = meanwhile
    with pytest.raises(RefusedError, match=rf"^{name} was changed meanwhile; nothing was written$"):
        write(root, BEFORE, AFTER)
    assert tree(root) == was
    assert not (root / "deep").exists()


@pytest.mark.parametrize("done", [*itertools.product([False, True], repeat=4)])
def test_what_a_dead_process_began_is_finished(root, done):
    """Whichever files were written by then."""
    lay(root, {name: AFTER[name] for name, there in zip(AFTER, done, strict=True) if there})
    for name in tree(root):
        os.utime(root / name, ns=(1, 1))

    write(root, BEFORE, AFTER)
    untouched = {name for name, at in times(root).items() if at == 1}
    kept = {name for name, there in zip(AFTER, done, strict=True) if there}
    assert tree(root) == {name: text for name, text in AFTER.items() if text is not None} | {
        "other.py": "o = 1\n"
    }
    assert untouched == kept - {"gone.py"} | {"other.py"}


def test_a_file_that_is_as_it_shall_be_is_left_alone(root):
    write(root, BEFORE, AFTER)
    for name in tree(root):
        os.utime(root / name, ns=(1, 1))

    write(root, BEFORE, AFTER)
    assert set(times(root).values()) == {1}


@pytest.mark.parametrize("broken", range(3))
def test_after_a_fault_of_the_disk_it_goes_on(root, monkeypatch, broken):
    renamed: list[Path] = []
    rename = Path.replace

    def full(self: Path, target: Path) -> Path:
        if len(renamed) == broken:
            raise OSError(28, "no space left")
        renamed.append(target)
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="no space"):
            write(root, BEFORE, AFTER)
    assert len(renamed) == broken
    assert not [name for name in tree(root) if name.endswith(".tandem")]

    write(root, BEFORE, AFTER)
    assert tree(root).keys() == {"a.py", "deep/er/n.py", "new.py", "other.py"}


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (b"", "latin-1"),
        (b"", "utf-8"),
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
        (b"\xff\xfe\0\0", "utf-32-le"),
    ],
)
def test_a_file_keeps_its_encoding_its_mark_and_its_line_ends(root, mark, codec):
    before, after = "größer\r\nund\nmehr", "kleiner, größer\r\nund\nmehr"
    (root / "a.py").write_bytes(mark + before.encode(codec))

    write(root, {"a.py": before}, {"a.py": after})
    assert (root / "a.py").read_bytes() == mark + after.encode(codec)


@posix
@pytest.mark.parametrize("mode", [0o755, 0o600, 0o664])
def test_a_file_keeps_its_mode(root, mode):
    (root / "a.py").chmod(mode)

    write(root, BEFORE, AFTER)
    assert (root / "a.py").stat().st_mode & 0o777 == mode
    assert (root / "new.py").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "path",
    [
        "../x.py",
        "deep/../../x.py",
        "deep/../a.py",
        "..",
        "",
        ".",
        ".git/hooks/post-commit",
        "deep/.GIT/config",
        ".git",
    ],
)
def test_nothing_is_written_outside_of_the_workspace(root, path):
    was = tree(root.parent)

    with pytest.raises(RefusedError, match=r"is outside the workspace$"):
        write(root, {"a.py": "a = 1\n"}, {"a.py": "a = 2\n", path: "x"})
    assert tree(root.parent) == was
    assert not (root / ".git").exists()


def test_a_path_of_the_machine_is_outside_of_the_workspace(root):
    there = root.parent / "x.py"

    with pytest.raises(RefusedError, match=r"is outside the workspace$"):
        write(root, {}, {str(there): "x"})
    assert not there.exists()


@posix
@pytest.mark.parametrize("target", ["../outside.py", "other.py", "nowhere.py"])
@pytest.mark.parametrize("text", ["x", None])
def test_a_link_is_not_followed(root, target, text):
    (root.parent / "outside.py").write_text("o = 1\n")
    (root / "link.py").symlink_to(target)

    with pytest.raises(RefusedError, match=r"^link\.py is a link"):
        write(root, {"link.py": "o = 1\n"}, {"link.py": text, "a.py": "a = 1\n"})
    assert (root.parent / "outside.py").read_text() == "o = 1\n"
    assert (root / "link.py").is_symlink()
    assert not (root / "nowhere.py").exists()


@posix
@pytest.mark.parametrize("path", ["link/x.py", "link/er/x.py"])
@pytest.mark.parametrize("target", ["../outside", "deep"])
def test_a_folder_that_is_a_link_is_not_followed(root, path, target):
    (root.parent / "outside").mkdir()
    (root / "deep").mkdir()
    (root / "link").symlink_to(target)

    with pytest.raises(RefusedError, match=f"^{path} is "):
        write(root, {}, {path: "x"})
    assert list((root.parent / "outside").iterdir()) == []
    assert list((root / "deep").iterdir()) == []


@posix
def test_the_workspace_itself_may_be_behind_a_link(root):
    (root.parent / "link").symlink_to(root)

    write(root.parent / "link", BEFORE, AFTER)
    assert tree(root)["deep/er/n.py"] == ""


@pytest.mark.parametrize("path", ["folder", "a.py/b.py"])
def test_what_cannot_be_a_file_is_said_before_anything_is_written(root, path):
    (root / "folder").mkdir()

    with pytest.raises(RefusedError, match=f"^{path} cannot be a file"):
        write(root, {"a.py": "a = 1\n"}, {"a.py": "a = 2\n", path: "x"})
    assert (root / "a.py").read_text() == "a = 1\n"


@pytest.mark.parametrize("like", [b"a = 1\n", "a = '€'\n".encode("utf-16")])
def test_characters_that_no_file_can_hold_are_said_before_anything_is_written(root, like):
    (root / "z.py").write_bytes(like)
    before = {"a.py": "a = 1\n", "z.py": like.decode("utf-16" if b"\0" in like else "utf-8")}

    with pytest.raises(RefusedError, match=r"^z\.py would have characters"):
        write(root, before, {"a.py": "a = 2\n", "z.py": "z = '\ud83d'\n"})
    assert (root / "a.py").read_text() == "a = 1\n"


# ---------------------------------------------------------------------------------- on a branch


class Repository:
    """A repository of the test, and git as somebody who has no settings of their own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.root = folder / "repo"
        self.root.mkdir()
        home = folder / "home"
        home.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251 - the test process's own
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.asked = Git(self.environment)
        self.git("init", "-q", *options)
        self.git("symbolic-ref", "HEAD", "refs/heads/main")
        self.git("config", "user.useConfigOnly", "true")  # no name is made up from the machine's

    def git(self, *words: str) -> str:
        command = ["git", "-C", str(self.root), *words]
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True)
        return done.stdout.decode()

    def is_somebodys(self) -> None:
        self.git("config", "user.name", "T")
        self.git("config", "user.email", "t@example.org")

    def keep(self, texts: Texts) -> None:
        lay(self.root, texts)
        self.git("add", "-A")
        self.git("-c", "user.name=T", "-c", "user.email=t@example.org", "commit", "-q", "-m", "k")

    def commit(
        self,
        base: Texts,
        texts: Texts,
        branch: str = "tandem/1",
        *,
        below: str = "",
        said: str = "",
    ) -> str:
        root = self.root / below
        return commit(root, branch, base, texts, said or "Goal\n\n- step\n", git=self.asked)

    def of(self, revision: str) -> Texts:
        names = self.git("ls-tree", "-r", "-z", "--name-only", revision).split("\0")[:-1]
        return {name: self.git("cat-file", "blob", f"{revision}:{name}") for name in names}

    def modes(self, revision: str) -> dict[str, str]:
        rows = self.git("ls-tree", "-r", "-z", revision).split("\0")[:-1]
        return {row.partition("\t")[2]: row[:6] for row in rows}

    def state(self) -> tuple[str, str, str, Texts]:
        """Return all that a user sees: the branch, what git says of the files, and the files."""
        head = self.git("symbolic-ref", "HEAD") + self.git("rev-parse", "HEAD")
        index = self.git("ls-files", "-s")
        return head, self.git("status", "--porcelain", "-uall"), index, tree(self.root)


@pytest.fixture
def repository(tmp_path):
    made = Repository(tmp_path)
    made.is_somebodys()
    made.keep({**BEFORE, "other.py": "o = 1\n", "sub/s.py": "s = 1\n"})
    return made


def test_a_branch_has_one_commit_of_the_result_on_top_of_head(repository):
    made = repository.commit(BEFORE, AFTER)

    assert repository.git("rev-parse", "tandem/1").strip() == made
    assert repository.git("rev-parse", "tandem/1^@") == repository.git("rev-parse", "HEAD")
    assert repository.of("tandem/1") == {
        "a.py": "a = 2\n",
        "deep/er/n.py": "",
        "new.py": "n = 1\n",
        "other.py": "o = 1\n",
        "sub/s.py": "s = 1\n",
    }
    assert repository.git("log", "-1", "--format=%an <%ae>%n%B", "tandem/1") == (
        "T <t@example.org>\nGoal\n\n- step\n\n"
    )
    assert repository.git("diff", "--name-status", "main", "tandem/1").split() == [
        *("M", "a.py"),
        *("A", "deep/er/n.py"),
        *("D", "gone.py"),
        *("A", "new.py"),
    ]


def test_what_is_checked_out_staged_or_changed_stays_as_it_is(repository):
    lay(repository.root, {"other.py": "o = 2\n", "untracked.py": "u = 1\n", "sub/s.py": "s = 2\n"})
    repository.git("add", "other.py")
    was = repository.state()

    repository.commit(BEFORE, AFTER)
    assert repository.state() == was
    assert repository.of("tandem/1")["other.py"] == "o = 1\n"


def test_the_workspace_may_be_a_folder_of_the_repository(repository):
    (repository.root / " odd").mkdir()
    repository.commit({"s.py": "s = 1\n"}, {"s.py": "s = 2\n", "new/n.py": "n = 1\n"}, below="sub")
    repository.commit({}, {"n.py": "n = 1\n"}, "tandem/2", below=" odd")

    assert repository.git("diff", "--name-only", "main", "tandem/1").split() == [
        "sub/new/n.py",
        "sub/s.py",
    ]
    assert repository.git("ls-tree", "-r", "--name-only", "tandem/2", " odd/") == " odd/n.py\n"


@pytest.mark.parametrize("path", ["../a.py", "../n.py", ".git/config", "/n.py", ""])
def test_nothing_outside_of_the_workspace_is_committed(repository, path):
    with pytest.raises(RefusedError, match=r"no file of the workspace$"):
        repository.commit({}, {path: "x"}, below="sub")
    assert repository.git("branch", "--list", "tandem/1") == ""


@posix
def test_a_script_stays_one(repository):
    (repository.root / "other.py").chmod(0o755)
    repository.keep({})
    repository.commit({"other.py": "o = 1\n"}, {"other.py": "o = 2\n", "[o]ther.py": "n = 1\n"})

    modes = repository.modes("tandem/1")
    assert (modes["other.py"], modes["a.py"], modes["[o]ther.py"]) == ("100755", "100644", "100644")


@pytest.mark.parametrize(
    "name", ["[id].py", "!x.py", ":x.py", "-x.py", "*.py", "ü ö.py", "a\tb.py"]
)
@posix
def test_any_name_is_only_a_name(repository, name):
    repository.keep({name: "x = 1\n"})
    repository.commit({name: "x = 1\n"}, {name: "x = 2\n"})
    repository.commit({name: "x = 1\n"}, {name: None}, "tandem/2")

    assert repository.of("tandem/1") == {**repository.of("main"), name: "x = 2\n"}
    assert repository.of("tandem/2") == {
        known: text for known, text in repository.of("main").items() if known != name
    }


def test_a_file_becomes_a_folder_and_a_folder_a_file(repository):
    repository.commit(
        {"a.py": "a = 1\n", "sub/s.py": "s = 1\n"},
        {"a.py/b.py": "b = 1\n", "a.py": None, "sub": "s = 1\n", "sub/s.py": None},
    )

    assert repository.of("tandem/1").keys() == {"a.py/b.py", "sub", "gone.py", "other.py"}


@pytest.mark.parametrize(("path", "other"), [("sub", "sub/s.py"), ("a.py/b.py", "a.py")])
def test_nothing_goes_that_was_not_to_go(repository, path, other):
    with pytest.raises(RefusedError, match=f"^{other} is in the way"):
        repository.commit({}, {path: "x"})


LONG = "".join(f"line {number}\n" for number in range(9))


def test_what_head_has_otherwise_elsewhere_is_merged(repository):
    """The change was made for the file with what is not committed in it."""
    repository.keep({"a.py": LONG})
    base = LONG.replace("line 1\n", "mine, not committed\n")
    text = base.replace("line 7\n", "changed\n")
    repository.commit({"a.py": base}, {"a.py": text})

    assert repository.of("tandem/1")["a.py"] == LONG.replace("line 7\n", "changed\n")


def test_what_head_has_otherwise_in_the_same_place_is_refused(repository):
    repository.keep({"a.py": LONG})
    base = LONG.replace("line 7\n", "mine, not committed\n")
    text = base.replace("mine", "changed")
    was = repository.state()

    with pytest.raises(RefusedError, match=r"^a\.py has changes that are not committed, in the sa"):
        repository.commit({"a.py": base}, {"a.py": text})
    assert repository.state() == was
    assert repository.git("branch", "--list", "tandem/1") == ""


@pytest.mark.parametrize(
    ("base", "text"),
    [
        ({"a.py": None}, "a = 2\n"),  # made, but there is one in HEAD
        ({}, "a = 2\n"),
        ({"a.py": "a = 3\n"}, None),  # removed, but HEAD has another
    ],
)
def test_a_file_that_is_another_in_head_is_neither_replaced_nor_removed(repository, base, text):
    with pytest.raises(RefusedError, match=r"^a\.py is another in HEAD"):
        repository.commit(base, {"a.py": text})


def test_a_binary_in_head_is_not_replaced(repository):
    (repository.root / "a.py").write_bytes(b"\0\1")
    repository.keep({})

    with pytest.raises(RefusedError, match=r"^a\.py is another in HEAD"):
        repository.commit({"a.py": None}, {"a.py": "a = 2\n"})


def test_a_file_that_cannot_be_read_from_head_is_not_replaced(repository):
    blob = repository.git("rev-parse", "HEAD:a.py").strip()
    (repository.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    with pytest.raises(RefusedError, match=r"^a\.py cannot be read from HEAD$"):
        repository.commit(BEFORE, AFTER)


@posix
def test_a_link_in_head_is_not_replaced(repository):
    (repository.root / "link.py").symlink_to("a.py")
    repository.keep({})

    with pytest.raises(RefusedError, match=r"^link\.py cannot be committed"):
        repository.commit({"link.py": "a = 1\n"}, {"link.py": "a = 2\n"})


def test_what_head_has_already_is_no_conflict(repository):
    repository.commit({"a.py": "a = 0\n", "n.py": "1"}, {"a.py": "a = 1\n", "n.py": None})

    assert repository.of("tandem/1") == repository.of("main")


def test_a_file_that_was_never_committed_is_committed_whole(repository):
    lay(repository.root, {"untracked.py": "u = 1\nv = 1\n"})
    repository.commit({"untracked.py": "u = 1\nv = 1\n"}, {"untracked.py": "u = 2\nv = 1\n"})

    assert repository.of("tandem/1")["untracked.py"] == "u = 2\nv = 1\n"


def test_line_ends_of_a_platform_stay_those_of_the_repository(repository):
    """Git turned them in the working tree; the change was made for that."""
    base, text = LONG.replace("\n", "\r\n"), LONG.replace("line 7\n", "changed\n")
    repository.keep({"a.py": LONG, "other.py": base})
    crlf = text.replace("\n", "\r\n")
    repository.commit({"a.py": base, "other.py": base}, {"a.py": crlf, "other.py": crlf})

    assert repository.of("tandem/1")["a.py"] == text
    assert repository.of("tandem/1")["other.py"] == crlf


def test_a_file_in_head_keeps_its_encoding(repository):
    (repository.root / "a.py").write_bytes("a = 'ö'\n".encode("latin-1"))
    repository.keep({"other.py": "\ufeffo = 1\n"})
    repository.commit(
        {"a.py": "a = 'ö'\n", "other.py": "o = 1\n"}, {"a.py": "a = 'ä'\n", "other.py": "o = 2\n"}
    )

    command = ["git", "-C", str(repository.root), "cat-file", "blob"]
    blobs = [subprocess.check_output([*command, f"tandem/1:{name}"]) for name in BLOBS]
    assert blobs == list(BLOBS.values())


BLOBS = {"a.py": b"a = '\xe4'\n", "other.py": b"\xef\xbb\xbfo = 2\n"}


def test_characters_that_no_file_can_hold_are_not_committed(repository):
    with pytest.raises(RefusedError, match=r"^new\.py would have characters"):
        repository.commit({}, {"new.py": "\ud83d"})
    repository.commit({}, {"new.py": "x"}, said="Goal \ud83d")
    assert repository.git("log", "-1", "--format=%B", "tandem/1").strip() == "Goal ?"


@pytest.mark.parametrize("taken", ["main", "side"])
def test_a_branch_that_there_is_is_not_moved(repository, taken):
    repository.git("branch", "side")
    was = repository.git("for-each-ref")

    with pytest.raises(RefusedError, match=f"^there is a branch '{taken}' already$"):
        repository.commit(BEFORE, AFTER, taken)
    assert repository.git("for-each-ref") == was


@pytest.mark.parametrize(
    "name", ["", "a..b", "-q", "--help", "a b", "a.lock", "@{-1}", "HEAD", "/"]
)
def test_what_cannot_be_a_branch_is_said(repository, name):
    repository.git("checkout", "-q", "-b", "side")
    repository.git("checkout", "-q", "main")
    was = repository.git("for-each-ref")

    with pytest.raises(RefusedError, match=r"is no name for a branch$"):
        repository.commit(BEFORE, AFTER, name)
    assert repository.git("for-each-ref") == was


def test_a_branch_below_another_is_said(repository):
    with pytest.raises(RefusedError, match=r"^git makes no branch of that name beside"):
        repository.commit(BEFORE, AFTER, "main/1")


def test_without_a_repository_or_a_commit_there_is_no_branch(tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    repository = Repository(tmp_path)
    sentence = "^a branch needs a git repository with a commit$"

    with pytest.raises(RefusedError, match=sentence):
        commit(folder, "tandem/1", BEFORE, AFTER, "Goal", git=repository.asked)
    with pytest.raises(RefusedError, match=sentence):
        repository.commit(BEFORE, AFTER)


def test_somebody_whom_git_does_not_know_is_told_what_to_do(tmp_path):
    repository = Repository(tmp_path)
    repository.keep(BEFORE)

    with pytest.raises(RefusedError, match=r"git config user\.name.*git config user\.email"):
        repository.commit(BEFORE, AFTER)
    assert repository.git("branch", "--list", "tandem/1") == ""
    repository.is_somebodys()
    repository.commit(BEFORE, AFTER)


def test_a_repository_with_long_names_of_objects_is_one_too(tmp_path):
    repository = Repository(tmp_path, "--object-format=sha256")
    repository.is_somebodys()
    repository.keep(BEFORE)

    assert len(repository.commit(BEFORE, AFTER)) == 64
    assert repository.of("tandem/1").keys() == {"a.py", "deep/er/n.py", "new.py"}


def test_nothing_of_the_repository_is_run(repository):
    trap = repository.root / "trap"
    hooks = repository.root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-index-change", "pre-commit", "commit-msg"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {trap.as_posix()}\n")
        (hooks / name).chmod(0o755)
    lay(repository.root, {".git/info/attributes": "*.py filter=t\n"})
    repository.git("config", "filter.t.clean", f"touch {trap.as_posix()}; cat")

    repository.commit(BEFORE, AFTER)
    assert not trap.exists()
