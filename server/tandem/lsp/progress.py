"""Work that goes on, as bars in the editor; editors without bars are told nothing."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Self

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.lsp.client import Client
from tandem.workspace.progress import Progress

if TYPE_CHECKING:
    from concurrent.futures import Future

_EDITOR_S: Final = 60.0  # Helix answers nothing while it waits for an answer itself


class Bars:
    """One bar for each piece of work under way."""

    def __init__(self, server: LanguageServer, client: Callable[[], Client]) -> None:
        """Begin with none."""
        self._server = server
        self._client = client
        self._open: set[str] = set()
        self._asked: dict[str, Progress] = {}  # bars the editor is asked for: what they will say
        self._telling: set[asyncio.Task[None]] = set()
        self._actions = 0

    def action(self, task: "asyncio.Task[Any] | None") -> "ActionBar":
        """Return a bar for work that a user began and can end: that cancels the task."""
        self._actions += 1
        return ActionBar(self, f"action {self._actions}", task)

    def tell(self, news: Progress) -> None:
        """Begin, move or end a bar, without waiting for the editor."""
        token = _token(news)
        if token in self._open or token in self._asked:
            self._say(token, news)
            return
        if news.ended or not self._client().work_done_progress:
            return
        self._asked[token] = news
        task = asyncio.create_task(self._begin(token))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def report(self, news: Progress) -> None:
        """Do the same for work that awaits whoever it reports to."""
        self.tell(news)

    def _say(self, token: str, news: Progress) -> None:
        if token in self._asked:
            self._asked[token] = news
            return
        progress = self._server.work_done_progress
        if news.ended:
            self._open.discard(token)
            progress.end(token, lsp.WorkDoneProgressEnd(message=news.message))
            progress.tokens.pop(token, None)
            return
        report = lsp.WorkDoneProgressReport(message=news.message, percentage=_percentage(news))
        progress.report(token, report)

    async def _begin(self, token: str) -> None:
        """Ask the editor for a bar; work never waits for one that does not come."""
        progress = self._server.work_done_progress
        first = self._asked[token]
        try:
            async with asyncio.timeout(_EDITOR_S):
                _ = await progress.create_async(token)
        except (TimeoutError, JsonRpcException):
            del self._asked[token]
            return
        last = self._asked.pop(token)
        self._open.add(token)
        begun = first if last.ended else last
        begin = lsp.WorkDoneProgressBegin(
            title="Tandem",
            message=begun.message,
            percentage=_percentage(begun),
            cancellable=first.cancel is not None,
        )
        progress.begin(token, begin)
        _on_cancel(progress.tokens[token], first.cancel)
        if last.ended:  # an editor that has made a bar waits for its end
            self._say(token, last)


class ActionBar:
    """The progress of one action, over when its block is left. Nobody waits for an editor's bar."""

    def __init__(self, bars: Bars, work: str, task: "asyncio.Task[Any] | None") -> None:
        """Name the work; nothing is shown before something is said."""
        self._bars = bars
        self._work = work
        self._task = task
        self._end = "nothing was changed"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._bars.tell(Progress(self._work, self._end, ended=True))

    def say(self, message: str) -> None:
        """Tell how far it is."""
        cancel = self._task.cancel if self._task is not None else None
        self._bars.tell(Progress(self._work, message, cancel=cancel))

    def done(self, message: str) -> None:
        """Tell what it came to, once the block is left."""
        self._end = message


def _token(news: Progress) -> str:
    return f"tandem/{news.work}"


def _percentage(news: Progress) -> int | None:
    return None if news.share is None else int(100 * news.share)


def _on_cancel(pressed: "Future[None]", cancel: Callable[[], object] | None) -> None:
    """Have `cancel` called on the loop when the user ends the work; pygls cancels the future."""
    if cancel is None:
        return
    loop = asyncio.get_running_loop()

    def done(future: "Future[None]") -> None:
        if future.cancelled():
            loop.call_soon_threadsafe(cancel)

    pressed.add_done_callback(done)
