"""A client's changes do to a document what they do to the client's own buffer."""

from hypothesis import example, given
from hypothesis import strategies as st

from tandem.core.text import Encoding, Position, Text
from tandem.workspace.documents import Change, Document
from tests.core import naive
from tests.core.naive import encodings, short_texts, texts

positions = st.builds(Position, st.integers(0, 8), st.integers(0, 12))
ranges = st.tuples(positions, positions).map(sorted)
changes = st.one_of(
    st.builds(lambda pair, text: Change(pair[0], pair[1], text), ranges, short_texts),
    st.builds(Change, st.none(), st.none(), short_texts),
)


def document(text: str) -> Document:
    return Document("file:///a.py", "python", 1, Text.of(text))


@given(texts, st.lists(changes, max_size=6), encodings)
@example("a\f\n\u2028b\nc", [Change(Position(1, 0), Position(1, 1), "x")], Encoding.UTF16)
def test_changes_are_applied_in_order_each_to_the_result_of_the_one_before(text, made, encoding):
    before = document(text)
    after = before.changed(7, made, encoding)

    expected = text
    for change in made:
        if change.start is None or change.end is None:
            expected = change.text
            continue
        start = naive.offset_at(expected, change.start, encoding)
        end = naive.offset_at(expected, change.end, encoding)
        expected = naive.replace(expected, start, end, change.text)
    assert str(after.text) == expected
    assert (after.version, after.uri, after.language) == (7, before.uri, before.language)
    assert str(before.text) == text
    assert before.version == 1


def test_lines_are_counted_as_the_client_counts_them():
    r"""A form feed and U+2028 end no line; a store that splits there edits the wrong line."""
    before = document("a = 1\n\fb = 99\u2028\nc = 3\n")
    after = before.changed(2, [Change(Position(2, 4), Position(2, 5), "99")], Encoding.UTF16)

    assert str(after.text) == "a = 1\n\fb = 99\u2028\nc = 99\n"


def test_characters_are_counted_in_the_encoding_that_was_agreed():
    for encoding, character in [(Encoding.UTF8, 4), (Encoding.UTF16, 2), (Encoding.UTF32, 1)]:
        place = Position(0, character)
        after = document("😋b").changed(2, [Change(place, place, "-")], encoding)
        assert str(after.text) == "😋-b"


def test_no_changes_are_a_new_version_of_the_same_text():
    before = document("a")
    after = before.changed(2, [], Encoding.UTF8)

    assert after.version == 2
    assert after.text is before.text
