"""Long work that a user began: a bar, questions to them, a way to stop it, a word when it fails."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.core import bug
from tandem.core.errors import RefusedError, TandemError
from tandem.lsp.client import Client
from tandem.lsp.progress import ActionBar, Bars

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Errands:
    """The long work of one kind; `name` is what a crash of it is counted under."""

    name: str
    server: LanguageServer
    client: Callable[[], Client]
    bars: Bars
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _working: set[asyncio.Task[Any]] = field(default_factory=set)

    def say(self, text: str, kind: lsp.MessageType = lsp.MessageType.Info) -> None:
        """Show a message."""
        self.server.window_show_message(lsp.ShowMessageParams(kind, text))

    async def asked(self, message: str, choices: list[str]) -> str:
        """Ask the user; an editor that cannot ask says no to all."""
        if not self.client().asks:
            return ""
        actions = [lsp.MessageActionItem(title) for title in choices]
        info = lsp.MessageType.Info
        params = lsp.ShowMessageRequestParams(info, f"Tandem: {message}", actions)
        try:
            answer = await self.server.window_show_message_request_async(params)
        except JsonRpcException:
            return ""
        return answer.title if answer is not None else ""

    def bar(self) -> ActionBar:
        """Return a bar whose button ends the request that asks for it."""
        return self.bars.action(asyncio.current_task())

    async def stoppable(self, work: Coroutine[Any, Any, T], stopped: str) -> T:
        """Do work that `cancel` ends; whoever asked for it is then told so in a sentence."""
        task = asyncio.create_task(work)
        self._working.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if own is not None and own.cancelling():
                raise
            raise RefusedError(stopped) from None
        finally:
            self._working.discard(task)

    def cancel(self) -> int:
        """End the work under way; return how much there was."""
        for task in self._working:
            task.cancel()
        return len(self._working)

    def command(self, handler: Callable[[Any], Coroutine[Any, Any, Any]], params: Any) -> None:
        """Begin what a command asks for; a refusal is a message, for there is no answer."""

        async def story() -> None:
            try:
                await handler(params)
            except JsonRpcException as error:
                self.say(f"Tandem: {error.message}", lsp.MessageType.Warning)

        self.later(story())

    def later(self, story: Coroutine[Any, Any, Any]) -> None:
        """Do something that nobody waits for; what goes wrong is said."""

        async def guarded() -> None:
            try:
                await story
            except TandemError as error:
                self.say(f"Tandem: {error}", lsp.MessageType.Warning)
            except asyncio.CancelledError:
                return
            except Exception as error:
                bug.seen[f"{self.name}.{type(error).__name__}"] += 1
                logger.exception("%s.crashed", self.name)

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what goes on."""
        going = [*self._tasks, *self._working]
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
