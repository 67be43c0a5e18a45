"""Findings as the protocol's diagnostics and actions."""

from collections.abc import Callable
from typing import Any, Final

from lsprotocol import types as lsp

from tandem.core.diagnostics import OWN
from tandem.core.text import Encoding, Text
from tandem.features.fixes.kinds import QUICK, REVIEW
from tandem.features.review.findings import EVIDENCE, Finding
from tandem.lsp import ext
from tandem.lsp.client import Client

_TITLE: Final = 60


def to_diagnostic(  # noqa: PLR0917 - a conversion
    finding: Finding,
    line: int,
    text: Text | None,
    encoding: Encoding,
    client: Client,
    uri_of: Callable[[str], str],
    rules: str,
) -> lsp.Diagnostic:
    """Return a finding on a line of a text; of a file that is not open, by its quote."""
    related = [
        lsp.DiagnosticRelatedInformation(
            lsp.Location(uri_of(place.path), _point(place.line)), place.said or "see here"
        )
        for place in finding.related
    ]
    described = client.code_description and rules
    return lsp.Diagnostic(
        range=_range(finding, line, text, encoding),
        message=_message(finding),
        severity=lsp.DiagnosticSeverity(finding.severity.value),
        code=finding.rule,
        code_description=lsp.CodeDescription(f"{rules}#{finding.rule}") if described else None,
        source=OWN,
        related_information=related if related and client.related_information else None,
        data={"tandemFinding": finding.key} if client.diagnostic_data else None,
    )


def _message(finding: Finding) -> str:
    if finding.by == EVIDENCE:
        return finding.claim
    return f"{finding.claim} ({finding.by}, {finding.confidence:.0%} sure)"


def _range(finding: Finding, line: int, text: Text | None, encoding: Encoding) -> lsp.Range:
    said = text.line(line) if text is not None else finding.quote
    shown = Text.of(said)
    first = len(said) - len(said.lstrip())
    ends = (first, max(first, len(said.rstrip())))
    start, end = (shown.position_at(offset, encoding) for offset in ends)
    return lsp.Range(lsp.Position(line, start.character), lsp.Position(line, end.character))


def _point(line: int) -> lsp.Range:
    return lsp.Range(lsp.Position(line, 0), lsp.Position(line, 0))


def to_actions(  # noqa: PLR0917 - a conversion
    finding: Finding,
    line: int,
    uri: str,
    version: int | None,
    text: Text,
    client: Client,
    diagnostic: lsp.Diagnostic,
) -> list[lsp.CodeAction | lsp.Command]:  # fmt: skip
    """Return what can be done about a finding: take its suggestion, explain it, dismiss it."""
    what = {"key": finding.key}
    commands = [
        _command(f"Explain the finding: {_short(finding)}", ext.EXPLAIN_COMMAND, what),
        _command(f"Dismiss: {_short(finding)}", ext.DISMISS_COMMAND, what),
    ]
    if not client.code_action_literals:
        return list(commands)
    found: list[lsp.CodeAction | lsp.Command] = []
    if finding.suggestion is not None:
        place = lsp.Range(lsp.Position(line, 0), _end(text, line, client.encoding))
        edit = lsp.TextEdit(place, finding.suggestion)
        found.append(
            lsp.CodeAction(
                f"Take the suggestion: {finding.suggestion.strip()[:_TITLE]}",
                QUICK,
                diagnostics=[diagnostic],
                is_preferred=True if client.preferred_actions else None,
                edit=_edit(uri, version, edit),
            )
        )
    found += [
        lsp.CodeAction(one.title, QUICK, diagnostics=[diagnostic], command=one) for one in commands
    ]
    return found


def _end(text: Text, line: int, encoding: Encoding) -> lsp.Position:
    said = Text.of(text.line(line))
    return lsp.Position(line, said.position_at(len(said), encoding).character)


def _edit(uri: str, version: int | None, edit: lsp.TextEdit) -> lsp.WorkspaceEdit:
    document = lsp.OptionalVersionedTextDocumentIdentifier(uri, version)
    return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(document, [edit])])


def to_review_action(client: Client) -> lsp.CodeAction | lsp.Command:
    """Return the entry at a changed line that reviews what is not committed."""
    scope: dict[str, Any] = {"scope": "uncommitted"}
    run = _command("Review what is not committed", ext.REVIEW_COMMAND, scope)
    return lsp.CodeAction(run.title, REVIEW, command=run) if client.code_action_literals else run


def _command(title: str, command: str, argument: dict[str, Any]) -> lsp.Command:
    return lsp.Command(title, command, arguments=[argument])


def _short(finding: Finding) -> str:
    claim = " ".join(finding.claim.split())
    return claim if len(claim) <= _TITLE else f"{claim[: _TITLE - 1].rstrip()}…"
