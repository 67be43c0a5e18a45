"""What became of an item: ``tandem.accepted``, Copilot's notifications, and the edits themselves.

Clients of Copilot's server tell with ``textDocument/didShowCompletion`` and
``textDocument/didPartiallyAcceptCompletion`` what the protocol has no word for. Whatever a client
sends instead of an item is passed over; nothing of it is logged.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any, Final

from lsprotocol import types as lsp

from tandem.core.suggestion import Happened, Offer
from tandem.core.text import Text
from tandem.features.inline.acceptance import Suggestions
from tandem.features.inline.complete import Completion
from tandem.lsp.boundary import arrival
from tandem.lsp.convert import from_lsp_change
from tandem.lsp.handlers.lifecycle import Services
from tandem.workspace.documents import Document

logger = logging.getLogger(__name__)

_LOOK_S: Final = 30.0  # nothing that is accepted later is due earlier


class AcceptanceHandlers:
    """The suggestions of one connection and what the client lets us know of them."""

    def __init__(self, services: Services) -> None:
        """Take who keeps the records."""
        self._services = services
        self._clock = services.ports().clock
        self._suggestions = Suggestions(self._clock, self._record)
        self._timer: asyncio.TimerHandle | None = None

    def shown(
        self, document: Document, offset: int, items: Sequence[Completion], *, menu: bool = False
    ) -> list[int]:
        """Note what is about to be shown; return the numbers that the items carry."""
        return self._suggestions.shown(document, offset, items, menu=menu)

    def _record(self, record: Offer | Happened) -> None:
        self._services.record(record)
        if isinstance(record, Happened) and record.what == "accepted":
            self._services.ports().history.accepted(self._clock.monotonic())

    def accepted(self, *arguments: object) -> None:
        """Note that an item was taken; editors run this command then, with its argument."""
        number = _number_of(arguments)
        logger.info("completion.accepted", extra={"fields": {"id": number}})
        if number is not None:
            self._suggestions.accepted(number)
            self._arm()

    def displayed(self, params: Any) -> None:
        """Take ``textDocument/didShowCompletion``."""
        number = _number_of(_arguments(params))
        if number is not None:
            self._suggestions.displayed(number)

    def partly(self, params: Any) -> None:
        """Take ``textDocument/didPartiallyAcceptCompletion``."""
        number, length = _number_of(_arguments(params)), getattr(params, "acceptedLength", None)
        if number is None or not isinstance(length, int):
            return
        item = getattr(params.item, "insertText", None)
        self._suggestions.partly(number, length, item if isinstance(item, str) else None)
        self._arm()

    def changed(self, params: lsp.DidChangeTextDocumentParams) -> None:
        """Follow a document's edits, one by one, where something was suggested in it."""
        uri, changes = params.text_document.uri, params.content_changes
        before = arrival.get().documents.get(uri)
        if before is None or not self._suggestions.follows(uri):
            return
        text = before.text
        for number, change in enumerate(changes, 1):
            edit = from_lsp_change(change).edit(text, self._services.session.encoding)
            self._suggestions.edited(uri, text, edit)
            if number < len(changes):
                text = text.replace(edit.span, edit.new)
        self._arm()

    def closed(self, uri: str) -> None:
        """Look at a document for the last time; the session has closed or replaced it."""
        before = arrival.get().documents.get(uri)
        if before is not None:
            self._suggestions.closed(uri, before.text)

    def stop(self) -> None:
        """Look at all documents for the last time."""
        if self._timer is not None:
            self._timer.cancel()
        self._suggestions.stop(self._text_of)

    def _arm(self) -> None:
        if self._timer is not None:
            return
        due = self._suggestions.due_in()
        if due is not None:
            self._timer = asyncio.get_running_loop().call_later(min(due, _LOOK_S), self._look)

    def _look(self) -> None:
        self._timer = None
        self._suggestions.look(self._text_of)
        self._arm()

    def _text_of(self, uri: str) -> Text | None:
        document = self._services.session.snapshot().documents.get(uri)
        return None if document is None else document.text


def _arguments(params: Any) -> Any:
    """Return what the command of a notification's item carries; clients send it as they got it."""
    return getattr(getattr(getattr(params, "item", None), "command", None), "arguments", None)


def _number_of(arguments: Any) -> int | None:
    """Return the suggestion's number; an argument is a mapping, or what pygls makes of one."""
    first = arguments[0] if isinstance(arguments, Sequence) and arguments else None
    number = first.get("id") if isinstance(first, dict) else getattr(first, "id", None)
    return number if isinstance(number, int) else None
