r"""What a model's reply holds: search/replace blocks, hunks of unified diffs, fenced code.

Reads any text, in one pass over its lines, and knows no file: what a path or symbol named around a
block means, and whether its lines are anywhere, is `patch`'s business. A line ends at ``\n``;
``\r\n`` and ``\r`` are read as such. Line numbers of hunks are not believed.

Invariant: never raises, and costs time in proportion to the reply (a hostile megabyte: 0.6 s).
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

MOST: Final = 200
"""Pieces that are read of one reply; no answer to one task has more, a hostile one has 30,000."""

_MARKS: Final = frozenset("<=>`~@-")
_OPEN: Final = re.compile(r"([ \t]*)(<{5,9})[ \t]*(?:SEARCH|ORIGINAL|HEAD)\b", re.IGNORECASE)
_DIVIDE: Final = re.compile(r"([ \t]*)(={5,9})[ \t]*$")
_CLOSE: Final = re.compile(r"([ \t]*)>{5,9}[ \t]*(?:REPLACE|UPDATED)\b", re.IGNORECASE)
_FENCE: Final = re.compile(r"([ \t]*+)(`{3,}+|~{3,}+)([^`]*+)$")
_TICKS: Final = re.compile(r"`{3,}+")
_HUNK: Final = re.compile(r"@@(?: [^@]*)? ?@@")
_OF_DIFFS: Final = frozenset({"diff", "patch", "udiff"})
_GIT: Final = ("diff ", "index ", "new file mode", "deleted file mode", "similarity ", "rename ")
_THOUGHTS: Final = re.compile(r"\s*<think(?:ing)?>")
_THOUGHT: Final = re.compile(r"</think(?:ing)?>")
_LONGEST_NAME: Final = 300


@dataclass(frozen=True, slots=True)
class Where:
    """What may say which file or symbol is meant, in the model's words.

    `info` is the fence's info string, `above` the lines above, the nearest first, `path` what a
    diff's header says.
    """

    info: str = ""
    above: tuple[str, ...] = ()
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Lines to be found and those that replace them; not `ended` if the reply ends inside."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    where: Where
    ended: bool = True

    def unwrapped(self) -> "Change | None":
        """Return the same without the fences around both parts, if there are any."""
        wraps = [
            len(lines) > 1 and _FENCE.match(lines[0]) and _FENCE.match(lines[-1])
            for lines in (self.old, self.new)
        ]
        return replace(self, old=self.old[1:-1], new=self.new[1:-1]) if all(wraps) else None


@dataclass(frozen=True, slots=True)
class Code:
    """The lines of a fence, or of a whole reply that has none and is not `fenced`."""

    lines: tuple[str, ...]
    where: Where
    ended: bool = True
    fenced: bool = True


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that was begun and cannot be read; `problem` is a sentence for the model."""

    problem: str
    ended: bool = True


Piece = Change | Code | Broken


def fence_around(text: str) -> str:
    """Return the backticks that hold a text whole, whatever fences stand in it."""
    longest = max(map(len, _TICKS.findall(text)), default=0)
    return "`" * max(3, longest + 1)


def pieces(reply: str) -> tuple[Piece, ...]:
    """Return what a reply holds, in order; a reply without any marks is one piece of code."""
    reader = _Reader(_answer(reply.replace("\r\n", "\n").replace("\r", "\n")).split("\n"))
    reader.read()
    found = reader.pieces
    if len(found) > MOST:
        return (*found[:MOST], Broken(f"the answer has more than {MOST} parts; give fewer"))
    if not found and any(line.strip() for line in reader.lines):
        return (Code(tuple(reader.lines), Where(), fenced=False),)
    return tuple(found)


def _answer(reply: str) -> str:
    """Leave out what a model thinks aloud before it answers."""
    end = _THOUGHT.search(reply)
    if _THOUGHTS.match(reply):
        return reply[end.end() :] if end else ""
    if end and not any(mark in reply[: end.start()] for mark in ("```", "~~~", "<<<<<", "@@")):
        alone = not reply[: end.start()].rpartition("\n")[2].strip()
        if alone and not reply[end.end() :].partition("\n")[0].strip():
            return reply[end.end() :]  # some templates swallow the tag that opens
    return reply


