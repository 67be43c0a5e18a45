"""What is known of a workspace, kept true while it changes: the index behind an editor.

At the start it reads what is stored, lists the files, and has the workers catch up, the files
around the open ones first; questions are answered meanwhile with what is there. Then it follows:
open documents at each pause of typing, other files as the client tells or the disk shows. A
checkout of thousands of files is one batch.

Invariants: nothing here blocks the event loop for more than one file's worth; whatever goes wrong
with a file or a watcher, what is known stays and the editor is not disturbed.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.core.clock import Clock
from tandem.index.context.ring import Ring
from tandem.index.context.windows import Windows
from tandem.index.languages import language_of
from tandem.workspace.documents import Change, Document
from tandem.workspace.files import FileEntry, Inventory, list_files, read_text
from tandem.workspace.ignore import Rules, read_rules
from tandem.workspace.indexing import Indexing
from tandem.workspace.indexing import Progress as Run
from tandem.workspace.open_files import OpenFiles
from tandem.workspace.paths import of_uri
from tandem.workspace.posting import FEW, Posting, posted
from tandem.workspace.progress import Progress, Report
from tandem.workspace.watch import Batch, DiskWatch, Event, FileEvents

logger = logging.getLogger(__name__)

WORK: Final = "index"
_FEW: Final = 64  # stale files that need no progress bar: half a second
_STEP: Final = 0.05  # of a run: how often the bar moves
_VERIFY_S: Final = 60.0
_REST_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Summary:
    """The state of the index: files known, files with exact facts, whether it is catching up."""

    files: int
    exact: int
    busy: bool


class LiveIndex:
    """The index of one workspace. Event-loop thread only."""

    def __init__(self, root: Path, store: Path, clock: Clock) -> None:
        """Name the workspace and where its facts are kept; nothing is read yet."""
        self._root = root
        self._bases = tuple({root.as_posix(): None, root.resolve().as_posix(): None})
        self._clock = clock
        self._indexing = Indexing(root, store, lambda path: read_text(root / path))
        self.codebase = self._indexing.codebase
        self.ring = Ring()
        self._posting = Posting(root, store.with_suffix(".words"), self._is_open)
        self._open = OpenFiles(self.codebase, self._post, clock)
        self._events: FileEvents | None = None
        self._waiting: dict[str, Document] = {}  # opened before the rules were known
        self._busy = True
        self._ready = asyncio.Event()
        self._exact = 0

    @property
    def windows(self) -> Windows:
        """The words of all files by the lines they stand in."""
        return self._posting.windows

    def _is_open(self, path: str) -> bool:
        return path in self._open

    def _post(self, path: str, text: str) -> None:
        self._posting.windows.put(path, text)

    # -- the editor's side ---------------------------------------------------------------------

    def path_of(self, uri: str) -> str | None:
        """Return the relative path of an open document; None unless it is of the workspace."""
        path = self._relative(uri)
        return path if path is not None and path in self._open else None

    def _relative(self, uri: str) -> str | None:
        path = of_uri(uri) or ""
        for base in self._bases:
            if path.startswith(f"{base}/"):
                return path[len(base) + 1 :]
        return None

    def opened(self, document: Document) -> None:
        """Lay an open document over its file, unless it is ignored or may hold secrets."""
        path = self._relative(document.uri)
        if path is None:
            return
        if self._events is None:
            self._waiting[path] = document
        elif self._events.admits(path):
            self._open.opened(path, document.text)

    def changed(self, document: Document, changes: Iterable[Change]) -> None:
        """Note what was typed where. O(changes): on the way of every keystroke."""
        path = self._relative(document.uri)
        if path is None:
            return
        if path in self._waiting:
            self._waiting[path] = document
        if path not in self._open:
            return
        for change in changes:
            if change.start is None or change.end is None:
                continue
            line = change.start.line
            more = change.text.count("\n") - (change.end.line - line)
            ring = self.ring.shifted(path, line + 1, more) if more else self.ring
            self.ring = ring.noted(path, line)
        self._open.changed(path, document.text)

    def closed(self, uri: str) -> None:
        """Let the file on disk speak for itself again."""
        path = self._relative(uri)
        self._waiting.pop(path or "", None)
        if path is not None and self._open.closed(path):
            self.feed([Event(str(self._root / path))])  # it may differ from what was last seen

    def saved(self, uri: str) -> None:
        """Look at a file that the editor has just written."""
        path = of_uri(uri)
        if path is not None:
            self.feed([Event(path)])

    def feed(self, events: Iterable[Event]) -> None:
        """Take news of files from the client; before the first listing there is nothing to tell."""
        if self._events is not None:
            self._events.feed(events)

    @property
    def summary(self) -> Summary:
        """How much is known by now."""
        return Summary(len(self.codebase.paths), self._exact, self._busy)

    async def ready(self) -> None:
        """Wait until all files of the workspace were taken in once."""
        await self._ready.wait()

    # -- its own life --------------------------------------------------------------------------

    async def run(self, exclude: Sequence[str], *, client_watches: bool, report: Report) -> None:
        """Catch up, then follow the workspace until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._open.follow())
            inventory, rules = await asyncio.to_thread(_listed, self._root, exclude)
            self._events = FileEvents(self._root, rules, inventory, self._clock)
            for document in list(self._waiting.values()):
                self.opened(document)
            self._waiting.clear()
            group.create_task(self._watch(self._events, client_watches=client_watches))
            await self._catch_up(inventory.files, report)
            await self._take_batches(self._events)

    async def _catch_up(self, files: Sequence[FileEntry], report: Report) -> None:
        begin = self._clock.monotonic()
        await self._indexing.load()
        near = dict.fromkeys(self._open.paths, 1.0)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._post_all(files))
            known = [file for file in files if language_of(file.path) is not None]
            bar = _Bar(report)
            await self._indexing.refresh(known, near, bar.moved)
            await bar.end()
        self._count()
        self._busy = False
        self._ready.set()
        self._indexing.keep()
        fields = {"files": len(files), "seconds": round(self._clock.monotonic() - begin, 2)}
        logger.info("index.ready", extra={"fields": fields})
        await self._indexing.rest()

    async def _take_batches(self, events: FileEvents) -> None:
        resting: asyncio.Task[None] | None = None
        async for batch in events.batches():
            if resting is not None:
                resting.cancel()
            self._busy = True
            await self._take(batch, events)
            self._count()
            self._busy = False
            resting = asyncio.create_task(self._rest())

    async def _take(self, batch: Batch, events: FileEvents) -> None:
        await self._indexing.forget([p for p in batch.removed if p not in self._open])
        self._posting.drop([p for p in batch.removed if p not in self._open])
        await self._indexing.update([p for p in batch.changed if language_of(p) is not None])
        if len(batch.changed) > FEW:
            await self._post_all(events.files)
        else:
            found = posted(file for file in events.files if file.path in set(batch.changed))
            await self._posting.put(list(found))

    async def _post_all(self, files: Iterable[FileEntry]) -> None:
        await self._posting.catch_up(posted(files))
        self._open.post_again()

    async def _rest(self) -> None:
        await self._clock.sleep(_REST_S)
        await self._indexing.rest()

    async def _watch(self, events: FileEvents, *, client_watches: bool) -> None:
        """Hear of files: from the client while it tells everything, else from the disk itself."""
        while client_watches:
            await self._clock.sleep(_VERIFY_S)
            # Helix registers for watching and then tells of its own saves only.
            client_watches = await events.scan() == 0
        await DiskWatch(events, self._clock).run()

    def _count(self) -> None:
        self._exact = sum(map(self.codebase.is_exact, self.codebase.paths))

    async def aclose(self) -> None:
        """End the workers and close the store."""
        await self._indexing.aclose()


class _Bar:
    """Reports a run of many files, in steps; a short run is not worth a bar."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._told = -1.0

    async def moved(self, run: Run) -> None:
        share = run.done / run.total
        if run.total < _FEW or share - self._told < _STEP:
            return
        self._told = share
        await self._report(Progress(WORK, f"reading {run.done} of {run.total} files", share))

    async def end(self) -> None:
        if self._told >= 0:
            await self._report(Progress(WORK, "the codebase is known", ended=True))


def _listed(root: Path, exclude: Sequence[str]) -> tuple[Inventory, Rules]:
    rules = read_rules(root, exclude)
    return list_files(root, rules), rules
