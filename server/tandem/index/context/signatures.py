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
from tandem.index.heads import Heads

_LONGEST: Final = 100  # characters of a signature: the name, and the parameters that fit
_INDENT: Final = "    "


@dataclass(slots=True)
class _Outline:
    """What is shown of one file: its header's bytes, lines by number, reasons in order."""

    header: int
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
            heads = self.code.heads(path)
            found = self._found(heads, path, name.word) if heads is not None else None
            if heads is None or found is None:
                continue
            line, said, parent = found
            if line in self.given.get(path, ()):
                return True
            outline = self._outlines.get(path)
            if outline is None:
                outline = _Outline(size(header(path, self.language)))
            known, above = outline.lines, heads.above(parent)
            fresh = [
                (heads.lines[head], _INDENT * depth + _cut(heads.signatures[head]))
                for depth, head in enumerate(above)
                if heads.lines[head] not in known
            ]
            if line not in known:
                fresh.append((line, _INDENT * len(above) + _cut(said)))
            cost = sum([size(text) + 1 for _, text in fresh], 0 if known else outline.header)
            if cost > room:
                return False
            known.update(fresh)
            outline.why[name.why] = None
            self._outlines[path] = outline
            self.used += cost
            return True
        return False

    def _found(self, heads: Heads, path: str, word: str) -> tuple[int, str, int] | None:
        """Return the line at which a file defines a name, what it says, and what it is in."""
        number = heads.first.get(word)
        if number is not None:
            return heads.lines[number], heads.signatures[number], heads.parents[number]
        assigned = self.windows.assigned(word).get(path)
        if assigned is None:
            return None
        return assigned.line, assigned.text, heads.around(assigned.offset)

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


def _cut(signature: str) -> str:
    return signature if len(signature) <= _LONGEST else signature[: _LONGEST - 1] + "…"
