"""What of an accepted suggestion counts as kept, and what holds whatever happens."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.suggestion import Happened
from tandem.core.text import Text
from tandem.features.inline.acceptance import still_there
from tests.features.suggesting import CALL, URI, Editor, editor

# -- what is kept ----------------------------------------------------------------------------------


def kept(e: Editor) -> list[tuple[object, ...]]:
    return [news for news in e.news if str(news[1]).startswith("kept")]


def test_what_is_left_alone_is_kept_twice():
    e = editor()
    e.show(CALL)
    e.insert(CALL)
    e.wait(29)
    assert kept(e) == []
    e.wait(1)
    assert kept(e) == [(1, "kept_30s", len(CALL))]
    e.wait(270)

    assert kept(e) == [(1, "kept_30s", len(CALL)), (1, "kept_5m", len(CALL))]
    assert e.suggestions.due_in() is None
    assert e.records[-1] == Happened(
        1, e.watch.now(), "kept_5m", len(CALL), accepted=len(CALL), closed=False
    )


def test_edits_elsewhere_do_not_lose_its_place():
    e = editor()
    e.show(CALL)
    e.insert(CALL)
    e.insert("\n")
    e.edit(0, 0, "import a\nimport b\n")
    e.edit(len(e.text), len(e.text), "tail\n")
    e.edit(0, 9, "")
    e.wait(30)

    assert kept(e) == [(1, "kept_30s", len(CALL))]


def test_a_changed_word_is_lost_and_the_rest_is_kept():
    e = editor()
    e.show(CALL)
    e.insert(CALL)
    at = str(e.text).index("query")
    e.edit(at + 2, at + 5, "ick")
    e.edit(at, at, "")
    e.wait(30)

    assert kept(e) == [(1, "kept_30s", len(CALL) - 5)]


def test_what_was_taken_back_is_not_kept_and_what_was_redone_is():
    e = editor()
    e.show(CALL)
    e.insert(CALL)
    end = e.cursor
    e.edit(end - len(CALL), end, "")
    e.wait(30)
    e.edit(end - len(CALL), end - len(CALL), CALL)
    e.wait(270)

    assert kept(e) == [(1, "kept_30s", 0), (1, "kept_5m", len(CALL))]


def test_a_formatter_that_replaces_the_file_does_not_lose_it():
    e = editor("import os\n\n\ndef f( ):\n    return session.", "\n\n\nx=1\n")
    e.show(CALL)
    e.insert(CALL)
    before = str(e.text)
    e.edit(0, len(before), before.replace("f( )", "f()").replace("x=1", "x = 1"))
    e.wait(30)

    assert kept(e) == [(1, "kept_30s", len(CALL))]


def test_parts_are_kept_each_for_itself():
    e = editor()
    e.show(CALL)
    e.insert("execute")
    e.wait(20)
    e.insert("(query")
    e.wait(10)
    assert kept(e) == [(1, "kept_30s", 7)]
    e.wait(20)

    assert kept(e) == [(1, "kept_30s", 7), (1, "kept_30s", 6)]


def test_a_document_that_is_closed_is_looked_at_for_the_last_time():
    e = editor()
    e.show(CALL)
    e.insert(CALL)
    e.wait(30)
    at = e.cursor - 2
    e.edit(at, at + 2, "")
    e.close()

    last = e.records[-1]
    assert isinstance(last, Happened)
    assert (last.what, last.characters, last.closed) == ("kept_5m", len(CALL) - 2, True)
    assert not e.suggestions.follows(URI)
    assert e.suggestions.due_in() is None


def test_the_end_looks_at_all_documents():
    e = editor()
    e.show(CALL)
    e.insert(CALL)
    e.suggestions.stop(lambda _uri: e.text)

    assert kept(e) == [(1, "kept_30s", len(CALL)), (1, "kept_5m", len(CALL))]


@pytest.mark.parametrize(
    ("accepted", "now", "left"),
    [
        ("a + b", "x = a + b;", 5),
        ("a + b", "", 0),
        ("foo(bar)", "foo(baz)", 5),
        ("return a", "yield a", 2),
        ("one two", "two one", 3),
    ],
)
def test_what_is_still_there(accepted, now, left):
    assert still_there(accepted, now) == left


# -- whatever happens ------------------------------------------------------------------------------

TEXTS = st.text("ab(\n)\U0001f600\r ", max_size=12)
PLACES = st.integers(0, 60)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("show"), PLACES, TEXTS.filter(bool), st.booleans()),
        st.tuples(st.just("edit"), PLACES, PLACES, TEXTS),
        st.tuples(st.just("take"), st.integers(1, 12), st.sampled_from((0.1, 1.0)), st.none()),
        st.tuples(st.just("told"), st.integers(0, 5), st.integers(-3, 40), st.booleans()),
        st.tuples(st.just("wait"), st.sampled_from((1, 29, 31, 300)), st.none(), st.none()),
        st.tuples(st.just("close"), st.none(), st.none(), st.none()),
    ),
    max_size=25,
)


def perform(e: Editor, step: tuple[Any, ...]) -> None:
    what, one, two, three = step
    size = len(e.text)
    if what == "show":
        e.cursor = min(one, size)
        e.show(two, two[::-1], menu=three)
    elif what == "edit":
        start, end = sorted((min(one, size), min(two, size)))
        e.edit(start, end, three)
    elif what == "take":
        for live in e.suggestions._live.get(URI, [])[:1]:
            e.cursor = live.at
            e.insert(live.rest[:one], two)
    elif what == "told":
        if three:
            e.suggestions.accepted(one)
        else:
            e.suggestions.partly(one, two)
        e.suggestions.displayed(one)
    elif what == "wait":
        e.wait(one)
    else:
        e.close()


@given(before=TEXTS, after=TEXTS, steps=STEPS)
def test_nobody_accepts_more_than_was_shown_or_keeps_more_than_was_accepted(before, after, steps):
    e = Editor(Text.of(before + after), len(before))
    for step in steps:
        perform(e, step)
        for live in e.suggestions._live.get(URI, []):
            if not live.away and live.at <= len(e.text):
                assert e.text.slice(live.place, live.at) == live.text[: live.along]
        for piece in e.suggestions._pieces.get(URI, []):
            assert 0 <= piece.start <= piece.end <= len(e.text)
    e.close()

    shown = {offer.number: offer.characters for offer in e.offers}
    accepted = dict.fromkeys(shown, 0)
    looked_at: dict[tuple[int, str], int] = {}
    for record in e.records:
        if isinstance(record, Happened):
            assert 0 <= record.characters <= shown[record.number]
            if record.what in {"accepted", "partly"}:
                accepted[record.number] += record.characters
            elif record.accepted is not None:
                assert record.characters <= record.accepted
                key = (record.number, record.what)
                looked_at[key] = looked_at.get(key, 0) + record.accepted
    assert all(accepted[number] <= shown[number] for number in shown)
    assert all(of <= accepted[number] for (number, _), of in looked_at.items())


@given(before=TEXTS, text=TEXTS.filter(lambda text: len(text.strip()) > 2), after=TEXTS)
def test_what_is_accepted_and_left_alone_is_kept_whole(before, text, after):
    e = Editor(Text.of(before + after), len(before))
    e.show(text)
    e.insert(text)
    e.wait(300)

    size = len(text)
    assert e.news == [(1, "accepted", size), (1, "kept_30s", size), (1, "kept_5m", size)]
