"""``tandem fix``: fix a file's diagnostics from a script: a patch to stdout, or in place.

What the index proves is fixed for free; the rest goes to the models, up the same ladder and through
the same gates as in an editor. Prices and refusals are told on stderr. Status 0 when every problem
is solved, 1 when some are left, 2 when the request makes no sense.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tandem.app import World
from tandem.commands.context.repository import (
    Place,
    PlaceError,
    Repository,
    indexed,
    place_of,
    text_of,
)
from tandem.commands.reports import ReportError, diagnostics_of
from tandem.core import diff, edits
from tandem.core.diagnostics import Diagnostic
from tandem.core.edits import Edit
from tandem.core.errors import TandemError
from tandem.core.text import Span, Text
from tandem.engine.harness import Experience, Failed, announcement
from tandem.engine.ladder import Step
from tandem.features.fixes import fix
from tandem.features.fixes.ask import FIX, Ask, Source, source_of
from tandem.features.fixes.offers import all_free
from tandem.index.languages import id_of
from tandem.spending import may_ask, open_gateway
from tandem.workspace.checks import checker_for, still_there
from tandem.workspace.documents import Document
from tandem.workspace.files import encoded

_LEFT: Final = 1
_USAGE: Final = 2


@dataclass(slots=True)
class _Run:
    """What a run came to so far."""

    file: str
    before: str
    text: Text
    problems: int
    free: int = 0
    by_model: int = 0
    left: tuple[Diagnostic, ...] = ()
    cost: str = "$0"
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return what ``--json`` prints."""
        return {
            "file": self.file,
            "problems": self.problems,
            "fixed_free": self.free,
            "fixed_by_model": self.by_model,
            "left": len(self.left),
            "cost": self.cost,
            "notes": self.notes,
            "patch": self.patch,
        }

    @property
    def patch(self) -> str:
        """The change as a unified diff."""
        after = str(self.text)
        if after == self.before:
            return ""
        return diff.render([diff.between(self.before, after, self.file)])


def run(arguments: argparse.Namespace) -> int:
    """Fix a file; return the exit status."""
    try:
        done = asyncio.run(_fixed(World.real(), arguments))
    except (PlaceError, ReportError, TandemError) as error:
        print(f"tandem fix: {error}", file=sys.stderr)
        return _USAGE
    for note in done.notes:
        print(note, file=sys.stderr)
    if arguments.write and str(done.text) != done.before:
        arguments.file.write_bytes(encoded(str(done.text), arguments.file.read_bytes()))
    if arguments.json:
        print(json.dumps(done.to_json()))
    elif not arguments.write:
        sys.stdout.write(done.patch)
    return _LEFT if done.left else 0


async def _fixed(world: World, arguments: argparse.Namespace) -> _Run:
    place = place_of(str(arguments.file))
    before = text_of(place)
    text = Text.of(before)
    problems = diagnostics_of(await _report(arguments.diagnostics), place.path, text)
    done = _Run(place.name, before, text, len(problems), left=problems)
    if not problems:
        done.notes.append(f"the diagnostics name no problem in {place.name}")
        return done
    async with indexed(world, place.root, place.name) as repository:
        _freely(done, repository, place)
        if done.left and not arguments.free:
            await _by_model(done, world, repository, place)
    return done


async def _report(source: str) -> str:
    def read() -> str:
        return sys.stdin.read() if source == "-" else Path(source).read_text("utf-8")

    try:
        return await asyncio.to_thread(read)
    except (OSError, UnicodeDecodeError):
        raise ReportError(f"the diagnostics cannot be read from {source}") from None


def _freely(done: _Run, repository: Repository, place: Place) -> None:
    source = _source(done.text, repository, place)
    changes, solved = all_free(repository.indexing.codebase, source, done.left)
    left = [one for number, one in enumerate(done.left) if number not in solved]
    done.free = len(solved)
    done.left = tuple(_moved(one, changes) for one in left)
    done.text = edits.apply(done.text, changes)
    if solved:
        done.notes.append(f"{len(solved)} of {done.problems} problems fixed for free")


def _moved(one: Diagnostic, changes: Sequence[Edit]) -> Diagnostic:
    """Return a diagnostic at its place in the text after edits."""

    def at(offset: int) -> int:
        grown = (len(e.new) - (e.span.end - e.span.start) for e in changes if e.span.end <= offset)
        return offset + sum(grown)

    return replace(one, span=Span(at(one.span.start), at(one.span.end)))


def _source(text: Text, repository: Repository, place: Place) -> Source:
    document = Document(place.path.as_uri(), id_of(place.name), 0, text)
    return source_of(document, place.name, repository.indexing.codebase)


async def _by_model(done: _Run, world: World, repository: Repository, place: Place) -> None:
    settings = repository.settings
    if place.name not in {file.path for file in repository.inventory.files}:
        done.notes.append(f"{place.name} is kept out of what models are told")
        return
    if not may_ask(world, settings):
        done.notes.append(f"{len(done.left)} left for a model: there is no {settings.api.key_env}")
        return

    async def announce(step: Step, failed: Sequence[Failed]) -> None:
        done.notes.append(announcement(step, failed))

    source = _source(done.text, repository, place)
    ask = Ask(FIX, source.document.uri, 0, done.left[0].span, done.left)
    found = checker_for(
        settings.fix.check, settings.fix.trusted, source.document.language, place.root, place.name
    )

    async def check(before: str, after: str, problems: Sequence[Diagnostic]) -> str | None:
        return None if found is None else await still_there(found, before, after, problems)

    async with open_gateway(world, settings) as gateway:
        try:
            ports = fix.Ports(gateway, Experience(), announce, check)
            result = await fix.perform(source, ask, settings, ports)
        except TandemError as error:
            done.notes.append(f"{len(done.left)} left: {error}")
            return
    done.text = edits.apply(done.text, result.edits)
    done.by_model, done.left, done.cost = len(done.left), (), str(result.cost)
    done.notes.append(f"{done.by_model} fixed by {result.by}")
