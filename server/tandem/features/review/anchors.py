"""Findings in a text that is edited: each on its line, or gone with it.

A finding belongs to a line by its words. It moves with the line, is hidden when the words change
(that is what mending it does), and is back when they are back at their place, as after an undo.
An edit is followed by what it replaces; inside of several replaced lines those that are the same
stay themselves.

Invariant: what is shown stands on a line that reads as when it was found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tandem.core.diff import changed_blocks
from tandem.core.edits import Edit
from tandem.core.text import Text
from tandem.features.review.findings import Finding

_MOST: Final = 20_000  # lines of a replaced region that are compared


@dataclass(slots=True)
class _Anchor:
    finding: Finding
    line: int
    shown: bool
    around: tuple[str, str] = ("", "")  # the lines next to it when it went


class Anchors:
    """The findings of one document."""

    def __init__(self, text: Text, findings: Sequence[Finding]) -> None:
        """Put findings on their lines; one whose line reads otherwise is found again, or hidden."""
        self._text = text
        self._anchors = [self._placed(finding) for finding in findings]

    def _placed(self, finding: Finding) -> _Anchor:
        last = self._text.line_count - 1
        line = max(0, min(finding.line, last))
        if self._reads(line, finding):
            return _Anchor(finding, line, shown=True)
        same = [n for n, said in enumerate(self._text.lines(0, last + 1)) if _same(said, finding)]
        if len(same) == 1:
            return _Anchor(finding, same[0], shown=True)
        return _Anchor(finding, line, shown=False)

    @property
    def text(self) -> Text:
        """The text as it is now."""
        return self._text

    def shown(self) -> list[tuple[Finding, int]]:
        """Return the findings that stand in the text, with their lines as they are now."""
        return [(one.finding, one.line) for one in self._anchors if one.shown]

    def drop(self, key: str) -> bool:
        """Forget a finding; tell whether it was there."""
        before = len(self._anchors)
        self._anchors = [one for one in self._anchors if one.finding.key != key]
        return len(self._anchors) < before

    def edit(self, edit: Edit) -> bool:
        """Follow an edit of the text; tell whether anything moved, went or came back."""
        old, first = self._text, self._text.point_at(edit.span.start)
        last = old.point_at(edit.span.end)
        new = old.replace(edit.span, edit.new)
        grown = new.line_count - old.line_count
        before = [(one.line, one.shown) for one in self._anchors]
        self._text = new
        touched = [one for one in self._anchors if first[0] <= one.line <= last[0]]
        for one in touched:
            if one.shown:
                one.around = _around(old, one.line)
        for one in self._anchors:
            if one.line > last[0]:
                one.line += grown
        if touched:
            moves = _moves(old, new, first, last, grown)
            for one in touched:
                self._follow(one, moves, first[0], last[0] + grown)
        return before != [(one.line, one.shown) for one in self._anchors]

    def _follow(self, one: _Anchor, moves: dict[int, int], first: int, last: int) -> None:
        line = moves.get(one.line)
        if line is not None and self._reads(line, one.finding):
            one.line, one.shown = line, True
            return
        if not one.shown:  # its words may be back
            again = [n for n in range(first, last + 1) if self._reads(n, one.finding)]
            back = [n for n in again if _around(self._text, n) == one.around]
            if len(back) == 1:
                one.line, one.shown = back[0], True
                return
        one.line, one.shown = first if line is None else line, False

    def _reads(self, line: int, finding: Finding) -> bool:
        return line < self._text.line_count and _same(self._text.line(line), finding)


def _same(said: str, finding: Finding) -> bool:
    return said.strip() == finding.quote.strip()


def _moves(
    old: Text, new: Text, first: tuple[int, int], last: tuple[int, int], grown: int
) -> dict[int, int]:
    """Return where the lines of a replaced region are now; those that are gone are left out."""
    start, end = first[0], last[0]
    if start == end:
        # Typed within a line: what stands left of it stays up, what stands right of it goes down.
        said = old.line(start)
        stays = first[1] > len(said) - len(said.lstrip()) or not grown
        return {start: start if stays else start + grown}
    moves: dict[int, int] = {}
    said = old.line(end)
    if last[1] <= len(said) - len(said.lstrip()):  # all of the last line stays, and goes along
        moves[end] = end + grown
        end -= 1
    if first[1] >= len(old.line(start)):  # all of the first line stays
        moves[start] = start
        start += 1
    was = list(old.lines(start, end + 1))
    now = list(new.lines(start, end + grown + 1))
    if len(was) + len(now) > _MOST:
        return moves
    at, there = 0, 0
    ends = (len(was), len(was), len(now), len(now))
    for a, b, _c, d in (*changed_blocks(was, now), ends):
        moves |= {start + at + n: start + there + n for n in range(a - at)}
        at, there = b, d
    return moves


def _around(text: Text, line: int) -> tuple[str, str]:
    """Return the lines above and below one."""
    above = text.line(line - 1) if line > 0 else ""
    return above, text.line(line + 1) if line + 1 < text.line_count else ""
