"""What an action is about: a document as it is, a place in it, what is to be done there.

Values only. An `Ask` is all that an offer carries: enough to rebuild everything once it is chosen,
so that nothing is kept for offers that nobody takes.
"""

from dataclasses import dataclass
from typing import Final

from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span, Text
from tandem.index.code import Code
from tandem.index.facts import FileFacts
from tandem.workspace.documents import Document

FIX: Final = "fix"
FIX_FREELY: Final = "fix all freely"
EXPLAIN: Final = "explain"
PROMPT: Final = "prompt:"  # and the name of a prompt action of the user's own


@dataclass(frozen=True, slots=True)
class Ask:
    """One action on one version of a document.

    `action` is ``fix``, ``explain``, a rewrite's name, or ``prompt:`` with the name of an own one.
    """

    action: str
    uri: str
    version: int
    span: Span
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """An open document and what is known of it.

    `path` is relative to the workspace, "" outside of it; `code` is the codebase, None without an
    index; `facts` are of exactly this text, None where they lag behind or there is no grammar.
    """

    document: Document
    path: str
    code: Code | None
    facts: FileFacts | None

    @property
    def text(self) -> Text:
        """The text as it is."""
        return self.document.text

    @property
    def name(self) -> str:
        """What to call the file towards a model: never a path of the machine."""
        return self.path or self.document.uri.rpartition("/")[2] or "file"


def source_of(document: Document, path: str | None, code: Code | None) -> Source:
    """Return a document with what the index knows of it at this moment."""
    if path is None or code is None:
        return Source(document, path or "", code, None)
    facts = code.facts(path)
    known = code.text(path) if facts is not None and facts.exact else None
    current = known is not None and len(known) == len(document.text)
    fresh = current and known == str(document.text)
    return Source(document, path, code, facts if fresh else None)
