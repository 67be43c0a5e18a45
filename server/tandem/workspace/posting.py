"""The windows of a workspace: read from what was built, built anew when much has changed.

Posting every file costs seconds of CPU (2.2 s for Django), so a niced process does it and leaves a
file; here it is only read (0.1 s), and the few files that changed since are put one at a time.

Invariant: never more than one file's worth of work between two turns of the loop, but for the
reading of the built file.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from tandem.index.context.build import LARGEST
from tandem.index.context.postings import Postings, State, parsed
from tandem.index.context.windows import Windows
from tandem.index.languages import language_of
from tandem.workspace.files import FileEntry, read_text

logger = logging.getLogger(__name__)

FEW: Final = 200
"""Files that are put here one by one (0.2 s); for more, a process of its own builds anew."""

_DATA: Final = frozenset({"json", "yaml", "toml", "xml", "csv"})  # their lines are no examples
_UNKNOWN: Final = 32_000  # bytes of a file in no known language; larger ones are mostly data
_MOST_UNKNOWN: Final = 300  # such files: Django has 2,000 of translations
_READ: Final = 16  # files read at once in a thread
_BUILD_S: Final = 300.0


class Posting:
    """Keeps the windows of one workspace. Event-loop thread only."""

    def __init__(self, root: Path, built: Path, is_open: Callable[[str], bool]) -> None:
        """Name the workspace and the built file; `is_open` tells what the editor speaks for."""
        self._root = root
        self._built = built
        self._is_open = is_open
        self.windows = Windows()

    async def catch_up(self, files: Mapping[str, State]) -> None:
        """Bring the windows in step with the files as they are now; nearest first."""
        base = await asyncio.to_thread(_read, self._built)
        stale = _stale(base, files)
        if len(stale) > FEW and await self._build(list(files)):
            base = await asyncio.to_thread(_read, self._built)
            stale = _stale(base, files)
        await self._lay(base, files)
        await self.put(stale)

    async def _lay(self, base: Postings | None, files: Mapping[str, State]) -> None:
        """Use what was built, with the open files that were put meanwhile."""
        before, self.windows = self.windows, Windows(base)
        gone = [path for path in self.windows.paths if path not in files]
        for path in gone:
            self.windows.drop(path)
        await self.put([path for path in before.paths if path not in self.windows])

    async def put(self, paths: Sequence[str]) -> None:
        """Take in files as they are on disk, but those that are open."""
        for at in range(0, len(paths), _READ):
            some = [path for path in paths[at : at + _READ] if not self._is_open(path)]
            texts = await asyncio.to_thread(self._texts, some)
            for path, text in zip(some, texts, strict=True):
                if text is not None and not self._is_open(path):
                    self.windows.put(path, text)
                await asyncio.sleep(0)

    def drop(self, paths: Sequence[str]) -> None:
        """Forget files that are gone."""
        for path in paths:
            self.windows.drop(path)

    def _texts(self, paths: Sequence[str]) -> list[str | None]:
        texts = [read_text(self._root / path) for path in paths]
        return [text if text is not None and len(text) <= LARGEST else None for text in texts]

    async def _build(self, paths: Sequence[str]) -> bool:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tandem.index.context.build"),
            *(str(self._built), str(self._root)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_BUILD_S):
                await process.communicate(b"\0".join(map(os.fsencode, paths)))
        except TimeoutError:
            logger.warning("windows.build_timed_out")
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
        return process.returncode == 0


def posted(files: Iterable[FileEntry]) -> dict[str, State]:
    """Return the files whose lines are worth showing as an example: code, and a little text."""
    found: dict[str, State] = {}
    unknown = 0
    for file in files:
        language = language_of(file.path)
        if language is None:
            unknown += file.size <= _UNKNOWN
            taken = file.size <= _UNKNOWN and unknown <= _MOST_UNKNOWN
        else:
            taken = file.size <= LARGEST and language.id not in _DATA
        if taken:
            found[file.path] = State(file.mtime_ns, file.size)
    return found


def _read(path: Path) -> Postings | None:
    try:
        return parsed(path.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _stale(base: Postings | None, files: Mapping[str, State]) -> list[str]:
    known = base.states if base is not None else {}
    return [path for path, state in files.items() if known.get(path) != state]
