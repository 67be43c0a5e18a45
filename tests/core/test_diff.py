"""Unified diffs: applied they give the new text, printed they are read back, and git agrees."""

import random
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diff import (
    DoesNotApplyError,
    FileDiff,
    Hunk,
    MalformedDiffError,
    apply,
    between,
    parse,
    render,
)

LINES = ["", "a", "b", "c", "a\r", "-- a/x", "++ b/x", "\\ No newline", "@@ -1 +1 @@", "\f\u2028é"]
texts = st.lists(st.sampled_from(LINES), max_size=14).map("\n".join)
paths = st.text(st.sampled_from('ab/ ."\\\t\n\x07\x7fé'), min_size=1, max_size=8)
sides = st.none() | texts


@given(sides, sides, paths)
def test_a_diff_applied_gives_the_new_text(old, new, path):
    assert apply(old, between(old, new, path)) == new


@given(st.lists(st.tuples(sides, sides, paths, paths | st.none()), max_size=4))
def test_what_is_printed_is_read_back(files):
    diffs = tuple(
        between(old, new, path, target)
        for old, new, path, target in files
        if old is not None or new is not None
    )
    diffs = tuple({(diff.old, diff.new): diff for diff in diffs}.values())

    assert parse(render(diffs)) == diffs


@given(texts.filter(bool), texts, paths)
def test_no_other_text_is_patched_unnoticed(old, new, path):
    change = between(old, new, path)
    for hunk in change.hunks:
        kept = [line for line in hunk.lines if line[0] != "+"]
        if kept:
            with pytest.raises(DoesNotApplyError):
                apply("elsewhere\n" * (hunk.old_at + len(kept)), change)


@given(st.integers(0, 2**32))
def test_a_few_edits_in_a_long_file_are_a_short_diff(seed):
    chance = random.Random(seed)  # noqa: S311 - a test's
    old = [f"line {n % 40}\n" for n in range(400)]
    new = list(old)
    for _ in range(5):
        new[chance.randrange(len(new))] = f"new {chance.random()}\n"
    change = between("".join(old), "".join(new), "f")

    assert apply("".join(old), change) == "".join(new)
    assert sum(line[0] == "+" for hunk in change.hunks for line in hunk.lines) <= 5
    assert sum(len(hunk.lines) for hunk in change.hunks) <= 5 * 8


def test_a_moved_function_is_moved_whole():
    a, b, c = (f"def {name}():\n    x = 1\n    return x\n\n\n" for name in "abc")
    change = between(a + b + c, b + c + a, "f")

    assert [line for hunk in change.hunks for line in hunk.lines if line[0] == "-"] == [
        "-" + line + "\n" for line in ("def a():", "    x = 1", "    return x", "", "")
    ]


def test_a_rewritten_file_of_repeated_lines_takes_bounded_time():
    old, new = "x\ny\n" * 20_000, "y\ny\nx\n" * 20_000

    assert apply(old, between(old, new, "f")) == new


def test_a_deletion_without_hunks_removes_whatever_is_there():
    assert apply("a\n", FileDiff("f", None)) is None
    with pytest.raises(DoesNotApplyError):
        apply(None, FileDiff("f", None))


@pytest.mark.parametrize(("context", "lines"), [(0, 2), (1, 4), (3, 8)])
def test_context_is_as_asked(context, lines):
    old = "".join(f"{n}\n" for n in range(20))
    change = between(old, old.replace("9\n", "x\n", 1), "f", context=context)

    assert sum(len(hunk.lines) for hunk in change.hunks) == lines
    assert parse(render([change])) == (change,)


GIT_CASES = [
    ("f", "a\nb\nc\n", "f", "a\nB\nc\n"),
    ("f", "a\nb", "f", "a\nb\n"),
    ("f", "a\n", "f", "a"),
    ("f", "a\r\nb\r\n", "f", "a\r\nB\r\n"),
    ("sp ace", "a\n", "sp ace", None),
    ("sp ace", None, "sp ace", "b\n"),
    ("empty", None, "empty", ""),
    ("empty", "", "empty", None),
    ("empty", "", "empty", "a"),
    ("old", "a\nb\nc\nd\n", "new", "a\nb\nc\nd\n"),
    ("old", "a\nb\nc\nd\n", "d/new", "a\nb\nX\nd\n"),
    ('q"\t', "a\n", 'q"\t', "b\n"),
    ("é", "a\n", "é", "b\n"),
    ("f", "".join(f"{n}\n" for n in range(60)), "f", "".join(f"{n}\n" for n in range(3, 63))),
]


@pytest.mark.parametrize(("old_path", "old", "new_path", "new"), GIT_CASES)
def test_git_applies_what_is_printed(tmp_path, old_path, old, new_path, new):
    if old is not None:
        (tmp_path / old_path).write_text(old, "utf-8", newline="")
    patch = render([between(old, new, old_path, new_path)])
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=tmp_path, check=True)
    found = {
        path.relative_to(tmp_path).as_posix(): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }

    assert found == ({} if new is None else {new_path: new.encode()})


def test_gits_own_diffs_are_read():
    text = """\
diff --git a/x.py b/x.py
index 83db48f..bf269f4 100644
--- a/x.py
+++ b/x.py
@@ -1,3 +1,3 @@ def head():
 a
-b
+B
 c
diff --git a/old name b/new name
similarity index 100%
rename from old name
rename to new name
diff --git a/gone b/gone
deleted file mode 100644
index e69de29..0000000
--- a/t.txt\t2026-01-01
+++ b/t.txt\t2026-01-02
@@ -0,0 +1 @@
+x
\\ No newline at end of file
"""

    assert parse(text) == (
        FileDiff("x.py", "x.py", (Hunk(0, 0, (" a\n", "-b\n", "+B\n", " c\n")),)),
        FileDiff("old name", "new name"),
        FileDiff("gone", None),
        FileDiff("t.txt", "t.txt", (Hunk(0, 0, ("+x",)),)),
    )


@pytest.mark.parametrize(
    "text",
    ["hello\n", "--- a/x\n", "--- a/x\n+++ b/x\n@@ nonsense\n", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n"],
)
def test_what_is_no_diff_is_refused(text):
    with pytest.raises(MalformedDiffError):
        parse(text)


@given(st.lists(st.sampled_from(["--- a/x", "+++ b/x", "@@ -1 +1 @@", " a", "-a", "+b", "\\ No"])))
def test_any_text_is_read_or_refused(lines):
    try:
        diffs = parse("".join(f"{line}\n" for line in lines))
    except MalformedDiffError:
        return
    assert all(diff.old == diff.new == "x" for diff in diffs)
