"""Which files are source to learn from: by git where git is, by a walk elsewhere."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.workspace import files, ignore
from tandem.workspace.files import (
    FileEntry,
    decode,
    is_generated,
    is_source,
    list_files,
    load,
    look,
    read_text,
    reason_by_name,
    source_files,
    walk,
    walk_folders,
    why_left_out,
)
from tandem.workspace.git import Git
from tandem.workspace.ignore import Reason, Rules

needs_links = pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")


@pytest.fixture(autouse=True)
def own_git(tmp_path, monkeypatch):
    """Keep the user's git configuration out of the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))


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
    ["CHANGES", "a.txt", "a.json", "a.py.bak", "py", "a.md", "folder.py/data", "image.png", ""],
)
def test_other_files_are_not_source(name):
    assert not is_source(name)


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".env.local", "prod.env", "a/.ENV", ".envrc", "server.pem", "private.key", "a.p12",
        "id_rsa", "id_ed25519", "id_rsa.bak", "id_work", ".npmrc", ".netrc", ".pypirc", ".htpasswd",
        "credentials", "credentials.json", "Client_Secret.JSON", "a/secrets.yaml", "secrets/db.yml",
        "config/credentials/production", ".aws/config", ".ssh/known.py", "x.tfstate", "a.tfvars",
        "service-account.json", ".git-credentials", "secret.txt",
    ],
)  # fmt: skip
def test_what_is_named_like_a_secret_is_one(name):
    assert reason_by_name(name) is Reason.SECRET
    assert not is_source(name)


@pytest.mark.parametrize(
    "name",
    ["secrets.py", "credential_store.ts", "id_rsa.py", "id_generator.py", "id_map.json", "keys.py",
     "secrets/__init__.py", "a/credentials/store.go", "environment.py", "env.py", "ids"],
)  # fmt: skip
def test_source_that_speaks_of_secrets_is_source(name):
    assert reason_by_name(name) is None


@pytest.mark.parametrize("name", [".env.example", "a/.env.sample", "managing-secrets.md"])
def test_examples_and_prose_are_no_secrets(name):
    assert reason_by_name(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [("poetry.lock", Reason.GENERATED), ("a/package-lock.json", Reason.GENERATED),
     ("jquery.min.js", Reason.GENERATED), ("go.sum", Reason.GENERATED),
     ("a.js.map", Reason.GENERATED),
     ("logo.PNG", Reason.BINARY), ("a.tar.gz", Reason.BINARY), ("lock.py", None), ("min.js", None),
     ("go.summary", None), ("a.map", None), ("png", None), ("", None)],
)  # fmt: skip
def test_some_names_tell_that_a_machine_made_the_file(name, reason):
    assert reason_by_name(name) is reason


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
    write(root, "a.py", "ignored.py", "vendor/d.js", "node_modules/e.js")
    (root / ".gitignore").write_text("ignored.py\nnode_modules\n")
    git(root, "init", "-q")
    monkeypatch.setenv("PATH", str(root))

    assert found(root) == ["a.py", "vendor/d.js"]


@pytest.mark.parametrize("with_git", [True, False])
def test_excludes_are_globs_from_the_root(root, with_git):
    write(root, "a.py", "gen/b.py", "gen/deep/c.py", "sub/gen/d.py", "A_test.py")
    if with_git:
        git(root, "init", "-q")

    assert found(root, "gen/") == ["A_test.py", "a.py"]
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


@needs_links
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


# --------------------------------------------------------------------------- the inventory


def inventory(root: Path) -> dict[str, int]:
    return {file.path: file.size for file in list_files(root).files}


@pytest.mark.parametrize("with_git", [True, False])
def test_the_inventory_has_every_kind_of_text_and_counts_the_rest(root, with_git):
    write(root, "a.py", "README.md", "CHANGES", ".env", "poetry.lock", "logo.png")
    write(root, "large.csv", text="x" * 1_000_001)
    if with_git:
        git(root, "init", "-q")

    found = list_files(root)
    assert [file.path for file in found.files] == ["CHANGES", "README.md", "a.py"]
    assert found.by_git is with_git
    assert found.excluded == {
        Reason.SECRET: 1, Reason.GENERATED: 1, Reason.BINARY: 1, Reason.LARGE: 1
    }  # fmt: skip


