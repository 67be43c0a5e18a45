"""Edits against strings built from left to right, and completions carried over typing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.edits import (
    Edit,
    OverlappingEditsError,
    apply,
    inserted_at,
    least,
    rebase_completion,
    typed_between,
)
from tandem.core.text import Span, Text
from tests.core import naive
from tests.core.naive import short_texts, texts


@st.composite
def batches(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """Draw a text and edits of it that do not overlap, in any order."""
    text = draw(texts)
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    spans = [Span(*pair) for pair in zip(places[::2], places[1::2], strict=False)]
    unique = list(dict.fromkeys(spans))
    edits = [Edit(span, draw(short_texts)) for span in unique]
    return text, draw(st.permutations(edits))


def built(text: str, edits: list[Edit]) -> str:
    parts, done = [], 0
    for edit in sorted(edits, key=lambda edit: edit.span):
        parts += [text[done : edit.span.start], edit.new]
        done = edit.span.end
    return "".join([*parts, text[done:]])


@given(batches())
def test_a_batch_is_applied_as_if_at_once(batch):
    text, edits = batch

    assert str(apply(Text.of(text), edits)) == built(text, edits)


def test_no_edits_change_nothing():
    text = Text.of("a\nb")

    assert apply(text, []) is text


def test_insertions_at_one_place_keep_their_order():
    here = Span(1, 1)
    edits = [Edit(here, "1"), Edit(here, "2"), Edit(Span(1, 2), "X"), Edit(Span(2, 2), "3")]

    assert str(apply(Text.of("abc"), edits)) == "a12X3c"


@given(st.integers(0, 8), st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.booleans())
def test_overlapping_edits_are_refused_in_either_order(start, before, shared, after, swapped):
    first = Edit(Span(start, start + before + shared), "x")
    second = Edit(Span(start + before, start + before + shared + after), "y")
    batch = [second, first] if swapped else [first, second]

    with pytest.raises(OverlappingEditsError):
        apply(Text.of("0123456789" * 3), batch)


def test_an_insertion_inside_a_replaced_span_is_refused():
    with pytest.raises(OverlappingEditsError):
        apply(Text.of("abcd"), [Edit(Span(2, 2), "x"), Edit(Span(1, 3), "y")])


@given(texts, short_texts, st.integers(0, 60))
def test_what_was_typed_is_found(text, typed, at):
    at = min(at, len(text))
    old = Text.of(text)

    assert typed_between(old, old.replace(Span(at, at), typed), at) == typed
    assert typed_between(old, Text.of(naive.replace(text, at, at, typed)), at) == typed


@given(texts, texts, st.integers(0, 60))
def test_two_texts_differ_by_typing_at_a_place_or_there_is_no_answer(old, new, at):
    typed = typed_between(Text.of(old), Text.of(new), at)
    possible = [
        new[at : at + n] for n in range(len(new) + 1) if at <= len(old)
        and old[:at] + new[at : at + n] + old[at:] == new
    ]  # fmt: skip

    assert ([] if typed is None else [typed]) == possible[:1]


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        ("ab", "a", 1),  # deleted
        ("ab", "xab", 1),  # typed elsewhere
        ("abc", "abX", 2),  # replaced
        ("abc", "aXYc", 1),  # replaced by more
        ("abc", "abcd", 7),  # a place that is not there
    ],
)
def test_anything_but_typing_at_the_place_is_none(old, new, at):
    assert typed_between(Text.of(old), Text.of(new), at) is None


@given(st.text("ab\n", max_size=6), st.text("ab\n", max_size=6))
def test_a_completion_is_right_after_typing_or_none(completion, typed):
    left = rebase_completion(completion, typed)

    if left is None:
        assert not completion.startswith(typed) or completion == typed
    else:
        assert left
        assert typed + left == completion


@pytest.mark.parametrize(
    ("typed", "left"),
    [("", "foo()"), ("fo", "o()"), ("foo()", None), ("fa", None), ("foo()x", None)],
)
def test_completions_over_typing(typed, left):
    assert rebase_completion("foo()", typed) == left


@given(texts, st.integers(0, 40), st.integers(0, 40), texts)
def test_the_least_edit_does_the_same_and_nothing_twice(text, one, other, new):
    before = Text.of(text)
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    edit = Edit(Span(start, end), new)
    small = least(before, edit)

    assert str(before.replace(small.span, small.new)) == text[:start] + new + text[end:]
    old = before.slice(*small.span)
    assert not (old and small.new) or (old[0] != small.new[0] and old[-1] != small.new[-1])
    assert start <= small.span.start <= small.span.end <= end


@given(st.text("ab\n", max_size=9), st.text("ab\n", min_size=1, max_size=5), st.data())
def test_an_insertion_seen_from_another_place_makes_the_same_text(text, new, data):
    before = Text.of(text)
    start, at = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))
    after = before.replace(Span(start, start), new)
    inserted = inserted_at(before, Edit(Span(start, start), new), at)
    said = str(after)[at : at + len(new)]

    same = str(before.replace(Span(at, at), said)) == str(after)
    assert inserted == (said if same else None)


@pytest.mark.parametrize(
    ("edit", "at"),
    [(Edit(Span(0, 1), "x"), 0), (Edit(Span(1, 1), ""), 1), (Edit(Span(0, 0), "a"), 900)],
)
def test_what_is_no_insertion_near_is_none(edit, at):
    assert inserted_at(Text.of("a" * 1000), edit, at) is None
