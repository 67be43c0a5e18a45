"""Which files are source to learn from: by git where git is, by a walk elsewhere."""

import os
import subprocess
from pathlib import Path

import pytest

from tandem.workspace import files
from tandem.workspace.files import is_source, source_files


@pytest.fixture(autouse=True)
def own_git(tmp_path, monkeypatch):
    """Keep the user's git configuration, and any repository above, out of the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def write(root: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *words], cwd=root, check=False, capture_output=True)


def found(root: Path, *exclude: str) -> list[str]:
    return [path.relative_to(root).as_posix() for path in source_files(root, exclude)]


@pytest.mark.parametrize(
    "name",
    ["a.py", "a/b/c.rs", "A.PY", "x.test.ts", "component.vue", "deep/.hidden.py", "a.b.zig"],
)
def test_source_is_known_by_its_suffix(name):
    assert is_source(name)


@pytest.mark.parametrize(
    "name",
    ["Makefile", "a.txt", "a.json", "a.py.bak", "py", "a.md", "folder.py/data", "image.png", ""],
)
def test_other_files_are_not_source(name):
    assert not is_source(name)


@pytest.mark.parametrize(
    "name",
    ["server.pem", "private.key", "id_rsa", "id_rsa.py", "secrets.py", "my_secret_stuff.ts",
     "CREDENTIALS.py", "a/aws-credentials.js", "id_ed25519.py"],
)  # fmt: skip
def test_what_looks_like_a_secret_is_never_read(name):
    assert not is_source(name)


def test_in_a_work_tree_git_decides(root):
    write(root, "b.py", "a.py", "sub/c.go", "ignored.py", "out/gen.py", "new.py", "notes.txt")
    (root / ".gitignore").write_text("ignored.py\nout/\n")
    (root / "sub" / ".gitignore").write_text("d.go\n")
    write(root, "sub/d.go")
    git(root, "init", "-q")
    git(root, "add", "a.py", "b.py", "sub/c.go")

    assert found(root) == ["a.py", "b.py", "new.py", "sub/c.go"]


def test_a_folder_inside_a_work_tree_has_its_own_files_only(root):
    write(root, "a.py", "sub/b.py", "sub/deep/c.py")
    git(root, "init", "-q")

    assert found(root / "sub") == ["b.py", "deep/c.py"]


def test_a_file_that_git_knows_and_the_user_deleted_is_gone(root):
    write(root, "a.py", "b.py")
    git(root, "init", "-q")
    git(root, "add", "-A")
    (root / "a.py").unlink()

    assert found(root) == ["b.py"]


def test_odd_names_come_through_git(root):
    write(root, "a b.py", "é\n.py", '"quoted".py')
    git(root, "init", "-q")

    assert set(found(root)) == {"a b.py", "é\n.py", '"quoted".py'}


def test_a_file_in_conflict_is_one_file(root):
    write(root, "a.py", text="base\n")
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    git(root, "switch", "-qc", "other")
    write(root, "a.py", text="theirs\n")
    git(root, "commit", "-qam", "theirs")
    git(root, "switch", "-q", "main")
    write(root, "a.py", text="ours\n")
    git(root, "commit", "-qam", "ours")
    git(root, "merge", "-q", "other")

    assert "<<<<<<<" in (root / "a.py").read_text()
    assert found(root) == ["a.py"]


def test_without_git_hidden_and_vendored_folders_are_skipped(root):
    write(root, "a.py", "sub/b.py", ".hidden/c.py", "node_modules/d.js", "x/venv/e.py", "x/f.py")
    write(root, "x/__pycache__/g.py", "build/h.py")

    assert found(root) == ["a.py", "sub/b.py", "x/f.py"]


def test_a_machine_without_git_walks(root, monkeypatch):
    write(root, "a.py", "ignored.py", "node_modules/d.js")
    (root / ".gitignore").write_text("ignored.py\n")
    git(root, "init", "-q")
    monkeypatch.setenv("PATH", str(root))

    assert found(root) == ["a.py", "ignored.py"]


def test_a_git_that_does_not_answer_is_no_git(root, monkeypatch):
    write(root, "a.py")
    monkeypatch.setattr(files, "_GIT_S", 0.0)

    assert found(root) == ["a.py"]


@pytest.mark.parametrize("with_git", [True, False])
def test_excludes_are_globs_from_the_root(root, with_git):
    write(root, "a.py", "gen/b.py", "gen/deep/c.py", "sub/gen/d.py", "A_test.py")
    if with_git:
        git(root, "init", "-q")

    assert found(root, "gen/*") == ["A_test.py", "a.py", "sub/gen/d.py"]
    assert found(root, "*_test.py", "sub/*") == ["a.py", "gen/b.py", "gen/deep/c.py"]
    assert found(root, "a_*.py")[0] == "A_test.py"
    assert found(root, "*") == []


@pytest.mark.parametrize("with_git", [True, False])
def test_big_files_are_data(root, with_git):
    write(root, "large.py", text="x" * 1_000_001)
    write(root, "fits.py", text="x" * 1_000_000)
    write(root, "empty.py", text="")
    if with_git:
        git(root, "init", "-q")

    assert found(root) == ["empty.py", "fits.py"]


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
@pytest.mark.parametrize("with_git", [True, False])
def test_links_are_not_followed(root, with_git):
    outside = root.parent / "outside"
    write(outside, "private.py")
    write(root, "a.py")
    (root / "link.py").symlink_to(outside / "private.py")
    (root / "inner.py").symlink_to(root / "a.py")
    (root / "folder").symlink_to(outside, target_is_directory=True)
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "dangling.py").symlink_to(root / "nothing.py")
    if with_git:
        git(root, "init", "-q")

    assert found(root) == ["a.py"]


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes in folders elsewhere")
def test_what_is_no_regular_file_is_not_read(root):
    write(root, "a.py")
    os.mkfifo(root / "pipe.py")
    (root / "folder.py").mkdir()

    assert found(root) == ["a.py"]


def test_a_folder_that_is_not_there_has_no_files(root):
    assert found(root / "nothing") == []
