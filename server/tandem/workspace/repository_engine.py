"""The repository engine at work: keeps its model fresh, answers for a place in a document.

The model of the workspace is trained in a niced child process (its memory and its GIL are its own),
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
from tandem.workspace.files import source_files

logger = logging.getLogger(__name__)

# What the engine looks at around the cursor, in characters. More only costs time: matches longer
# than 32 tokens do not exist in its index.
_AROUND: Final = 16_000
# A file model is rebuilt after this many versions; in between the near text covers the difference.
_STALE_VERSIONS: Final = 40
_TRAINING_S: Final = 900.0
_NO_FILES: Final = 0

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

    def __init__(self, path: Path | None) -> None:
        """Take the file of the persisted model; None where there is no workspace folder."""
        self._path = path
        self._model: RepositoryModel | None = None
        self._files: dict[str, _FileEntry] = {}
        # Two threads, so that building the model of a large file does not delay a keystroke.
        self._asking = ThreadPoolExecutor(1, thread_name_prefix="tandem-local")
        self._building = ThreadPoolExecutor(1, thread_name_prefix="tandem-local-build")
        self._child: asyncio.subprocess.Process | None = None

    @property
    def tokens(self) -> int:
        """Tokens the model of the workspace was trained on; 0 while there is none."""
        return self._model.tokens if self._model is not None else 0

    async def start(self, root: Path, exclude: Sequence[str], report: Report) -> None:
        """Use the persisted model at once, and train a new one if the files have changed."""
        if self._path is None:
            return
        path = self._path
        self._model = await asyncio.to_thread(RepositoryModel.open, path)
        files, digest = await asyncio.to_thread(_inventory, root, tuple(exclude))
        marker = path.with_suffix(".json")
        if self._model is not None and await asyncio.to_thread(_recorded, marker) == digest:
            await report(Training(len(files), self.tokens))
            return
        if len(files) == _NO_FILES:
            return
        await report(Training(len(files), None))
        if await self._train(files, path):
            await asyncio.to_thread(marker.write_text, json.dumps({"digest": digest}))
            self._model = await asyncio.to_thread(RepositoryModel.open, path)
        await report(Training(len(files), self.tokens))

    async def _train(self, files: Sequence[Path], path: Path) -> bool:
        await asyncio.to_thread(path.parent.mkdir, parents=True, exist_ok=True)
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tandem.index.lm.train", str(path),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        names = b"\0".join(str(file).encode("utf-8", "surrogateescape") for file in files)
        try:
            async with asyncio.timeout(_TRAINING_S):
                out, _ = await self._child.communicate(names)
        except TimeoutError:
            self._child.kill()
            logger.warning("local.training_timed_out")
            return False
        finally:
            status = self._child.returncode
        if status:
            logger.warning("local.training_failed", extra={"fields": {"status": status}})
            return False
        logger.info("local.trained", extra={"fields": json.loads(out)})
        return True

    def opened(self, document: Document) -> None:
        """Learn a document that the editor has open (again)."""
        self._building.submit(self._learn, document)

    def closed(self, uri: str) -> None:
        """Forget the model of a document that is open no more."""
        self._files.pop(uri, None)

    def _learn(self, document: Document) -> None:
        model = FileModel.build(str(document.text), document.language)
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
                    language=document.language,
                    repository=self._model,
                    file=entry.model if entry is not None else None,
                    cancelled=lambda: abandoned,
                ),
            )
        finally:
            abandoned = True

    async def aclose(self) -> None:
        """Stop training and forget everything in memory."""
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


def _inventory(root: Path, exclude: tuple[str, ...]) -> tuple[list[Path], str]:
    """List the source files and sum up their state: names, sizes, times of change."""
    files = source_files(root, exclude)
    state = hashlib.blake2b(digest_size=16)
    for file in files:
        with contextlib.suppress(OSError):
            status = file.stat()
            state.update(
                f"{file}\0{status.st_size}\0{status.st_mtime_ns}\n".encode("utf-8", "replace")
            )
    return files, state.hexdigest()


def _recorded(marker: Path) -> str:
    try:
        return str(json.loads(marker.read_text("utf-8"))["digest"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
