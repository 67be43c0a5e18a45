"""Where in the codebase stand words like these: an inverted index over windows of 20 lines.

Blocks of ten lines are posted, a window is two neighbors, so that every line is in two windows and
posted once. A changed file gets new blocks and its old ones die; when half are dead the postings
are swept. Presence counts, not frequency: in 20 lines that ranks alike at half the memory.
Deliberately no text is kept, and nothing is read: who owns the files puts them in.

Invariant: a hit lies in a file as it was last put; a dropped file is never hit.
"""

import heapq
import math
import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

WORD: Final = re.compile(r"[^\W\d]\w*")
BLOCK: Final = 10
WINDOW: Final = 2 * BLOCK
_K: Final = 1.2  # BM25's usual constants; with presence only they set the length norm
_B: Final = 0.75
# A word in more than this share of the blocks tells nothing and costs most of a query's time.
_COMMON: Final = 0.02
_WORDS: Final = 40  # of a query, the most telling
_FEW: Final = 200
_LONGLIST: Final = 12
_SAID: Final = 100  # characters of an assignment that are kept
_SWEEP: Final = 4_000  # dead blocks before a sweep is worth its 20 ms
_ATTRIBUTE: Final = re.compile(r"^[ \t]+self\.(\w+)[ \t]*(?::[^=\n]+)?=[^=]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hit:
    """A window by its zero-based lines ``[first, last)``."""

    path: str
    first: int
    last: int
    score: float


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where ``self.name`` is assigned first in a file: line, offset, and the line's text."""

    line: int
    offset: int
    text: str


class Windows:
    """All files' blocks by their words, and the attributes that Python's methods assign."""

    def __init__(self) -> None:
        """Begin empty."""
        self._postings: dict[str, array[int]] = {}
        self._owner: list[str] = []
        self._first: array[int] = array("I")
        self._size: array[int] = array("I")
        self._blocks: dict[str, range] = {}
        self._attributes: defaultdict[str, dict[str, Assigned]] = defaultdict(dict)
        self._assigned: dict[str, tuple[str, ...]] = {}
        self._dead = 0
        self._words = 0

    def __contains__(self, path: str) -> bool:
        """Tell whether a file was put in."""
        return path in self._blocks

    # -- changes -------------------------------------------------------------------------------

    def put(self, path: str, text: str) -> None:
        """Take in a file as it is now; 1 ms for 8 kB."""
        self.drop(path)
        start = len(self._owner)
        lines = text.split("\n")
        for first in range(0, len(lines), BLOCK):
            words = set(WORD.findall("\n".join(lines[first : first + BLOCK])))
            number = len(self._owner)
            for word in words:
                posting = self._postings.get(word)
                if posting is None:
                    posting = self._postings[word] = array("I")
                posting.append(number)
            self._owner.append(path)
            self._first.append(first)
            self._size.append(len(words))
            self._words += len(words)
        # An id between two files keeps a window from reaching over into the next one.
        self._owner.append("")
        self._first.append(0)
        self._size.append(0)
        self._blocks[path] = range(start, len(self._owner) - 1)
        if path.endswith(".py"):
            self._assign(path, text)

    def _assign(self, path: str, text: str) -> None:
        line, at = 0, 0
        names: set[str] = set()
        for match in _ATTRIBUTE.finditer(text):
            line += text.count("\n", at, match.start(1))
            at = match.start(1)
            if match.group(1) not in names:
                names.add(match.group(1))
                end = text.find("\n", at)
                said = text[at - len("self.") : end if end >= 0 else len(text)].strip()
                self._attributes[match.group(1)][path] = Assigned(line, at, said[:_SAID])
        self._assigned[path] = tuple(names)

    def drop(self, path: str) -> None:
        """Forget a file."""
        blocks = self._blocks.pop(path, range(0))
        for number in blocks:
            self._owner[number] = ""
            self._words -= self._size[number]
        self._dead += len(blocks) + bool(blocks)
        for name in self._assigned.pop(path, ()):
            self._attributes[name].pop(path, None)
        if self._dead > max(_SWEEP, len(self._owner) // 2):
            self._sweep()

    def _sweep(self) -> None:
        """Give the living blocks new numbers. O(all postings)."""
        now = array("I", bytes(4 * len(self._owner)))
        owner, first, size = [""], array("I", [0]), array("I", [0])  # 0 is nobody's
        blocks: dict[str, range] = {}
        for path, old in self._blocks.items():
            for number in old:
                now[number] = len(owner)
                owner.append(path)
                first.append(self._first[number])
                size.append(self._size[number])
            blocks[path] = range(len(owner) - len(old), len(owner))
            owner.append("")
            first.append(0)
            size.append(0)
        for word, posting in list(self._postings.items()):
            kept = array("I", sorted(now[n] for n in posting if now[n]))
            if kept:
                self._postings[word] = kept
            else:
                del self._postings[word]
        self._owner, self._first, self._size, self._blocks = owner, first, size, blocks
        self._dead = 0

    # -- questions -----------------------------------------------------------------------------

    def assigned(self, name: str) -> Mapping[str, Assigned]:
        """Return where Python's methods assign ``self.name`` first, by path."""
        return self._attributes.get(name, {})

    def blocks(self, word: str) -> int:
        """Return in how many blocks a word stands, those that died since the last sweep too."""
        return len(self._postings.get(word, ()))

    def weight(self, word: str) -> float:
        """Return how much a word tells: its inverse block frequency, 0 for the common ones."""
        count = self.blocks(word)
        total = len(self._owner)
        if not count or count > max(_FEW, _COMMON * total):
            return 0.0
        return math.log(1 + (total - count + 0.5) / (count + 0.5))

    def search(
        self,
        words: Mapping[str, float],
        without: str,
        limit: int,
        stop: Callable[[], bool] = lambda: False,
    ) -> list[Hit]:
        """Return the best windows for weighted words, none of file `without`, none overlapping."""
        scores: defaultdict[int, float] = defaultdict(float)
        telling = [(self.weight(word) * weight, word) for word, weight in words.items()]
        for weight, word in heapq.nlargest(_WORDS, telling):
            if weight <= 0 or stop():
                break
            last = -1
            for number in self._postings[word]:
                if number - 1 > last:  # the window that begins a block earlier
                    scores[number - 1] += weight
                scores[number] += weight
                last = number
        return self._best(scores, without, limit)

    def _best(self, scores: Mapping[int, float], without: str, limit: int) -> list[Hit]:
        owner, first, size = self._owner, self._first, self._size
        average = 2 * self._words / max(1, len(owner))
        # The length norm moves a score by a factor of two at most, so what is far down stays there.
        ranked: list[tuple[float, str, int]] = []
        for number in heapq.nlargest(_LONGLIST * limit, scores, key=scores.__getitem__):
            path = owner[number] if number >= 0 else ""
            if path and path != without:
                length = size[number] + size[number + 1]
                norm = (_K + 1) / (1 + _K * (1 - _B + _B * length / average))
                ranked.append((-scores[number] * norm, path, first[number]))
        ranked.sort()
        hits: list[Hit] = []
        taken: set[tuple[str, int]] = set()
        for score, path, line in ranked:
            if taken.isdisjoint([(path, line - BLOCK), (path, line), (path, line + BLOCK)]):
                taken.add((path, line))
                hits.append(Hit(path, line, line + WINDOW, -score))
                if len(hits) == limit:
                    break
        return hits
