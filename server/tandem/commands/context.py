"""``tandem context FILE:LINE:COLUMN``: what a completion there would be told, and what it costs.

Shows each section with where it comes from, why it is there and how many tokens it takes, then the
price of a first request (nothing cached) and of the next one (all but the end cached).
"""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tandem.app import World, price_table
from tandem.core.model import Usage
from tandem.core.text import Encoding, Position, Text
from tandem.core.tokens import estimate
from tandem.index.context.assemble import context_for
from tandem.index.context.ring import Ring
from tandem.index.context.visit import FROZEN, Entered, enter, render
from tandem.index.context.windows import Windows
from tandem.index.languages import language_of
from tandem.workspace.files import list_files, read_text
from tandem.workspace.indexing import Indexing


@dataclass(frozen=True, slots=True)
class Context:
    """A completion's prompt in parts; amounts are US dollars."""

    place: str
    sections: list[dict[str, Any]]
    tokens: int
    first_request: str
    next_request: str
    prompt: str
    suffix: str


class PlaceError(Exception):
    """The place cannot be used; the sentence says why."""


def run(arguments: argparse.Namespace) -> int:
    """Show the context of a place; status 1 with a sentence if there is no such place."""
    try:
        context = asyncio.run(_context(World.real(), arguments.place))
    except PlaceError as error:
        print(f"tandem context: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(context)) if arguments.json else _text(context, arguments.prompt))
    return 0


async def _context(world: World, place: str) -> Context:
    path, position = _parsed(place)
    source = read_text(path)
    if source is None:
        raise PlaceError(f"{path} cannot be read as text")
    root = _root_of(path)
    name = path.relative_to(root).as_posix()
    indexing = Indexing(root, world.paths.index(root), lambda other: read_text(root / other))
    try:
        await indexing.load()
        known = [file for file in list_files(root).files if language_of(file.path)]
        await indexing.refresh(known, near={name: 1.0})
        text = Text.of(source)
        offset = text.offset_at(position, Encoding.UTF32)
        return _assembled(world, indexing, name, text, offset)
    finally:
        await indexing.aclose()


def _parsed(place: str) -> tuple[Path, Position]:
    """Read ``FILE:LINE:COLUMN``, one-based as compilers print it."""
    name, _, rest = place.rpartition(":")
    file, _, line = name.rpartition(":")
    if not (file and line.isdigit() and rest.isdigit()):
        raise PlaceError(f"{place!r} is not FILE:LINE:COLUMN")
    return Path(file).resolve(), Position(max(int(line) - 1, 0), max(int(rest) - 1, 0))


def _root_of(path: Path) -> Path:
    """Return the repository a file is in, or its folder."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), path.parent)


def _assembled(world: World, indexing: Indexing, name: str, text: Text, offset: int) -> Context:
    code = indexing.codebase
    windows = Windows()
    for other in sorted(code.paths):
        content = code.text(other) if other != name else str(text)
        if content is not None:
            windows.put(other, content)
    block = context_for(code, name, text, offset, Ring(), windows=windows, budget_tokens=FROZEN)
    visit = enter(Entered(name, text, offset, block))
    prompt, suffix = render(visit, text, offset)
    known = language_of(name)
    language = known.id if known else ""
    all_tokens, ends = estimate(prompt, language), estimate(suffix, language)
    settings = world.configuration(None, {}).settings
    rate = price_table(settings).rate(settings.models.flash, world.clock.now())
    line, column = text.point_at(offset)
    return Context(
        place=f"{name}:{line + 1}:{column + 1}",
        sections=[
            {
                "from": section.source.value,
                "path": section.path,
                "lines": [[first + 1, last] for first, last in section.lines],
                "tokens": section.tokens,
                "why": section.why,
            }
            for section in visit.shown.sections
        ],
        tokens=all_tokens + ends,
        first_request=str(rate.cost(Usage(miss=all_tokens + ends))) if rate else "unknown",
        next_request=str(rate.cost(Usage(hit=all_tokens, miss=ends))) if rate else "unknown",
        prompt=prompt,
        suffix=suffix,
    )


def _text(context: Context, prompt: bool) -> str:  # noqa: FBT001 - a flag of the command line
    lines = [f"{'tokens':>7}  {'from':<12}{'where':<48}  why"]
    for section in context.sections:
        spans = ",".join(f"{first}-{last}" for first, last in section["lines"][:3])
        where = f"{section['path']}:{spans}"
        lines.append(f"{section['tokens']:>7}  {section['from']:<12}{where:<48}  {section['why']}")
    lines.append(f"{context.tokens:>7}  in all, the open file's own text included")
    lines.append(f"first request {context.first_request}, the next {context.next_request}")
    if prompt:
        lines += ["--- prompt", context.prompt, "--- suffix", context.suffix]
    return "\n".join(lines)
