"""Between the protocol's diagnostics, actions and edits and ours.

What an action has to remember travels in its ``data`` as plain JSON and comes back from the client,
so it is read like anything that comes from outside: what does not fit is refused with a sentence.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from lsprotocol import types as lsp

from tandem.core.diagnostics import Diagnostic, Severity
from tandem.core.edits import Edit
from tandem.core.errors import RefusedError
from tandem.core.text import Encoding, Position, Span, Text
from tandem.features.fixes import rewrites
from tandem.features.fixes.ask import EXPLAIN, FIX_FREELY, Ask
from tandem.features.fixes.kinds import PLAN
from tandem.features.fixes.offers import Offer, Situation
from tandem.lsp.client import Client
from tandem.lsp.convert import to_lsp_range
from tandem.lsp.ext import ACTION_COMMAND, ASK_COMMAND, PLAN_COMMAND
from tandem.workspace.documents import Document

_ANNOTATION = "tandem"


def from_lsp_range(text: Text, found: lsp.Range, encoding: Encoding) -> Span:
    """Return a range in offsets, its end never before its start."""
    start = text.offset_at(Position(found.start.line, found.start.character), encoding)
    end = text.offset_at(Position(found.end.line, found.end.character), encoding)
    return Span(start, max(start, end))


def from_lsp_selection(text: Text, found: lsp.Range, encoding: Encoding) -> Span:
    """Return what is selected: in Helix a cursor is a selection of one character."""
    span = from_lsp_range(text, found, encoding)
    few = span.end - span.start <= 1 or text.slice(*span) == "\r\n"
    return Span(span.start, span.start) if few else span


def code_at(text: Text, span: Span) -> int:
    """Return where the code of a selection begins: whole lines begin before their indentation."""
    rest = text.slice(span.start, text.line_end(text.point_at(span.start)[0]))
    return span.start + len(rest) - len(rest.lstrip(" \t"))


def from_lsp_diagnostic(text: Text, found: lsp.Diagnostic, encoding: Encoding) -> Diagnostic:
    """Return what another server says, in offsets."""
    severity = found.severity or lsp.DiagnosticSeverity.Error
    return Diagnostic(
        from_lsp_range(text, found.range, encoding),
        found.message,
        found.source or "",
        "" if found.code is None else str(found.code),
        Severity(int(severity)),
        lsp.DiagnosticTag.Unnecessary in (found.tags or ()),
    )


def to_lsp_edit(
    document: Document,
    edits: Sequence[Edit],
    encoding: Encoding,
    client: Client,
    *,
    label: str = "",
) -> lsp.WorkspaceEdit:
    """Return edits for exactly the version of a document they were made for.

    Versioned also for clients that do not announce ``documentChanges``: Neovim is one, and takes
    them. `label` annotates them where the client can show that.
    """
    note = _ANNOTATION if label and client.change_annotations else None
    changes: list[lsp.TextEdit | lsp.AnnotatedTextEdit] = []
    for edit in edits:
        place = to_lsp_range(document.text, *edit.span, encoding)
        if note is None:
            changes.append(lsp.TextEdit(place, edit.new))
        else:
            changes.append(lsp.AnnotatedTextEdit(note, place, edit.new))
    name = lsp.OptionalVersionedTextDocumentIdentifier(uri=document.uri, version=document.version)
    annotations = {note: lsp.ChangeAnnotation(label, needs_confirmation=False)} if note else None
    return lsp.WorkspaceEdit(
        document_changes=[lsp.TextDocumentEdit(name, changes)], change_annotations=annotations
    )


def to_lsp_action(
    offer: Offer,
    document: Document,
    diagnostics: Sequence[lsp.Diagnostic],
    encoding: Encoding,
    client: Client,
) -> lsp.CodeAction | lsp.Command | None:
    """Return a menu entry in the richest form the client has; None where it has none."""
    if offer.disabled and not client.disabled_actions:
        return None
    data = _data(offer.ask, document, encoding) if offer.ask is not None else None
    lazily = _is_lazy(offer, client)
    command = None
    if data is not None and not lazily:
        command = lsp.Command(title=offer.title, command=ACTION_COMMAND, arguments=[data])
    if not client.code_action_literals:
        return command
    edit = to_lsp_edit(document, offer.edits, encoding, client) if offer.edits else None
    tags = [lsp.CodeActionTag.LlmGenerated] if offer.by_model and client.model_tag else None
    return lsp.CodeAction(
        title=offer.title,
        kind=offer.kind,
        diagnostics=[diagnostics[number] for number in offer.solves] or None,
        is_preferred=True if offer.preferred and client.preferred_actions else None,
        disabled=lsp.CodeActionDisabled(offer.disabled) if offer.disabled else None,
        edit=edit,
        command=command,
        data=data if lazily else None,
        tags=tags,
    )


def to_plan_action(
    here: Situation, place: lsp.Range, client: Client
) -> lsp.CodeAction | lsp.Command:
    """Return the entry that plans a change of what stands here.

    It asks for the instruction where the client can; else it shows what a change would reach.
    """
    start = code_at(here.source.document.text, here.span)
    symbol = rewrites.at(here.source, Span(start, start)).symbol
    what = f"`{symbol.name}`" if symbol is not None else here.source.path.rpartition("/")[2]
    wish: dict[str, Any] = {
        "textDocument": {"uri": here.source.document.uri},
        "range": {
            "start": {"line": place.start.line, "character": place.start.character},
            "end": {"line": place.end.line, "character": place.end.character},
        },
    }
    title = f"Plan refactor of {what}…"
    command = ASK_COMMAND
    if not client.has_input:
        title, command = f"Show what a change of {what} would reach (free)", PLAN_COMMAND
        wish |= {"instruction": f"Change {what}", "report": True}
    run = lsp.Command(title=title, command=command, arguments=[wish])
    return lsp.CodeAction(title, PLAN, command=run) if client.code_action_literals else run


def _is_lazy(offer: Offer, client: Client) -> bool:
    """Tell whether an edit is resolved; else the action is a command, which blocks no editor."""
    if offer.ask is None or offer.ask.action == EXPLAIN or not client.resolves_edits:
        return False
    return offer.ask.action == FIX_FREELY or not client.waits_for_edits


def _data(ask: Ask, document: Document, encoding: Encoding) -> dict[str, Any]:
    text = document.text
    return {
        "tandem": ask.action,
        "uri": ask.uri,
        "version": ask.version,
        "range": _range(text, ask.span, encoding),
        "diagnostics": [
            {
                "range": _range(text, one.span, encoding),
                "message": one.message,
                "source": one.source,
                "code": one.code,
                "severity": one.severity.value,
            }
            for one in ask.diagnostics
        ],
    }


def _range(text: Text, span: Span, encoding: Encoding) -> list[int]:
    start, end = (text.position_at(offset, encoding) for offset in span)
    return [*start, *end]


def is_ours(data: Any) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether an action's data, as it came back, is of an action of Tandem's."""
    return isinstance(data, Mapping) and isinstance(data.get("tandem"), str)


def uri_of(data: Mapping[str, Any]) -> str:
    """Return which document an action of ours is about."""
    return str(data.get("uri", ""))


def from_data(data: Mapping[str, Any], document: Document, encoding: Encoding) -> Ask:
    """Return what was offered. Raises RefusedError where the data is not what was sent."""
    text = document.text
    try:
        diagnostics = tuple(
            Diagnostic(
                _span(text, one["range"], encoding),
                str(one["message"]),
                str(one["source"]),
                str(one["code"]),
                Severity(one["severity"]),
            )
            for one in data["diagnostics"]
        )
        span = _span(text, data["range"], encoding)
        return Ask(data["tandem"], document.uri, int(data["version"]), span, diagnostics)
    except (KeyError, TypeError, ValueError):
        raise RefusedError("the action came back without what it was offered with") from None


def _span(text: Text, numbers: Sequence[int], encoding: Encoding) -> Span:
    line, character, end_line, end_character = numbers
    start = text.offset_at(Position(int(line), int(character)), encoding)
    end = text.offset_at(Position(int(end_line), int(end_character)), encoding)
    return Span(start, max(start, end))
