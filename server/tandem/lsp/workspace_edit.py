"""The result of a plan as one workspace edit: versions, notes by step, files made and removed.

A file that moves is renamed, so that an editor keeps its buffer and history. Edits are of the lines
that differ, no more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lsprotocol import types as lsp

from tandem.core.diff import changed_blocks, lines_of
from tandem.core.errors import RefusedError
from tandem.core.text import Encoding, Text
from tandem.lsp.client import Client
from tandem.lsp.convert import to_lsp_range
from tandem.lsp.plan_ports import Change
from tandem.workspace.documents import Document
from tandem.workspace.paths import of_uri
from tandem.workspace.session import Snapshot

_ALIKE: Final = 0.5  # of the lines of both: git's own measure of a rename
_Operation = lsp.TextDocumentEdit | lsp.CreateFile | lsp.RenameFile | lsp.DeleteFile


def of(change: Change, snapshot: Snapshot, client: Client, *, preview: bool) -> lsp.WorkspaceEdit:
    """Return the edit; raise RefusedError if a document changed or the editor cannot do it."""
    maker = _Maker(change, snapshot, client)
    operations = list(maker.operations())
    notes = {
        name: lsp.ChangeAnnotation(name, needs_confirmation=preview)
        for name in dict.fromkeys(change.labels.values())
    }
    return lsp.WorkspaceEdit(
        document_changes=operations,
        change_annotations=notes if client.change_annotations else None,
    )


def renamed(before: Mapping[str, str | None], texts: Mapping[str, str | None]) -> dict[str, str]:
    """Return the files that move, by their old paths: gone here, made there, half the same."""
    gone = {path: text for path, text in before.items() if text and texts.get(path) is None}
    made = [path for path, text in texts.items() if text and before.get(path) is None]
    found: dict[str, str] = {}
    for old, text in gone.items():
        scores = {path: _likeness(text, texts[path] or "") for path in made}
        best = max(scores, key=scores.__getitem__, default=None)
        if best is not None and scores[best] >= _ALIKE:
            found[old] = best
            made.remove(best)
    return found


def _likeness(one: str, other: str) -> float:
    a, b = lines_of(one), lines_of(other)
    changed = sum(max(y - x, w - z) for x, y, z, w in changed_blocks(a, b))
    return 1 - changed / max(len(a), len(b), 1)


class _Maker:
    """What an edit is made of."""

    def __init__(self, change: Change, snapshot: Snapshot, client: Client) -> None:
        if snapshot.root is None:
            raise RefusedError("there is no workspace")
        self._change = change
        self._root = snapshot.root
        self._client = client
        self._encoding = snapshot.encoding
        self._open = {of_uri(uri): document for uri, document in snapshot.documents.items()}

    def operations(self) -> Iterator[_Operation]:
        """Yield files made and moved, then texts, then files removed."""
        before, texts = self._change.before, self._change.texts
        moves = renamed(before, texts)
        if any(before[path] is None or text is None for path, text in texts.items()):
            self._check()
        for old, new in moves.items():
            note = self._note(new)
            yield lsp.RenameFile(self._uri(old), self._uri(new), annotation_id=note)
        for path, text in texts.items():
            if text is None:
                continue
            old = next((one for one, new in moves.items() if new == path), path)
            was = before[old]
            if was is None:
                yield lsp.CreateFile(self._uri(path), annotation_id=self._note(path))
            edits = self._edits(path, was or "", text)
            if edits:
                yield lsp.TextDocumentEdit(self._name(path, old, was), edits)
        for path, text in texts.items():
            if text is None and path not in moves:
                yield lsp.DeleteFile(self._uri(path), annotation_id=self._note(path))

    def _check(self) -> None:
        if not self._client.makes_files:
            raise RefusedError(
                "this editor cannot make or remove files for a server: use `tandem plan resume`"
            )

    def _uri(self, path: str) -> str:
        place = self._root / path
        document = self._open.get(str(place))
        return document.uri if document is not None else place.as_uri()

    def _note(self, path: str) -> str | None:
        return self._change.labels.get(path) if self._client.change_annotations else None

    def _name(
        self, path: str, old: str, was: str | None
    ) -> lsp.OptionalVersionedTextDocumentIdentifier:
        document = self._document(old)
        if document is not None and str(document.text) != (was or ""):
            raise RefusedError(f"{old} changed while it was asked about; try again")
        version = document.version if document is not None and old == path else None
        return lsp.OptionalVersionedTextDocumentIdentifier(self._uri(path), version)

    def _document(self, path: str) -> Document | None:
        return self._open.get(str(self._root / path))

    def _edits(
        self, path: str, was: str, text: str
    ) -> Sequence[lsp.TextEdit | lsp.AnnotatedTextEdit]:
        note = self._note(path)
        made: list[lsp.TextEdit | lsp.AnnotatedTextEdit] = []
        for place, new in line_edits(was, text, self._encoding):
            if note is None:
                made.append(lsp.TextEdit(place, new))
            else:
                made.append(lsp.AnnotatedTextEdit(note, place, new))
        return made


def line_edits(was: str, text: str, encoding: Encoding) -> Iterator[tuple[lsp.Range, str]]:
    """Yield the ranges of lines that differ, with what takes their place."""
    old, new = lines_of(was), lines_of(text)
    document = Text.of(was)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for a, b, c, d in changed_blocks(old, new):
        place = to_lsp_range(document, starts[a], starts[b], encoding)
        yield place, "".join(new[c:d])
