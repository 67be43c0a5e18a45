"""Facts of an open document over an edit: what has not changed is moved, not found again.

Places behind the edit move by what it has put in; what a parse of the abridged document says stands
for the lines it was given. Deliberately no tree and no text.

Invariant: the order and the parents of definitions are those that a walk over everything gives.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from typing import NamedTuple

from tandem.core.text import Span
from tandem.index.facts import Definition, Import


class Edit(NamedTuple):
    """What became of a range: code points, and the zero-based lines they are on."""

    at: int
    old_end: int
    new_end: int
    line: int
    old_line: int
    new_line: int

    @property
    def points(self) -> int:
        """How many code points more there are."""
        return self.new_end - self.old_end

    @property
    def lines(self) -> int:
        """How many lines more there are."""
        return self.new_line - self.old_line

    def place(self, offset: int) -> int:
        """Return where an offset is now; what was replaced is where it ends."""
        if offset <= self.at:
            return offset
        if offset < self.old_end:
            return min(offset, self.new_end)
        return offset + self.new_end - self.old_end

    def line_now(self, line: int) -> int:
        """Return where a line is now."""
        if line <= self.line:
            return line
        if line <= self.old_line:
            return min(line, self.new_line)
        return line + self.new_line - self.old_line


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines that a parse was not given, and the code points they hold; in order, half-open."""

    spans: tuple[Span, ...]
    lines: tuple[tuple[int, int], ...]

    def restored(self, definitions: Sequence[Definition]) -> list[Definition]:
        """Return definitions of the abridged document with their places in the whole one."""
        points, past = _joints(self.spans)
        rows, passed = _joints(self.lines)
        return [
            Definition(
                d.name,
                d.kind,
                Span(
                    d.span.start + past[bisect_right(points, d.span.start)],
                    d.span.end + past[bisect_left(points, d.span.end)],
                ),
                d.at + past[bisect_right(points, d.at)],
                d.line + passed[bisect_right(rows, d.line)],
                d.signature,
                d.doc,
                d.parent,
            )
            for d in definitions
        ]

    def line_restored(self, line: int) -> int:
        """Return the line of the whole document that a line of the abridged one is."""
        rows, passed = _joints(self.lines)
        return line + passed[bisect_right(rows, line)]

    def divided(self, lines: Iterable[int]) -> tuple[list[int], list[int]]:
        """Return the lines that are left out, and the others."""
        mask = self.mask()
        out, others = list[int](), list[int]()
        for line in lines:
            (out if line < len(mask) and mask[line] else others).append(line)
        return out, others

    def mask(self) -> bytearray:
        """Return one for each line that is left out, up to the last of them."""
        found = bytearray(self.lines[-1][1] if self.lines else 0)
        for first, end in self.lines:
            found[first:end] = b"\1" * (end - first)
        return found


