"""The index at work: keeps a `Codebase` in step with the files, nearest first.

A warm start reads the store (0.1 s for Django) and parses nothing that has not changed. What has is
taken in two tiers: names of everything at once, then exact facts, the files around the open ones
first. Open documents lie over their files.

Invariants: nothing here blocks the event loop longer than one batch takes to take in; partial
results serve at once; a batch that fails costs its own files only.
"""

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.index.codebase import Codebase
from tandem.index.grammars import version
from tandem.index.languages import language_of
from tandem.index.pool import Workers
from tandem.index.rank import personalized
from tandem.index.records import Record, Stored
from tandem.index.store import Store
from tandem.workspace.files import FileEntry

logger = logging.getLogger(__name__)

# A batch of tier 1 takes a worker 20 ms, one of tier 2 0.1 s: small enough to be answered early,
# large enough that the frames between the processes do not count.
_NAMES_BATCH: Final = 128
_EXACT_BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: files with exact facts, of all that are stale."""

    done: int
    total: int


Report = Callable[[Progress], Awaitable[None]]


class Indexing:
    """Runs the workers of one workspace and feeds its codebase."""

    def __init__(
        self, root: Path, store: Path, read: Callable[[str], str | None], *, workers: int = 2
    ) -> None:
        """Name the workspace; nothing is read or started yet."""
        self._store = Store(store)
        self._workers = Workers(store, root, workers)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tandem-index")
        self.codebase = Codebase(self._body, read)

    def _body(self, key: bytes) -> Record | None:
        # Asked on the loop, by a question that needs it now: 0.05 ms by primary key.
        return self._store.record(key)

    async def load(self) -> int:
        """Take in what is stored; return the number of files."""
        loop = asyncio.get_running_loop()
        rows = await loop.run_in_executor(self._thread, self._store.load)
        with _uncollected():
            self.codebase.update(rows)
        return len(rows)

    async def refresh(
        self,
        files: Iterable[FileEntry],
        near: Mapping[str, float] | None = None,
        report: Report | None = None,
    ) -> None:
        """Bring the codebase in step with the files of the workspace as they are now."""
        present = {file.path: (file.mtime_ns, file.size) for file in files}
        await self.forget([path for path in self.codebase.paths if path not in present])
        changed = [p for p, state in present.items() if self.codebase.state(p) != state]
        await self._names(changed)
        # A file without a grammar stays as it is: it can never be exact.
        inexact = [p for p in present if not self.codebase.is_exact(p) and _has_grammar(p)]
        stale = list(dict.fromkeys([*changed, *inexact]))
        await self._exactly(self.nearest_first(stale, near or {}), report)

    async def update(self, changed: Sequence[str]) -> None:
        """Take in files that changed, names first where they are many."""
        if len(changed) > _EXACT_BATCH:
            await self._names(changed)
        await self._exactly(changed, None)

    @staticmethod
    def keep() -> None:
        """Have what is known by now left alone by the garbage collector: it lives on.

        Looking through the records of 3,000 files again and again cost a completion a third of the
        time that its context takes.
        """
        gc.collect(1)
        gc.freeze()

    async def rest(self) -> None:
        """Give back what only work needs: the workers' 80 MB."""
        await self._workers.rest()

    async def forget(self, gone: Sequence[str]) -> None:
        """Drop files that are no more."""
        if gone:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._store.forget, gone)
            self.codebase.remove(gone)

    def nearest_first(self, paths: Sequence[str], near: Mapping[str, float]) -> list[str]:
        """Sort files by how near the weighted ones they are, along what they import.

        Not along who imports them: that needs the imports of every file resolved.
        """
        if not (near and paths):
            return sorted(paths)
        rank = personalized(near, self._imported)
        return sorted(paths, key=lambda path: (-rank.get(path, 0.0), path))

    def _imported(self, path: str) -> dict[str, float]:
        return dict(Counter(target.path for target in self.codebase.imports(path).values()))

    async def _names(self, paths: Sequence[str]) -> None:
        with _uncollected():
            await self._each(_batches(paths, _NAMES_BATCH), 1, self.codebase.update)

    async def _exactly(self, paths: Sequence[str], report: Report | None) -> None:
        done = 0

        async def take(rows: list[Stored]) -> None:
            nonlocal done
            self.codebase.update(rows)
            done += len(rows)
            if report is not None:
                await report(Progress(done, len(paths)))

        await self._each(_batches(paths, _EXACT_BATCH), 2, take)

    async def _each(
        self,
        batches: Sequence[Sequence[str]],
        tier: int,
        take: Callable[[list[Stored]], Awaitable[None] | None],
    ) -> None:
        """Have every batch computed, as many at once as there are workers, in order."""
        waiting = iter(batches)

        async def run() -> None:
            for batch in waiting:
                taken = take(await self._workers.facts(tier, batch))
                if taken is not None:
                    await taken

        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers.count):
                group.create_task(run())

    async def aclose(self) -> None:
        """End the workers and close the store."""
        await self._workers.aclose()
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._store.close()


@contextmanager
def _uncollected() -> Generator[None]:
    """Take in many files: half of that was looking for garbage among them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _has_grammar(path: str) -> bool:
    language = language_of(path)
    return language is not None and bool(version(language))


def _batches(paths: Sequence[str], size: int) -> list[Sequence[str]]:
    return [paths[at : at + size] for at in range(0, len(paths), size)]
