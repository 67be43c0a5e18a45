"""How a workspace learns that its files changed, from the client or from the disk itself.

`FileEvents` is the one place where news goes in (`feed`) and comes out in batches. A client that
watches files feeds it; for one that cannot, `DiskWatch` does. A checkout of thousands of files is
one batch. News says where to look, never what is there: before a batch goes out every path is
looked at, a new folder is walked, a folder that is gone stands for its files. So the order of
events, duplicates and a lost ``deleted`` do not matter.

Deliberately no contents: a batch names files that may have changed; a reader compares hashes.

Invariant: what the rules leave out never wakes anybody, and nothing that happens while watches are
placed is lost (they are placed first, then the disk is compared with what is known).
"""

import asyncio
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tandem.core.clock import Clock
from tandem.workspace.files import (
    FileEntry,
    Inventory,
    leaves,
    list_files,
    look,
    reason_by_name,
    walk,
    walk_folders,
)
from tandem.workspace.git import Git
from tandem.workspace.ignore import GIT_FILE, OWN_FILE, Reason, Rules

logger = logging.getLogger(__name__)

QUIET_S: Final = 0.15  # a checkout of 10,000 files pauses for less between two of them
BOUND_S: Final = 2.0  # a build that never pauses is still heard
MOST: Final = (
    10_000  # paths in a batch: over it, comparing everything is cheaper (0.1 s for Django)
)


@dataclass(frozen=True, slots=True)
class Event:
    """News of a path: something was made or changed there, or it was removed."""

    path: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """Files by relative path, sorted. `rescan`: an ignore file or very much changed.

    After a rescan `changed` and `removed` are what the comparison of sizes and times shows; who
    must be certain about the rest compares contents.
    """

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    rescan: bool = False

    def __bool__(self) -> bool:
        """Tell whether there is anything to say."""
        return bool(self.changed or self.removed or self.rescan)


class Coalescer:
    """Gathers events until they pause, without a clock of its own. Seconds are monotonic."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._removed: dict[str, bool] = {}
        self._rescan = False
        self._first = 0.0
        self._last = 0.0

    def feed(self, event: Event | None, now: float) -> None:
        """Take news; None asks for a rescan. The last word about a path holds."""
        if not (self._removed or self._rescan):
            self._first = now
        self._last = now
        if event is not None:
            self._removed[event.path] = event.removed
        if event is None or len(self._removed) > MOST:
            self._rescan = True
        if len(self._removed) > MOST:
            self._removed.clear()

    def wait(self, now: float) -> float | None:
        """Return the seconds until a batch is due, 0 if it is; None while there is no news."""
        if not (self._removed or self._rescan):
            return None
        return max(0.0, min(self._last + QUIET_S, self._first + BOUND_S) - now)

    def due(self, now: float) -> Batch | None:
        """Return the batch if it is due, and begin anew."""
        if self.wait(now) != 0:
            return None
        changed = sorted(path for path, removed in self._removed.items() if not removed)
        removed = sorted(path for path, removed in self._removed.items() if removed)
        batch = Batch(tuple(changed), tuple(removed), self._rescan)
        self._removed, self._rescan = {}, False
        return batch


class FileEvents:
    """The changes of one workspace, filtered by its rules. Belongs to the loop it is used on."""

    def __init__(
        self, root: Path, rules: Rules, inventory: Inventory, clock: Clock, git: Git | None = None
    ) -> None:
        """Take the workspace as it was listed: changes are told relative to that."""
        self.root = root
        self._bases = tuple({str(root): None, rules.root: None})  # macOS reports resolved paths
        self._rules = rules
        self._known = {file.path: file for file in inventory.files}
        self._clock = clock
        self._git = git
        self._coalescer = Coalescer()
        self._news = asyncio.Event()
        self.folders_changed = asyncio.Event()

    @property
    def files(self) -> Iterable[FileEntry]:
        """The files of the workspace as they were last seen."""
        return self._known.values()

    @property
    def rules(self) -> Rules:
        """The rules as they are now."""
        return self._rules

    def feed(self, events: Iterable[Event]) -> None:
        """Take events with absolute paths; what lies outside or is left out is dropped."""
        now = self._clock.monotonic()
        for event in events:
            path = self._relative(event.path)
            with suppress(UnicodeEncodeError):  # no name of this system's: no file has it
                if path is None:
                    continue
                if self._is_rule(path):
                    self._take(None, now)
                elif self.admits(path):
                    self._take(replace(event, path=path), now)

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield batches for as long as somebody listens; there is one listener."""
        while True:
            await self._news.wait()
            now = self._clock.monotonic()
            batch = self._coalescer.due(now)
            if batch is None:
                pause = self._coalescer.wait(now)
                if pause is None:
                    self._news.clear()
                else:
                    await self._clock.sleep(pause)
                continue
            ground = _Ground(self.root, self._rules, dict(self._known), self._git)
            settled, folders = await asyncio.to_thread(ground.settle, batch)
            self._rules, self._known = ground.rules, ground.known
            if folders:
                self.folders_changed.set()
            if settled:
                yield settled

    async def scan(self) -> int:
        """Compare the disk with what is known, take the differences as news, and count them."""
        found = await asyncio.to_thread(list_files, self.root, self._rules, self._git)
        now = self._clock.monotonic()
        changed, removed = _differences(self._known, found)
        for path in changed:
            self._take(Event(path), now)
        for path in removed:
            self._take(Event(path, removed=True), now)
        return len(changed) + len(removed)

    async def folders(self) -> list[str]:
        """Return the absolute folders in which files of the workspace are or may appear."""
        kept = {path[: max(path.rfind("/"), 0)] for path in self._known}
        kept.update(await asyncio.to_thread(lambda: list(walk_folders(self._rules))))
        return sorted(f"{self.root}/{path}" if path else str(self.root) for path in kept)

    def _take(self, event: Event | None, now: float) -> None:
        self._coalescer.feed(event, now)
        self._news.set()

    def _relative(self, path: str) -> str | None:
        plain = path.replace("\\", "/") if os.sep == "\\" else path
        for base in self._bases:
            lead = base.replace(os.sep, "/").rstrip("/") + "/"
            if plain.startswith(lead):
                path = plain[len(lead) :].rstrip("/")
                return None if leaves(path) else path
        return None

    def _is_rule(self, path: str) -> bool:
        """Tell whether a path holds rules that are in force: not those in an ignored folder."""
        folder, _, name = path.rpartition("/")
        if path == ".git/info/exclude":
            return True
        if name not in (GIT_FILE, OWN_FILE):
            return False
        return not folder or self._rules.excluded(folder, folder=True) is None

    def admits(self, path: str) -> bool:
        """Tell whether a relative path is of the workspace: not ignored, secret or binary."""
        if path in self._known:
            return True
        return reason_by_name(path) is None and self._rules.excluded(path) is None