def _joints(gaps: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return where the gaps would be in what is left, and how much is gone before each and all."""
    past = list(accumulate((end - start for start, end in gaps), initial=0))
    return [start - gone for (start, _), gone in zip(gaps, past, strict=False)], past


def moved(definitions: Sequence[Definition], edit: Edit) -> tuple[Definition, ...]:
    """Return all definitions where they are now."""
    behind = bisect_right(definitions, edit.at, key=_start)
    place, line = edit.place, edit.line_now
    found = [
        d
        if d.span.end < edit.at
        else Definition(
            d.name,
            d.kind,
            Span(d.span.start, place(d.span.end)),
            place(d.at),
            line(d.line),
            d.signature,
            d.doc,
            d.parent,
        )
        for d in definitions[:behind]
    ]
    for number in range(behind, len(definitions)):
        d = definitions[number]
        if d.span.start >= edit.old_end and d.line > edit.old_line:
            break
        span = Span(place(d.span.start), place(d.span.end))
        d = Definition(
            d.name, d.kind, span, place(d.at), line(d.line), d.signature, d.doc, d.parent
        )
        found.append(d)
    found += _shifted(definitions[len(found) :], edit.points, edit.lines)
    return tuple(found)


def moved_imports(imports: Sequence[Import], edit: Edit) -> tuple[Import, ...]:
    """Return all imports where they are now."""
    if not edit.lines:
        return tuple(imports)
    return tuple(
        i if i.line <= edit.line else Import(i.module, i.names, i.local, edit.line_now(i.line))
        for i in imports
    )


def spliced_imports(
    old: Sequence[Import], fresh: Sequence[Import], left_out: LeftOut, edit: Edit
) -> tuple[Import, ...]:
    """Put fresh imports in the place of those on the lines that were parsed."""
    mask = left_out.mask()
    kept = [i for i in moved_imports(old, edit) if i.line < len(mask) and mask[i.line]]
    come = [Import(i.module, i.names, i.local, left_out.line_restored(i.line)) for i in fresh]
    return tuple(sorted(kept + come, key=lambda i: i.line))


def spliced(
    old: Sequence[Definition], fresh: Sequence[Definition], left_out: LeftOut, edit: Edit
) -> tuple[Definition, ...] | None:
    """Put fresh definitions in the place of those that are not left out.

    None if they enclose what was left out in another way than the old ones did.
    """
    runs = [_run(old, gap, edit) for gap in left_out.spans]
    cuts = [bisect_left(fresh, gap.start, key=_start) for gap in left_out.spans]
    pairs = _pairs(old, runs, fresh, left_out, edit)
    if pairs is None:
        return None
    numbers, anew = _numbers((len(old), len(fresh)), runs, cuts, pairs)
    merged: list[Definition] = []
    begin = 0
    for gap, run, cut in zip(left_out.spans, runs, cuts, strict=True):
        merged += _numbered(fresh[begin:cut], anew)
        begin = cut
        kept = old[run.start : run.stop]
        if numbers is not None:
            kept = _numbered(kept, numbers)
        merged += _shifted(kept, edit.points, edit.lines) if gap.start >= edit.at else kept
    return (*merged, *_numbered(fresh[begin:], anew))


def _run(old: Sequence[Definition], gap: Span, edit: Edit) -> range:
    """Return the numbers of the definitions in a gap."""
    points = edit.points if gap.start >= edit.at else 0
    first = bisect_left(old, gap.start - points, key=_start)
    return range(first, bisect_left(old, gap.end - points, lo=first, key=_start))


def _numbers(
    counts: tuple[int, int],
    runs: Sequence[range],
    cuts: Sequence[int],
    pairs: Mapping[int, int],
) -> tuple[list[int] | None, list[int]]:
    """Return the new number of each old definition (None: as before) and of each fresh one.

    The last of each is for those without a parent.
    """
    numbers, anew = [-1] * (counts[0] + 1), [-1] * (counts[1] + 1)
    place = begin = 0
    for run, cut in zip(runs, cuts, strict=True):
        anew[begin:cut] = range(place, place + cut - begin)
        place += cut - begin
        numbers[run.start : run.stop] = range(place, place + len(run))
        place += len(run)
        begin = cut
    anew[begin:-1] = range(place, place + counts[1] - begin)
    for number, now in pairs.items():
        numbers[number] = anew[now]
    same = all(numbers[run.start] == run.start for run in runs if run)
    return (None if same and all(anew[b] == a for a, b in pairs.items()) else numbers), anew


def _pairs(
    old: Sequence[Definition],
    runs: Sequence[range],
    fresh: Sequence[Definition],
    left_out: LeftOut,
    edit: Edit,
) -> dict[int, int] | None:
    """Map the definitions around what was left out to the fresh ones, the same kind each."""
    pairs: dict[int, int] = {}
    edges = [0, *(edge for run in runs for edge in (run.start, run.stop)), len(old)]
    gone = chain(*map(range, edges[::2], edges[1::2]))
    spans = [(n, edit.place(old[n].span.start), edit.place(old[n].span.end)) for n in gone]
    for start, end in left_out.spans:
        before = [n for n, first, last in spans if first <= start and end <= last]
        now = [n for n, d in enumerate(fresh) if d.span.start <= start and end <= d.span.end]
        if [old[n].kind for n in before] != [fresh[n].kind for n in now]:
            return None
        pairs.update(zip(before, now, strict=True))
    return pairs


def _numbered(definitions: Sequence[Definition], numbers: Sequence[int]) -> list[Definition]:
    """Return definitions with the new numbers of their parents."""
    return [
        d
        if numbers[d.parent] == d.parent
        else Definition(d.name, d.kind, d.span, d.at, d.line, d.signature, d.doc, numbers[d.parent])
        for d in definitions
    ]


def _shifted(definitions: Sequence[Definition], points: int, lines: int) -> Sequence[Definition]:
    """Return definitions behind an edit where they are now. 1.5 us each."""
    if not points and not lines:
        return definitions
    return [
        Definition(
            d.name,
            d.kind,
            Span(d.span.start + points, d.span.end + points),
            d.at + points,
            d.line + lines,
            d.signature,
            d.doc,
            d.parent,
        )
        for d in definitions
    ]


def _start(definition: Definition) -> int:
    return definition.span.start
