"""Patches as files hold them: read back, taken back, out of mails, against git's own words."""

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diff import (
    DoesNotApplyError,
    FileDiff,
    MalformedDiffError,
    apply,
    between,
    render,
)
from tandem.core.patch_file import applied, read, reversed_of

LINES = ["", "a", "b", "c", "a\r", "-- a/x", "++ b/x", "\\ No newline", "@@ -1 +1 @@", "- ", "é"]
texts = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)
paths = st.text(st.sampled_from('ab/ ."\\\t\n\x07\x7fé'), min_size=1, max_size=8)
sides = st.none() | texts
files = st.tuples(sides, sides, paths, paths | st.none())


def diffs_of(given_files):
    """Return the diffs that say something, each file once."""
    found = [between(*one) for one in given_files if one[0] is not None or one[1] is not None]
    return tuple({(d.old, d.new): d for d in found if d.hunks or d.old != d.new}.values())


@given(st.lists(files, max_size=4).map(diffs_of).filter(bool))
def test_what_is_printed_is_read_back(diffs):
    found = read(render(diffs))

    assert found.diffs == diffs
    assert found.notes == {}


@given(st.lists(files, max_size=3).map(diffs_of).filter(bool), st.integers(0, 9))
def test_mails_around_diffs_change_nothing(diffs, number):
    mails = [
        f"From {'0' * 40} Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\n"
        f"Subject: [PATCH {number}] rename things\n\nrename the thing\nindex it\n"
        f"new file mode is fine\n---\n a.py | 2 +-\n 1 file changed\n\n{render([one])}"
        "-- \n2.39.5\n\n"
        for one in diffs
    ]

    assert read("".join(mails)).diffs == diffs


@given(sides, sides, paths)
def test_what_is_taken_back_twice_is_done(old, new, path):
    one = between(old, new, path)

    assert apply(new, reversed_of(one)) == old
    assert apply(old, reversed_of(reversed_of(one))) == new


@given(st.text(st.sampled_from(" -+@\\\nab/12,di fgt")) | st.text())
def test_any_text_is_read_or_refused(text):
    for whole in (text, f"--- a/x\n+++ b/x\n{text}", f"diff --git a/x b/x\n{text}"):
        with suppress(MalformedDiffError):
            found = read(whole)
            assert found.diffs or found.notes


