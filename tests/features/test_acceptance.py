"""What counts as accepted, what as kept, and what does not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.edits import Edit
from tandem.core.suggestion import Happened, Offer
from tandem.core.text import Span, Text
from tandem.features.inline.acceptance import Suggestions, still_there
from tandem.features.inline.complete import Completion
from tandem.workspace.documents import Document

URI = "file:///a.py"
CALL = "execute(query).scalar()"
BLOCK = "\n    for item in items:\n        yield item.name"


@dataclass
class Watch:
    """A clock that is moved by hand."""

    seconds: float = 1000.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Editor:
    """One document and a cursor; a second passes between any two things that happen."""

    text: Text
    cursor: int
    watch: Watch = field(default_factory=Watch)
    records: list[Offer | Happened] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.suggestions = Suggestions(self.watch, self.records.append)

    def show(self, *texts: str, menu: bool = False) -> list[int]:
        self.watch.seconds += 1
        document = Document(URI, "python", 1, self.text)
        items = [Completion(text, "flash", "m", None, remembered=False) for text in texts]
        return self.suggestions.shown(document, self.cursor, items, menu=menu)

    def edit(self, start: int, end: int, new: str, after_s: float = 1.0) -> None:
        self.watch.seconds += after_s
        edit = Edit(Span(start, end), new)
        if self.suggestions.follows(URI):
            self.suggestions.edited(URI, self.text, edit)
        self.text = self.text.replace(edit.span, new)
        self.cursor = start + len(new)

    def insert(self, new: str, after_s: float = 1.0) -> None:
        self.edit(self.cursor, self.cursor, new, after_s)

    def type(self, keys: str) -> None:
        for key in keys:
            self.insert(key, 0.15)

    def wait(self, seconds: float) -> None:
        self.watch.seconds += seconds
        self.suggestions.look(lambda _uri: self.text)

    def close(self) -> None:
        self.suggestions.closed(URI, self.text)

    @property
    def news(self) -> list[tuple[object, ...]]:
        """What happened: the suggestion's number, what, characters."""
        happened = [one for one in self.records if isinstance(one, Happened)]
        return [(one.number, one.what, one.characters) for one in happened]

    @property
    def offers(self) -> list[Offer]:
        return [one for one in self.records if isinstance(one, Offer)]


def editor(before: str = "def f():\n    return session.", after: str = "\n") -> Editor:
    return Editor(Text.of(before + after), len(before))


# -- what is shown ---------------------------------------------------------------------------------


def test_what_is_shown_is_recorded_in_numbers():
    e = editor()
    assert e.show(CALL) == [1]

    (offer,) = e.offers
    assert (offer.number, offer.language, offer.source, offer.model) == (1, "python", "flash", "m")
    assert (offer.characters, offer.lines, offer.reservation) == (len(CALL), 1, None)
    assert CALL not in repr(e.records)


def test_shown_again_while_it_is_typed_it_is_the_same():
    e = editor()
    numbers = e.show(CALL)
    for at in range(1, 5):
        e.type(CALL[at - 1])
        numbers += e.show(CALL[at:])

    assert numbers == [1] * 5
    assert len(e.offers) == 1


def test_typed_away_from_and_come_back_to_it_is_the_same():
    e = editor()
    e.show(CALL)
    e.type("x")
    e.edit(e.cursor - 1, e.cursor, "")
    e.type("e")

    assert e.show(CALL[1:]) == [1]


def test_another_one_in_its_place_ends_it():
    e = editor()
    assert e.show(CALL) == [1]
    e.type("x")
    assert e.show("_plain()") == [2]

    assert e.news == [(1, "ignored", 0)]


def test_of_several_the_first_is_shown_and_another_one_when_it_is_taken():
    e = editor()
    assert e.show(CALL, "close()") == [1, 2]
    assert [offer.number for offer in e.offers] == [1]
    e.insert("close()")

    assert [offer.number for offer in e.offers] == [1, 2]
    assert e.news == [(2, "accepted", 7)]
    e.show("other")
    assert (1, "ignored", 0) in e.news


def test_what_the_editor_says_it_displayed_is_noted_once():
    e = editor()
    (first, second) = e.show(CALL, "close()")
    e.suggestions.displayed(second)
    e.suggestions.displayed(second)
    e.suggestions.displayed(99)

    assert e.news == [(second, "displayed", 0)]
    assert [offer.number for offer in e.offers] == [first, second]


# -- what is accepted ------------------------------------------------------------------------------


def test_all_of_it_inserted_at_once_is_accepted():
    e = editor()
    e.show(CALL)
    e.insert(CALL)

    assert e.news == [(1, "accepted", len(CALL))]


def test_typing_all_of_it_is_not_acceptance():
    e = editor()
    e.show(CALL)
    e.type(CALL)
    e.show("x")

    assert e.news == [(1, "ignored", len(CALL))]


def test_typed_characters_are_not_accepted_with_the_rest():
    e = editor()
    e.show(CALL)
    e.type("exe")
    e.insert(CALL[3:])

    assert e.news == [(1, "accepted", len(CALL) - 3)]


def test_word_by_word_is_partly_and_in_the_end_accepted():
    e = editor()
    e.show(CALL)
    for word in ("execute", "(query", ").scalar", "()"):
        e.insert(word, 0.1 if word.startswith(")") else 1.0)

    # The last word could as well be a bracket that was typed and closed by the editor.
    assert e.news == [(1, "partly", 7), (1, "partly", 6), (1, "partly", 8)]
    e.suggestions.accepted(1)
    assert e.news[3:] == [(1, "accepted", 2)]


