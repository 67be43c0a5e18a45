"""A place as it is written on the command line, and the repository around it, indexed."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.app import World
from tandem.core.text import Position
from tandem.index.languages import language_of
from tandem.site import Site, site_of
from tandem.workspace.files import Inventory, list_files, read_text
from tandem.workspace.ignore import read_rules
from tandem.workspace.indexing import Indexing
from tandem.workspace.settings import Settings

_PARTS: Final = ("FILE", "LINE", "COLUMN")


class PlaceError(Exception):
    """The place, or what is asked about it, cannot be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """A file (absolute), its repository, and the zero-based position in it if one was given."""

    path: Path
    root: Path
    position: Position | None

    @property
    def name(self) -> str:
        """The file's path in its repository, with slashes."""
        return self.path.relative_to(self.root).as_posix()


@dataclass(frozen=True, slots=True)
class Repository:
    """An indexed repository with its settings."""

    root: Path
    settings: Settings
    inventory: Inventory
    indexing: Indexing


def place_of(text: str, least: int = 1) -> Place:
    """Read ``FILE[:LINE[:COLUMN]]``, one-based as compilers print it; at least so many parts.

    Raises PlaceError. Whether the file can be read is not looked at.
    """
    file, numbers = text, list[int]()
    while len(numbers) < len(_PARTS) - 1:
        head, _, last = file.rpartition(":")
        if not (head and last.isdecimal() and last.isascii()):
            break
        file, numbers = head, [int(last), *numbers]
    if 1 + len(numbers) < least:
        raise PlaceError(f"{text!r} is not {':'.join(_PARTS[:least])}")
    path = Path(file).resolve()
    line, column = [*numbers, 1, 1][:2]
    position = Position(max(line - 1, 0), max(column - 1, 0)) if numbers else None
    return Place(path, root_of(path), position)


def text_of(place: Place) -> str:
    """Return the text of a place's file; raise PlaceError if it has none."""
    text = read_text(place.path)
    if text is None:
        raise PlaceError(f"{place.path} cannot be read as text")
    return text


def root_of(path: Path) -> Path:
    """Return the repository that a file or folder is in; outside of one, its own folder."""
    folder = path if path.is_dir() else path.parent
    return next((up for up in (folder, *folder.parents) if (up / ".git").exists()), folder)


@asynccontextmanager
async def indexed(world: World, root: Path, near: str | None = None) -> AsyncGenerator[Repository]:
    """Bring the index of a repository up to date and open it; the file `near` first."""
    settings = world.configuration(root, {}).settings
    inventory = list_files(root, read_rules(root, settings.index.exclude))
    indexing = Indexing(root, world.paths.index(root), lambda path: read_text(root / path))
    try:
        await indexing.load()
        known = [file for file in inventory.files if language_of(file.path)]
        await indexing.refresh(known, near={near: 1.0} if near else None)
        yield Repository(root, settings, inventory, indexing)
    finally:
        await indexing.aclose()


def site_for(world: World, repository: Repository) -> Site:
    """Return the site of a repository that a command opened."""
    return site_of(
        world.paths,
        repository.root,
        repository.settings,
        repository.indexing.codebase,
        lambda: repository.inventory.files,
    )
