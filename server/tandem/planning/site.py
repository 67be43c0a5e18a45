"""A workspace that plans are made for: its code, its files, its pack; what is known for free."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tandem.core.errors import RefusedError
from tandem.features.refactor.evidence import Evidence, target_at
from tandem.features.refactor.reach import gathered
from tandem.features.refactor.targets import named
from tandem.index.code import Code
from tandem.spending import price_table
from tandem.workspace.files import FileEntry, reason_by_name
from tandem.workspace.packing import Packing, Sources, folder_of, moment_of, sources
from tandem.workspace.paths import Paths
from tandem.workspace.plans import Plans
from tandem.workspace.prompts import Packed, packed
from tandem.workspace.steady import steady
from tandem.workspace.vcs import history

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.workspace.settings import Settings


def _no_buffer(_path: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Site:
    """A workspace that plans are made for. `text` gives a file as it is now: its open buffer first.

    `files` lists what may be told; it may block. `open` are the texts of open documents, `buffer`
    the one of a path, as it was typed this moment.
    """

    root: Path
    settings: "Settings"
    code: Code = field(repr=False)
    packing: Packing = field(repr=False)
    plans: Plans
    files: Callable[[], Sequence[FileEntry]]
    open: Callable[[], Mapping[str, str]] = dict
    buffer: Callable[[str], str | None] = _no_buffer

    def text(self, path: str) -> str | None:
        """Return a file's text; None where there is none. Raises RefusedError if it is kept out."""
        typed = self.buffer(path)
        if typed is not None:
            return typed
        if path in self.code.paths:
            return self.code.text(path)
        if reason_by_name(path) is not None or (self.root / path).exists():
            raise RefusedError(f"{path} is kept out of what models are told and may change")
        return None


def site_of(  # noqa: PLR0917 - a composition
    paths: Paths,
    root: Path,
    settings: "Settings",
    code: Code,
    files: Callable[[], Sequence[FileEntry]],
    packing: Packing | None = None,
) -> Site:
    """Return the site of a workspace, with its plans and its pack, which may be at hand."""
    packing = packing or Packing(root, code, folder_of(paths, root))
    return Site(root, settings, code, packing, plans_of(paths, root), files)


def plans_of(paths: Paths, root: Path) -> Plans:
    """Return the plans that are kept of a workspace."""
    return Plans(paths.plans(root))


async def packed_for(world: "World", site: Site) -> Packed:
    """Carry the pack of a workspace on, at the prices of now."""
    settings, now = site.settings, world.clock.now()
    model = settings.models.pro
    price = price_table(settings).rate(model, now)
    moment = moment_of(model, price, now)
    rate = None if price is None else moment.rate

    def read() -> Sources:
        return sources(site.root, site.files(), site.open())

    return await packed(site.packing, read if settings.context.pack else None, moment, rate)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a file of the workspace; without an offset, the file as a whole."""

    path: str
    offset: int | None
    line: int | None

    def __str__(self) -> str:
        """Write it as compilers do."""
        return self.path if self.line is None else f"{self.path}:{self.line + 1}"


async def evidence_of(site: Site, instruction: str, spot: Spot | None) -> Evidence | None:
    """Return what is known of a change for free; None where the words name nothing."""
    past = await asyncio.to_thread(history, site.root)
    return await steady(_gathered, site.code, instruction, spot, past.together)


def _gathered(
    code: Code, instruction: str, spot: Spot | None, together: Mapping[str, Mapping[str, float]]
) -> Evidence | None:
    targets = named(code, instruction)
    if spot is not None:
        here = target_at(code, spot.path, spot.offset)
        # What stands at the place is meant, not others that are called so.
        targets = (here, *(one for one in targets if one.names != here.names))
    return gathered(code, targets[0], targets[1:], together) if targets else None
