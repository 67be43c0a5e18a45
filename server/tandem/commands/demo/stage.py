"""Where the acts without a server play: a repository, indexed into a scratch folder.

Deliberately nothing of the user's own index is read or written.
"""

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.app import World
from tandem.commands.demo.models import DemoError
from tandem.index.languages import language_of
from tandem.workspace.files import FileEntry, is_source, list_files, read_text
from tandem.workspace.ignore import read_rules
from tandem.workspace.indexing import Indexing

_MOST_FILES: Final = 4_000  # taken of a larger repository: four seconds of two workers
_LONGEST_S: Final = 15.0  # for either run: a demo ends

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where an act plays: the repository, a scratch folder, and who is told.

    `found` counts the files of known languages, of which `files` are the first thousands.
    """

    world: World
    root: Path
    scratch: Path
    files: tuple[FileEntry, ...]
    found: int
    say: Callable[[Sequence[str]], None]


@contextlib.contextmanager
def staged(world: World, root: Path, say: Say) -> Generator[Stage]:
    """List a repository; DemoError if there is no source to know anything of."""
    settings = world.configuration(root, {}).settings
    inventory = list_files(root, read_rules(root, settings.index.exclude))
    files = [file for file in inventory.files if language_of(file.path) is not None]
    if not any(is_source(file.path) for file in files):
        raise DemoError(f"there is no source file in {root}")

    def each(lines: Sequence[str]) -> None:
        for line in lines:
            say(line)

    with tempfile.TemporaryDirectory(prefix="tandem-demo-") as scratch:
        yield Stage(world, root, Path(scratch), tuple(files[:_MOST_FILES]), len(files), each)


@contextlib.asynccontextmanager
async def indexed(stage: Stage) -> AsyncGenerator[tuple[Indexing, float]]:
    """Bring an index in the scratch folder up to date; offer it with the seconds that took."""
    begin = time.perf_counter()
    root = stage.root
    indexing = Indexing(root, stage.scratch / "index.db", lambda path: read_text(root / path))
    try:
        await indexing.load()
        with contextlib.suppress(TimeoutError):  # what is known by then will do
            async with asyncio.timeout(_LONGEST_S):
                await indexing.refresh(stage.files)
        yield indexing, time.perf_counter() - begin
    finally:
        await indexing.aclose()
