"""Reviews in the editor: ``tandem/reviewDiff`` and its commands, findings as diagnostics.

What the evidence shows is there at once; Pro is asked after a yes where it costs more than the
user's threshold. Findings follow the edits of their documents. A client that pulls diagnostics
pulls those of open documents; those of other files are pushed, so that nothing shows twice.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.core.errors import RefusedError
from tandem.core.text import Text
from tandem.features.review.anchors import Anchors
from tandem.features.review.findings import Finding
from tandem.lsp.client import Client
from tandem.lsp.convert import from_lsp_change
from tandem.lsp.errands import Errands
from tandem.lsp.ext import plain
from tandem.lsp.findings import to_actions, to_diagnostic, to_review_action
from tandem.lsp.review_ports import Looked, Reviewed, ReviewPorts
from tandem.lsp.showing import shown
from tandem.workspace.session import Session, Snapshot

logger = logging.getLogger(__name__)

T = TypeVar("T")

_STOPPED: Final = "the review was stopped"
_ASK: Final = "Ask Pro"
_ENOUGH: Final = "The evidence is enough"
_REPORT: Final = "Show the report"


@dataclass(slots=True, eq=False)
class ReviewHandlers:
    """Reviews for one connection."""

    server: LanguageServer
    session: Session
    client: Callable[[], Client]
    ports: Callable[[], ReviewPorts]
    errands: Errands
    _found: dict[str, tuple[Finding, ...]] = field(default_factory=dict)  # by path
    _anchors: dict[str, Anchors] = field(default_factory=dict)  # of open documents, by URI
    _pushed: set[str] = field(default_factory=set)
    _rules: str = ""
    _refreshing: bool = False

    # -- requests ------------------------------------------------------------------------------

    async def review(self, _snapshot: Snapshot, params: Any) -> dict[str, Any]:
        """Answer ``tandem/reviewDiff``: what the evidence shows, and what Pro finds."""
        kind, revision, evidence_only = _scope(params)
        ports = self.ports()
        with self.errands.bar() as bar:
            bar.say("comparing")
            look = await self.errands.stoppable(ports.look(kind, revision), _STOPPED)
            await self.show(look.findings)
            bar.done(look.summary)
        if evidence_only or not await self._wanted(look):
            return await self._ended(look.title, look.report, look.summary, look.findings)
        with self.errands.bar() as bar:
            bar.say(f"reviewing, {look.price}")
            found = await self.errands.stoppable(ports.judge(look, bar.say), _STOPPED)
            await self.show(found.findings)
            bar.done(found.summary)
        return await self._ended(look.title, found.report, found.summary, found.findings, found)

    async def _wanted(self, look: Looked) -> bool:
        if look.without_model or look.draft is None:
            return False
        if look.nothing or not look.ask:
            return True
        return await self.errands.asked(f"Pro's review costs {look.price}", [_ASK, _ENOUGH]) == _ASK

    async def _ended(
        self,
        title: str,
        report: str,
        summary: str,
        findings: Sequence[Finding],
        found: Reviewed | None = None,
    ) -> dict[str, Any]:
        uri = await self.ports().keep(f"review of {title}", report)
        self.errands.later(self._offer_report(summary, uri if findings else ""))
        return {
            "title": title,
            "findings": len(findings),
            "report": uri,
            "asked": found is not None,
            "dropped": found.dropped if found is not None else 0,
            "cost": found.cost if found is not None else "",
        }

    async def _offer_report(self, summary: str, uri: str) -> None:
        if not uri or not self.client().asks or not self.client().shows_documents:
            self.errands.say(f"Tandem: {summary}")
        elif await self.errands.asked(summary, [_REPORT]) == _REPORT:
            await shown(self.server, self.client(), uri, focus=True)

    async def dismiss(self, _snapshot: Snapshot, params: Any) -> dict[str, Any]:
        """Answer ``tandem/dismissFinding``: it is gone, and is not shown again."""
        finding = self._finding(params)
        await self.ports().dismiss(finding)
        path = finding.path
        self._found[path] = tuple(f for f in self._found.get(path, ()) if f.key != finding.key)
        for anchors in self._anchors.values():
            anchors.drop(finding.key)
        self._publish(path)
        return {"dismissed": finding.key}

    async def explain(self, _snapshot: Snapshot, params: Any) -> dict[str, Any]:
        """Answer ``tandem/explainFinding``: all that is known of it, as a text."""
        finding = self._finding(params)
        ports = self.ports()
        text = ports.explained(finding)
        uri = await ports.keep(f"finding {finding.rule} {finding.key[:6]}", text)
        if not await shown(self.server, self.client(), uri):
            self.errands.say(text)
        return {"uri": uri}

    async def restore(self, _snapshot: Snapshot, _params: Any) -> dict[str, Any]:
        """Answer ``tandem/restoreFindings``: what was dismissed may be shown again."""
        count = await self.ports().restore()
        what = "1 dismissed finding" if count == 1 else f"{count} dismissed findings"
        self.errands.say(f"Tandem: the next review may show {what} again")
        return {"restored": count}

    async def clear(self, _snapshot: Snapshot, _params: Any) -> dict[str, Any]:
        """Answer ``tandem/clearReview``: no finding is shown until the next review."""
        count = sum(map(len, self._found.values()))
        await self.show(())
        return {"cleared": count}

    async def stop_review(self, _snapshot: Snapshot, _params: Any) -> dict[str, Any]:
        """Answer ``tandem/stopReview``: end the spending; what was found stays."""
        stopped = self.errands.cancel()
        if not stopped:
            raise RefusedError("no review is under way")
        return {"stopped": stopped}

    def _finding(self, params: Any) -> Finding:
        values = plain(params)
        key = values.get("key") if isinstance(values, dict) else values
        for findings in self._found.values():
            for one in findings:
                if one.key == key:
                    return one
        raise RefusedError("there is no such finding any more")

    # -- what is shown -------------------------------------------------------------------------

    async def show(self, findings: Sequence[Finding]) -> None:
        """Show findings in the place of those that were."""
        paths = set(self._found)
        by_path: dict[str, list[Finding]] = {}
        for one in findings:
            by_path.setdefault(one.path, []).append(one)
        self._found = {path: tuple(some) for path, some in by_path.items()}
        self._anchors.clear()
        if findings and self.client().code_description and not self._rules:
            self._rules = await self.ports().rules()
        for uri, document in self.session.snapshot().documents.items():
            self._anchor(uri, document.text)
        for path in sorted(paths | set(self._found)):
            self._publish(path)

    def _anchor(self, uri: str, text: Text) -> None:
        path = self.ports().path_of(uri) if self._found else None
        if path is not None and self._found.get(path):
            self._anchors[uri] = Anchors(text, self._found[path])

    def _publish(self, path: str) -> None:
        """Send the diagnostics of a file, or have them pulled."""
        ports = self.ports()
        uri = ports.uri_of(path)
        is_open = uri in self.session.snapshot().documents
        pulled = is_open and self.client().pulls_diagnostics
        found = [] if pulled else self._diagnostics(uri, path)
        if found or uri in self._pushed:
            (self._pushed.add if found else self._pushed.discard)(uri)
            params = lsp.PublishDiagnosticsParams(uri=uri, diagnostics=found)
            self.server.text_document_publish_diagnostics(params)
        if pulled:
            self._refresh()

    def _diagnostics(self, uri: str, path: str) -> list[lsp.Diagnostic]:
        anchors = self._anchors.get(uri)
        if anchors is not None:
            return self._anchored(anchors)
        return [self._diagnostic(one, one.line, None) for one in self._found.get(path, ())]

    def _anchored(self, anchors: Anchors) -> list[lsp.Diagnostic]:
        return [self._diagnostic(one, line, anchors.text) for one, line in anchors.shown()]

    def _diagnostic(self, one: Finding, line: int, text: Text | None) -> lsp.Diagnostic:
        client = self.client()
        uri_of = self.ports().uri_of
        return to_diagnostic(one, line, text, client.encoding, client, uri_of, self._rules)

    async def pull(
        self, _snapshot: Snapshot, params: lsp.DocumentDiagnosticParams
    ) -> lsp.RelatedFullDocumentDiagnosticReport:
        """Answer ``textDocument/diagnostic``: of what is not open, nothing, for that is pushed."""
        anchors = self._anchors.get(params.text_document.uri)
        found = self._anchored(anchors) if anchors is not None else []
        return lsp.RelatedFullDocumentDiagnosticReport(items=found)

    def _refresh(self) -> None:
        """Have the client pull again, once for all that changed in a turn of the loop."""
        if self._refreshing:
            return
        self._refreshing = True

        async def refresh() -> None:
            self._refreshing = False
            try:
                await self.server.workspace_diagnostic_refresh_async(None)
            except JsonRpcException:
                logger.info("review.refresh_refused")

        self.errands.later(refresh())

    # -- documents -----------------------------------------------------------------------------

    def opened(self, uri: str) -> None:
        """Put the findings of a file on the lines of its document."""
        document = self.session.snapshot().documents.get(uri)
        if document is None or not self._found:
            return
        self._anchor(uri, document.text)
        if uri in self._anchors:
            self._publish(self.ports().path_of(uri) or "")

    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Let findings follow what was typed."""
        uri = params.text_document.uri
        anchors = self._anchors.get(uri)
        if anchors is None:
            return
        moved = False
        for change in map(from_lsp_change, params.content_changes):
            moved |= anchors.edit(change.edit(anchors.text, self.client().encoding))
        if moved and not self.client().pulls_diagnostics:
            path = self.ports().path_of(uri)
            if path is not None:
                self._publish(path)

    def closed(self, uri: str) -> None:
        """Keep where the findings are, for the file that is left."""
        anchors = self._anchors.pop(uri, None)
        path = self.ports().path_of(uri) if anchors is not None else None
        if anchors is None or path is None:
            return
        self._found[path] = tuple(replace(one, line=line) for one, line in anchors.shown())
        self._publish(path)

    # -- actions -------------------------------------------------------------------------------

    def actions(
        self, uri: str, place: lsp.Range, wants: Callable[[str], bool]
    ) -> list[lsp.CodeAction | lsp.Command]:
        """Return what can be done about the findings on some lines, and at a changed line."""
        from tandem.features.fixes.kinds import QUICK, REVIEW  # noqa: PLC0415 - with the others

        found: list[lsp.CodeAction | lsp.Command] = []
        lines = range(place.start.line, place.end.line + 1)
        anchors = self._anchors.get(uri) if wants(QUICK) else None
        document = self.session.snapshot().documents.get(uri)
        if anchors is not None and document is not None:
            client = self.client()
            for one, line in anchors.shown():
                if line in lines:
                    said = self._diagnostic(one, line, anchors.text)
                    found += to_actions(
                        one, line, uri, document.version, anchors.text, client, said
                    )
        if wants(REVIEW) and self.ports().is_changed(uri, lines):
            found.append(to_review_action(self.client()))
        return found


def _scope(params: Any) -> tuple[str, str, bool]:
    """Return what is to be reviewed, of which revision, and whether the evidence is enough."""
    values = plain(params)
    if values is None:
        return "", "", False
    if isinstance(values, str):
        return values, "", False
    if not isinstance(values, dict):
        raise RefusedError("say what to review as an object with a scope")
    kind, revision = values.get("scope") or "", values.get("revision") or ""
    if not isinstance(kind, str) or not isinstance(revision, str):
        raise RefusedError("the scope and the revision are texts")
    return kind, revision, bool(values.get("evidence"))
