"""What is known of a change beside what is wrong with it: facts for whoever judges it. Pure.

For each definition that changed: who uses it, which tests do. Which files usually change along and
did not. What of the change is no text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tandem.features.review.change import FUNCTIONS, Look, qualified
from tandem.features.review.evidence.case import Case
from tandem.index.context.likely import is_test
from tandem.index.facts import Definition, Kind
from tandem.index.graph import Place
from tandem.index.using import callers_of

_NAMED: Final = FUNCTIONS | {Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TYPE}
_ORDER: Final = ("gone", "another head", "another body", "new")  # what others feel comes first
_MOST: Final = 40  # definitions
_SHOWN: Final = 4  # places of each
_ALONG: Final = 5


@dataclass(frozen=True, slots=True)
class Touched:
    """A definition that changed: what happened to it, who uses it, which test files do."""

    path: str
    line: int
    name: str
    what: str  # "new", "gone", "another head", "another body"
    used: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notes:
    """The facts of a change. `along`: files that usually change with it, each with the reason."""

    touched: tuple[Touched, ...]
    along: tuple[tuple[str, str], ...]
    unread: tuple[tuple[str, str], ...]


def noted(case: Case, along: Sequence[tuple[str, str]]) -> Notes:
    """Return the facts of a change; `along` ranks the files that usually change with it."""
    found: list[Touched] = []
    for changed in case.change.files:
        found += _of_file(case, changed.look)
    changed_paths = case.change.paths
    missing = [(path, why) for path, why in along if path not in changed_paths]
    unread = tuple(case.change.notes.items())
    found.sort(key=lambda one: (_ORDER.index(one.what), not one.used))
    return Notes(tuple(found[:_MOST]), tuple(missing[:_ALONG]), unread)


def _of_file(case: Case, look: Look) -> Iterator[Touched]:
    if is_test(look.path):
        return
    old, new = _definitions(look, old=True), _definitions(look, old=False)
    for name, (one, body) in new.items():
        was = old.get(name)
        if was is None:
            what = "new"
        elif was[0].signature != one.signature:
            what = "another head"
        elif was[1] != body:
            what = "another body"
        else:
            continue
        yield _touched(case, look, one, name, what)
    for name, (one, _body) in old.items():
        if name not in new and case.after.users(one.name):
            yield _touched(case, look, one, name, "gone")


def _definitions(look: Look, *, old: bool) -> Mapping[str, tuple[Definition, str]]:
    facts, text = (look.read.before, look.before) if old else (look.read.after, look.after)
    found = facts.definitions if facts is not None else ()
    inner = {n for n, d in enumerate(found) if d.kind in FUNCTIONS}
    return {
        qualified(found, d): (d, text[d.span.start : d.span.end])
        for d in found
        if d.kind in _NAMED and d.parent not in inner
    }


def _touched(case: Case, look: Look, one: Definition, name: str, what: str) -> Touched:
    if what == "new" or one.kind not in FUNCTIONS:
        return Touched(look.path, one.line, name, what)
    used: dict[str, None] = {}
    tests: dict[str, None] = {}
    # What is gone stands in no class of the file as it is now.
    place = Place(look.path, replace(one, parent=-1) if what == "gone" else one, certain=True)
    for use in callers_of(case.after, place, seeing=True):
        if is_test(use.path):
            tests[use.path] = None
        else:
            used[f"{use.path}:{use.line + 1}"] = None
    return Touched(look.path, one.line, name, what, tuple(used)[:_SHOWN], tuple(tests)[:_SHOWN])


def told(notes: Notes) -> Iterator[str]:
    """Yield the facts in lines."""
    for one in notes.touched:
        used = f"; used in {', '.join(one.used)}" if one.used else ""
        tests = f"; tested in {', '.join(one.tests)}" if one.tests else ""
        yield f"- {one.path}:{one.line + 1} `{one.name}`: {one.what}{used}{tests}"
    for path, why in notes.along:
        yield f"- {path} did not change: {why}"
    for path, what in notes.unread:
        yield f"- {path}: {what}"
