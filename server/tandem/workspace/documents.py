"""An open document as the editor has it: a frozen value per version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tandem.core.edits import Edit
from tandem.core.text import Encoding, Position, Span, Text


@dataclass(frozen=True, slots=True)
class Document:
    """One version of an open document; `uri` and `language` as the client said them."""

    uri: str
    language: str
    version: int
    text: Text

    def changed(self, version: int, changes: Sequence["Change"], encoding: Encoding) -> "Document":
        """Return the document after the client's changes, applied in their order."""
        text = self.text
        for change in changes:
            if change.start is None or change.end is None:
                text = Text.of(change.text)
                continue
            edit = change.edit(text, encoding)
            text = text.replace(edit.span, edit.new)
        return replace(self, version=version, text=text)


@dataclass(frozen=True, slots=True)
class Change:
    """A content change: a range replaced, or (without a range) the whole text."""

    start: Position | None
    end: Position | None
    text: str

    def edit(self, text: Text, encoding: Encoding) -> Edit:
        """Return the change in offsets of the text it was made for."""
        if self.start is None or self.end is None:
            return Edit(Span(0, len(text)), self.text)
        start = text.offset_at(self.start, encoding)
        return Edit(Span(start, text.offset_at(self.end, encoding)), self.text)
