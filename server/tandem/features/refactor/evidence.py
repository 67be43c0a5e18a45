"""What a change to something may touch: free facts for a plan, and useful without one. Pure.

Uses are syntax, not types: those in files that import the target's are sure to mean it as far as
imports can tell, others may mean something else of the same name. A file that is to change as a
whole is used by the lines that import it, too, and by those that have its name. Deliberately no
opinion on what should be done.

Invariant: every hit is a line of an indexed file; nothing is read that the index does not know.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.facts import Definition, Kind
from tandem.index.graph import Use, enclosing, uses
from tandem.index.languages import is_prose

_NAMED: Final = frozenset(Kind) - {Kind.KEY, Kind.MODULE, Kind.FIELD, Kind.VARIABLE, Kind.PROPERTY}
_LONGEST: Final = 160  # characters of a quoted line
_NAMES: Final = 20  # of a file that is looked at as a whole
MOST_TOGETHER: Final = 8
_OTHERS: Final = 100  # files that define the same name: a logger is in each of them
_CALLED: Final = 300  # files with a module's name as a word that are searched for its whole name
GUESS: Final = 0.5  # and less: how sure a target is that nothing really names
_LEAST: Final = 0.5  # of a commit's weight: a file that changed along once, in a commit of three


@dataclass(frozen=True, slots=True)
class Target:
    """What is to change: a definition, or a file as a whole (`definition` is None).

    `sure` is less than 1 where it was read out of an instruction that may mean something else, and
    at most `GUESS` where no name of it was there.
    """

    path: str
    definition: Definition | None
    names: tuple[str, ...]
    sure: float = 1.0


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
    the past, with the weight of the commits. `further` are targets beside the main one; `ranked`
    the files, likeliest first, where somebody asked for that.
    """

    target: Target
    others: tuple[Hit, ...] = ()
    callers: tuple[Hit, ...] = ()
    perhaps: tuple[Hit, ...] = ()
    tests: tuple[Hit, ...] = ()
    mentions: tuple[Hit, ...] = ()
    together: tuple[tuple[str, float], ...] = ()
    further: tuple[Target, ...] = ()
    ranked: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[Target, ...]:
        """All that is to change, the main one first."""
        return (self.target, *self.further)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the change may reach, the target's first: the blast radius."""
        hits = (*self.callers, *self.tests, *self.mentions, *self.perhaps)
        named = [target.path for target in self.targets]
        return tuple(dict.fromkeys([*named, *(hit.path for hit in hits)]))


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
    importers = frozenset(code.importers(target.path))
    callers, perhaps, tests, mentions = list[Hit](), list[Hit](), list[Hit](), list[Hit]()
    if target.definition is None:
        imported = list(_imported(code, target.path, importers))
        callers += [hit for hit in imported if not is_test(hit.path)]
        tests += [hit for hit in imported if is_test(hit.path)]
        calling = [hit for hit in _calling(code, target.path) if hit.path not in importers]
        mentions += [hit for hit in calling if is_prose(hit.path)]
        perhaps += [hit for hit in calling if not is_prose(hit.path)]
    read = lru_cache(1)(code.text)  # uses come file by file
    for name in target.names:
        for use in _uses(code, target, name, importers):
            hit = _hit(read(use.path) or "", use)
            if is_prose(use.path):
                if _is_mention(hit.text, name):
                    mentions.append(hit)
            elif not sees(code, target, importers, use.path, name):
                perhaps.append(hit)
            elif is_test(use.path):
                tests.append(hit)
            else:
                callers.append(hit)
    others = [hit for name in target.names for hit in _defined_elsewhere(code, target, name)]
    return Evidence(
        target,
        others=tuple(others) if target.definition is not None else (),
        callers=distinct(callers),
        perhaps=distinct(perhaps),
        tests=distinct(tests),
        mentions=distinct(mentions),
        together=_along(code, target.path, together),
    )


def sees(
    code: Code, target: Target, importers: Collection[str], path: str, name: str
) -> bool | None:
    """Tell whether a name in a file is the target's, as imports tell; None where they do not.

    What comes through a file that imports the target's counts: packages hand on names.
    """
    if path == target.path:
        return True
    bound = code.imports(path).get(name)
    if bound is not None:
        return bound.path == target.path or bound.path in importers
    return True if path in importers else None


def called(code: Code, path: str) -> Iterator[tuple[str, int]]:
    """Yield the files whose text has a file's name, as a path or dotted, and where first."""
    folder, _, name = path.rpartition("/")
    stem, above = name.partition(".")[0], folder.rpartition("/")[2]
    if stem.startswith("__") or not folder:
        return
    forms = (f"{above}.{stem}", f"{above}/{stem}", name)
    for user in code.users(stem)[:_CALLED]:
        text = (code.text(user) or "") if user != path else ""
        found = [offset for form in forms if (offset := text.find(form)) >= 0]
        if found:
            yield user, min(found)


def _imported(code: Code, path: str, importers: Collection[str]) -> Iterator[Hit]:
    """Yield the lines that import a file."""
    for importer in sorted(importers):
        facts, bound = code.facts(importer), code.imports(importer)
        for one in facts.imports if facts is not None else ():
            locals_ = [local for _, local in one.names] or [one.local or f"*{path}"]
            if any(local in bound and bound[local].path == path for local in locals_):
                lines = (code.text(importer) or "").split("\n", one.line + 1)
                text = lines[one.line] if one.line < len(lines) else ""
                yield Hit(importer, one.line, text.strip()[:_LONGEST])


def _uses(code: Code, target: Target, name: str, importers: Collection[str]) -> Iterator[Use]:
    """Yield the uses of a name of a target; of a whole file's, where they are likely to be its."""
    if target.definition is not None:
        yield from uses(code, name)
        return
    only = len(code.definers(name)) == 1
    paths = [p for p in code.users(name) if only or p in importers or is_prose(p)]
    paths = [p for p in paths if p != target.path]
    if paths:
        yield from uses(code, name, paths)


def _is_mention(text: str, name: str) -> bool:
    """Tell a name from a word: `check` is one only as code, `day_start` always."""
    if not name.isalpha() or not name.islower():
        return True
    return re.search(rf"`[\w.]*\b{name}(?:\(\))?`|\b{name}\(|[\"']{name}[\"']", text) is not None


def _hit(text: str, use: Use) -> Hit:
    inside = use.inside.name if use.inside is not None else ""
    return Hit(use.path, use.line, _quoted(text, use.offset), inside)


def _calling(code: Code, path: str) -> Iterator[Hit]:
    """Yield the first line of each file that has a file's name."""
    for user, offset in called(code, path):
        text = code.text(user) or ""
        yield Hit(user, text.count("\n", 0, offset), _quoted(text, offset))


def _quoted(text: str, offset: int) -> str:
    start = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    return text[start : end if end >= 0 else len(text)].strip()[:_LONGEST]


def distinct(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Return a line once, however often it has the name, in the order of files and lines."""
    places = {(hit.path, hit.line): hit for hit in reversed(hits)}
    return tuple(places[place] for place in sorted(places))


def _defined_elsewhere(code: Code, target: Target, name: str) -> Iterator[Hit]:
    for path in code.definers(name)[:_OTHERS]:
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
    return tuple(sorted(found, key=lambda item: (-item[1], item[0]))[:MOST_TOGETHER])
