"""``textDocument/inlineCompletion``, and ``textDocument/completion`` for clients without it."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from lsprotocol import types as lsp

from tandem.core.edits import rebase_completion, typed_between
from tandem.core.errors import StaleError
from tandem.features.inline.complete import Completion, Nothing, Ports, complete, quickly
from tandem.features.inline.gate import Trigger
from tandem.lsp.client import Client
from tandem.lsp.convert import (
    from_lsp_position,
    from_lsp_trigger,
    to_lsp_inline_item,
    to_lsp_menu_item,
)
from tandem.lsp.ext import ACCEPTED_COMMAND, Shown
from tandem.workspace.documents import Document
from tandem.workspace.session import Session, Snapshot

logger = logging.getLogger(__name__)

# How long a menu may wait for the repository engine (p50 under 15 ms); a model is never waited for.
MENU_S: Final = 0.05


@dataclass(slots=True, eq=False)
class CompletionHandlers:
    """Ghost text and menu entries for one connection."""

    session: Session
    client: Callable[[], Client]
    ports: Callable[[], Ports]
    failed: Callable[[Nothing], None]
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _background: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def inline(
        self, snapshot: Snapshot, params: lsp.InlineCompletionParams
    ) -> lsp.InlineCompletionList:
        """Answer with at most one item, for the document as the client has it by now."""
        document = _document(snapshot, params.text_document.uri)
        offset = document.text.offset_at(from_lsp_position(params.position), snapshot.encoding)
        trigger = from_lsp_trigger(params.context.trigger_kind)
        outcome = await complete(document, offset, trigger, snapshot.settings, self.ports())
        if isinstance(outcome, Nothing):
            self.failed(outcome)
            return lsp.InlineCompletionList([])
        document, offset, outcome = self._rebase(document, offset, outcome)
        command = self._accepted(outcome)
        item = to_lsp_inline_item(document.text, offset, outcome, snapshot.encoding, command)
        return lsp.InlineCompletionList([item])

    async def menu(self, snapshot: Snapshot, params: lsp.CompletionParams) -> lsp.CompletionList:
        """Answer at once with what is known; a model's answer is there at the next keystroke."""
        document = _document(snapshot, params.text_document.uri)
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
        document, offset, known = self._rebase(document, offset, known)
        item = to_lsp_menu_item(
            document.text,
            offset,
            known,
            snapshot.encoding,
            self._accepted(known),
            label_details=self.client().label_details,
        )
        return lsp.CompletionList(is_incomplete=True, items=[item])

    def _complete_behind(
        self, snapshot: Snapshot, document: Document, offset: int
    ) -> asyncio.Task[None]:
        """Let a completion go on after the menu was answered; its result goes into the memo."""

        async def run() -> None:
            outcome = await complete(
                document, offset, Trigger.AUTOMATIC, snapshot.settings, self.ports()
            )
            if isinstance(outcome, Nothing):
                self.failed(outcome)

        self.abandon(document.uri)
        task = self._background[document.uri] = asyncio.create_task(run())
        return task

    def abandon(self, uri: str) -> None:
        """Give up what still goes on behind the menu of a document."""
        older = self._background.pop(uri, None)
        if older is not None:
            older.cancel()

    def abandon_all(self) -> None:
        """Give up everything that goes on behind a menu."""
        for uri in list(self._background):
            self.abandon(uri)

    def accepted(self, *arguments: object) -> None:
        """Note that an item was taken; editors run this command then."""
        logger.info("completion.accepted", extra={"fields": {"shown": arguments[:1]}})

    def _accepted(self, completion: Completion) -> lsp.Command:
        shown = Shown(
            next(self._ids),
            completion.source,
            completion.model,
            completion.confidence,
            completion.remembered,
        )
        return lsp.Command(
            title=f"tandem {completion.source}",
            command=ACCEPTED_COMMAND,
            arguments=[shown.to_json()],
        )

    def _rebase(
        self, asked: Document, offset: int, completion: Completion
    ) -> tuple[Document, int, Completion]:
        """Carry the answer over what was typed meanwhile, or refuse with StaleError."""
        now = self.session.snapshot().documents.get(asked.uri)
        if now is None:
            raise StaleError("the document was closed")
        if now is asked:
            return asked, offset, completion
        typed = typed_between(asked.text, now.text, offset)
        rest = None if typed is None else rebase_completion(completion.text, typed)
        if typed is None or rest is None:
            raise StaleError("the document changed")
        return now, offset + len(typed), completion.with_text(rest)


def _document(snapshot: Snapshot, uri: str) -> Document:
    document = snapshot.documents.get(uri)
    if document is None:
        raise StaleError("the document is not open")
    return document
