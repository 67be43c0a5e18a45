"""Definitions as lines: a name's signature below its class's and its file's, each said once.

One line a definition: at 15 tokens each, 2,000 tokens hold 90 of them, where cards with
documentation and members hold 25 and lose 0.2 of recall. Made from facts; no text is read.

Invariant: a line that is given is the line at which the name is defined.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from tandem.index.code import Code
from tandem.index.context.block import Section, Source, header, size
from tandem.index.context.likely import Name
from tandem.index.context.windows import Windows
from tandem.index.facts import Definition, FileFacts, Kind

_LONGEST: Final = 100  # characters of a signature: the name, and the parameters that fit
_CLASSES: Final = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TYPE})


@dataclass(slots=True)
class _Outline:
    """What is shown of one file: lines by number, each with its depth; reasons, in order."""

    lines: dict[int, str] = field(default_factory=dict)
    why: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class Signatures:
    """Signatures of one language's prompt being collected; `used` bytes so far."""

    code: Code
    windows: Windows
    language: str
    given: Mapping[str, AbstractSet[int]] = field(
        default_factory=dict
    )  # lines that are shown elsewhere
    used: int = 0
    _outlines: dict[str, _Outline] = field(default_factory=dict)

    def add(self, name: Name, room: int) -> bool:
        """Add a name's definition if it takes at most `room` bytes; tell whether it is there."""
        for path in name.paths:
            lines = self._lines(path, name.word)
            if not lines:
                continue
            if max(lines) in self.given.get(path, ()):
                return True
            outline = self._outlines.get(path)
            known = outline.lines if outline is not None else {}
            fresh = {n: line for n, line in lines.items() if n not in known}
            cost = sum(size(line) + 1 for line in fresh.values())
            cost += 0 if known else size(header(path, self.language))
            if cost > room:
                return False
            outline = self._outlines.setdefault(path, _Outline())
            outline.lines |= fresh
            outline.why[name.why] = None
            self.used += cost
            return True
        return False

    def _lines(self, path: str, word: str) -> dict[int, str]:
        facts = self.code.facts(path)
        if facts is None:
            return {}
        found = next((d for d in facts.definitions if d.name == word), None)
        if found is not None:
            lines = _above(facts, found.parent)
            return lines | {found.line: "    " * len(lines) + _cut(found.signature)}
        assigned = self.windows.assigned(word).get(path)
        if assigned is None:
            return {}
        lines = _above(facts, _around(facts, assigned.offset))
        return lines | {assigned.line: "    " * len(lines) + _cut(assigned.text)}

    def sections(self) -> list[Section]:
        """Return a section a file, its lines in their order, the file taken first coming last."""
        found = []
        for path, outline in reversed(self._outlines.items()):
            numbers = sorted(outline.lines)
            text = header(path, self.language)
            text += "".join([f"{outline.lines[n]}\n" for n in numbers])
            found.append(
                Section.of(
                    Source.SIGNATURES,
                    path,
                    tuple((n, n + 1) for n in numbers),
                    why=", ".join(outline.why),
                    text=text,
                    language=self.language,
                )
            )
        return found


def _above(facts: FileFacts, parent: int) -> dict[int, str]:
    """Return the heads of the classes around a definition, the outermost first."""
    heads: list[Definition] = []
    while parent >= 0:
        heads.append(facts.definitions[parent])
        parent = heads[-1].parent
    return {
        head.line: "    " * depth + _cut(head.signature)
        for depth, head in enumerate(reversed(heads))
    }


def _around(facts: FileFacts, offset: int) -> int:
    inner = -1
    for number, definition in enumerate(facts.definitions):
        if definition.span.start > offset:
            break
        if definition.kind in _CLASSES and offset < definition.span.end:
            inner = number
    return inner


def _cut(signature: str) -> str:
    return signature if len(signature) <= _LONGEST else signature[: _LONGEST - 1] + "…"
