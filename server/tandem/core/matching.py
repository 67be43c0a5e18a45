r"""Where lines that a model wrote stand in a text, and the edits that put others there.

Lines match exactly, or, if they do so nowhere, with white space disregarded and one constant
indentation between them; never by likeness. A line ends at ``\n`` or ``\r\n``, as in `diff`.

Invariant: every edit lies inside one of the allowed spans; a piece that would need another is
refused whole. Lines that a change keeps stay as the text has them, to the byte.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from itertools import accumulate, islice
from operator import itemgetter
from typing import Final

from tandem.core.diff import changed_blocks, lines_of
from tandem.core.edits import Edit, inserted_at, least
from tandem.core.elisions import is_elision, may_hold_elisions
from tandem.core.lines import (
    RefusedError,
    Retabbed,
    Rows,
    Shift,
    first_line,
    folded,
    indent_of,
    nearest,
    quoted,
    without_end,
)
from tandem.core.text import Span, Text

_MOST_PLACES: Final = 20
"""Places of the same lines that are tried; ten times as many are looked at. Enough to find the one
that may be changed, and few enough for 200 blocks against a file of one repeated line."""

_MOST_SEEN: Final = 10 * _MOST_PLACES
_MOST_MISSED: Final = 8
"""Lines for which the nearest is looked for; a model that misses more is not helped by it."""

_SLIDE: Final = 256
_UNFIT: Final = re.compile("[\0\ud800-\udfff]")
_UNSHIFTED: Final = Shift("", "")
_Blocks = Sequence[tuple[int, int, int, int]]


class Lines:
    """A text that may be changed in some spans, and what is known of its lines once asked for."""

    def __init__(self, path: str, text: str, allowed: Sequence[Span]) -> None:
        """Take the text; nothing is computed yet."""
        self.path = path
        self.text = text
        self.allowed = allowed
        self._missed = 0

    @cached_property
    def raw(self) -> list[str]:
        """The lines with their ends."""
        return lines_of(self.text)

    @cached_property
    def starts(self) -> list[int]:
        """The offset of each line, and the text's length."""
        return list(accumulate(map(len, self.raw), initial=0))

    @cached_property
    def end(self) -> str:
        r"""The line end that most lines have; ``\n`` where there are as many."""
        returns = self.text.count("\r\n")
        return "\r\n" if 2 * returns > self.text.count("\n") else "\n"

    @cached_property
    def value(self) -> Text:
        return Text.of(self.text)

    @cached_property
    def _exact(self) -> Rows:
        lines = self.text.replace("\r\n", "\n").split("\n")
        return Rows(lines if lines[-1] else lines[:-1])

    @cached_property
    def _folded(self) -> Rows:
        return Rows([folded(line) for line in self.raw])

    # -- changes -------------------------------------------------------------------------------

    def changed(self, old: Sequence[str], new: Sequence[str]) -> list[Edit]:
        """Return the edits that put lines in the place of others; raise RefusedError.

        Empty if they are the same. Lines are without their ends.
        """
        if not any(line.strip() for line in old):
            return self._begun(new)
        blocks = list(changed_blocks(old, new)) if self.has(old) else None
        if blocks is not None:
            places = self._places(self._exact, old, blocks)
            return self._at([(place, _UNSHIFTED) for place in places], old, new, blocks)
        wanted = [folded(line) for line in old]
        if wanted not in self._folded:
            raise RefusedError(self._missing(old))
        blocks = list(changed_blocks(old, new))
        places = self._places(self._folded, wanted, blocks)
        shifts = [(place, self._shift(old, place)) for place in places]
        shifted = [(place, shift) for place, shift in shifts if shift is not None]
        if places and not shifted:
            raise RefusedError(
                f"{quoted(first_line(old))} and what follows is indented otherwise in {self.path}; "
                "copy the lines exactly"
            )
        return self._at(shifted, old, new, blocks)

    def has(self, lines: Sequence[str]) -> bool:
        """Tell whether lines stand in the text exactly so."""
        return lines in self._exact

    def part(self, old: Sequence[str], new: Sequence[str]) -> list[Edit]:
        """Return what `changed` does, also if the first line and the last are parts of lines.

        Then they must stand exactly so in only one place, and begin and end no word's part.
        """
        wanted = self.end.join(old)
        if not wanted.strip() or self.has(old) or wanted not in self.text:
            return self.changed(old, new)
        with suppress(RefusedError):
            return self.changed(old, new)
        places: list[Span] = []
        at = self.text.find(wanted)
        while at >= 0 and len(places) < _MOST_PLACES:
            span = Span(at, at + len(wanted))
            if not (self._in_word(span.start) or self._in_word(span.end)):
                places.append(span)
            at = self.text.find(wanted, at + 1)
        inside = [span for span in places if _inside(span, self.allowed)]
        if len(inside) == 1:
            return self._rewritten(inside[0], new)
        if inside:
            raise RefusedError(self._often(old, len(inside)))
        raise RefusedError(self._outside() if places else self._missing(old))

    def code(self, span: Span, lines: Sequence[str]) -> list[Edit]:
        """Return the edits that make of a span the code given; raise RefusedError.

        The code is indented as the span's first line is; blank lines around it stay as they are.
        """
        said = [n for n, line in enumerate(lines) if line.strip()]
        if not said:
            raise RefusedError("there is no code in the answer")
        lines = lines[said[0] : said[-1] + 1]
        start, end = span
        region = self.text[start:end]
        if region.strip():
            start += region.rfind("\n", 0, len(region) - len(region.lstrip())) + 1
            end -= len(region) - len(region.rstrip())
        else:
            end = start
        while end < span.end and self.text[end] in " \t":
            end += 1
        fresh = self._indented(start, lines, blank=not region.strip())
        row = self.text[self.text.rfind("\n", 0, start) + 1 : start]
        behind = self.text[end : end + 1]
        if not self.text or (start == end and not row.strip() and behind not in {"", "\r", "\n"}):
            fresh.append("")  # what stands behind an empty span is not joined to the code
        return self._rewritten(Span(start, end), fresh)

    # -- parts of them -------------------------------------------------------------------------

    def _begun(self, new: Sequence[str]) -> list[Edit]:
        """Fill an empty text."""
        if self.text:
            raise RefusedError(
                f"{self.path} is not empty: say which of its lines are to be replaced"
            )
        fitted = self._fitted([Edit(Span(0, 0), "".join([f"{line}\n" for line in new]))])
        if fitted is None:
            raise RefusedError(self._outside())
        return fitted

    def _places(self, rows: Rows, lines: Sequence[str], blocks: _Blocks) -> list[int]:
        """Return where lines stand of which some that are to change may be changed."""
        if not (self.allowed and blocks):
            return []
        first, last = (self._row(at) for at in (self.allowed[0].start, self.allowed[-1].end))
        hulls = (
            (row, Span(self.starts[row + blocks[0][0]], self.starts[row + blocks[-1][1]]))
            for row in islice(rows.places(lines, first, last), _MOST_SEEN)
        )
        return [
            row
            for row, hull in hulls
            if any(a <= hull.end and hull.start <= b + 2 for a, b in _around(hull, self.allowed))
        ]

    def _row(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def _at(
        self,
        places: Sequence[tuple[int, Shift | Retabbed]],
        old: Sequence[str],
        new: Sequence[str],
        blocks: _Blocks,
    ) -> list[Edit]:
        """Return the edits at the only one of the places that may be changed."""
        if not blocks:
            return []
        if len(places) > _MOST_PLACES:
            raise RefusedError(self._often(old, len(places)))
        tried = [self._tried(place, shift, new, blocks) for place, shift in places]
        found = [edits for edits in tried if edits is not None]
        if len(found) != 1:
            raise RefusedError(self._often(old, len(found)) if found else self._outside())
        return found[0]

    def _tried(
        self, place: int, shift: Shift | Retabbed, new: Sequence[str], blocks: _Blocks
    ) -> list[Edit] | None:
        edits = []
        for a, b, c, d in blocks:
            lines = [shift(line) for line in new[c:d]]
            edits.append(self._edit(self.starts[place + a], self.starts[place + b], lines))
        return self._fitted(edits)

    def _edit(self, start: int, end: int, lines: Sequence[str]) -> Edit:
        """Return what makes other lines of whole ones; no final line end is added or lost."""
        if end < len(self.text) or self.text.endswith("\n"):
            return Edit(Span(start, end), "".join([line + self.end for line in lines]))
        if start == end:
            return Edit(Span(start, end), "".join([self.end + line for line in lines]))
        if not lines:
            start = len(without_end(self.text[:start]))
        return Edit(Span(start, end), self.end.join(lines))

    def _indented(self, at: int, lines: Sequence[str], *, blank: bool) -> list[str]:
        """Indent code as the line is on which it will begin, from `at` on."""
        row = self.text.rfind("\n", 0, at) + 1
        before = self.text[row:at]
        line = self.text[row:].partition("\n")[0]
        indent = indent_of(line)
        if blank and not line.strip() and not indent:
            indent = indent_of(lines[0])
        shift = Shift.between(indent_of(lines[0]), indent)
        fresh = [shift(line) for line in lines]
        fresh[0] = fresh[0].removeprefix(before) if not before.strip() else fresh[0].lstrip()
        return fresh

    def _rewritten(self, span: Span, lines: Sequence[str]) -> list[Edit]:
        """Return the least edits that make of any characters the lines given, joined."""
        raw = lines_of(self.text[span.start : span.end])
        old = [line.replace("\r\n", "\n") for line in raw]
        new = lines_of("\n".join(lines))
        offsets = list(accumulate(map(len, raw), initial=span.start))
        edits = [
            Edit(Span(offsets[a], offsets[b]), "".join(new[c:d]).replace("\n", self.end))
            for a, b, c, d in changed_blocks(old, new)
        ]
        fitted = self._fitted(edits)
        if fitted is None:
            raise RefusedError(self._outside())
        return fitted

    def _fitted(self, edits: Sequence[Edit]) -> list[Edit] | None:
        """Return the least edits that do the same inside the allowed spans, or None."""
        found = []
        for edit in edits:
            self._check(edit.new)
            if self.text[edit.span.start : edit.span.end] != edit.new:
                small = least(self.value, edit)
                fitted = self._slid(_unsplit(self.text, small)) or self._slid(small)
                if fitted is None:
                    return None
                found.append(fitted)
        return found

    def _slid(self, edit: Edit) -> Edit | None:
        """Return the same change as an edit inside an allowed span, or None."""
        if _inside(edit.span, self.allowed):
            return edit
        start, end = edit.span
        for near in _around(edit.span, self.allowed):
            if start == end:
                for at in near:
                    new = inserted_at(self.value, edit, at)
                    if new is not None:
                        return Edit(Span(at, at), new)
            elif not edit.new:
                by = near.start - start if start < near.start else near.end - end
                slid = Span(start + by, end + by)
                if _inside(slid, (near,)) and _slides(self.text, edit.span, by):
                    return Edit(slid, "")
        return None

    def _check(self, new: str) -> None:
        """Refuse lines that must not be written."""
        if _UNFIT.search(new):
            raise RefusedError("the code holds characters that no text file may hold")
        for line in new.split("\n") if may_hold_elisions(new) else ():
            if is_elision(line) and line.strip() not in self.text:
                raise RefusedError(f"{quoted(line)} stands for code; write all of it out")

    def _shift(self, old: Sequence[str], place: int) -> Shift | Retabbed | None:
        """Return the one change of indentation that all lines of a match have, or None."""
        indents = [
            (indent_of(line), indent_of(self.raw[place + n]))
            for n, line in enumerate(old)
            if line.strip()
        ]
        shifts = {Shift.between(*pair) for pair in indents}
        shift = shifts.pop()
        if shifts or (shift.said and shift.meant):
            return Retabbed.between(indents)
        return shift

    def _in_word(self, at: int) -> bool:
        return re.fullmatch(r"\w\w", self.text[max(at - 1, 0) : at + 1]) is not None

    # -- sentences -----------------------------------------------------------------------------

    def _outside(self) -> str:
        if not self.allowed:
            return f"{self.path} may not be changed"
        rows = []
        for start, end in self.allowed[:8]:
            first = self.text.count("\n", 0, start) + 1
            last = max(first, self.text.count("\n", 0, max(end - 1, start)) + 1)
            rows.append(f"{first}-{last}" if last > first else f"{first}")
        noun = "line" if len(rows) == 1 and "-" not in rows[0] else "lines"
        return f"only {noun} {' and '.join(rows)} of {self.path} may be changed"

    def _often(self, old: Sequence[str], count: int) -> str:
        times = f"{count} times" if count <= _MOST_PLACES else f"more than {_MOST_PLACES} times"
        return f"{quoted(first_line(old))} stands {times} in {self.path}; give more lines around it"

    def _missing(self, old: Sequence[str]) -> str:
        sentence = f"the lines from {quoted(first_line(old))} on are not in {self.path} as given"
        unknown = (line for line in old[:_MOST_SEEN] if [folded(line)] not in self._folded)
        self._missed += 1
        strange = next(unknown, first_line(old)) if self._missed <= _MOST_MISSED else ""
        near = nearest(strange, self.raw) if strange else None
        if near is None:
            return sentence
        return f"{sentence}; nearest: line {near + 1}: {quoted(self.raw[near])}"


def _inside(span: Span, allowed: Sequence[Span]) -> bool:
    return any(near.start <= span.start and span.end <= near.end for near in _around(span, allowed))


def _around(span: Span, allowed: Sequence[Span]) -> Sequence[Span]:
    """Return the allowed spans about a span: those that hold its start, and the next."""
    at = bisect_right(allowed, span.start, key=itemgetter(0))
    return allowed[max(at - 2, 0) : at + 1]


def _slides(text: str, span: Span, by: int) -> bool:
    """Tell whether deleting a span and deleting the one `by` further are the same."""
    start, end = span
    if not -_SLIDE <= by <= _SLIDE:
        return False
    if by < 0:
        return text[start + by : start] == text[end + by : end]
    return text[start : start + by] == text[end : end + by]


def _unsplit(text: str, edit: Edit) -> Edit:
    r"""Widen an edit that would begin or end between ``\r`` and ``\n``: editors cannot say that."""
    (start, end), new = edit.span, edit.new
    if "\r" not in text[max(start - 1, 0) : end]:
        return edit
    if text[max(start - 1, 0) : start + 1] == "\r\n":
        start, new = start - 1, "\r" + new
    if text[max(end - 1, 0) : end + 1] == "\r\n":
        end, new = end + 1, new + "\n"
    return Edit(Span(start, end), new)
