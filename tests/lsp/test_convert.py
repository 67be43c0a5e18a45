"""Between the protocol's types and ours: positions in three encodings, items, addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from tandem.core.text import Encoding, Position, Text
from tandem.features.inline.complete import Completion
from tandem.features.inline.gate import Trigger
from tandem.lsp.convert import (
    from_lsp_change,
    from_lsp_position,
    from_lsp_trigger,
    to_lsp_inline_item,
    to_lsp_menu_item,
    to_lsp_position,
    to_lsp_range,
)
from tandem.workspace.paths import of_uri

COMMAND = lsp.Command(title="t", command="c")
TEXTS = st.text("ab_ \n\r\f\u2028é你😀", max_size=40)
ENCODINGS = st.sampled_from(list(Encoding))


def completion(text: str) -> Completion:
    return Completion(text, "flash", "m", None, remembered=False)


def applied(text: Text, change: lsp.Range, new: str, encoding: Encoding) -> str:
    start = text.offset_at(from_lsp_position(change.start), encoding)
    end = text.offset_at(from_lsp_position(change.end), encoding)
    return str(text)[:start] + new + str(text)[end:]


@given(text=TEXTS, encoding=ENCODINGS, data=st.data())
def test_a_position_comes_back_to_its_offset(text, encoding, data):
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        offset += 1  # between the two is no position
    document = Text.of(text)
    position = to_lsp_position(document, offset, encoding)

    assert document.offset_at(from_lsp_position(position), encoding) == offset


@given(text=TEXTS, encoding=ENCODINGS, data=st.data())
def test_an_item_inserts_exactly_the_completion(text, encoding, data):
    """Whatever an item's range covers, taking it leaves the text with the completion inside."""
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        offset += 1
    document, new = Text.of(text), completion("def😀(")
    expected = text[:offset] + new.text + text[offset:]
    ghost = to_lsp_inline_item(document, offset, new, encoding, COMMAND)
    entry = to_lsp_menu_item(document, offset, new, encoding, COMMAND, label_details=False)

    assert isinstance(ghost.insert_text, str)
    assert ghost.range is not None
    assert isinstance(entry.text_edit, lsp.TextEdit)
    assert applied(document, ghost.range, ghost.insert_text, encoding) == expected
    assert applied(document, entry.text_edit.range, entry.text_edit.new_text, encoding) == expected
    # One line, and up to the cursor: what editors demand of both.
    for span in (ghost.range, entry.text_edit.range):
        assert span.start.line == span.end.line
        assert span.end == to_lsp_position(document, offset, encoding)
    assert ghost.range.start.character == 0


@pytest.mark.parametrize(
    ("encoding", "start", "end"),
    [(Encoding.UTF8, 7, 12), (Encoding.UTF16, 4, 6), (Encoding.UTF32, 3, 5)],
)
def test_a_menu_entry_replaces_the_word_before_the_cursor(encoding, start, end):
    document = Text.of("😀é.é你)\n")
    entry = to_lsp_menu_item(document, 5, completion("_z"), encoding, COMMAND, label_details=False)

    assert isinstance(entry.text_edit, lsp.TextEdit)
    assert entry.text_edit.new_text == entry.filter_text == entry.label == "é你_z"
    assert entry.detail == "tandem flash"
    assert entry.text_edit.range == lsp.Range(lsp.Position(0, start), lsp.Position(0, end))


def test_a_long_entry_has_a_short_label_and_all_of_its_text():
    new = completion("x" * 100)
    entry = to_lsp_menu_item(Text.of(""), 0, new, Encoding.UTF16, COMMAND, label_details=True)

    assert len(entry.label) == 40
    assert entry.filter_text == "x" * 100
    assert isinstance(entry.documentation, lsp.MarkupContent)
    assert entry.documentation.value == "x" * 100
    assert entry.label_details is not None
    assert (entry.label_details.description, entry.detail) == ("tandem flash", None)


def test_a_range_is_two_positions():
    text = Text.of("ab\ncd")

    assert to_lsp_range(text, 1, 4, Encoding.UTF16) == lsp.Range(
        lsp.Position(0, 1), lsp.Position(1, 1)
    )


def test_a_change_without_a_range_has_no_places():
    assert from_lsp_change(lsp.TextDocumentContentChangeWholeDocument("x")).start is None
    partial = lsp.TextDocumentContentChangePartial(
        range=lsp.Range(lsp.Position(0, 1), lsp.Position(2, 3)), text="x"
    )
    change = from_lsp_change(partial)
    assert (change.start, change.end) == (Position(0, 1), Position(2, 3))


def test_triggers():
    assert from_lsp_trigger(lsp.InlineCompletionTriggerKind.Invoked) is Trigger.INVOKED
    assert from_lsp_trigger(lsp.InlineCompletionTriggerKind.Automatic) is Trigger.AUTOMATIC


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///home/u/a.py", "/home/u/a.py"),
        ("file:///home/u/a%20b%C3%A9.py", "/home/u/a bé.py"),
        ("file:///c%3A/x/y.py", "c:/x/y.py"),
        ("file:///C:/x", "C:/x"),
        ("file:///C:", "C:"),
        ("file:///a%23b%3Fc", "/a#b?c"),
        ("untitled:Untitled-1", None),
        ("vscode-remote://wsl/home", None),
        ("", None),
    ],
)
def test_addresses_of_files(uri, path):
    assert of_uri(uri) == path
