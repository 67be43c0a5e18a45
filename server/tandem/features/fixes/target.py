"""Which part of a file an action may change: the definition around a place, and where imports go.

The smaller the part, the less a model can break and the less it has to say. Pure.

Invariant: targets are whole lines, inside the text, sorted and disjoint.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.core.text import Span, Text
from tandem.index.facts import Definition, FileFacts, Kind

# Most lines of a definition that may be changed as a whole; of a larger one, the lines around the
# place. 120 lines are 1,200 tokens to read, and as many to say where all is said again.
_LARGEST: Final = 120
_AROUND: Final = 12
_HEADER: Final = 80  # lines of a file's head, where imports are
_CALLABLE: Final = frozenset([Kind.FUNCTION, Kind.METHOD, Kind.MACRO, Kind.PROPERTY])
TYPES: Final = frozenset([Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TYPE])
_NAMED: Final = _CALLABLE | TYPES


@dataclass(frozen=True, slots=True)
class Target:
    """Lines that may be changed; `definition` is what they hold, None for lines around a place."""

    span: Span
    definition: Definition | None


def definition_at(facts: FileFacts | None, span: Span) -> Definition | None:
    """Return the innermost function, method or type around a span."""
    around = [d for d in _around(facts, span) if d.kind in _NAMED]
    return around[-1] if around else None


def _around(facts: FileFacts | None, span: Span) -> list[Definition]:
    """Return the definitions that hold a span, the outermost first."""
    if facts is None:
        return []
    start, end = span
    return [d for d in facts.definitions if d.span.start <= start and end <= d.span.end]


def target_of(text: Text, facts: FileFacts | None, span: Span) -> Target:
    """Return the lines that hold what a span is about."""
    around = [d for d in _around(facts, span) if d.kind in _NAMED]
    for definition in reversed(around):
        lines = _lines(text, definition.span)
        if _height(text, lines) <= _LARGEST:
            return Target(lines, definition)
        break
    first, _ = text.point_at(span.start)
    last, _ = text.point_at(span.end)
    last = min(last, first + _LARGEST)
    start = text.line_start(max(0, first - _AROUND))
    return Target(Span(start, text.line_start(last + 1 + _AROUND)), None)


def header_of(text: Text, facts: FileFacts | None) -> Span:
    """Return the lines before the first definition with a body, where imports go."""
    last = _HEADER
    bodies = [d for d in facts.definitions if d.kind in _NAMED] if facts is not None else []
    if bodies:
        last = min(last, text.point_at(bodies[0].span.start)[0])
    elif facts is None:
        last = min(last, _AROUND)
    return Span(0, text.line_start(last))


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans sorted, those that touch made one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        elif span.start < span.end:
            found.append(span)
    return tuple(found)


def symbols(facts: FileFacts | None, text: Text, within: Sequence[Span]) -> dict[str, Span]:
    """Return the definitions in some spans by their dotted names, and short ones where unique."""
    if facts is None:
        return {}
    found: dict[str, Span] = {}
    short: dict[str, list[Span]] = {}
    for definition in facts.definitions:
        span = _lines(text, definition.span)
        if definition.kind in _NAMED and any(a <= span.start and span.end <= b for a, b in within):
            found.setdefault(_dotted(facts, definition), span)
            short.setdefault(definition.name, []).append(span)
    unique = {name: spans[0] for name, spans in short.items() if len(spans) == 1}
    return unique | found


def _dotted(facts: FileFacts, definition: Definition) -> str:
    names = [definition.name]
    while definition.parent >= 0:
        definition = facts.definitions[definition.parent]
        names.append(definition.name)
    return ".".join(reversed(names))


def _lines(text: Text, span: Span) -> Span:
    """Widen a span to whole lines, the last line's end included."""
    first, _ = text.point_at(span.start)
    last, column = text.point_at(span.end)
    last -= column == 0 and span.end > span.start
    return Span(text.line_start(first), text.line_start(last + 1))


def _height(text: Text, span: Span) -> int:
    return text.point_at(span.end)[0] - text.point_at(span.start)[0]