class _Ground:
    """What a thread works on while a batch is settled: its own copy of what is known."""

    def __init__(
        self, root: Path, rules: Rules, known: dict[str, FileEntry], git: Git | None
    ) -> None:
        self.root = root
        self.rules = rules
        self.known = known
        self._git = git

    def settle(self, batch: Batch) -> tuple[Batch, bool]:
        """Look at what a batch speaks of; also tell whether there may be other folders now."""
        if batch.rescan:
            return self._listed_anew(batch), True
        changed: set[str] = set()
        removed: set[str] = set()
        gone: set[str] = set()
        folders = False
        paths = [*batch.changed, *batch.removed]
        for path, found in zip(paths, look(self.root, paths), strict=True):
            if isinstance(found, FileEntry):
                self.known[path] = found
                changed.add(path)
                continue
            if self.known.pop(path, None) is not None:
                removed.add(path)
            if found is Reason.NESTED and self.rules.excluded(path, folder=True) is None:
                folders = True
                changed.update(self._new_below(path))
            elif found is not Reason.NESTED:
                gone.add(path)
        lost = [path for path in self.known if gone and not gone.isdisjoint(_above(path))]
        for path in lost:
            del self.known[path]
        removed.update(lost)
        return Batch(tuple(sorted(changed)), tuple(sorted(removed - changed))), folders

    def _new_below(self, folder: str) -> list[str]:
        """Return the files of a folder that appeared, as far as they are news."""
        found = [
            file
            for file in walk(self.root, self.rules, folder)
            if self.known.get(file.path) != file
        ]
        self.known.update((file.path, file) for file in found)
        return [file.path for file in found]

    def _listed_anew(self, batch: Batch) -> Batch:
        self.rules = self.rules.again()
        found = list_files(self.root, self.rules, self._git)
        changed, removed = _differences(self.known, found)
        self.known = {file.path: file for file in found.files}
        told = [path for path in (*batch.changed, *batch.removed) if path in self.known]
        return Batch(tuple(sorted({*changed, *told})), tuple(removed), rescan=True)


def _differences(known: dict[str, FileEntry], found: Inventory) -> tuple[list[str], list[str]]:
    """Return the files that are new or of another size or time, and those that are no more."""
    now = {file.path for file in found.files}
    changed = [file.path for file in found.files if known.get(file.path) != file]
    return changed, sorted(path for path in known if path not in now)


