"""What git lists and holds: asked in repositories of a test."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tandem.workspace import objects
from tandem.workspace.git import Git
from tandem.workspace.ignore import Reason
from tandem.workspace.objects import (
    LINK,
    Entry,
    checked_out,
    is_as,
    is_as_pointed,
    is_pointer,
    is_text_as,
    of_index,
    of_tree,
    sizes,
    texts,
)

GIT = Git()


def git(root: Path, *words: str, stdin: bytes = b"") -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(root), *who, *words]
    return subprocess.run(command, check=True, capture_output=True, input=stdin).stdout.decode()


def blob(root: Path, data: bytes) -> str:
    return git(root, "hash-object", "-w", "--stdin", stdin=data).strip()


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "repo"
    made.mkdir()
    git(made, "init", "-q")
    return made


def test_trees_and_the_index_list_modes_and_names(root):
    (root / "a.py").write_bytes(b"a = 1\n")
    (root / "sub").mkdir()
    (root / "sub" / "run").write_bytes(b"#!/bin/sh\n")
    git(root, "add", "-A")
    git(root, "update-index", "--chmod=+x", "sub/run")
    git(root, "commit", "-qm", "x")
    (root / "other.py").write_bytes(b"o = 1\n")
    expected = {
        "a.py": Entry("100644", blob(root, b"a = 1\n")),
        "sub/run": Entry("100755", blob(root, b"#!/bin/sh\n")),
    }

    assert of_tree(root, "HEAD", GIT) == expected
    assert of_tree(root / "sub", "HEAD", GIT) == {"run": expected["sub/run"]}
    assert of_tree(root, "0" * 40, GIT) is None
    listed = of_index(root, GIT, others=True)
    assert listed is not None
    assert listed.entries == expected
    assert listed.others == {"other.py"}
    assert listed.clashing == listed.absent == set()
    plain = of_index(root, GIT)
    assert plain is not None
    assert plain.others == set()
    assert of_index(root.parent, GIT) is None


@pytest.mark.parametrize(("stages", "ours"), [("123", True), ("12", True), ("13", False)])
def test_of_a_conflict_there_is_our_side(root, stages, ours):
    names = {stage: blob(root, stage.encode()) for stage in stages}
    lines = "".join(f"100644 {name} {stage}\ta.py\n" for stage, name in names.items())
    git(root, "update-index", "--index-info", stdin=lines.encode())
    listed = of_index(root, GIT)

    assert listed is not None
    assert listed.clashing == {"a.py"}
    assert listed.entries == ({"a.py": Entry("100644", names["2"])} if ours else {})


def test_texts_of_blobs_and_why_one_has_none(root):
    held = {
        b"": "",
        b"a = 1\n": "a = 1\n",
        "ü\n".encode(): "ü\n",
        b"\xfc\n": "ü\n",
        b"no end": "no end",
        b"\0\1": Reason.BINARY,
        b"x" * 1_000_001: Reason.LARGE,
    }
    names = {blob(root, data): said for data, said in held.items()}
    tree = git(root, "write-tree").strip()

    assert texts(root, [*names, tree, "0" * 40], GIT) == names
    assert texts(root, [], GIT) == {}
    assert texts(root.parent, [*names], GIT) == {}
    assert set(sizes(root, names, GIT).values()) == {len(data) for data in held}


def test_many_blobs_are_read_in_bounded_pieces(root, monkeypatch):
    names = {blob(root, b"%d\n" % number): f"{number}\n" for number in range(9)}
    pieces: list[int] = []
    contents = objects._contents

    def counting(root: Path, batch: list[str], asked: Git) -> Iterator[tuple[str, bytes]]:
        pieces.append(len(batch))
        return contents(root, batch, asked)

    monkeypatch.setattr(objects, "_BATCH", 5)
    monkeypatch.setattr(objects, "_contents", counting)

    assert texts(root, names, GIT) == names
    assert pieces == [2, 2, 2, 2, 1]


def test_a_file_is_as_a_blob_or_not(root):
    name = blob(root, b"a\nb\n")
    for data, same in ((b"a\nb\n", True), (b"a\r\nb\r\n", True), (b"a\nb", False), (b"\0", False)):
        (root / "f").write_bytes(data)
        assert is_text_as(root, "f", name) is same
    assert not is_text_as(root, "none", name)
    (root / "f").write_bytes(b"x" * 2_000_000)
    large = blob(root, b"x" * 2_000_000)
    assert not is_text_as(root, "f", large)
    assert is_as(root, "f", Entry("100644", large), GIT)
    assert not is_as(root, "f", Entry("100644", name), GIT)
    assert not is_as(root, "none", Entry("100644", name), GIT)


def test_a_file_that_is_not_hashed_is_known_by_its_size(root, monkeypatch):
    monkeypatch.setattr(objects, "_HASHED", 3)
    entry = Entry("100644", blob(root, b"12345"))
    for data, same in ((b"54321", True), (b"123456", False)):
        (root / "f").write_bytes(data)
        assert is_as(root, "f", entry, GIT) is same


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_is_where_it_leads(root):
    (root / "l").symlink_to("a.py")
    name = blob(root, b"a.py")

    assert is_as(root, "l", Entry(LINK, name), GIT)
    assert not is_as(root, "l", Entry(LINK, blob(root, b"b.py")), GIT)
    assert not is_as(root, "l", Entry("100644", name), GIT)


def test_pointers_of_git_lfs(root):
    digest = hashlib.sha256(b"held").hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 4\n"
    (root / "f").write_bytes(b"held")

    assert is_pointer(pointer)
    assert not is_pointer("version 2\n")
    assert not is_pointer(None)
    assert is_as_pointed(root, "f", pointer)
    assert not is_as_pointed(root, "f", "held")
    (root / "f").write_bytes(b"other")
    assert not is_as_pointed(root, "f", pointer)


def test_no_submodule_has_no_commit(root):
    (root / "sub").mkdir()
    assert checked_out(root, "sub", GIT) == ""
    git(root / "sub", "init", "-q")
    assert checked_out(root, "sub", GIT) == ""
