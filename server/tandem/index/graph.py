"""Who needs whom: definitions resolved through imports and scope, callers, files around a file.

A resolution is a proof where the name is imported or defined in the file, and a candidate where it
is only unique in the codebase; a name with many definers resolves to nothing. Callers are places
where the name stands in a file that can see the definition: syntax, not types, so a method of
another class with the same name can be among them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.index.code import Code
from tandem.index.facts import Definition
from tandem.index.rank import merged, personalized

# Of a file's edges: what it imports tells most, then who imports it, then what changes with it.
_IMPORTS, _IMPORTERS, _CHANGES = 0.5, 0.25, 0.25
_MANY: Final = 3  # definers; over it a bare name says nothing
_CALLERS: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A definition in a file; `certain` where imports or scope prove it."""

    path: str
    definition: Definition
    certain: bool


@dataclass(frozen=True, slots=True)
class Use:
    """An occurrence of a name: zero-based line, offset, and the definition it stands in."""

    path: str
    line: int
    offset: int
    inside: Definition | None


def resolve(code: Code, path: str, name: str) -> Sequence[Place]:
    """Return the definitions that a name in a file may mean, certain ones first."""
    target = code.imports(path).get(name)
    if target is not None:
        found = _in_file(code, target.path, target.name or name, certain=True)
        return found or _reexported(code, target.path, target.name or name)
    own = _in_file(code, path, name, certain=True)
    if own:
        return own
    definers = code.definers(name)
    if len(definers) > _MANY:
        definers = [d for d in definers if d in {t.path for t in code.imports(path).values()}]
    return [
        place
        for definer in definers[:_MANY]
        for place in _in_file(code, definer, name, certain=False)
    ]


def _in_file(code: Code, path: str, name: str, *, certain: bool) -> list[Place]:
    facts = code.facts(path)
    if facts is None:
        return []
    return [Place(path, d, certain) for d in facts.definitions if d.name == name]


def _reexported(code: Code, path: str, name: str) -> list[Place]:
    """Follow one step through a package's own imports (``__init__.py``, ``index.ts``)."""
    target = code.imports(path).get(name)
    return _in_file(code, target.path, target.name or name, certain=True) if target else []


def uses(code: Code, name: str, paths: Sequence[str] = ()) -> Iterator[Use]:
    """Yield the occurrences of a name in files (default: all that have it), at most 200."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    left = _CALLERS
    for path in paths or code.users(name):
        text = code.text(path)
        if text is None:
            continue
        facts = code.facts(path)
        definitions = facts.definitions if facts is not None else ()
        own = {d.at for d in definitions if d.name == name}
        for match in pattern.finditer(text):
            if match.start() in own:
                continue
            line = text.count("\n", 0, match.start())
            yield Use(path, line, match.start(), enclosing(definitions, match.start()))
            left -= 1
            if not left:
                return


def callers(code: Code, place: Place) -> Iterator[Use]:
    """Yield the uses of a definition in the files that can see it."""
    name = place.definition.name
    seeing = {place.path, *code.importers(place.path)}
    visible = [path for path in code.users(name) if path in seeing]
    yield from uses(code, name, visible or code.users(name))


def enclosing(definitions: Sequence[Definition], offset: int) -> Definition | None:
    """Return the innermost definition around an offset."""
    inner = [d for d in definitions if d.span.start <= offset < d.span.end]
    return max(inner, key=lambda d: d.span.start) if inner else None


def around(code: Code, changes: Mapping[str, Mapping[str, float]], path: str) -> dict[str, float]:
    """Return a file's weighted neighbors: imports, importers, files that change with it."""
    imports: dict[str, float] = {}
    for target in code.imports(path).values():
        imports[target.path] = imports.get(target.path, 0.0) + 1.0
    importers = dict.fromkeys(code.importers(path), 1.0)
    together = changes.get(path, {})
    return merged([(_IMPORTS, imports), (_IMPORTERS, importers), (_CHANGES, together)])


def related(
    code: Code, changes: Mapping[str, Mapping[str, float]], seeds: Mapping[str, float]
) -> dict[str, float]:
    """Return the files around the seeds with their rank, the seeds included."""
    return personalized(seeds, lambda path: around(code, changes, path))