def _above(path: str) -> Iterable[str]:
    at = path.rfind("/")
    while at > 0:
        yield path[:at]
        at = path.rfind("/", 0, at)


MOST_FOLDERS: Final = 4000
"""Placing 5,363 watches took 2.2 s, and a Linux user has 65,536 of them in all programs."""
_POLL_S: Final = 2.0
_POLL_SHARE: Final = 20  # a scan may take a twentieth of the time
_ATTEMPTS: Final = 5
_DEBOUNCE_MS: Final = 200
_STEP_MS: Final = 20  # news after 25-41 ms; watchfiles' own 1,600 ms are felt
_PLACED_MS: Final = 200  # how soon a quiet watcher tells that its watches are placed
_END_S: Final = 2.0


class DiskWatch:
    """Feeds `FileEvents` from the disk, for a client that does not watch.

    Watches are placed on each kept folder, not recursively from the root: watchfiles filters only
    after placing them, and one ``node_modules`` of 100,000 folders takes every watch there is.
    """

    def __init__(
        self, events: FileEvents, clock: Clock, *, most_folders: int = MOST_FOLDERS
    ) -> None:
        """Take where to feed. Over `most_folders` the disk is compared now and then instead."""
        self._events = events
        self._clock = clock
        self._most_folders = most_folders

    async def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Watch until cancelled. `ready` is called whenever nothing from then on can be missed."""
        failures = 0
        while failures < _ATTEMPTS:
            self._events.folders_changed.clear()
            folders = await self._events.folders()
            if len(folders) > self._most_folders:
                break
            placed = await self._watch(folders, ready)
            failures = 0 if placed else failures + 1
        logger.info("files.polling", extra={"fields": {"failures": failures}})
        await self._poll(ready)

    async def _watch(self, folders: list[str], ready: Callable[[], None]) -> bool:
        """Watch these folders until others have to be; False if watching failed before that."""
        pump = _Pump(folders, self._events.feed)
        changed = asyncio.create_task(self._events.folders_changed.wait())
        begin: list[asyncio.Future[Any]] = [pump.placed, pump.ended]
        end: list[asyncio.Future[Any]] = [changed, pump.ended]
        try:
            await asyncio.wait(begin, return_when=asyncio.FIRST_COMPLETED)
            if not pump.placed.done():
                return False
            await self._events.scan()
            ready()
            await asyncio.wait(end, return_when=asyncio.FIRST_COMPLETED)
            return changed.done()
        finally:
            changed.cancel()
            pump.stop.set()
            await asyncio.wait([pump.ended], timeout=_END_S)

    async def _poll(self, ready: Callable[[], None]) -> None:
        while True:
            begin = self._clock.monotonic()
            await self._events.scan()
            ready()
            taken = self._clock.monotonic() - begin
            await self._clock.sleep(max(_POLL_S, taken * _POLL_SHARE))


class _Pump:
    """A thread that waits in watchfiles and carries what it hears to the loop."""

    def __init__(self, folders: list[str], feed: Callable[[list[Event]], None]) -> None:
        self._folders = folders
        self._feed = feed
        self._loop = asyncio.get_running_loop()
        self.placed: asyncio.Future[None] = self._loop.create_future()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.stop = threading.Event()
        threading.Thread(target=self._run, name="tandem-files", daemon=True).start()

    def _run(self) -> None:
        try:
            self._hear()
        except (ImportError, OSError, RuntimeError) as error:
            # A folder that went while watches were placed, or no watches left.
            logger.info("files.watch_failed", extra={"fields": {"kind": type(error).__name__}})
        finally:
            self._tell(self.ended.set_result, None)

    def _hear(self) -> None:
        from watchfiles import Change, watch  # noqa: PLC0415 - 76 ms that most clients never need

        for changes in watch(
            *self._folders,
            watch_filter=None, debounce=_DEBOUNCE_MS, step=_STEP_MS, rust_timeout=_PLACED_MS,
            yield_on_timeout=True, stop_event=self.stop, raise_interrupt=False, recursive=False,
            ignore_permission_denied=True,
        ):  # fmt: skip
            self._tell(self._heard, [Event(path, how == Change.deleted) for how, path in changes])

    def _heard(self, events: list[Event]) -> None:
        if not self.placed.done():
            self.placed.set_result(None)
        if events and not self.stop.is_set():
            self._feed(events)

    def _tell(self, what: Callable[..., None], argument: object) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(what, argument)