@pytest.fixture
def repository(tmp_path):
    """Return a function that asks git, in a repository of its own."""

    def git(*words: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode()

    git("init", "-q")
    for name in ("a.py", "gone.py", "ü b.py", "crlf.py"):
        (tmp_path / name).write_bytes(
            b"x = 1\r\ny = 2\r\n" if "crlf" in name else b"x = 1\ny = 2\n"
        )
    (tmp_path / "bin").write_bytes(b"\0\1")
    git("add", "-A")
    git("commit", "-qm", "first")
    return git


def change(root: Path) -> None:
    for name in ("a.py", "ü b.py"):
        (root / name).write_bytes(b"x = 2\ny = 2\n")
    (root / "crlf.py").write_bytes(b"x = 2\r\ny = 2\r\n")
    (root / "gone.py").unlink()
    (root / "new.py").write_bytes(b"n = 1\n")
    (root / "bin").write_bytes(b"\0\2")


CHANGED = {
    "a.py": "x = 2\ny = 2\n",
    "crlf.py": "x = 2\r\ny = 2\r\n",
    "gone.py": None,
    "new.py": "n = 1\n",
    "ü b.py": "x = 2\ny = 2\n",
}


def after(patch: str) -> dict[str, str | None]:
    """Return the texts that a patch makes of the first commit of the repository above."""
    now: dict[str, str | None] = dict.fromkeys(("a.py", "gone.py", "ü b.py"), "x = 1\ny = 2\n")
    now["crlf.py"] = "x = 1\r\ny = 2\r\n"
    for one in read(patch).diffs:
        result = applied(now, one)
        now |= {path: None for path in (one.old, one.new) if path is not None}
        now |= {path: result for path in (one.new,) if path is not None}
    return now


@pytest.mark.parametrize(
    "words",
    [
        (), ("-c", "core.quotePath=false"), ("-c", "diff.mnemonicPrefix=true"),
        ("-c", "diff.noprefix=true"), ("-c", "core.quotePath=false", "-c", "diff.noprefix=true"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("binary", [(), ("--binary",)])
def test_git_prints_it_in_many_ways(repository, tmp_path, words, binary):
    change(tmp_path)
    repository("add", "-A")
    patch = repository(*words, "diff", "--cached", *binary)

    assert after(patch) == CHANGED
    assert read(patch).notes == {"bin": "binary"}


def test_a_series_of_mails_is_applied_in_order(repository, tmp_path):
    change(tmp_path)
    repository("add", "-A")
    repository("commit", "-qm", "rename x to y\n\n--- a\nnot a diff\n@@ neither")
    repository("mv", "new.py", "newer.py")
    (tmp_path / "a.py").write_bytes(b"x = 3\ny = 2\n")
    repository("commit", "-qam", "second")
    patch = repository("format-patch", "--stdout", "-2")

    assert after(patch) == {
        **CHANGED, "a.py": "x = 3\ny = 2\n", "new.py": None, "newer.py": "n = 1\n",
    }  # fmt: skip


def test_line_ends_that_a_program_made_are_no_content(repository, tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 2\ny = 2\n")
    patch = repository("diff").replace("\n", "\r\n")

    assert after(patch)["a.py"] == "x = 2\ny = 2\n"


def test_empty_lines_and_a_lost_end_are_understood():
    patch = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n-a\n+b\n\n c"

    assert apply("a\n\nc\n", read(patch).diffs[0]) == "b\n\nc\n"


def test_folders_that_were_compared_are_no_part_of_a_name():
    (one,) = read("--- old/s/x.py\t2024-01-01\n+++ new/s/x.py\n@@ -1 +1 @@\n-a\n+b\n").diffs

    assert (one.old, one.new) == ("s/x.py", "s/x.py")


def test_of_what_is_no_diff_of_text_it_is_said_what_happens():
    patch = (
        "diff --git a/run b/run\nold mode 100644\nnew mode 100755\n"
        "diff --git a/both b/both\nold mode 100644\nnew mode 100755\nindex 1..2\n"
        "--- a/both\n+++ b/both\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --git a/x.png b/x.png\nnew file mode 100644\nindex 0..1\nGIT binary patch\n"
        "literal 3\nKcmZ~\n\n"
        'diff --git "a/\\303\\274.png" "b/\\303\\274.png"\nindex 1..2\n'
        'Binary files "a/\\303\\274.png" and "b/\\303\\274.png" differ\n'
        "diff --git a/from b/to.py\nsimilarity index 90%\ncopy from from\ncopy to to.py\n"
        "--- a/from\n+++ b/to.py\n@@ -1 +1 @@\n-a\n+b\n"
        "diff --cc m.py\nindex 1,2..3\n--- a/m.py\n+++ b/m.py\n@@@ -1,1 -1,1 +1,1 @@@\n--a\n++b\n"
    )
    found = read(patch)

    assert [one.new for one in found.diffs] == ["both"]
    assert found.notes == {
        "run": "mode 100644 → 100755",
        "both": "mode 100644 → 100755",
        "x.png": "binary",
        "ü.png": "binary",
        "to.py": "copied from from: not read",
        "m.py": "a merge, compared with both sides: not read",
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no diff in it"),
        ("hello\n--- world\n", "there is no diff in it"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n", "line 5 does not belong to a hunk"),
        ("\n--- a/x\n+++ b/x\n@@ -1,2 +1 @@\n-a\nx\n", "line 6 does not belong to a hunk"),
        ("--- a/x\n+++ b/x\n@@ nonsense\n", "line 3 is no hunk header"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\n@@ -3 +3 @@\n-a\n+b\n", "line 7 begins a hunk"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "names no file"),
    ],
)
def test_what_cannot_be_a_patch_is_refused_with_the_place(text, sentence):
    with pytest.raises(MalformedDiffError, match=sentence):
        read(text)


def test_a_new_file_is_not_put_over_another():
    one = FileDiff(None, "x", between(None, "a\n", "x").hunks)

    assert applied({}, one) == "a\n"
    with pytest.raises(DoesNotApplyError, match="there already"):
        applied({"x": "other\n"}, one)
    with pytest.raises(DoesNotApplyError):
        applied({}, reversed_of(one))