class _Reader:
    """The lines of a reply, which of them may be marks, and what was found so far."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.pieces: list[Piece] = []
        self._marks = [n for n, line in enumerate(lines) if line.lstrip(" \t")[:1] in _MARKS]

    def read(self) -> None:
        """Go through the marks; what one has used up is skipped."""
        at = 0
        while at < len(self._marks) and len(self.pieces) <= MOST:
            number = self._marks[at]
            line = self.lines[number]
            if _OPEN.match(line):
                at = self._block(at, Where(above=self._above(number)))
            elif fence := _FENCE.match(line):
                at = self._fence(at, fence)
            elif _HUNK.match(line) or self._header(number, strict=True):
                where = Where(above=self._above(number))
                end = self._diff(number, len(self.lines), where, fence=None, ended=False)
                at = bisect_left(self._marks, end)
            else:
                at += 1

    def _above(self, number: int, floor: int = -1) -> tuple[str, ...]:
        """Return the nearest line above that says something, if it is no mark."""
        for n in range(number - 1, max(floor, number - 4), -1):
            line = self.lines[n].strip()
            if line:
                mark = len(line) > _LONGEST_NAME or _CLOSE.match(line) or _FENCE.match(line)
                return () if mark else (line,)
        return ()

    # -- search/replace blocks -----------------------------------------------------------------

    def _block(self, at: int, where: Where) -> int:
        """Read the block that mark `at` opens; return the mark behind it."""
        start = self._marks[at]
        opened = _OPEN.match(self.lines[start])
        indent, width = (opened[1], len(opened[2])) if opened else ("", 0)
        dividers: list[tuple[int, int]] = []
        for behind in range(at + 1, len(self._marks)):
            number = self._marks[behind]
            line = self.lines[number]
            if (divide := _DIVIDE.match(line)) and divide[1] == indent:
                dividers.append((number, len(divide[2])))
            elif (close := _CLOSE.match(line)) and close[1] == indent:
                self._closed(start, dividers, width, number, where)
                return behind + 1
            elif (again := _OPEN.match(line)) and again[1] == indent:
                self.pieces.append(Broken("a SEARCH block has no >>>>>>> REPLACE line"))
                return behind
        self.pieces.append(Broken("the last SEARCH block has no >>>>>>> REPLACE line", ended=False))
        return len(self._marks)

    def _closed(
        self, start: int, dividers: list[tuple[int, int]], width: int, end: int, where: Where
    ) -> None:
        if len(dividers) > 1:  # a heading's underline, say
            dividers = [divider for divider in dividers if divider[1] == width]
        if len(dividers) != 1:
            self.pieces.append(Broken("a SEARCH block needs exactly one ======= line"))
            return
        middle = dividers[0][0]
        old, new = self.lines[start + 1 : middle], self.lines[middle + 1 : end]
        if new and _FENCE.match(new[-1]) and _fences(new) % 2 > _fences(old) % 2:
            new = new[:-1]  # a fence around the block that was closed inside it
        self.pieces.append(Change(tuple(old), tuple(new), where))

    # -- fences --------------------------------------------------------------------------------

    def _fence(self, at: int, fence: re.Match[str]) -> int:
        """Read the fence that mark `at` opens and what it holds; return the mark behind it."""
        start = self._marks[at]
        info, outside = fence[3].strip()[:_LONGEST_NAME], self._above(start)
        before, depth, nested, at = len(self.pieces), 1, False, at + 1
        while at < len(self._marks) and len(self.pieces) <= MOST:
            number = self._marks[at]
            line = self.lines[number]
            if _OPEN.match(line):
                at = self._block(at, Where(info, (*self._above(number, start), *outside)))
                continue
            at += 1
            inner = _FENCE.match(line)
            if inner and inner[1] == fence[1] and inner[2].startswith(fence[2]):
                nested = nested or bool(inner[3].strip())
                depth += 1 if inner[3].strip() else -1
                if not depth:
                    break
        end = len(self.lines) if depth else self._marks[at - 1]
        if len(self.pieces) == before:
            broken = nested and depth > 0
            self._fenced(
                start, end, Where(info, outside), fence[1], ended=None if broken else not depth
            )
        return at

    def _fenced(
        self, start: int, end: int, where: Where, indent: str, *, ended: bool | None
    ) -> None:
        """Take in what a fence without blocks holds; `ended` is None if nothing says where."""
        first = next((n for n in range(start + 1, end) if self.lines[n].strip()), end)
        line = self.lines[first].lstrip(" \t") if first < end else ""
        words = where.info.split(maxsplit=1)
        begins = _HUNK.match(line) or line.startswith("diff --git ")
        if (words and words[0].lower() in _OF_DIFFS) or begins or self._header(first, strict=False):
            self._diff(start + 1, end, where, indent, ended=bool(ended))
        elif ended is None:
            self.pieces.append(Broken("a fence of code is not closed", ended=False))
        else:
            code = tuple(self.lines[start + 1 : end])
            self.pieces.append(Code(code, where, ended))

    # -- diffs ---------------------------------------------------------------------------------

    def _header(self, number: int, *, strict: bool) -> bool:
        """Tell whether two lines name a diff's file; `strict` where they could be a hunk's."""
        lines = [line.lstrip(" \t")[:4] for line in self.lines[number : number + 3]]
        if lines[:2] != ["--- ", "+++ "]:
            return False
        return not strict or (len(lines) > 2 and lines[2].startswith("@@"))  # noqa: PLR2004

    def _diff(self, start: int, end: int, where: Where, fence: str | None, *, ended: bool) -> int:
        """Read hunks; return the line that ends them, which in a fence (its indent) is its end."""
        hunk: list[tuple[str, str]] | None = None
        number = start
        while number < end and len(self.pieces) <= MOST:
            line = self.lines[number].removeprefix(fence or "")
            if line.lstrip(" \t")[:1] == "-" and self._header(number, strict=hunk is not None):
                self._flush(hunk, where)
                where = Where(where.info, where.above, _path(self.lines[number + 1]))
                hunk, number = None, number + 1
            elif line.startswith("@@") if fence is not None else _HUNK.match(line):
                self._flush(hunk, where)
                hunk = []
            elif fence is not None and line.startswith(_GIT):
                self._flush(hunk, where)
                hunk = None
            elif line[:1] in {"", " ", "+", "-", "\\"}:
                if hunk is None and line.strip():
                    hunk = []
                if hunk is not None and line[:1] != "\\":
                    hunk.append((line[:1], line[1:]))
            elif fence is None:
                break
            elif hunk is not None:
                self.pieces.append(Broken("a line of a diff begins with neither space, + nor -"))
                return end
            number += 1
        self._flush(hunk, where, ended=ended or number < end)
        return number

    def _flush(
        self, hunk: list[tuple[str, str]] | None, where: Where, *, ended: bool = True
    ) -> None:
        if hunk is None:
            return
        while hunk and not hunk[-1][0]:  # the empty lines between a diff and what follows it
            hunk.pop()
        old = tuple(line for tag, line in hunk if tag != "+")
        new = tuple(line for tag, line in hunk if tag != "-")
        if hunk:
            self.pieces.append(Change(old, new, where, ended))
        else:
            self.pieces.append(Broken("a hunk of the diff has no lines", ended))


def _fences(lines: Sequence[str]) -> int:
    return sum(line.lstrip(" \t")[:3] in {"```", "~~~"} for line in lines)


def _path(header: str) -> str:
    """Return what a diff's second header line names: what the file is called when it is changed."""
    return header.strip()[4:].partition("\t")[0].strip().strip('"')[:_LONGEST_NAME]


def lines_from(text: str) -> Iterator[str]:
    """Yield the lines of a text that came as data; a line end at its end begins no line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text:
        yield from text.removesuffix("\n").split("\n")
