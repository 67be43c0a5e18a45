"""What a change touches, what a text uses, where a definition is used: by names and imports.

Candidates more than proofs: a call of a method is a name behind a dot, so the definitions of files
near by come first, and the uses in files that see the definition, through packages that hand it on
too.

Invariant: every use is a place in an indexed file that has the name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate
from posixpath import dirname
from typing import Final

from tandem.index.code import Code
from tandem.index.facts import Definition, Kind
from tandem.index.graph import Place, Use, enclosing, resolve, uses
from tandem.index.languages import id_of

# What is called, made or looked up by its name; fields and variables share theirs with too many.
NAMED: Final = frozenset(Kind) - {
    Kind.KEY, Kind.MODULE, Kind.FIELD, Kind.VARIABLE, Kind.PROPERTY,
}  # fmt: skip
_PACKAGED: Final = frozenset(["go", "java", "kotlin", "scala", "csharp", "swift"])
_MANY: Final = 3  # definers: over it a name that is not imported says nothing
_SAME: Final = 3  # definitions of one name, and files of it, that a call may mean
_USES: Final = 300  # calls of one definition that are looked for, about
_WORD: Final = re.compile(r"[^\W\d]\w*")
_BARE: Final = re.compile(r"\s*\w+(?: as \w+)?,?\)?;?\s*")
_REACHED: Final = re.compile(r"\.\s*([^\W\d]\w*)|([^\W\d]\w*)\s*\(")


def touched_by(code: Code, path: str, lines: Iterable[int]) -> list[Place]:
    """Return the innermost definitions around zero-based lines of a file, in their order."""
    facts, text = code.facts(path), code.text(path)
    if facts is None or text is None:
        return []
    named = [d for d in facts.definitions if d.kind in NAMED]
    bodies = text.split("\n")
    starts = list(accumulate([len(body) + 1 for body in bodies], initial=0))
    found: dict[int, Definition] = {}
    for line in sorted(lines):
        if line < len(bodies):
            blank = len(bodies[line]) - len(bodies[line].lstrip(" \t"))
            inner = enclosing(named, starts[line] + blank)
            if inner is not None:
                found[inner.at] = inner
    return [Place(path, definition, certain=True) for definition in found.values()]


def used(code: Code, path: str, text: str) -> Iterator[Place]:
    """Yield what the words of a text mean: proven ones, and those called that few files define."""
    reached = {name for pair in _REACHED.findall(text) for name in pair}
    for name in dict.fromkeys(_WORD.findall(text)):
        places = [p for p in resolve(code, path, name) if p.definition.kind in NAMED]
        if places and places[0].certain:
            yield from places[:_SAME]
        if name in reached:
            yield from _candidates(code, path, name)


def _candidates(code: Code, path: str, name: str) -> Iterator[Place]:
    """Yield the definitions that a call of a name may mean, those of files near by first."""
    near = {target.path for target in code.imports(path).values()} | {path}
    definers = sorted(code.definers(name), key=lambda p: (p not in near, p))
    if len(definers) > _MANY:
        further = {t.path for p in near for t in code.imports(p).values()}
        definers = sorted(definers, key=lambda p: (p not in near, p not in further, p))
    for definer in definers[:_SAME]:
        facts = code.facts(definer)
        found = [d for d in facts.definitions if d.name == name] if facts is not None else []
        yield from (Place(definer, d, certain=False) for d in found[:_SAME] if d.kind in NAMED)


def callers_of(code: Code, place: Place, *, seeing: bool = False) -> list[Use]:
    """Return the uses of a definition outside of it: calls first, those that see it first.

    With `seeing` only those in files that import it, or share its package.
    """
    place = called(code, place)
    name, span = place.definition.name, place.definition.span
    calls: list[Use] = []
    others: list[Use] = []
    near, far = _users(code, place)
    for path in near if seeing else near + far:
        text = code.text(path) or ""
        for use in uses(code, name, [path]):
            inside = path == place.path and span.start <= use.offset < span.end
            if not inside and (use.inside is not None or not _in_head(code, use)):
                call = text.startswith("(", use.offset + len(name))
                (calls if call else others).append(use)
        if len(calls) > _USES:
            break
    return calls + others


def _users(code: Code, place: Place) -> tuple[list[str], list[str]]:
    """Return the files that have a definition's name and see it, then those that may mean it."""
    definition, name = place.definition, place.definition.name
    facts = code.facts(place.path)
    importers = frozenset(code.importers(place.path))
    binding = {path for path, _ in code.bindings(name)}
    handing_on = [path for path in binding & importers if name in code.imports(path)]
    near = {*importers, *binding, *[p for one in handing_on for p in code.importers(one)]}
    if definition.parent >= 0 and facts is not None:
        near.update(code.users(facts.definitions[definition.parent].name))
    users = [path for path in code.users(name) if path != place.path]
    if id_of(place.path) in _PACKAGED:
        near.update([path for path in users if dirname(path) == dirname(place.path)])
    vague = len(code.definers(name)) > _MANY
    far = [] if vague else [path for path in users if path not in near]
    return [place.path, *[path for path in users if path in near]], far


def called(code: Code, place: Place) -> Place:
    """Return what is named where a definition is called: the class of an `__init__`."""
    facts, definition = code.facts(place.path), place.definition
    if facts is None or definition.parent < 0 or not definition.name.startswith("__"):
        return place
    return replace(place, definition=facts.definitions[definition.parent])


def _in_head(code: Code, use: Use) -> bool:
    """Tell whether a use at the top level is an import, one line of a long one, or prose before."""
    facts = code.facts(use.path)
    if facts is None or _BARE.fullmatch(lines_at(code, use, 0)[1]):
        return True
    first = facts.definitions[0].line if facts.definitions else use.line + 1
    return any(use.line <= item.line < first for item in facts.imports)


def lines_at(code: Code, use: Use, around: int) -> tuple[int, str]:
    """Return the first line of a window around a use, and its text."""
    lines = (code.text(use.path) or "").split("\n")
    first = max(0, use.line - around)
    return first, "\n".join(lines[first : use.line + around + 1])
