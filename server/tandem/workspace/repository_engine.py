"""The repository engine at work: keeps its model fresh, answers for a place in a document.

There is a model per language, because the words of one mislead another (a ``};`` from TypeScript
in Python). Each is trained in a niced child process (its memory and its GIL are its own),
persisted, memory-mapped, and used from the next start on at once. An open document has a model of
its own, built off the keystroke path. Without either, the text around the cursor answers.
Deliberately no watching: what changed outside the editor is learned at the next start.

Invariants: nothing here blocks the event loop; a broken model file is the same as none; a stale
model answers until the new one is there.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.index.lm.model import FileModel, RepositoryModel, Suggestion, complete
from tandem.workspace.documents import Document
from tandem.workspace.files import family, language_of, source_files

logger = logging.getLogger(__name__)

# What the engine looks at around the cursor, in characters. More only costs time: matches longer
# than 32 tokens do not exist in its index.
_AROUND: Final = 16_000
# A file model is rebuilt after this many versions; in between the near text covers the difference.
_STALE_VERSIONS: Final = 40
_TRAINING_S: Final = 900.0

Report = Callable[["Training"], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Training:
    """News of a training run: begun (`tokens` is None) or ended."""

    files: int
    tokens: int | None


@dataclass(frozen=True, slots=True)
class _FileEntry:
    version: int
    model: FileModel


class RepositoryEngine:
    """Completes lines of one workspace from its own statistics."""

    def __init__(self, folder: Path | None) -> None:
        """Take the folder of the persisted models; None where there is no workspace folder."""
        self._folder = folder
        self._models: dict[str, RepositoryModel] = {}
        self._open: set[str] = set()
        self._files: dict[str, _FileEntry] = {}
        # Two threads, so that building the model of a large file does not delay a keystroke.
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="tandem-local")
        self._building = ThreadPoolExecutor(1, thread_name_prefix="tandem-local-build")
        self._child: asyncio.subprocess.Process | None = None
        self._closed = False
        # Until `start` has ended; without a folder there is nothing to start.
        self.learning = folder is not None

    @property
    def tokens(self) -> int:
        """Tokens the models of the workspace were trained on; 0 while there are none."""
        return sum(model.tokens for model in self._models.values())

    async def start(self, root: Path, exclude: Sequence[str], report: Report) -> None:
        """Use the persisted models at once, and train those whose files have changed."""
        try:
            await self._start(root, exclude, report)
        finally:
            self.learning = False

    async def _start(self, root: Path, exclude: Sequence[str], report: Report) -> None:
        if self._folder is None:
            return
        groups = await asyncio.to_thread(_inventory, root, tuple(exclude))
        stale = [group for group in groups if not await self._use(group, fresh=False)]
        if stale:
            files = sum(len(group.files) for group in stale)
            await report(Training(files, None))
            for group in stale:
                if not self._closed:
                    await self._train(group)
            await report(Training(files, self.tokens))

    async def _use(self, group: "_Group", *, fresh: bool) -> bool:
        """Serve a language from its persisted model; tell whether that is of these files."""
        path, marker = self._places(group.language)
        model = await asyncio.to_thread(RepositoryModel.open, path)
        if model is None:
            return False
        self._models[group.language] = model
        if fresh:
            marker.write_text(json.dumps({"digest": group.digest}), "utf-8")
        return await asyncio.to_thread(_recorded, marker) == group.digest

    def _places(self, language: str) -> tuple[Path, Path]:
        folder = self._folder or Path()
        return folder / f"{language}.tlm", folder / f"{language}.json"

    async def _train(self, group: "_Group") -> None:
        path, _ = self._places(group.language)
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "tandem.index.lm.train", str(path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        if self._closed:  # while the child was being started
            self._child.kill()
        names = b"\0".join(str(file).encode("utf-8", "surrogateescape") for file in group.files)
        try:
            async with asyncio.timeout(_TRAINING_S):
                out, _ = await self._child.communicate(names)
        except TimeoutError:
            self._child.kill()
            logger.warning("local.training_timed_out")
            return
        if self._child.returncode:
            fields = {"language": group.language, "status": self._child.returncode}
            logger.warning("local.training_failed", extra={"fields": fields})
            return
        await self._use(group, fresh=True)
        fields = {"language": group.language, **json.loads(out)}
        logger.info("local.trained", extra={"fields": fields})

    def opened(self, document: Document) -> None:
        """Learn a document that the editor has open (again)."""
        self._open.add(document.uri)
        self._building.submit(self._learn, document)

    def closed(self, uri: str) -> None:
        """Forget the model of a document that is open no more."""
        self._open.discard(uri)
        self._files.pop(uri, None)

    def _learn(self, document: Document) -> None:
        model = FileModel.build(str(document.text))
        if document.uri in self._open:  # it may have been closed meanwhile
            self._files[document.uri] = _FileEntry(document.version, model)

    async def suggest(self, document: Document, offset: int) -> Suggestion | None:
        """Return the best line completion at an offset with its confidence, or None."""
        entry = self._files.get(document.uri)
        if entry is None or document.version - entry.version > _STALE_VERSIONS:
            self.opened(document)
        left, right = _around(document, offset)
        abandoned = False
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._asking,
                lambda: complete(
                    left,
                    right,
                    repository=self._models.get(family(document.language)),
                    file=entry.model if entry is not None else None,
                    cancelled=lambda: abandoned,
                ),
            )
        finally:
            abandoned = True

    async def aclose(self) -> None:
        """Stop training and forget everything in memory."""
        self._closed = True
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._building.shutdown(wait=False, cancel_futures=True)


def _around(document: Document, offset: int) -> tuple[str, str]:
    """Return the text before and after a place, cut at line starts."""
    text = document.text
    start = max(0, offset - _AROUND)
    if start:
        line, column = text.point_at(start)
        start = text.line_start(line + bool(column))
    start = min(start, offset)  # one line longer than the window
    return text.slice(start, offset), text.slice(offset, offset + _AROUND)


@dataclass(frozen=True, slots=True)
class _Group:
    """The files of one language, and a digest of their names, sizes and times of change."""

    language: str
    files: tuple[Path, ...]
    digest: str


def _inventory(root: Path, exclude: tuple[str, ...]) -> list[_Group]:
    """Group the source files by language, the language with the most files first."""
    by_language: dict[str, list[Path]] = {}
    for file in source_files(root, exclude):
        by_language.setdefault(family(language_of(file.name)), []).append(file)
    groups = [
        _Group(language, tuple(files), _digest(files)) for language, files in by_language.items()
    ]
    return sorted(groups, key=lambda group: -len(group.files))


def _digest(files: Sequence[Path]) -> str:
    state = hashlib.blake2b(digest_size=16)
    for file in files:
        with contextlib.suppress(OSError):
            status = file.stat()
            line = f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n"
            state.update(line.encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def _recorded(marker: Path) -> str:
    try:
        return str(json.loads(marker.read_text("utf-8"))["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
