"""A text goes back into its file with the mark and the encoding that the file has."""

import codecs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.workspace.files import decode, encoded

MARKS = {
    "utf-8-sig": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}

# Without NUL, which makes a file binary, and lone surrogates, which no encoding has.
WRITABLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXTS = st.text(WRITABLE, max_size=40)
LATIN = st.text(st.sampled_from("aé ü\r\n\tÃ©\x85\xa0ÿ"), max_size=12)


@pytest.mark.parametrize("encoding", MARKS)
@given(TEXTS, TEXTS)
@example("", "")
@example("\ufeffx\r\n", "\U0001f600")
def test_a_marked_file_keeps_mark_and_encoding(encoding, before, after):
    mark = MARKS[encoding]
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    like = mark + before.encode(codec)

    assert encoded(after, like) == mark + after.encode(codec)
    assert decode(encoded(after, like)) == after


@given(TEXTS.filter(lambda text: not text.startswith("\ufeff")), TEXTS | st.just("\ufeff"))
def test_a_file_without_a_mark_stays_utf8(after, before):
    like = before.removeprefix("\ufeff").encode()

    assert encoded(after, like) == after.encode()
    assert encoded(after, b"") == after.encode()


@given(LATIN.filter(lambda text: not text.isascii()), LATIN)
@example("é", "Ã©")  # in Latin-1 these two are the UTF-8 of one
@example("é", "a")
@example("é", "")
def test_whatever_becomes_of_a_latin1_file_is_read_as_it_was_meant(before, after):
    like = before.encode("latin-1")

    assert decode(encoded(after, like)) == after


def test_a_latin1_file_stays_one_as_long_as_it_can():
    like = "größer\r\n".encode("latin-1")

    assert encoded("kleiner, größer\r\n", like) == "kleiner, größer\r\n".encode("latin-1")
    assert encoded("größer: 5 €\r\n", like) == "größer: 5 €\r\n".encode()
    assert encoded("Ã©\r\n", like) == "Ã©\r\n".encode()


@given(TEXTS, st.sampled_from(["utf-8", "latin-1", *MARKS]))
@example("\ufeff\ufeffx", "utf-8")
@example("é", "latin-1")
def test_the_bytes_of_an_unchanged_text_are_unchanged(text, encoding):
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    data = MARKS.get(encoding, b"") + text.encode(codec, "replace")
    read = decode(data)

    assert read is None or encoded(read, data) == data


@given(st.binary(max_size=30), st.sampled_from([b"", *MARKS.values()]))
def test_what_can_be_read_can_be_written_back(data, mark):
    read = decode(mark + data)

    assert read is None or encoded(read, mark + data) == mark + data


@pytest.mark.parametrize("mark", MARKS.values())
def test_a_file_with_nothing_but_a_mark_keeps_it(mark):
    assert decode(mark) == ""
    assert encoded("", mark) == mark
