"""``textDocument/codeAction`` and ``codeAction/resolve``; a command for clients without resolve."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from tandem.core.diagnostics import Diagnostic
from tandem.core.edits import Edit
from tandem.core.errors import RefusedError, StaleError, TandemError
from tandem.lsp.client import Client
from tandem.lsp.handlers.completion import document_of
from tandem.lsp.progress import ActionBar, Bars
from tandem.lsp.showing import shown
from tandem.workspace.documents import Document
from tandem.workspace.session import Session, Snapshot

if TYPE_CHECKING:  # 40 ms of the start-up; loaded with the first action
    from tandem.core.clock import Clock
    from tandem.core.model import Usage
    from tandem.core.money import Usd
    from tandem.engine.gateway import Gateway
    from tandem.engine.harness import Experience, Failed
    from tandem.engine.ladder import Step
    from tandem.features.fixes.ask import Ask
    from tandem.features.fixes.fix import Check
    from tandem.features.fixes.paid import Paid
    from tandem.index.code import Code

_STALE: Final = "the document changed since this was offered: ask again"
_CHANGED: Final = "the document changed while the answer was made: ask again, nothing was edited"


@dataclass(frozen=True, slots=True)
class ActionPorts:
    """Who helps with actions. `gateway` is None, and `without_model` says why, without a model."""

    gateway: "Gateway | None"
    without_model: str
    code: "Code | None"
    path: str | None
    experience: "Experience"
    check: "Check"
    paid: "Paid"
    clock: "Clock"
    keep: Callable[[str, str], Awaitable[str]]
    """Writes a text for people to a file of Tandem's own, by title; returns its URI."""


Further: TypeAlias = Callable[
    [str, lsp.Range, Callable[[str], bool]], "list[lsp.CodeAction | lsp.Command]"
]
"""Returns what others offer in a document, at a place, of the kinds that are wanted."""


def _nothing(
    _uri: str, _place: lsp.Range, _wants: Callable[[str], bool]
) -> "list[lsp.CodeAction | lsp.Command]":
    return []


