"""Types as their headers tell: what they extend, which members they have, who implements them.

By name and syntax: Python, JavaScript, TypeScript, Java, Kotlin and C# name their bases; in Go a
type implements whatever it has all methods of. Of other languages nothing is claimed.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.index.code import Code
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.languages import language_of

NAMED: Final = frozenset(
    ["python", "javascript", "javascriptreact", "typescript", "typescriptreact", "java"]
)
"""Languages whose types name their bases, and whose members are read here."""

_TYPES: Final = frozenset([Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.TYPE])
_MEMBERS: Final = frozenset([Kind.METHOD, Kind.FUNCTION, Kind.PROPERTY])
_PYTHON_BASES: Final = re.compile(r"\bclass\s+\w+\s*(?:\[[^\]]*\])?\s*\((.*)\)")
_BASES: Final = re.compile(
    r"\b(?:extends|implements)\s+([^{]+?)(?=\bextends\b|\bimplements\b|\{|$)"
)
_ARGUMENTS: Final = re.compile(r"<[^<>]*>|\[[^\[\]]*\]|\([^()]*\)")
_MOST: Final = 200  # types below one
_RECEIVER: Final = re.compile(r"^func\s*\(\s*(?:\w+\s+)?\*?(\w+)")


@dataclass(frozen=True, slots=True)
class Type:
    """A type of a file, its bases by their last names, and its own methods."""

    path: str
    definition: Definition
    bases: tuple[str, ...]
    members: tuple[Definition, ...]

    @property
    def name(self) -> str:
        """Return its name."""
        return self.definition.name

    def member(self, name: str) -> Definition | None:
        """Return its own method of a name, the first of several."""
        return next((one for one in self.members if one.name == name), None)


def types_of(code: Code, path: str) -> Sequence[Type]:
    """Return the types of a file. Methods of Go are those of the file's folder."""
    facts, language = code.facts(path), language_of(path)
    if facts is None or language is None:
        return ()
    if language.id == "go":
        return list(_go_types(code, path, facts))
    if language.id not in NAMED:
        return ()
    found = []
    for number, one in enumerate(facts.definitions):
        if one.kind in _TYPES:
            own = [d for d in facts.definitions if d.parent == number and d.kind in _MEMBERS]
            found.append(Type(path, one, bases_of(one.signature, language.id), tuple(own)))
    return found


def bases_of(signature: str, language: str) -> tuple[str, ...]:
    """Return the last names of the bases in a type's head."""
    if language == "python":
        match = _PYTHON_BASES.search(signature)
        listed = match[1] if match is not None else ""
    else:
        listed = ", ".join(_BASES.findall(_flat(signature)))
    names = [one.strip() for one in _flat(listed).split(",")]
    return tuple(n.rpartition(".")[2] for n in names if n and "=" not in n and n.isascii())


def _flat(text: str) -> str:
    """Drop what stands in brackets, from the inside."""
    before = None
    while before != text:
        before, text = text, _ARGUMENTS.sub("", text)
    return text


def _go_types(code: Code, path: str, facts: FileFacts) -> Iterator[Type]:
    methods: dict[str, list[Definition]] = {}
    folder = path.rpartition("/")[0]
    names = {d.name for d in facts.definitions if d.kind in _TYPES}
    beside = {p for name in names for p in code.users(name) if p.rpartition("/")[0] == folder}
    for other in sorted({path, *beside}):
        known = code.facts(other)
        for one in known.definitions if known is not None else ():
            receiver = _RECEIVER.match(one.signature)
            if receiver is not None and one.kind in _MEMBERS:
                methods.setdefault(receiver[1], []).append(one)
    for number, one in enumerate(facts.definitions):
        if one.kind is Kind.INTERFACE:
            own = [d for d in facts.definitions if d.parent == number and d.kind in _MEMBERS]
            yield Type(path, one, (), tuple(own))
        elif one.kind in _TYPES:
            yield Type(path, one, (), tuple(methods.get(one.name, ())))


def derived(code: Code, base: Type) -> Iterator[Type]:
    """Yield the types that name a type as their base, directly; in Go those with its methods."""
    language = language_of(base.path)
    if language is not None and language.id == "go":
        yield from _implementing(code, base)
        return
    for path in code.users(base.name):
        target = code.imports(path).get(base.name)
        if target is None and path != base.path and base.name in code.names(path):
            continue  # a type of its own that is called so
        leads = target is None or target.path == base.path
        if not leads and target is not None and base.path not in _onward(code, target.path):
            continue
        for one in types_of(code, path):
            if base.name in one.bases and one.definition != base.definition:
                yield one


def descendants(code: Code, base: Type) -> Sequence[Type]:
    """Return all types below a type, near ones first."""
    found: dict[tuple[str, int], Type] = {}
    todo = [base]
    while todo:
        for one in derived(code, todo.pop(0)):
            mark = (one.path, one.definition.at)
            if mark not in found and len(found) < _MOST:
                found[mark] = one
                todo.append(one)
    return list(found.values())


def _onward(code: Code, path: str) -> set[str]:
    return {target.path for target in code.imports(path).values()}


def embeds(code: Code, one: Type, name: str) -> bool:
    """Tell whether a type of Go has all methods of another by embedding it."""
    text = code.text(one.path) or ""
    span = one.definition.span
    return (
        re.search(
            rf"^\s*\*?(?:\w+\.)?{re.escape(name)}\s*$", text[span.start : span.end], re.MULTILINE
        )
        is not None
    )


def _implementing(code: Code, base: Type) -> Iterator[Type]:
    """Yield the types of Go that have all but one of an interface's methods, at least one."""
    wanted = {one.name for one in base.members}
    if base.definition.kind is not Kind.INTERFACE or not wanted:
        return
    seen: set[tuple[str, int]] = set()
    for name in sorted(wanted):
        for path in code.definers(name):
            if not path.endswith(".go"):
                continue
            for one in types_of(code, path):
                mark = (one.path, one.definition.at)
                have = {member.name for member in one.members}
                if (
                    one.definition.kind is not Kind.INTERFACE
                    and mark not in seen
                    and have & wanted
                    and (len(wanted - have) <= 1 or embeds(code, one, base.name))
                ):
                    seen.add(mark)
                    yield one
