"""What is known of a change for free, at a place of a workspace; where its plans are kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tandem.features.refactor.evidence import Evidence, target_at
from tandem.features.refactor.reach import gathered
from tandem.features.refactor.targets import named
from tandem.index.code import Code
from tandem.site import Site
from tandem.workspace.paths import Paths
from tandem.workspace.plans import Plans
from tandem.workspace.steady import steady
from tandem.workspace.vcs import history


def plans_of(paths: Paths, root: Path) -> Plans:
    """Return the plans that are kept of a workspace."""
    return Plans(paths.plans(root))


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
