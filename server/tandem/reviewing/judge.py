"""A change judged by Pro: cut into parts, priced, asked, held against the index, refuted by Flash.

What was judged before, diff by diff, is not asked again. Parts that the budget does not pay for are
named, not forgotten.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from tandem.core.diagnostics import Severity
from tandem.core.errors import BudgetError, ModelError, RefusedError
from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.engine.dialogue import Pro, Prompt, Told
from tandem.engine.estimate import Estimate, Quote
from tandem.features.review import kept
from tandem.features.review.ask import ask, task_of
from tandem.features.review.findings import Finding
from tandem.features.review.groups import Part, parts
from tandem.features.review.noise import sifted
from tandem.features.review.refute import refuted
from tandem.features.review.result import Dropped, Review
from tandem.index.pack import focus
from tandem.reviewing.look import Looked
from tandem.reviewing.shown import count, reviews_of, shown_of
from tandem.site import Site, packed_for
from tandem.spending import price_table, quoted
from tandem.workspace.prompts import Packed
from tandem.workspace.steady import steady

if TYPE_CHECKING:
    from tandem.app import World
    from tandem.engine.asking import Asker

_OUTPUT: Final = 2_500  # tokens that an answer is long, thinking included: a guess
_PARALLEL: Final = 4
_SHOWN: Final = 3  # paths that are said
_FOCUS: Final = focus.BUDGET


@dataclass(frozen=True, slots=True)
class Asking:
    """A part of a change with the prompt for it."""

    part: Part
    prompt: Prompt = field(repr=False)
    cost: Usd | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A review before it is asked for: its parts, what they cost, what is known from before."""

    seen: Looked
    start: Packed = field(repr=False)
    parts: tuple[Asking, ...]
    quote: Quote
    known: tuple[Finding, ...] = ()
    kept: int = 0
    left: tuple[tuple[str, str], ...] = ()


async def drafted(world: "World", site: Site, seen: Looked) -> Draft:
    """Cut a change into parts and assemble their prompts. Nothing is sent."""
    model = site.settings.models.pro
    judged = await asyncio.to_thread(reviews_of(site).judged)
    known: list[Finding] = []
    fresh: list[str] = []
    for one in seen.change.files:
        before = kept.all_from_json(judged.get(kept.digest(one, model)))
        if before is None:
            fresh.append(one.path)
        else:
            known += before
    start = await packed_for(world, site)
    made, left, estimate = await _askings(world, site, seen, start, fresh)
    quote = quoted(world, site.settings, estimate)
    return Draft(seen, start, made, quote, tuple(known), len(seen.change.files) - len(fresh), left)


async def _askings(
    world: "World", site: Site, seen: Looked, start: Packed, fresh: Sequence[str]
) -> tuple[tuple[Asking, ...], tuple[tuple[str, str], ...], Estimate]:
    """Return the parts that the budget pays for, the files of the others, and the estimate."""
    most = Usd.of(site.settings.review.most_usd)
    prices, now, model = price_table(site.settings), world.clock.now(), site.settings.models.pro
    made: list[Asking] = []
    left: list[tuple[str, str]] = []
    spent, total = Usd(), Usage()
    found = parts(seen.change, seen.case.after, fresh) if fresh else ()
    for part in _first_things_first(found, seen):
        prompt, usage = await _prompt(start, seen, part, first=not made)
        cost = prices.cost(model, usage, now)
        if most and cost is not None and spent + cost > most:
            left += [(path, _over(most)) for path in part.paths]
            continue
        spent += cost or Usd()
        total = Usage(total.hit + usage.hit, total.miss + usage.miss, total.output + usage.output)
        made.append(Asking(part, prompt, cost))
    return tuple(made), tuple(left), Estimate(((model, total),) if made else ())


def _first_things_first(found: Sequence[Part], seen: Looked) -> list[Part]:
    """Return the parts in the order in which they are asked about: with findings, then the rest."""
    marked = {one.path for one in seen.findings}
    return sorted(found, key=lambda part: -len(marked & set(part.paths)))


async def _prompt(start: Packed, seen: Looked, part: Part, *, first: bool) -> tuple[Prompt, Usage]:
    """Return a part's prompt and what it takes; only the first one finds the codebase unread."""
    paths = set(part.paths)
    diffs = [item for item in seen.change.diffs if (item.new or item.old) in paths]
    block = focus.joined(await steady(focus.of_change, seen.case.after, diffs, _FOCUS))
    others = [one.path for one in seen.change.files if one.path not in paths]
    task = task_of(seen.change.title, seen.findings, seen.notes, part.paths, others)
    whole = start.ending(block, task)
    sizes = [section.tokens for section in whole.prompt.sections]
    # What stands in front of the focus and the task is the same for every part.
    hit = sum(sizes[: whole.held]) if first else sum(sizes[:-2])
    usage = Usage(hit=hit, miss=sum(sizes) - hit, output=_OUTPUT)
    return Prompt(whole.messages, whole.primes if first else ()), usage


