"""Act one: what the index knows of a repository, with no key and no network.

The repository is indexed twice into a scratch folder (cold, then warm), a question is asked about a
definition that is used much, a completion's context is assembled at one of its uses, and the whole
codebase is packed for a plan. Whatever is shown was found in the repository at hand. Deliberately
nothing of the user's own index is read or written.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tandem.app import World
from tandem.commands import screen
from tandem.commands.demo import codebase_text
from tandem.commands.demo.replay import replay
from tandem.commands.demo.seen import Answer, Known, Packed, Seen, Told
from tandem.commands.demo.stage import Say, Stage, indexed, staged
from tandem.commands.places import COMMENTS
from tandem.core.text import Text
from tandem.index.codebase import Codebase
from tandem.index.context.assemble import context_for
from tandem.index.context.ring import Ring
from tandem.index.context.visit import FROZEN
from tandem.index.context.windows import Windows
from tandem.index.facts import Kind
from tandem.index.graph import Place, Use, callers, related
from tandem.index.pack.compact import Rate
from tandem.index.pack.forecast import forecast
from tandem.ledger.prices import is_peak
from tandem.spending import price_table
from tandem.workspace.packing import Packing, moment_of, sources

_LEAST_NAME: Final = 4  # characters; a shorter name is likely to mean several things
_NEAR: Final = 200  # files whose windows are searched for the context: 0.2 s to take in
_IMPORTING: Final = ("import ", "import{", "from ", "export {", "export *", "use ", "using ")
_NO_USE: Final = (*COMMENTS, *_IMPORTING, "#include")
_KINDS: Final = frozenset({Kind.CLASS, Kind.FUNCTION, Kind.INTERFACE, Kind.STRUCT, Kind.TYPE})


async def show(world: World, root: Path, palette: screen.Palette, say: Say) -> Seen:
    """Play the act; DemoError if there is no source to know anything of."""
    with staged(world, root, say) as stage:
        say(screen.headline(f"What the index knows, with no key and no network: {root}", palette))
        async with indexed(stage) as (_, cold_s):
            pass
        async with indexed(stage) as (indexing, warm_s):
            known = _known(stage, indexing.codebase, stage.found, (cold_s, warm_s))
            stage.say(codebase_text.known(known))
            return await _seen(stage, indexing.codebase, known)


async def _seen(stage: Stage, code: Codebase, known: Known) -> Seen:
    answer = _answered(code)
    stage.say(codebase_text.answer(answer))
    told = None if answer is None else _told(code, answer)
    if told is not None:
        stage.say(codebase_text.told(told))
    packed = await _packed(stage, code)
    stage.say(codebase_text.packed(packed))
    return Seen(known, answer, told, packed)


def _known(stage: Stage, code: Codebase, found: int, seconds: tuple[float, float]) -> Known:
    facts = [known for path in code.paths if (known := code.facts(path)) is not None]
    languages = Counter(known.language for known in facts)
    cold_s, warm_s = seconds
    return Known(
        root=str(stage.root),
        files=len(code.paths),
        left_out=found - len(stage.files),
        definitions=sum(len(known.definitions) for known in facts),
        names=len({d.name for known in facts for d in known.definitions}),
        languages=tuple(languages.most_common()),
        cold_s=round(cold_s, 3),
        warm_s=round(warm_s, 3),
    )


# -- a question --------------------------------------------------------------------------------


def _answered(code: Codebase) -> Answer | None:
    """Ask who uses the definition that most files import; None if no file imports any."""
    place = next(_most_imported(code), None)
    if place is None:
        return None
    begin = time.perf_counter()
    found = [(use, _line(code, use)) for use in callers(code, place)]
    targets = {target.path for target in code.imports(place.path).values()}
    importers = len(code.importers(place.path))
    ms = (time.perf_counter() - begin) * 1000
    uses = [(use, line) for use, line in found if not line.startswith(_NO_USE)]
    return Answer(place, tuple(uses), len(found), tuple(sorted(targets)), importers, ms)


def _most_imported(code: Codebase) -> Iterator[Place]:
    """Yield the definitions that are imported by name, by how many files do."""
    imported = Counter(target for path in code.paths for target in code.imports(path).values())
    ordered = sorted(imported.items(), key=lambda item: (-item[1], item[0].path, item[0].name))
    for target, _ in ordered:
        facts = code.facts(target.path) if len(target.name) >= _LEAST_NAME else None
        for definition in facts.definitions if facts is not None else ():
            if definition.name == target.name and definition.kind in _KINDS:
                yield Place(target.path, definition, certain=True)
                break


def _line(code: Codebase, use: Use) -> str:
    return (code.text(use.path) or "").split("\n")[use.line].strip()


def _told(code: Codebase, answer: Answer) -> Told | None:
    """Assemble what a completion is told where the definition is used first in another file."""
    use = next((use for use, _ in answer.uses if use.path != answer.place.path), None)
    content = code.text(use.path) if use is not None else None
    if use is None or content is None:
        return None
    rank = related(code, {}, {use.path: 1.0})
    windows = Windows()
    for path in sorted(rank, key=lambda path: (-rank[path], path))[:_NEAR]:
        other = code.text(path)
        if other is not None:
            windows.put(path, other)
    text = Text.of(content)
    begin = time.perf_counter()
    block = context_for(
        code, use.path, text, use.offset, Ring(), windows=windows, budget_tokens=FROZEN
    )
    ms = (time.perf_counter() - begin) * 1000
    line, column = text.point_at(use.offset)
    return Told(use.path, line, column, block, ms)


# -- the pack ----------------------------------------------------------------------------------


async def _packed(stage: Stage, code: Codebase) -> Packed:
    settings, now = stage.world.configuration(stage.root, {}).settings, stage.world.clock.now()
    price = price_table(settings).rate(settings.models.pro, now)
    moment = moment_of(settings.models.pro, price, now)
    begin = time.perf_counter()
    packing = Packing(stage.root, code, stage.scratch / "pack")
    found = await asyncio.to_thread(sources, stage.root, stage.files)
    pack = await packing.prepare(found, moment)
    seconds = time.perf_counter() - begin
    rate = None if price is None else Rate(price.hit, price.miss)
    prompt = pack.prompt("", "", packing.options)
    history = None if price is None else await asyncio.to_thread(replay, stage.root, moment)
    levels = Counter(file.level.value for file in pack.state.shown.values())
    cost = forecast(prompt.prefix, 0, rate)
    return Packed(tuple(levels.most_common()), cost, is_peak(now), seconds, history)
