"""Work that goes on, as bars in the editor; editors without bars are told nothing."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.lsp.client import Client
from tandem.workspace.progress import Progress

if TYPE_CHECKING:
    from concurrent.futures import Future

_EDITOR_S: Final = 5.0


class Bars:
    """One bar for each piece of work under way."""

    def __init__(self, server: LanguageServer, client: Callable[[], Client]) -> None:
        """Begin with none."""
        self._server = server
        self._client = client
        self._open: set[str] = set()
        self._asked: set[str] = set()  # bars the editor is being asked for

    async def report(self, news: Progress) -> None:
        """Begin, move or end a bar."""
        if not self._client().work_done_progress:
            return
        token = f"tandem/{news.work}"
        progress = self._server.work_done_progress
        if news.ended:
            if token in self._open:
                self._open.discard(token)
                progress.end(token, lsp.WorkDoneProgressEnd(message=news.message))
                progress.tokens.pop(token, None)
            return
        percentage = None if news.share is None else int(100 * news.share)
        if token in self._open:
            report = lsp.WorkDoneProgressReport(message=news.message, percentage=percentage)
            progress.report(token, report)
        elif token not in self._asked and await self._create(token):
            self._open.add(token)
            begin = lsp.WorkDoneProgressBegin(
                title="Tandem",
                message=news.message,
                percentage=percentage,
                cancellable=news.cancel is not None,
            )
            progress.begin(token, begin)
            _on_cancel(progress.tokens[token], news.cancel)

    async def _create(self, token: str) -> bool:
        """Ask the editor for a progress bar; work never waits for one that does not come."""
        self._asked.add(token)
        try:
            async with asyncio.timeout(_EDITOR_S):
                _ = await self._server.work_done_progress.create_async(token)
        except (TimeoutError, JsonRpcException):
            return False
        finally:
            self._asked.discard(token)
        return True


def _on_cancel(pressed: "Future[None]", cancel: Callable[[], object] | None) -> None:
    """Have `cancel` called on the loop when the user ends the work; pygls cancels the future."""
    if cancel is None:
        return
    loop = asyncio.get_running_loop()

    def done(future: "Future[None]") -> None:
        if future.cancelled():
            loop.call_soon_threadsafe(cancel)

    pressed.add_done_callback(done)
