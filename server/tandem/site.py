"""A workspace that Pro is asked about: its code, its files, its pack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tandem.core.errors import RefusedError
from tandem.index.code import Code
from tandem.spending import price_table
from tandem.workspace.files import FileEntry, reason_by_name
from tandem.workspace.packing import Packing, Sources, folder_of, moment_of, sources
from tandem.workspace.paths import Paths
from tandem.workspace.prompts import Packed, packed

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.workspace.settings import Settings


def _no_buffer(_path: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Site:
    """A workspace that Pro is asked about. `text` gives a file as it is now: its open buffer first.

    `files` lists what may be told; it may block. `open` are the texts of open documents, `buffer`
    the one of a path, as it was typed this moment.
    """

    root: Path
    settings: "Settings"
    code: Code = field(repr=False)
    packing: Packing = field(repr=False)
    paths: Paths
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
    """Return the site of a workspace, with its pack, which may be at hand."""
    packing = packing or Packing(root, code, folder_of(paths, root))
    return Site(root, settings, code, packing, paths, files)


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
