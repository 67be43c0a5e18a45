"""``textDocument/inlineCompletion``, and ``textDocument/completion`` for clients without it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from tandem.core.edits import rebase_completion, typed_between
from tandem.core.errors import StaleError
from tandem.features.inline.complete import (
    Completion,
    Nothing,
    Ports,
    ahead,
    alternatives,
    complete,
    quickly,
)
from tandem.features.inline.gate import Trigger
from tandem.lsp.client import Client
from tandem.lsp.convert import (
    from_lsp_position,
    from_lsp_trigger,
    to_lsp_inline_item,
    to_lsp_menu_item,
)
from tandem.lsp.ext import ACCEPTED_COMMAND, Shown, WhyNothing
from tandem.lsp.handlers.acceptance import AcceptanceHandlers
from tandem.workspace.documents import Document
from tandem.workspace.session import Session, Snapshot

# How long a menu may wait for the repository engine (p50 under 15 ms); a model is never waited for.
MENU_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Why:
    """What became of the last request in a document."""

    version: int
    offset: int
    outcome: Completion | Nothing


@dataclass(slots=True, eq=False)
class CompletionHandlers:
    """Ghost text and menu entries for one connection."""

    session: Session
    client: Callable[[], Client]
    ports: Callable[[], Ports]
    failed: Callable[[Nothing], None]
    acceptance: AcceptanceHandlers
    _background: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _why: dict[str, Why] = field(default_factory=dict)

    async def inline(
        self, snapshot: Snapshot, params: lsp.InlineCompletionParams
    ) -> lsp.InlineCompletionList:
        """Answer for the document as the client has it by now: one item, more to one who asks."""
        document = document_of(snapshot, params.text_document.uri)
        offset = document.text.offset_at(from_lsp_position(params.position), snapshot.encoding)
        trigger = from_lsp_trigger(params.context.trigger_kind)
        outcome = await self._outcome(document, offset, trigger, snapshot)
        if isinstance(outcome, Nothing):
            return lsp.InlineCompletionList([])
        shown, settings, ports = [outcome], snapshot.settings, self.ports()
        if trigger is Trigger.INVOKED:
            shown = await alternatives(document, offset, settings, ports, outcome)
        document, offset, shown = self._rebase(document, offset, shown)
        if trigger is Trigger.AUTOMATIC:
            ahead(document, offset, settings, ports, shown[0])
        numbers = self.acceptance.shown(document, offset, shown)
        return lsp.InlineCompletionList(
            [
                to_lsp_inline_item(
                    document.text, offset, one, snapshot.encoding, _accepted(number, one)
                )
                for number, one in zip(numbers, shown, strict=True)
            ]
        )

    async def _outcome(
        self, document: Document, offset: int, trigger: Trigger, snapshot: Snapshot
    ) -> Completion | Nothing:
        """Complete, and keep why nothing came of it."""
        outcome: Completion | Nothing = Nothing("replaced by the next request", stage="typing")
        try:
            outcome = await complete(document, offset, trigger, snapshot.settings, self.ports())
        finally:
            self._why[document.uri] = Why(document.version, offset, outcome)
        if isinstance(outcome, Nothing):
            self.failed(outcome)
        return outcome

    async def why(self, snapshot: Snapshot, params: Any) -> dict[str, object]:
        """Answer ``tandem/whyNoCompletion``: what became of the last request in a document."""
        document = document_of(snapshot, _uri_of(params))
        why = self._why.get(document.uri)
        if why is None:
            return WhyNothing("none", "nothing was asked for in this document yet").to_json()
        line, column = document.text.position_at(why.offset, snapshot.encoding)
        nothing = why.outcome if isinstance(why.outcome, Nothing) else None
        stage, reason = (nothing.stage, nothing.reason) if nothing else ("shown", "it was shown")
        return WhyNothing(stage, reason, why.version, line, column).to_json()

    async def menu(self, snapshot: Snapshot, params: lsp.CompletionParams) -> lsp.CompletionList:
        """Answer at once with what is known; a model's answer is there at the next keystroke."""
        document = document_of(snapshot, params.text_document.uri)
        offset = document.text.offset_at(from_lsp_position(params.position), snapshot.encoding)
        known = quickly(document, offset, self.ports())
        if known is None:
            task = self._complete_behind(snapshot, document, offset)
            try:
                await asyncio.wait([task], timeout=MENU_S)
            except asyncio.CancelledError:
                task.cancel()
                raise
            known = quickly(document, offset, self.ports())
        if known is None:
            return lsp.CompletionList(is_incomplete=True, items=[])
        document, offset, (known,) = self._rebase(document, offset, [known])
        (number,) = self.acceptance.shown(document, offset, [known], menu=True)
        item = to_lsp_menu_item(
            document.text,
            offset,
            known,
            snapshot.encoding,
            _accepted(number, known),
            label_details=self.client().label_details,
        )
        return lsp.CompletionList(is_incomplete=True, items=[item])

    def _complete_behind(
        self, snapshot: Snapshot, document: Document, offset: int
    ) -> asyncio.Task[None]:
        """Let a completion go on after the menu was answered; its result goes into the memo."""

        async def run() -> None:
            await self._outcome(document, offset, Trigger.AUTOMATIC, snapshot)

        self.abandon(document.uri)
        task = self._background[document.uri] = asyncio.create_task(run())
        return task

    def abandon(self, uri: str) -> None:
        """Give up what still goes on behind the menu of a document."""
        older = self._background.pop(uri, None)
        if older is not None:
            older.cancel()

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self.abandon(uri)
        self._why.pop(uri, None)

    def abandon_all(self) -> None:
        """Give up everything that goes on behind a menu."""
        for uri in list(self._background):
            self.abandon(uri)

    def _rebase(
        self, asked: Document, offset: int, shown: Sequence[Completion]
    ) -> tuple[Document, int, list[Completion]]:
        """Carry answers over what was typed meanwhile; StaleError if none of them still holds."""
        now = self.session.snapshot().documents.get(asked.uri)
        if now is None:
            raise StaleError("the document was closed")
        if now is asked:
            return asked, offset, list(shown)
        typed = typed_between(asked.text, now.text, offset)
        if typed is None:
            raise StaleError("the document changed")
        rests = [(one, rebase_completion(one.text, typed)) for one in shown]
        held = [one.with_text(rest) for one, rest in rests if rest is not None]
        if not held:
            raise StaleError("the document changed")
        return now, offset + len(typed), held


def _accepted(number: int, completion: Completion) -> lsp.Command:
    shown = Shown(
        number, completion.source, completion.model, completion.confidence, completion.remembered
    )
    return lsp.Command(
        title=f"tandem {completion.source}", command=ACCEPTED_COMMAND, arguments=[shown.to_json()]
    )


def document_of(snapshot: Snapshot, uri: str) -> Document:
    """Return an open document; StaleError if it is not."""
    document = snapshot.documents.get(uri)
    if document is None:
        raise StaleError("the document is not open")
    return document


def _uri_of(params: Any) -> str:
    """Return the document that a method of our own is about; pygls hands over what came."""
    try:
        return str(params.textDocument.uri)
    except AttributeError:
        raise JsonRpcInvalidParams("params.textDocument.uri is missing") from None