@dataclass(slots=True, eq=False)
class ActionHandlers:
    """Quick fixes and rewrites for one connection."""

    server: LanguageServer
    session: Session
    client: Callable[[], Client]
    ports: Callable[[str], ActionPorts]
    bars: Bars
    further: Further = _nothing

    async def offer(
        self, snapshot: Snapshot, params: lsp.CodeActionParams
    ) -> list[lsp.CodeAction | lsp.Command]:
        """Answer with what can be done here. Free, and nothing is sent to anybody."""
        from tandem.features.fixes import offers  # noqa: PLC0415 - as above
        from tandem.features.fixes.ask import source_of  # noqa: PLC0415
        from tandem.features.fixes.kinds import PLAN  # noqa: PLC0415
        from tandem.lsp import actions  # noqa: PLC0415

        wanted = offers.Wanted(tuple(_kinds(params.context)))
        others = self.further(params.text_document.uri, params.range, wanted)
        if not snapshot.settings.fix.enabled:
            return others
        document = document_of(snapshot, params.text_document.uri)
        text, encoding, ports = document.text, snapshot.encoding, self.ports(document.uri)
        said = params.context.diagnostics
        source = source_of(document, ports.path, ports.code)
        here = offers.Situation(
            source,
            actions.from_lsp_selection(text, params.range, encoding),
            tuple(actions.from_lsp_diagnostic(text, one, encoding) for one in said),
            snapshot.settings,
            ports.without_model,
            _price(ports.gateway),
            ports.clock.monotonic,
        )
        found = (
            actions.to_lsp_action(one, document, said, encoding, self.client())
            for one in offers.offers(here, wanted.only)
        )
        actions_found = [action for action in found if action is not None]
        if source.path and wanted(PLAN):
            actions_found.append(actions.to_plan_action(here, params.range, self.client()))
        return [*others, *actions_found]

    async def resolve(self, snapshot: Snapshot, action: lsp.CodeAction) -> lsp.CodeAction:
        """Carry out what was chosen; an action that is not ours, or whole, is handed back."""
        from tandem.lsp import actions  # noqa: PLC0415 - as above

        data = action.data
        if action.edit is not None or not actions.is_ours(data):
            return action
        document, edits, label = await self._perform(snapshot, data)
        action.edit = actions.to_lsp_edit(
            document, edits, snapshot.encoding, self.client(), label=label
        )
        return action

    async def run(self, snapshot: Snapshot, data: Any) -> None:
        """Carry out the command of an action; a refusal is a message: Helix shows no other."""
        try:
            await self._run(snapshot, data)
        except TandemError as error:
            warning = lsp.MessageType.Warning
            self.server.window_show_message(lsp.ShowMessageParams(warning, f"Tandem: {error}"))

    async def _run(self, snapshot: Snapshot, data: Any) -> None:
        """Explain, or edit where there is no resolve."""
        from tandem.features.fixes.ask import EXPLAIN  # noqa: PLC0415 - as above
        from tandem.lsp import actions  # noqa: PLC0415

        if not actions.is_ours(data):
            raise RefusedError("the command is of no action of Tandem's")
        if data["tandem"] == EXPLAIN:
            await self._explain(snapshot, data)
            return
        document, edits, label = await self._perform(snapshot, data)
        edit = actions.to_lsp_edit(document, edits, snapshot.encoding, self.client(), label=label)
        answer = await self.server.workspace_apply_edit_async(
            lsp.ApplyWorkspaceEditParams(edit, label=label or "Tandem")
        )
        if not answer.applied:
            raise RefusedError("the editor did not take the edit")

    async def _perform(
        self, snapshot: Snapshot, data: Mapping[str, Any]
    ) -> tuple[Document, Sequence[Edit], str]:
        """Return the edits of an action, for the document as it still is."""
        from tandem.features.fixes.ask import FIX_FREELY  # noqa: PLC0415 - as above
        from tandem.lsp import actions  # noqa: PLC0415

        document = document_of(snapshot, actions.uri_of(data))
        if document.version != data.get("version"):
            raise StaleError(_STALE)
        ask = actions.from_data(data, document, snapshot.encoding)
        if ask.action == FIX_FREELY:
            edits, label = self._freely(document, ask), "Tandem: free"
        else:
            edits, label = await self._by_model(snapshot, document, ask)
        if self.session.snapshot().documents.get(document.uri) is not document:
            raise StaleError(_CHANGED)
        return document, edits, label

    def _freely(self, document: Document, ask: "Ask") -> Sequence[Edit]:
        from tandem.features.fixes.ask import source_of  # noqa: PLC0415 - as above
        from tandem.features.fixes.offers import all_free  # noqa: PLC0415

        ports = self.ports(document.uri)
        source = source_of(document, ports.path, ports.code)
        if ports.code is None or not source.path:
            return ()
        edits, _solved = all_free(ports.code, source, ask.diagnostics)
        return edits

    async def _by_model(
        self, snapshot: Snapshot, document: Document, ask: "Ask"
    ) -> tuple[Sequence[Edit], str]:
        from tandem.engine.harness import announcement  # noqa: PLC0415 - as above
        from tandem.features.fixes import fix  # noqa: PLC0415
        from tandem.features.fixes.ask import source_of  # noqa: PLC0415

        ports = self.ports(document.uri)
        gateway = _gateway(ports)
        source = source_of(document, ports.path, ports.code)
        with self._bar() as bar:

            async def announce(step: "Step", failed: "Sequence[Failed]") -> None:
                bar.say(announcement(step, failed))

            helpers = fix.Ports(gateway, ports.experience, announce, ports.check, ports.paid)
            done = await fix.perform(source, ask, snapshot.settings, helpers)
            bar.done(done.by)
        return done.edits, f"Tandem: {done.by}"

    async def _explain(self, snapshot: Snapshot, data: Mapping[str, Any]) -> None:
        from tandem.features.fixes.ask import source_of  # noqa: PLC0415 - as above
        from tandem.features.fixes.explain import explain  # noqa: PLC0415
        from tandem.lsp import actions  # noqa: PLC0415

        document = document_of(snapshot, actions.uri_of(data))
        ask = actions.from_data(data, document, snapshot.encoding)
        ports = self.ports(document.uri)
        gateway = _gateway(ports)
        source = source_of(document, ports.path, ports.code)
        with self._bar() as bar:
            bar.say("explaining")
            text = await explain(source, ask, snapshot.settings, gateway)
            bar.done("explained")
        await self._show(ask.diagnostics, text)

    async def _show(self, diagnostics: Sequence[Diagnostic], text: str) -> None:
        """Show a text in a document of its own, or as a message where the editor has none."""
        if self.client().shows_documents:
            title = diagnostics[0].message if diagnostics else "explanation"
            uri = await self.ports("").keep(title, text)
            if await shown(self.server, self.client(), uri):
                return
        info = lsp.MessageType.Info
        self.server.window_show_message(lsp.ShowMessageParams(info, text))

    def _bar(self) -> ActionBar:
        return self.bars.action(asyncio.current_task())


def _kinds(context: lsp.CodeActionContext) -> list[str]:
    return [str(getattr(kind, "value", kind)) for kind in context.only or ()]


def _gateway(ports: ActionPorts) -> "Gateway":
    if ports.gateway is None:
        raise RefusedError(ports.without_model)
    return ports.gateway


def _price(gateway: "Gateway | None") -> "Callable[[str, Usage], Usd | None]":
    return gateway.estimate if gateway is not None else lambda _model, _usage: None
