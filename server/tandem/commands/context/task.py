"""What a plan or a review would be told: the pack, the focus block, the task, and what it costs.

The pack is the one that the next request would send, carried on from what is kept of the workspace
(``workspace.packing``). Looking at it sends nothing and does not count as sent. Prices are of the
input alone; the answer comes on top.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from tandem.app import World
from tandem.commands.context.repository import (
    Place,
    PlaceError,
    Repository,
    indexed,
    root_of,
    site_for,
    text_of,
)
from tandem.core.model import Message
from tandem.core.text import Encoding, Text
from tandem.index.pack import focus
from tandem.index.pack.compact import Rate
from tandem.index.pack.explain import Break, Prompt, explain
from tandem.index.pack.focus import Part
from tandem.index.pack.forecast import Forecast, forecast
from tandem.index.pack.state import Moment
from tandem.ledger.prices import Prices, is_peak, turn
from tandem.site import packed_for
from tandem.spending import price_table
from tandem.workspace.files import read_text, why_left_out
from tandem.workspace.ignore import read_rules
from tandem.workspace.packing import Pack
from tandem.workspace.prompts import Packed
from tandem.workspace.revisions import commit_of, revised

TASK: Final = "(the task comes here)\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """What to show: a plan (of a place, if one is given) or a review (against a revision)."""

    task: str
    place: Place | None = None
    base: str = "HEAD"


@dataclass(frozen=True, slots=True)
class Told:
    """What would be sent. `held` leading sections of the prompt should be cached.

    `warm` tells whether the last prompt should still be in the cache at all; `broken` where its
    prefix is left, None where it is not. `other` is the forecast at the prices of the other hours
    (peak or off-peak), None where they are the same.
    """

    asked: Asked
    root: Path
    moment: Moment
    prompt: Prompt = field(repr=False)
    messages: tuple[Message, ...] = field(repr=False)
    parts: tuple[Part, ...]
    pack: Pack | None
    warm: bool
    held: int
    forecast: Forecast
    peak: bool
    other: Forecast | None
    broken: Break | None


async def of_task(world: World, asked: Asked) -> Told:
    """Assemble what a plan or a review would be told; PlaceError if it cannot be."""
    root = root_of(Path.cwd()) if asked.place is None else asked.place.root
    near = None if asked.place is None else asked.place.name
    async with indexed(world, root, near) as repository:
        parts = await asyncio.to_thread(_focus, repository, asked)
        start = await packed_for(world, site_for(world, repository))
        model = repository.settings.models.pro
        tariff = _Tariff(price_table(repository.settings), model, world.clock.now())
    return _told(root, asked, parts, start, tariff)


@dataclass(frozen=True, slots=True)
class _Tariff:
    """The prices of a model around an instant."""

    prices: Prices
    model: str
    now: datetime

    def rate(self, when: datetime) -> Rate | None:
        found = self.prices.rate(self.model, when)
        return None if found is None else Rate(found.hit, found.miss)

    def other(self) -> Rate | None:
        """Return the rate of the next hour that is not like this one, if it is another."""
        found = self.rate(turn(self.now))
        return None if found == self.rate(self.now) else found


def _told(
    root: Path, asked: Asked, parts: tuple[Part, ...], start: Packed, tariff: _Tariff
) -> Told:
    whole = start.ending(focus.joined(parts), TASK)
    prompt, moment = whole.prompt, start.moment
    before = None if start.pack is None else start.pack.before
    other = tariff.other()
    return Told(
        asked=asked,
        root=root,
        moment=moment,
        prompt=prompt,
        messages=whole.messages,
        parts=parts,
        pack=start.pack,
        warm=whole.warm,
        held=whole.held,
        forecast=forecast(prompt.sections, whole.held, tariff.rate(tariff.now)),
        peak=is_peak(tariff.now),
        other=None if other is None else forecast(prompt.sections, whole.held, other),
        broken=None if before is None else explain(before.prompt, prompt, moment.rate),
    )


# -- the focus ---------------------------------------------------------------------------------


def _focus(repository: Repository, asked: Asked) -> tuple[Part, ...]:
    if asked.task == "review":
        return _of_change(repository, asked.base)
    return () if asked.place is None else _of_place(repository, asked.place)


def _of_change(repository: Repository, base: str) -> tuple[Part, ...]:
    root = repository.root
    if not repository.inventory.by_git:
        raise PlaceError(f"{root} is not in a git repository: there is nothing to compare it with")
    commit = commit_of(root, base)
    if commit is None:
        raise PlaceError(f"there is no commit {base!r}")
    known = {file.path for file in repository.inventory.files}
    rules = read_rules(root, repository.settings.index.exclude)
    found = revised(root, commit, known, rules, lambda path: read_text(root / path))
    if found is None:
        raise PlaceError(f"git does not tell what differs from {base!r}")
    before = {item.path: item.before for item in found if item.before is not None}
    now = {item.path: item.now for item in found if item.now is not None}
    return focus.of_change(repository.indexing.codebase, focus.diffs_of(before, now))


def _of_place(repository: Repository, place: Place) -> tuple[Part, ...]:
    text = Text.of(text_of(place))
    if place.name not in {file.path for file in repository.inventory.files}:
        rules = read_rules(repository.root, repository.settings.index.exclude)
        reason = why_left_out(repository.root, place.name, rules)
        why = f"it is {reason.value}" if reason is not None else "of what the settings say"
        raise PlaceError(f"{place.name} is left out of the codebase because {why}")
    offset = None if place.position is None else text.offset_at(place.position, Encoding.UTF32)
    return focus.of_place(repository.indexing.codebase, place.name, offset)
