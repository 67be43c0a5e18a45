"""What a change to something may touch: free facts for a plan, and useful without one. Pure.

Uses are syntax, not types: those in files that import the target's are sure to mean it as far as
imports can tell, others may mean something else of the same name. Deliberately no opinion on what
should be done.

Invariant: every hit is a line of an indexed file; nothing is read that the index does not know.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.facts import Definition, Kind
from tandem.index.graph import Use, enclosing, uses
from tandem.index.languages import language_of

_NAMED: Final = frozenset(Kind) - {Kind.KEY, Kind.MODULE, Kind.FIELD, Kind.VARIABLE, Kind.PROPERTY}
_LONGEST: Final = 160  # characters of a quoted line
_NAMES: Final = 20  # of a file that is looked at as a whole
_TOGETHER: Final = 8
_LEAST: Final = 0.5  # of a commit's weight: a file that changed along once, in a commit of three
_PROSE: Final = frozenset(["markdown", "xml", "html"])


@dataclass(frozen=True, slots=True)
class Target:
    """What is to change: a definition, or a file as a whole (`definition` is None)."""

    path: str
    definition: Definition | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that has a name of the target; `line` is zero-based, `inside` what it stands in."""

    path: str
    line: int
    text: str
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a change before anybody is asked.

    `others` are further definitions of the same name; `callers` and `tests` use it in files that
    import it, `perhaps` has the name in files that do not; `together` files that changed with it in
    the past, with the weight of the commits.
    """

    target: Target
    others: tuple[Hit, ...] = ()
    callers: tuple[Hit, ...] = ()
    perhaps: tuple[Hit, ...] = ()
    tests: tuple[Hit, ...] = ()
    mentions: tuple[Hit, ...] = ()
    together: tuple[tuple[str, float], ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the change may reach, the target's first: the blast radius."""
        hits = (*self.callers, *self.tests, *self.mentions, *self.perhaps)
        return tuple(dict.fromkeys([self.target.path, *(hit.path for hit in hits)]))


def target_at(code: Code, path: str, offset: int | None) -> Target:
    """Return the definition around an offset, or the file, for which its outermost names stand."""
    facts = code.facts(path)
    known = [d for d in facts.definitions if d.kind in _NAMED] if facts is not None else []
    found = enclosing(known, offset) if offset is not None else None
    if found is not None:
        return Target(path, found, (found.name,))
    outer = [d.name for d in known if d.parent < 0]
    return Target(path, None, tuple(dict.fromkeys(outer))[:_NAMES])


def gather(code: Code, target: Target, together: Mapping[str, Mapping[str, float]]) -> Evidence:
    """Return what the index and the history know of a change to a target."""
    seeing = {target.path, *code.importers(target.path)}
    callers, perhaps, tests, mentions = list[Hit](), list[Hit](), list[Hit](), list[Hit]()
    for name in target.names:
        for use in uses(code, name):
            if target.definition is None and use.path == target.path:
                continue
            hit = _hit(code, use)
            if _is_prose(use.path):
                if _is_mention(hit.text, name):
                    mentions.append(hit)
            elif use.path not in seeing:
                perhaps.append(hit)
            elif is_test(use.path):
                tests.append(hit)
            else:
                callers.append(hit)
    others = [hit for name in target.names for hit in _defined_elsewhere(code, target, name)]
    return Evidence(
        target,
        others=tuple(others) if target.definition is not None else (),
        callers=_distinct(callers),
        perhaps=_distinct(perhaps),
        tests=_distinct(tests),
        mentions=_distinct(mentions),
        together=_along(code, target.path, together),
    )


def _is_prose(path: str) -> bool:
    language = language_of(path)
    return language is not None and (language.listing or language.id in _PROSE)


def _is_mention(text: str, name: str) -> bool:
    """Tell a name from a word: `check` is one only as code, `day_start` always."""
    if not name.isalpha() or not name.islower():
        return True
    return re.search(rf"`[\w.]*\b{name}(?:\(\))?`|\b{name}\(|[\"']{name}[\"']", text) is not None


def _hit(code: Code, use: Use) -> Hit:
    inside = use.inside.name if use.inside is not None else ""
    return Hit(use.path, use.line, _quoted(code.text(use.path) or "", use.offset), inside)


def _quoted(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : end if end >= 0 else len(text)].strip()[:_LONGEST]


def _distinct(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return a line once, however often it has the name, in the order of files and lines."""
    places = {(hit.path, hit.line): hit for hit in reversed(hits)}
    return tuple(places[place] for place in sorted(places))


def _defined_elsewhere(code: Code, target: Target, name: str) -> Iterator[Hit]:
    for path in code.definers(name):
        facts = code.facts(path)
        for definition in facts.definitions if facts is not None else ():
            if definition.name == name and definition != target.definition:
                yield Hit(path, definition.line, definition.signature)


def _along(
    code: Code, path: str, together: Mapping[str, Mapping[str, float]]
) -> tuple[tuple[str, float], ...]:
    """Return the files that changed most with one, those that still are there."""
    known = set(code.paths)
    found = [(p, w) for p, w in together.get(path, {}).items() if w >= _LEAST and p in known]
    return tuple(sorted(found, key=lambda item: (-item[1], item[0]))[:_TOGETHER])
