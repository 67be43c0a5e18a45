"""Between the protocol's types and ours: the only place where positions and offsets meet.

Functions are named ``from_lsp_*`` and ``to_lsp_*``. None of them mutates what it is given (pygls's
own conversion does, and lands one character short on a last line without a line end).
"""

from lsprotocol import types as lsp

from tandem.core.text import Encoding, Position, Text
from tandem.features.inline.complete import Completion
from tandem.features.inline.gate import Trigger
from tandem.workspace.documents import Change

_LABEL = 40  # characters of a menu entry; the rest is in the documentation


def from_lsp_position(position: lsp.Position) -> Position:
    """Return our notation of a position, still in the client's encoding."""
    return Position(position.line, position.character)


def to_lsp_position(text: Text, offset: int, encoding: Encoding) -> lsp.Position:
    """Return an offset in the client's encoding."""
    return lsp.Position(*text.position_at(offset, encoding))


def to_lsp_range(text: Text, start: int, end: int, encoding: Encoding) -> lsp.Range:
    """Return a span in the client's encoding."""
    return lsp.Range(to_lsp_position(text, start, encoding), to_lsp_position(text, end, encoding))


def from_lsp_change(change: lsp.TextDocumentContentChangeEvent) -> Change:
    """Return a content change; one without a range replaces the whole text."""
    if isinstance(change, lsp.TextDocumentContentChangePartial):
        return Change(
            from_lsp_position(change.range.start), from_lsp_position(change.range.end), change.text
        )
    return Change(None, None, change.text)


def from_lsp_trigger(kind: lsp.InlineCompletionTriggerKind) -> Trigger:
    """Return who asks."""
    invoked = kind == lsp.InlineCompletionTriggerKind.Invoked
    return Trigger.INVOKED if invoked else Trigger.AUTOMATIC


def to_lsp_inline_item(
    text: Text, offset: int, completion: Completion, encoding: Encoding, command: lsp.Command
) -> lsp.InlineCompletionItem:
    """Return ghost text: the line's beginning and the new text, over the line up to the cursor.

    Neovim and VS Code both filter an item by the text its range covers, so the range begins at
    the line's start and the text repeats what is there.
    """
    line, _ = text.point_at(offset)
    start = text.line_start(line)
    return lsp.InlineCompletionItem(
        insert_text=text.slice(start, offset) + completion.text,
        range=to_lsp_range(text, start, offset, encoding),
        command=command,
    )


def to_lsp_menu_item(
    text: Text,
    offset: int,
    completion: Completion,
    encoding: Encoding,
    command: lsp.Command,
    *,
    label_details: bool,
) -> lsp.CompletionItem:
    """Return a menu entry that replaces the word before the cursor by itself and the new text."""
    start = _word_start(text, offset)
    whole = text.slice(start, offset) + completion.text
    first = whole.partition("\n")[0].rstrip("\r")
    label = whole if len(whole) <= _LABEL and first == whole else first[: _LABEL - 1] + "…"
    source = f"tandem {completion.source}"
    return lsp.CompletionItem(
        label=label,
        kind=lsp.CompletionItemKind.Text,
        detail=None if label_details else source,
        label_details=lsp.CompletionItemLabelDetails(description=source) if label_details else None,
        sort_text="~",  # behind what the language's own server knows
        filter_text=whole,
        documentation=lsp.MarkupContent(lsp.MarkupKind.PlainText, whole),
        text_edit=lsp.TextEdit(to_lsp_range(text, start, offset, encoding), whole),
        command=command,
    )


def _word_start(text: Text, offset: int) -> int:
    line, column = text.point_at(offset)
    before = text.line(line)[:column]
    word = len(before)
    while word and (before[word - 1].isalnum() or before[word - 1] == "_"):
        word -= 1
    return offset - (len(before) - word)