def test_an_entry_tells_size_and_time(root):
    write(root, "sub/a.py", text="12345")
    os.utime(root / "sub" / "a.py", ns=(1, 1_500_000_000_123_456_789))

    assert list_files(root).files == (FileEntry("sub/a.py", 5, 1_500_000_000_123_456_789),)


def test_a_walk_is_the_inventory_without_git(root):
    write(root, "a.py", "sub/b.py", "sub/c.log", "sub/.env", "sub/deep/d.py")
    (root / ".gitignore").write_text("*.log\n")
    git(root, "init", "-q")
    rules = Rules(root)

    assert sorted(file.path for file in walk(root, rules)) == sorted(inventory(root))
    assert sorted(file.path for file in walk(root, rules, "sub")) == ["sub/b.py", "sub/deep/d.py"]
    assert sorted(walk_folders(rules)) == ["", "sub", "sub/deep"]


@needs_links
def test_a_folder_that_became_a_link_is_not_followed_though_git_lists_it(root):
    outside = root.parent / "outside"
    write(root, "a/b.py", "a/deep/c.py", "d.py")
    git(root, "init", "-q")
    git(root, "add", "-A")
    (root / "a").rename(outside)
    (root / "a").symlink_to(outside, target_is_directory=True)

    found = list_files(root)
    assert [file.path for file in found.files] == ["d.py"]
    assert found.excluded == {Reason.LINK: 3}  # the two files by the index, and the link itself


def test_files_that_vanish_during_the_walk_are_gone(root):
    write(root, "a.py", "b.py", "sub/c.py")
    rules = Rules(root)
    names = files.walk_names(rules)
    first = next(names)
    (root / "a.py").unlink()
    (root / "b.py").unlink()
    rest = [path for path, _ in names]

    assert {first[0], *rest} >= {"sub/c.py"}
    assert list(look(root, ["a.py", "sub/c.py/d", "nothing/e.py"])) == [
        Reason.GONE, Reason.GONE, Reason.GONE
    ]  # fmt: skip


@pytest.mark.skipif(os.name != "posix", reason="names are Unicode elsewhere")
@pytest.mark.parametrize("with_git", [True, False])
def test_names_that_are_no_unicode_come_through(root, with_git):
    name = os.fsdecode(b"caf\xe9.py")
    try:
        write(root, name, "a.py")
    except OSError:
        pytest.skip("the file system takes Unicode names only")
    (root / ".gitignore").write_bytes(b"x\xe9.py\n")
    write(root, os.fsdecode(b"x\xe9.py"))
    if with_git:
        git(root, "init", "-q")

    assert set(inventory(root)) == {".gitignore", "a.py", name}
    assert read_text(root / name) == "x = 1\n"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read anything")
def test_what_may_not_be_read_has_a_reason(root):
    write(root, "a.py", "shut/b.py")
    (root / "a.py").chmod(0)
    (root / "shut").chmod(0)
    try:
        assert load(root / "a.py") is Reason.UNREADABLE
        assert inventory(root) == {"a.py": 6}
    finally:
        (root / "shut").chmod(0o700)


def test_a_home_folder_opened_by_mistake_is_bounded(root, monkeypatch):
    monkeypatch.setattr(files, "_MOST_FILES", 3)
    write(root, *(f"{number}.py" for number in range(10)))

    found = list_files(root)
    assert len(found.files) == 3
    assert found.excluded == {Reason.OVER: 1}


