"""Three-way merge: sides alone, sides apart, and what is a conflict."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diff import lines_of
from tandem.core.merge import merged

LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n", "d"]), max_size=8).map("".join)


@given(LINES, LINES)
def test_one_side_alone_is_taken(base, text):
    assert merged(base, text, base) == (text, ())
    assert merged(base, base, text) == (text, ())
    assert merged(base, text, text) == (text, ())


@given(LINES, LINES, LINES)
def test_a_merge_is_whole_or_a_conflict_and_has_no_side(base, ours, theirs):
    text, conflicts = merged(base, ours, theirs)
    back, others = merged(base, theirs, ours)

    assert (text is None) == bool(conflicts)
    assert (text, len(conflicts)) == (back, len(others))
    if text is not None and base not in {ours, theirs}:
        known = [*lines_of(base), *lines_of(ours), *lines_of(theirs)]
        assert set(lines_of(text)) <= set(known)


def test_changes_that_are_apart_are_joined():
    base = "one\ntwo\nthree\nfour\n"
    assert merged(base, "ONE\ntwo\nthree\nfour\n", "one\ntwo\nthree\nFOUR\nfive\n") == (
        "ONE\ntwo\nthree\nFOUR\nfive\n",
        (),
    )


def test_changes_of_the_same_line_are_a_conflict_that_says_where():
    text, (conflict,) = merged("one\ntwo\n", "one\nour two\n", "zero\none\ntheir two\n")

    assert text is None
    assert (conflict.first, conflict.last) == (3, 3)
    assert (conflict.ours, conflict.theirs) == ("our two\n", "their two\n")


def test_changes_without_a_line_between_them_are_a_conflict():
    text, conflicts = merged("one\ntwo\n", "ONE\ntwo\n", "one\nTWO\n")
    assert text is None
    assert conflicts


def test_a_deletion_inside_a_larger_one_is_a_conflict():
    text, conflicts = merged("one\ntwo\nthree\n", "one\nthree\n", "one\n")
    assert text is None
    assert conflicts
