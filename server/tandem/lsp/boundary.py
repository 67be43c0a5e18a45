"""Where the product meets the protocol: one snapshot, one response, for every request.

Each request handler is wrapped here and nowhere else. The wrapper hands it the snapshot of the
moment the message arrived, bounds its time, replaces an older request of the same lane, and turns
whatever happens into exactly one response. This holds the only broad ``except`` of the request
path.

What a client may get: -32801 (superseded, or the document moved on), -32800 (it cancelled),
-32803 (failed or timed out, with a sentence), -32602 (its parameters), -32603 (a bug of ours).
No message holds a traceback, a path, a key or document text.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from tandem.core import bug
from tandem.core.errors import StaleError, TandemError
from tandem.workspace.session import Snapshot

logger = logging.getLogger(__name__)

P = TypeVar("P")
R = TypeVar("R")

INTERNAL_ERROR: Final = "a bug in Tandem; its log tells more"

arrival: Final[ContextVar[Snapshot]] = ContextVar("arrival")
"""The session as it was when the message being handled arrived; set by the protocol class.

A coroutine's first statement runs a turn of the loop later, and a change that came in the same
read would already be applied by then (seen over TCP 20 times of 20)."""


class Lane(Enum):
    """Requests of which only the newest of a document matters."""

    GHOST = "ghost"
    MENU = "menu"


@dataclass(slots=True, eq=False)
class _Running:
    task: asyncio.Task[Any]
    superseded: bool = False


class Boundary:
    """Wraps handlers; knows what is running."""

    def __init__(self) -> None:
        """Begin with nothing running."""
        self._running: dict[tuple[Lane, str], _Running] = {}

    def request(
        self,
        handler: Callable[[Snapshot, P], Awaitable[R]],
        *,
        deadline_s: float,
        lane: Lane | None = None,
        key: Callable[[P], str] = lambda _: "",
    ) -> Callable[[P], Awaitable[R]]:
        """Return the coroutine function to register for a method."""

        async def wrapped(params: P) -> R:
            snapshot = arrival.get()
            if lane is None:
                return await self._guarded(handler, snapshot, params, deadline_s)
            running = self._enter(lane, key(params))
            try:
                return await self._guarded(handler, snapshot, params, deadline_s)
            except asyncio.CancelledError:
                if not running.superseded:
                    raise
                raise _error(lsp.LSPErrorCodes.ContentModified, "superseded") from None
            finally:
                self._leave(lane, key(params), running)

        return wrapped

    def notification(self, handler: Callable[[P], None]) -> Callable[[P], None]:
        """Return the function to register for a notification; it logs instead of raising."""

        def wrapped(params: P) -> None:
            try:
                handler(params)
            except Exception as error:
                bug.seen[f"notification.{type(error).__name__}"] += 1
                logger.exception("notification.crashed")

        return wrapped

    async def _guarded(
        self,
        handler: Callable[[Snapshot, P], Awaitable[R]],
        snapshot: Snapshot,
        params: P,
        deadline_s: float,
    ) -> R:
        try:
            async with asyncio.timeout(deadline_s):
                return await handler(snapshot, params)
        except TimeoutError:
            raise _error(
                lsp.LSPErrorCodes.RequestFailed, f"not done within {deadline_s:g} seconds"
            ) from None
        except StaleError as error:
            raise _error(lsp.LSPErrorCodes.ContentModified, str(error)) from None
        except TandemError as error:
            raise _error(lsp.LSPErrorCodes.RequestFailed, str(error)) from None
        except JsonRpcException:
            raise
        except Exception as error:
            bug.seen[f"handler.{type(error).__name__}"] += 1
            logger.exception("request.crashed")
            raise _error(lsp.ErrorCodes.InternalError, INTERNAL_ERROR) from None

    def _enter(self, lane: Lane, key: str) -> _Running:
        task = asyncio.current_task()
        if task is None:  # pragma: no cover - a coroutine always runs in one
            raise RuntimeError("not in a task")
        older = self._running.get((lane, key))
        if older is not None:
            older.superseded = True
            older.task.cancel()
        running = self._running[lane, key] = _Running(task)
        return running

    def _leave(self, lane: Lane, key: str, running: _Running) -> None:
        if self._running.get((lane, key)) is running:
            del self._running[lane, key]


def _error(code: lsp.LSPErrorCodes | lsp.ErrorCodes, message: str) -> JsonRpcException:
    return JsonRpcException(message, int(code))