def test_why_a_file_is_left_out_can_be_asked(root):
    write(root, "a.py", ".env", "c.log")
    write(root, "gen.py", text="# @generated by a machine\n")
    (root / "data").write_bytes(b"\0\1\2")
    (root / ".gitignore").write_text("*.log\n")
    (root / ".tandemignore").write_text("own.py\n")
    rules = Rules(root, ["set.py"])

    asked = ["a.py", ".env", "c.log", "gen.py", "data", "own.py", "set.py", "nothing.py"]
    assert [why_left_out(root, name, rules) for name in asked] == [
        None, Reason.SECRET, Reason.IGNORED, Reason.GENERATED, Reason.BINARY, Reason.OWN,
        Reason.SETTING, Reason.GONE,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path", ["../b.py", "/etc/hostname", "sub/../../b.py", "./a.py", "a\0.py", "sub//a.py"]
)
def test_a_path_that_leaves_the_workspace_is_outside(root, path):
    write(root, "a.py", "sub/a.py", "../b.py")
    assert why_left_out(root, path, Rules(root)) is Reason.OUTSIDE
    assert list(look(root, [path])) == [Reason.OUTSIDE]


def test_git_is_asked_only_where_it_rules(root):
    write(root, "a.py")
    asked = ignore.read_rules(root, git=Git({"PATH": ""}))
    assert not asked.in_git
    assert not list_files(root, asked).by_git


# --------------------------------------------------------------------------- contents


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"a\r\nb\n", "a\r\nb\n"),
        ("é€😀\n".encode(), "é€😀\n"),
        (b"\xef\xbb\xbfa", "a"),
        ("é\n".encode("utf-16"), "é\n"),
        (b"\xfe\xff" + "é\n".encode("utf-16-be"), "é\n"),
        ("é\n".encode("utf-32"), "é\n"),
        (b"caf\xe9 \x0c\n", "café \x0c\n"),
        (b"a\0b", None),
        (b"\xff\xfea", None),
        (b"\x89\x01\x02", None),
    ],
)
def test_text_is_decoded_by_its_mark_then_as_utf8_then_as_latin1(data, text):
    assert decode(data) == text


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_binary(data):
    text = decode(data)
    if b"\0" in data and data[:2] not in (b"\xff\xfe", b"\xfe\xff", b"\0\0"):
        assert text is None
    elif text is not None and not data.startswith((b"\xef\xbb", b"\xff\xfe", b"\xfe\xff", b"\0")):
        assert data in (text.encode("utf-8"), text.encode("latin-1", "replace"))


def test_a_nul_after_the_first_8_kilobytes_is_text(root):
    (root / "a").write_bytes(b"a" * 8192 + b"\0")
    (root / "b").write_bytes(b"a" * 8191 + b"\0")

    assert read_text(root / "a") == "a" * 8192 + "\0"
    assert read_text(root / "b") is None


def test_reading_says_why_not(root):
    write(root, "large", text="x" * 1_000_001)
    (root / "binary").write_bytes(b"\0")
    (root / "folder").mkdir()

    reasons = [load(root / name) for name in ("large", "binary", "folder", "nothing")]
    assert reasons == [Reason.LARGE, Reason.BINARY, Reason.SPECIAL, Reason.GONE]
    assert read_text(root / "nothing") is None


@needs_links
def test_reading_follows_no_link_and_waits_for_no_pipe(root):
    write(root, "a.py")
    (root / "link").symlink_to(root / "a.py")
    os.mkfifo(root / "pipe")

    assert load(root / "link") is Reason.LINK
    assert load(root / "pipe") is Reason.SPECIAL


@pytest.mark.parametrize(
    "text",
    [
        "// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n",
        "# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n",
        "/**\n * @generated SignedSource<<x>>\n */\n",
        "<!-- Automatically generated, do not modify -->\n",
        "x" * 10_001,
        "short\n" + "y" * 10_001 + "\nshort\n",
        ("z" * 400 + "\n") * 30,
    ],
)
def test_a_generator_signs_or_writes_endless_lines(text):
    assert is_generated(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f():\n    return 1\n" * 2000,
        'MARK = "@generated"\n',
        "x = 1  # the list is generated below\n",
        "a\n" * 1500 + "# @generated\n",
        "w" * 9_999,
    ],
)
def test_people_write_the_rest(text):
    assert not is_generated(text)