@pytest.mark.parametrize("told_first", [True, False])
def test_told_and_seen_is_once(told_first):
    e = editor()
    e.show(CALL)
    e.type("ex")
    if told_first:
        e.suggestions.accepted(1)
    e.insert(CALL[2:])
    e.suggestions.accepted(1)

    assert e.news == [(1, "accepted", len(CALL) - 2)]
    e.wait(30)
    assert e.news[1:] == [(1, "kept_30s", len(CALL) - 2)]


def test_told_and_not_seen_counts_but_nothing_is_known_of_its_keeping():
    e = editor()
    e.show(CALL)
    e.suggestions.accepted(1)
    e.wait(600)

    assert e.news == [(1, "accepted", len(CALL))]


def test_told_of_what_was_taken_for_typing_is_counted():
    e = editor("x = [", "]\n")
    e.show("a]")
    e.type("a")
    e.insert("]")  # a single character: a key as well as an acceptance
    assert e.news == []
    e.suggestions.accepted(1)
    e.wait(30)

    assert e.news == [(1, "accepted", 1), (1, "kept_30s", 1)]


def test_what_comes_right_behind_a_key_was_typed_with_it():
    e = editor()
    e.show(CALL)
    e.type("e")
    e.insert("xecu", 0.14)
    assert e.news == []
    e.insert(CALL[5:], 0.14)  # no fingers do that

    assert e.news == [(1, "accepted", len(CALL) - 5)]


@pytest.mark.parametrize(
    ("text", "inserted"),
    [("    return x", "    "), ("()", "()"), ("\n    pass", "\n    "), ('""', '""')],
)
def test_a_key_that_does_more_than_one_character_is_a_key(text, inserted):
    e = editor("def f():\n", "\n")
    e.show(text)
    e.insert(inserted)

    assert e.news == []


def test_what_is_inserted_after_it_went_out_of_sight_is_not_accepted():
    e = editor()
    e.show(CALL)
    e.edit(0, 0, "# header\n")
    e.cursor = len(e.text) - 1
    e.insert(CALL)
    assert e.news == []
    e.suggestions.accepted(1)  # but the editor knows better

    assert e.news == [(1, "accepted", len(CALL))]


def test_other_words_than_its_own_are_not_accepted():
    e = editor()
    e.show(CALL)
    e.insert("execute(other)")
    e.show("x")

    assert e.news == [(1, "ignored", 0)]


def test_a_menus_entry_is_taken_whole():
    e = editor()
    e.show(CALL, menu=True)
    e.insert("execute")  # an entry of another server
    assert e.news == []
    e.show(CALL[7:], menu=True)
    e.insert(CALL[7:])

    assert e.news == [(1, "accepted", len(CALL) - 7)]


def test_deleted_and_accepted_again_is_once():
    e = editor()
    e.show(CALL)
    e.insert("execute")
    e.edit(e.cursor - 7, e.cursor, "")
    e.show(CALL)
    e.insert(CALL)

    assert e.news == [(1, "partly", 7), (1, "accepted", len(CALL) - 7)]


def test_a_line_that_is_replaced_by_itself_and_more_is_an_insertion():
    e = editor("x\n    return session.")
    e.show(CALL)
    e.edit(2, e.cursor, "    return session." + CALL)

    assert e.news == [(1, "accepted", len(CALL))]


def test_an_editor_that_compares_texts_may_see_a_block_one_line_later():
    e = editor("def f(items):", "\n\nx = 1\n")
    e.show(BLOCK)
    e.edit(e.cursor + 1, e.cursor + 1, BLOCK[1:] + "\n")
    e.wait(30)

    assert e.news == [(1, "accepted", len(BLOCK)), (1, "kept_30s", len(BLOCK))]


# -- what Copilot's clients tell -------------------------------------------------------------------


def test_a_part_is_told_in_units_of_the_item():
    e = editor('    name = "\U0001f600" + ', "\n")
    text = 'greet("\U0001f600", name)'
    e.show(text)
    lead = len('    name = "\U0001f600" + ') + 1  # the emoji takes two units
    e.suggestions.partly(1, lead + 9)  # greet("😀 and as it is told before the edit
    e.insert(text[:8])

    assert e.news == [(1, "partly", 8)]
    e.suggestions.partly(1, lead + 9)
    assert e.news == [(1, "partly", 8)]
    e.insert(text[8:12])
    e.suggestions.partly(1, lead + 13)
    assert e.news == [(1, "partly", 8), (1, "partly", 4)]


def test_a_part_is_counted_from_the_item_that_came_with_it():
    e = editor()
    e.show(CALL)
    e.suggestions.partly(1, 7, CALL)  # an item without its line's beginning
    e.suggestions.partly(1, 10_000, CALL)
    e.suggestions.partly(2, 5)

    assert e.news == [(1, "partly", 7), (1, "accepted", len(CALL) - 7)]


def test_a_short_word_that_was_told_is_no_typing():
    e = editor()
    e.show("a.b.c")
    e.insert("a.", 0.1)
    assert e.news == []
    e.suggestions.partly(1, 2, "a.b.c")

    assert e.news == [(1, "partly", 2)]


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
