"""Two worker processes and what can go wrong with them.

A request that hangs, crashes its worker or runs away is given up after a time, its worker killed
and replaced, and its files tried one by one, so that a single bad file costs itself only.
Invariant: `facts` always returns, and no process outlives `aclose`.
"""

import asyncio
import contextlib
import logging
import pickle
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tandem.index.messages import HEADER, Request, Words, framed
from tandem.index.records import Stored

logger = logging.getLogger(__name__)

_ANSWER_S: Final = (
    20.0  # per request; a batch of 32 files takes 0.1 s, a runaway parse gives up at 5
)
_ALONE_S: Final = 8.0


class Workers:
    """A pool of worker processes for one workspace."""

    def __init__(self, store: Path, root: Path, count: int = 2) -> None:
        """Name what they work on; they are started when first needed."""
        self._command: tuple[str, ...] = (
            *(sys.executable, "-P", "-m", "tandem.index.worker"),
            *(str(store), str(root)),
        )
        self._places: asyncio.Queue[asyncio.subprocess.Process | None] = asyncio.Queue()
        for _ in range(count):
            self._places.put_nowait(None)
        self._alive: set[asyncio.subprocess.Process] = set()
        self._dying: set[asyncio.subprocess.Process] = set()  # killed, not yet waited for
        self._words: dict[str, Words] = {}  # by path, from tier 1 until tier 2 has asked for them
        self.count = count

    async def facts(self, tier: int, paths: Sequence[str]) -> list[Stored]:
        """Return the records of files; those that cannot be had are left out."""
        known = {path: self._words.pop(path) for path in paths if path in self._words}
        rows = await self._rows(tier, paths, known)
        if tier == 1:
            self._words |= {r.path: Words(r.mtime_ns, r.size, r.record.bag) for r in rows}
        return rows

    async def _rows(
        self, tier: int, paths: Sequence[str], known: Mapping[str, Words]
    ) -> list[Stored]:
        try:
            return await self._ask(Request(tier, tuple(paths), known), _ANSWER_S)
        except (OSError, TimeoutError, EOFError, pickle.UnpicklingError):
            logger.warning("index.worker_lost", extra={"fields": {"files": len(paths)}})
        found: list[Stored] = []
        for path in paths:
            with contextlib.suppress(OSError, TimeoutError, EOFError, pickle.UnpicklingError):
                found += await self._ask(Request(tier, (path,), {}), _ALONE_S)
        return found

    async def _ask(self, request: Request, seconds: float) -> list[Stored]:
        process = await self._places.get()
        healthy = None
        try:
            process = process or await self._start()
            async with asyncio.timeout(seconds):
                answer = await _exchange(process, request)
            healthy = process
        finally:
            if healthy is None and process is not None:
                self._kill(process)
            self._places.put_nowait(healthy)
        return answer

    async def _start(self) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self._alive.add(process)
        return process

    def _kill(self, process: asyncio.subprocess.Process) -> None:
        self._alive.discard(process)
        self._dying.add(process)
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    async def rest(self) -> None:
        """End the workers that have nothing to do (40 MB each); they start again when needed."""
        idle = [self._places.get_nowait() for _ in range(self._places.qsize())]
        for process in idle:
            if process is not None:
                self._kill(process)
            self._places.put_nowait(None)
        await self._reap()

    async def aclose(self) -> None:
        """End all workers."""
        for process in list(self._alive):
            self._kill(process)
        await self._reap()

    async def _reap(self) -> None:
        dying = list(self._dying)
        await asyncio.gather(*(process.wait() for process in dying))
        self._dying.difference_update(dying)


async def _exchange(process: asyncio.subprocess.Process, request: Request) -> list[Stored]:
    stdin, stdout = process.stdin, process.stdout
    if stdin is None or stdout is None:  # pragma: no cover - both are pipes
        raise EOFError
    stdin.write(framed(request))
    await stdin.drain()
    (length,) = HEADER.unpack(await stdout.readexactly(HEADER.size))
    body = await stdout.readexactly(length)
    answer: list[Stored] = pickle.loads(body)  # noqa: S301 - from a process of ours
    return answer
