"""The lines of a change: the same whether they are read from texts or from their diff."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core import changed_lines
from tandem.core.diff import between, changed_blocks, lines_of

texts = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("a\nb\n", "a\nb\n", set()),
        ("a\nb\n", "a\nx\nb\n", {1}),
        ("a\nb\n", "a\nx\n", {1}),  # replaced: what was there is the new line's neighbor no more
        ("a\nb\nc\n", "a\nc\n", {0, 1}),  # both sides of the line that went
        ("a\nb\n", "b\n", {0}),
        ("a\n", "", {0}),
    ],
)
def test_new_lines_and_both_sides_of_where_lines_went(old, new, lines):
    assert changed_lines.by_hunks(between(old, new, "x.py")) == lines


@given(texts, texts)
def test_a_diff_has_the_lines_of_its_texts(old, new):
    blocks = changed_blocks(lines_of(old), lines_of(new))
    found = changed_lines.by_hunks(between(old, new, "x.py"))
    assert found == changed_lines.by_blocks(blocks)
