"""Which words stand in the open file, how often, and how far from the cursor.

Forty lines on each side are read one by one, those to 120 and the rest of the file as two bags of
words: what is 300 lines away is as far as what is 3,000 away, and a large file costs 1 ms.

Invariant: only the text given is read; what the caller hides is not here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from tandem.core.text import Text
from tandem.index.context.postings import counted, distinct, words
from tandem.index.syntax.tables import syntax_of

FAR: Final = 120  # lines; beyond, words are no longer likelier for being nearer
_EACH: Final = 40  # lines on each side that are read one by one
_BEFORE, _BEHIND = 20, 10  # lines whose words are asked for elsewhere; 20 before as published
_FADING: Final = 10  # lines in which a word's weight in that query halves
_ALWAYS: Final = frozenset(["self", "cls", "this"])
_DOTTED: Final = re.compile(r"\.(\w+)")


@dataclass(frozen=True, slots=True)
class Sight:
    """The words of an open file: lines to the nearest occurrence (0 is the cursor's), and counts.

    `distance` lacks what stands only farther than `FAR`; `dotted` stand
    behind a dot within as many lines.
    """

    distance: Mapping[str, int]
    count: Mapping[str, int]
    dotted: frozenset[str]
    query: Mapping[str, float]


def sight(text: Text, offset: int, language: str) -> Sight:
    """Return what is seen from an offset."""
    row, _ = text.point_at(offset)
    top = max(0, row - FAR)
    around = text.slice(text.line_start(top), text.line_end(row + FAR))
    lines = _lines(around)
    at = row - top
    distance = dict.fromkeys(distinct(around), FAR)
    for far in range(_EACH, -1, -1):  # the nearer overwrites the farther
        both = [lines[number] for number in (at - far, at + far) if 0 <= number < len(lines)]
        distance.update(dict.fromkeys(words("\n".join(both)), far))
    unsaid = keywords(language)
    query = {
        word: 1 / (1 + distance[word] / _FADING)
        for word in words("\n".join(lines[max(0, at - _BEFORE) : at + _BEHIND]))
        if word not in unsaid
    }
    return Sight(distance, counted(str(text)), frozenset(_DOTTED.findall(around)), query)


def _lines(text: str) -> list[str]:
    """Cut at the line ends that `Text` knows."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


@cache
def keywords(language: str) -> frozenset[str]:
    """Return the words that name nothing."""
    syntax = syntax_of(language)
    return (syntax.keywords if syntax is not None else frozenset()) | _ALWAYS
