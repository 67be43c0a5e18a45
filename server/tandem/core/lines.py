r"""Lines of code: searched for, compared with white space aside, indented, quoted.

A line is without its end, or with it where that is said. No text, no file, no edits: these are
`matching`'s.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

_ALIKE: Final = 0.6
_SHOWN: Final = 60
_WORD: Final = re.compile(r"\w+")


class RefusedError(ValueError):
    """A piece of an answer cannot be used; the message is a sentence for the model."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What the indentation of a model's lines begins with, and what it begins with in the text."""

    said: str
    meant: str

    @classmethod
    def between(cls, said: str, meant: str) -> "Shift":
        same = 0
        while same < min(len(said), len(meant)) and said[-1 - same] == meant[-1 - same]:
            same += 1
        return cls(said[: len(said) - same], meant[: len(meant) - same])

    def __call__(self, line: str) -> str:
        if not line.strip():
            return line
        if not line.startswith(self.said):
            raise RefusedError(f"{quoted(line)} is indented less than the lines around it")
        return self.meant + line[len(self.said) :]


@dataclass(frozen=True, slots=True)
class Retabbed:
    """An indentation of `width` spaces that is a tab in the text, or the other way round."""

    width: int
    to_tabs: bool

    @classmethod
    def between(cls, indents: Sequence[tuple[str, str]]) -> "Retabbed | None":
        """Return what makes the second of each pair of the first; None if nothing does all."""
        for to_tabs in (True, False):
            pairs = [pair if to_tabs else pair[::-1] for pair in indents]
            plain = all(
                not a.strip(" ") and not b.strip("\t") and bool(a) == bool(b) for a, b in pairs
            )
            widths = {divmod(len(a), len(b)) for a, b in pairs if b} if plain else set()
            if len(widths) == 1 and (found := widths.pop())[1] == 0:
                return cls(found[0], to_tabs)
        return None

    def __call__(self, line: str) -> str:
        indent = indent_of(line)
        rest = line[len(indent) :]
        if not rest.strip():
            return line
        if not self.to_tabs:
            return indent.replace("\t", " " * self.width) + rest
        depth, odd = divmod(len(indent.expandtabs(self.width)), self.width)
        return "\t" * depth + " " * odd + rest


class Rows:
    """Lines as one string, in which `str.find` looks for some of them at the speed of C."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._text = "\n" + "".join([f"{line}\n" for line in lines])
        self._offsets = list(accumulate([len(line) + 1 for line in lines], initial=0))

    def __contains__(self, lines: Sequence[str]) -> bool:
        return _wanted(lines) in self._text

    def places(self, lines: Sequence[str], first: int, last: int) -> Iterator[int]:
        """Yield the rows, those that touch `first` to `last`, from which on the lines stand."""
        wanted, offsets = _wanted(lines), self._offsets
        end = offsets[min(last + 1 + len(lines), len(offsets) - 1)] + 1
        at = self._text.find(wanted, offsets[max(first - len(lines), 0)], end)
        while at >= 0:
            yield bisect_left(offsets, at)
            at = self._text.find(wanted, at + 1, end)


def nearest(line: str, others: Sequence[str]) -> int | None:
    """Return the number of the line that shares most words with one, if it is like it."""
    words = set(_WORD.findall(line[:200]))
    longest = sorted(words, key=len)[-3:]
    best, row = _ALIKE, None
    for n, other in enumerate(others):
        if any(word in other for word in longest):
            theirs = set(_WORD.findall(other[:200]))
            alike = 2 * len(words & theirs) / (len(words) + len(theirs))
            if alike > best:
                best, row = alike, n
    return row


def quoted(line: str) -> str:
    """Return the first 60 characters of a line in quotes, with nothing that cannot be printed."""
    shown = line[: 4 * _SHOWN].strip()[:_SHOWN]
    if not shown.isprintable():
        shown = "".join([char if char.isprintable() else "?" for char in shown])
    return f'"{shown}"'


def first_line(lines: Sequence[str]) -> str:
    """Return the first line that is not blank, or an empty string."""
    return next((line for line in lines if line.strip()), "")


def folded(line: str) -> str:
    """Return a line with each run of white space as one space, and none around."""
    return " ".join(line.split())


def indent_of(line: str) -> str:
    """Return the white space that a line, with its end or without, begins with."""
    return line[: len(line) - len(line.lstrip())].rstrip("\r\n")


def without_end(line: str) -> str:
    r"""Return a line without ``\n`` or ``\r\n``."""
    return line.removesuffix("\n").removesuffix("\r") if line.endswith("\n") else line


def _wanted(lines: Sequence[str]) -> str:
    return "\n" + "\n".join(lines) + "\n"
