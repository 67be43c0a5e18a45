"""What a type, a module or a function has: its members, its exports, its parameters.

From definitions alone: what a base class or a macro adds is not seen, so a name that is not found
is only a name that is not found.

Invariant: facts are trusted for names whatever text they are of; offsets are not used.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from posixpath import dirname
from typing import Final

from tandem.features.fixes.free.habits import nearest
from tandem.features.fixes.free.specifiers import family
from tandem.index.code import Code
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.graph import Place, resolve
from tandem.index.languages import language_of

_TYPES: Final = frozenset(
    [Kind.CLASS, Kind.STRUCT, Kind.INTERFACE, Kind.ENUM, Kind.TYPE, Kind.MODULE]
)
_CONSTRUCTORS: Final = frozenset(["__init__", "constructor", "__new__"])
_BASES: Final = re.compile(r"\(([\w., ]+)\)|\b(?:extends|implements)\s+([\w., ]+)|:\s*([\w., ]+)$")
_MOST: Final = 400
_FEW: Final = 3  # files that define a name; more say nothing
_DEPTH: Final = 3  # of base classes
_BASES_MOST: Final = 6  # looked at of one class
_NO_PARAMETERS: Final = frozenset(["self", "cls", "this", "mut", "args", "kwargs"])
_PARAMETER: Final = re.compile(r"[^\W\d][\w$]*")


def members(code: Code, path: str, owner: str) -> list[str]:
    """Return the names of the members of a type that a file knows by a name, own ones first."""
    return list(islice(_members(code, path, owner, _DEPTH), _MOST)) if owner else []


def _members(code: Code, path: str, owner: str, depth: int) -> Iterator[str]:
    for place in _places(code, path, owner):
        facts = code.facts(place.path)
        if facts is None or place.definition.kind not in _TYPES:
            continue
        yield from (d.name for d in _inside(facts, place.definition))
        bases = _BASES.search(place.definition.signature)
        for base in re.findall(r"\w+", bases[0])[:_BASES_MOST] if bases and depth else ():
            if base != owner:
                yield from _members(code, place.path, base, depth - 1)


def _places(code: Code, path: str, name: str) -> Sequence[Place]:
    """Return what a name may mean: proven, else of the same languages and near, if few."""
    found = resolve(code, path, name)
    if any(place.certain for place in found):
        return found
    language = language_of(path)
    able = nearest(code.definers(name), path, family(language.id)) if language is not None else []
    beside = [other for other in able if dirname(other) == dirname(path)] or able
    return [
        Place(other, definition, certain=False)
        for other in (beside if len(beside) <= _FEW else ())
        for definition in _named_so(code, other, name)
    ]


def _named_so(code: Code, path: str, name: str) -> list[Definition]:
    facts = code.facts(path)
    return [d for d in facts.definitions if d.name == name] if facts is not None else []


def _inside(facts: FileFacts, definition: Definition) -> Iterator[Definition]:
    for at, found in enumerate(facts.definitions):
        again = found.name == definition.name and found.kind is Kind.MODULE  # Rust's impl
        if again or found == definition:
            yield from (d for d in facts.definitions if d.parent == at)
        elif found.parent < 0 and found.signature.startswith("func ("):  # Go's method
            receiver = found.signature[6:].partition(")")[0]
            if re.search(rf"\b{re.escape(definition.name)}\b", receiver):
                yield found


def exports(facts: FileFacts | None) -> list[str]:
    """Return the names that other files can take from a file."""
    found = facts.definitions if facts is not None else ()
    return [d.name for d in found[:_MOST] if d.parent < 0 and d.kind is not Kind.KEY]


def parameters(code: Code, path: str, function: str) -> list[str]:
    """Return the names that a call of a function may give: parameters, fields of what it makes."""
    names: dict[str, None] = {}
    for place in _places(code, path, function):
        names |= dict.fromkeys(_parameters(code, place))
    return list(names)


def _parameters(code: Code, place: Place) -> Iterator[str]:
    if place.definition.kind not in _TYPES:
        yield from named(place.definition.signature)
        return
    facts = code.facts(place.path)
    inside = list(_inside(facts, place.definition)) if facts is not None else []
    makers = [d for d in inside if d.name in _CONSTRUCTORS]
    for maker in makers:
        yield from named(maker.signature)
    if not makers:  # a dataclass, a struct, an interface
        yield from (d.name for d in inside if d.kind in {Kind.FIELD, Kind.PROPERTY, Kind.VARIABLE})


def named(signature: str) -> Sequence[str]:
    """Return the names of the parameters in a signature."""
    start = signature.find("(")
    if start < 0:
        return ()
    names, depth, current = list[str](), 0, ""
    for char in signature[start + 1 :] + ")":
        if char in "([{<":
            depth += 1
        elif char in ")]}>" and depth:
            depth -= 1
        elif char == ")" or (char == "," and not depth):
            found = _PARAMETER.search(current.partition(":")[0].partition("=")[0])
            names += [found[0]] if found is not None else []
            current = ""
            if char == ")":
                break
            continue
        current += char
    return [name for name in names if name not in _NO_PARAMETERS]
