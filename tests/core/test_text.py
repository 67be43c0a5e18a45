r"""Text against the naive model, over an alphabet of everything that looks like a line end.

The chunk size is drawn as well, so that a text of a few characters has many chunks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.core.text import Encoding, Position, Span, Text
from tests.core import naive
from tests.core.naive import chunk_sizes, encodings, short_texts, texts


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tandem.core.text._CHUNK", size)
        yield


def chunked(text: str, size: int) -> Text:
    with chunks_of(size):
        return Text.of(text)


def check(text: Text, expected: str) -> None:
    """Check every reading of a text, and that no chunk ends inside a line or a line end."""
    lines = naive.split(expected)

    assert str(text) == expected
    assert len(text) == len(expected)
    assert text.line_count == len(lines)
    assert [text.line_start(n) for n in range(len(lines))] == [start for start, _ in lines]
    assert [text.line_end(n) for n in range(len(lines))] == [end for _, end in lines]
    assert [text.line(n) for n in range(len(lines))] == [expected[a:b] for a, b in lines]
    for chunk, following in pairwise(text._chunks):
        assert chunk.text.endswith(("\n", "\r"))
        assert not (chunk.text.endswith("\r") and following.text.startswith("\n"))


@given(texts, chunk_sizes)
@example("", 1)
@example("\r", 1)
@example("a\r\n\r\nb\r\r\n", 2)
@example("\f\x85\u2028\x1c\v", 1)
def test_lines_end_where_the_protocol_says_and_nowhere_else(text, size):
    check(chunked(text, size), text)


@given(texts, chunk_sizes, st.integers(-3, 60), st.integers(-3, 60))
def test_a_slice_is_clipped_to_the_text(text, size, start, end):
    start_in, end_in = max(start, 0), max(end, 0)

    assert chunked(text, size).slice(start, end) == text[start_in:end_in]


@given(texts, chunk_sizes, st.integers(-2, 30), st.integers(-2, 30))
def test_some_lines_are_those_lines(text, size, first, last):
    expected = [text[start:end] for start, end in naive.split(text)]

    assert list(chunked(text, size).lines(first, last)) == expected[max(first, 0) : max(last, 0)]


@given(texts, chunk_sizes, st.integers(0, 5))
def test_what_lies_past_the_last_line_is_empty_and_at_the_end(text, size, beyond):
    made = chunked(text, size)
    line = len(naive.split(text)) + beyond

    assert (made.line_start(line), made.line_end(line)) == (len(text), len(text))
    assert made.line(line) == ""


@given(texts, chunk_sizes)
def test_the_point_of_every_offset_and_of_those_outside(text, size):
    made = chunked(text, size)

    offsets = range(-2, len(text) + 3)
    assert [made.point_at(n) for n in offsets] == [naive.point_at(text, n) for n in offsets]


@given(texts, chunk_sizes, encodings)
def test_any_position_a_client_can_say_has_an_offset(text, size, encoding):
    """Negative, inside a surrogate pair or a multibyte character, past the line, past the text."""
    made = chunked(text, size)
    longest = max(naive.units(text[a:b], encoding) for a, b in naive.split(text))

    for line in range(-1, len(naive.split(text)) + 2):
        for character in range(-1, longest + 3):
            expected = naive.offset_at(text, (line, character), encoding)
            assert made.offset_at(Position(line, character), encoding) == expected


@given(texts, chunk_sizes, encodings)
def test_the_position_of_an_offset_leads_back_to_it(text, size, encoding):
    made = chunked(text, size)

    for offset in range(len(text) + 1):
        line, column = naive.point_at(text, offset)
        start, end = naive.split(text)[line]
        position = made.position_at(offset, encoding)
        assert position == (line, naive.units(text[start : start + column], encoding))
        # Between "\r" and "\n" there is no place in the protocol: that is the line's end.
        assert made.offset_at(position, encoding) == min(offset, end)


@pytest.mark.parametrize(
    ("character", "encoding", "offset"),
    [
        (2, Encoding.UTF16, 1),  # between the halves of the surrogate pair
        (3, Encoding.UTF16, 2),
        (4, Encoding.UTF8, 1),  # inside four bytes
        (5, Encoding.UTF8, 2),
        (2, Encoding.UTF32, 2),
        (2**31 - 1, Encoding.UTF16, 3),  # what editors send for "the end of the line"
    ],
)
def test_a_place_inside_a_character_is_its_start(character, encoding, offset):
    assert Text.of("a😋b\n").offset_at(Position(0, character), encoding) == offset


edits = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), short_texts), max_size=8)


@given(texts, chunk_sizes, edits)
@example("a\r\nb", 1, [(2, 2, "x"), (2, 3, "")])  # splits "\r\n", then joins it again
@example("a\rb\n", 1, [(2, 3, "")])
@example("a\rb", 1, [(2, 2, "\n")])
@example("\n\n\n", 1, [(0, 3, ""), (0, 0, "\r"), (1, 1, "\n")])
def test_edits_do_to_a_text_what_they_do_to_a_string(text, size, changes):
    with chunks_of(size):
        made = Text.of(text)
        history = [(made, text)]
        for start, end, new in changes:
            start, end = sorted((min(start, len(text)), min(end, len(text))))  # noqa: PLW2901
            text = naive.replace(text, start, end, new)
            made = made.replace(Span(start, end), new)
            history.append((made, text))

    for older, expected in history:  # also after everything that was derived from it
        check(older, expected)


@given(texts, chunk_sizes, st.integers(-3, 60), st.integers(-3, 60), short_texts)
def test_a_span_outside_the_text_is_clipped(text, size, start, end, new):
    with chunks_of(size):
        made = Text.of(text).replace(Span(start, end), new)
    first = min(max(start, 0), len(text))
    expected = naive.replace(text, first, min(max(end, first), len(text)), new)

    check(made, expected)


@given(
    texts, short_texts, st.tuples(chunk_sizes, chunk_sizes), st.integers(0, 60), st.integers(0, 9)
)
def test_same_as_compares_characters_however_they_are_chunked(text, new, sizes, start, length):
    one, other = sizes
    start = min(start, len(text))
    end = min(start + length, len(text))
    old, again = chunked(text, one), chunked(text, other)
    with chunks_of(one):
        edited = old.replace(Span(start, end), new)
    changed = naive.replace(text, start, end, new)

    assert old.same_as(again)
    assert edited.same_as(chunked(changed, other))
    assert old.same_as(edited) == (text == changed)
    assert edited.same_as(old) == (text == changed)


@given(texts, chunk_sizes, st.integers(0, 60))
def test_same_as_sees_one_changed_character(text, size, at):
    text += "z"
    at = min(at, len(text) - 1)
    other = naive.replace(text, at, at + 1, "y")

    with chunks_of(size):
        old = Text.of(text)
        edited = old.replace(Span(at, at + 1), "y")
    assert not old.same_as(edited)
    assert not edited.same_as(Text.of(text))
    assert edited.same_as(Text.of(other))


def test_a_real_file_has_many_chunks_and_an_edit_leaves_the_others_as_they_are():
    text = "".join(f"line {n}\n" for n in range(5000))
    old = Text.of(text)
    new = old.replace(Span(20_000, 20_003), "é\r\n")

    check(new, naive.replace(text, 20_000, 20_003, "é\r\n"))
    shared = {id(chunk) for chunk in old._chunks} & {id(chunk) for chunk in new._chunks}
    assert len(old._chunks) > 10
    assert len(shared) >= len(old._chunks) - 2


def test_a_text_that_an_editor_cut_inside_a_surrogate_pair_still_has_positions():
    text = Text.of("a\ud83d b")

    assert text.offset_at(Position(0, 2), Encoding.UTF16) == 2
    assert text.position_at(2, Encoding.UTF16) == (0, 2)
