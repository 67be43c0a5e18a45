"""Markers in test texts: ``$0`` is the cursor."""

from tandem.core.text import Text
from tandem.workspace.documents import Document

URI = "file:///test.py"


def marked(source: str, language: str = "python") -> tuple[Document, int]:
    """Return the document without its marker, and the offset the marker was at."""
    offset = source.index("$0")
    text = source.replace("$0", "", 1)
    return Document(URI, language, 1, Text.of(text)), offset


def with_ghost(document: Document, offset: int, ghost: str) -> str:
    """Return the text with the inserted part shown in ⟦ ⟧."""
    whole = str(document.text)
    return f"{whole[:offset]}⟦{ghost}⟧{whole[offset:]}"