async def judged(site: Site, draft: Draft, asker: "Asker", told: Told) -> Review:
    """Have Pro judge what is not judged yet. Raises RefusedError if nobody answers at all.

    The first part is asked alone, so that the others find the codebase in the cache.
    """
    asking = _Asking(site, draft, asker, told)
    try:
        await asking.parts()
    finally:  # also of a review that is stopped: what was paid for is not asked again
        await asyncio.to_thread(asking.keep)
    known = [one for one in (_again(one, draft.seen) for one in draft.known) if one is not None]
    shown, hidden = await shown_of(site, [*draft.seen.findings, *asking.found, *known])
    return Review(
        draft.seen.change.title,
        count(draft.seen),
        shown,
        draft.seen.notes,
        (*hidden, *asking.dropped),
        (*draft.left, *asking.left),
        asked=True,
        kept=draft.kept,
        cost=asking.cost,
    )


@dataclass(slots=True)
class _Asking:
    """A review under way."""

    site: Site
    draft: Draft
    asker: "Asker"
    told: Told
    found: list[Finding] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    cost: Usd = field(default_factory=Usd)
    _answered: list[tuple[Part, tuple[Finding, ...]]] = field(default_factory=list)

    async def parts(self) -> None:
        """Ask about all parts: the first alone, the others side by side."""
        room = asyncio.Semaphore(_PARALLEL)

        async def one(part: Asking) -> None:
            async with room:
                await self.part(part, needed=False)

        if self.draft.parts:
            await self.part(self.draft.parts[0], needed=True)
            await self.draft.start.sent()
        async with asyncio.TaskGroup() as tasks:
            for part in self.draft.parts[1:]:
                tasks.create_task(one(part))

    async def part(self, asking: Asking, *, needed: bool) -> None:
        """Ask about a part; what cannot be asked is named, or raised if nothing was asked yet."""
        most = Usd.of(self.site.settings.review.most_usd)
        if most and self.cost >= most:  # it came dearer than was thought
            self.left += [(path, _over(most)) for path in asking.part.paths]
            return
        pro = Pro(self.site.settings.models.pro, self.asker, self.told)
        case = self.draft.seen.case
        self.told(f"reviewing {len(asking.part.files)} files: {_listed(asking.part.paths)}")
        try:
            said = await ask(asking.prompt, case.after, pro)
        except (ModelError, BudgetError, RefusedError) as error:
            if needed:
                raise
            self.left += [(path, str(error)) for path in asking.part.paths]
            return
        self.cost += said.cost
        sieved = await steady(sifted, said.value, case, pro.model)
        self.dropped += sieved.dropped
        await self._refute(asking.part, sieved.kept)

    async def _refute(self, part: Part, kept_: Sequence[Finding]) -> None:
        """Let Flash try to refute the worst claims; what it does not is what the part came to."""
        settings = self.site.settings
        stay: list[Finding] = []
        for one in kept_:
            why = ""
            if settings.review.refute and one.severity is Severity.ERROR:
                self.told(f"checking {one.path}:{one.line + 1}")
                why, cost = await refuted(
                    one, self.draft.seen.case, settings.models.flash, self.asker
                )
                self.cost += cost
            if why:
                self.dropped.append(Dropped(one, why))
            else:
                stay.append(one)
        self.found += stay
        self._answered.append((part, tuple(stay)))

    def keep(self) -> None:
        """Remember what was found in each file's diff; a full disk only makes the next dearer."""
        model = self.site.settings.models.pro
        found: dict[str, Any] = {}
        for part, findings in self._answered:
            own = set(part.paths)
            for number, one in enumerate(part.files):
                mine = [
                    f for f in findings if f.path == one.path or (not number and f.path not in own)
                ]
                found[kept.digest(one, model)] = [kept.to_json(f) for f in mine]
        if found:
            with suppress(OSError):
                reviews_of(self.site).remember(found)


def _over(most: Usd) -> str:
    return f"over review.most_usd, {most}"


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (" …" if len(paths) > _SHOWN else "")


def _again(one: Finding, seen: Looked) -> Finding | None:
    """Return a finding of an earlier review at its line as it is now; None if that is gone."""
    text = seen.case.after.text(one.path) if one.path in seen.case.after.paths else None
    lines = [line.rstrip("\r") for line in text.split("\n")] if text is not None else []
    same = [number for number, line in enumerate(lines) if line == one.quote]
    if not same:
        return None
    return replace(one, line=min(same, key=lambda number: abs(number - one.line)))
