"""Where in the codebase stand words like these: an inverted index over windows of 20 lines.

Blocks of ten lines are posted, a window is two neighbors, so that every line is in two windows and
posted once. What changed since the postings were built lies over them: a changed file gets new
blocks and its old ones die. Presence counts, not frequency: in 20 lines that ranks alike at half
the memory. Deliberately no text is kept, and nothing is read: who owns the files puts them in.

Invariant: a hit lies in a file as it was last put; a dropped file is never hit.
"""

import heapq
import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from tandem.index.context.postings import BLOCK, Assigned, Postings, assignments, blocks
from tandem.index.context.vocabulary import Vocabulary

WINDOW: Final = 2 * BLOCK
_K: Final = 1.2  # BM25's usual constants; with presence only they set the length norm
_B: Final = 0.75
# A word in more than this share of the blocks tells nothing and costs most of a query's time.
_COMMON: Final = 0.02
_WORDS: Final = 40  # of a query, the most telling
# Postings of them. Half of all queries in Django have 5,000, and those of common words are noise:
# on 240 holes 2,000 tokens hold .838 of the definitions and .54 of the unseen names with 3,000
# postings, .838 and .55 with 1,500, .824 and .448 with all.
_READ: Final = 2_000
_FEW: Final = 200
_LONGLIST: Final = 12
_SWEEP: Final = 4_000  # dead blocks before a sweep is worth its 20 ms


@dataclass(frozen=True, slots=True)
class Hit:
    """A window by its zero-based lines ``[first, last)``."""

    path: str
    first: int
    last: int
    score: float


class Windows:
    """All files' blocks by their words, and the attributes that Python's methods assign."""

    def __init__(self, base: Postings | None = None) -> None:
        """Begin with what was built before."""
        self._base = base or Postings()
        self._postings: dict[str, array[int]] = {}  # of what was put since
        self._owner: list[str] = []
        self._first: array[int] = array("I")
        self._size: array[int] = array("I")
        self._blocks: dict[str, range] = {}
        self._attributes: defaultdict[str, dict[str, Assigned]] = defaultdict(dict)
        self._assigned: dict[str, tuple[str, ...]] = {}
        self.generation = 0  # one more when methods come to assign other attributes
        self.vocabulary = Vocabulary()
        self._dead = 0
        self._words = 0
        self._lay_base()

    def _lay_base(self) -> None:
        base = self._base
        starts = [*base.starts, len(base.sizes)]
        for path, start, end in zip(base.states, starts, starts[1:], strict=False):
            self._owner += [path] * (end - start - 1)
            self._owner.append("")
            self._first.extend(range(0, BLOCK * (end - start), BLOCK))
            self._blocks[path] = range(start, end - 1)
        self._size.extend(base.sizes.tolist())
        self._words = sum(base.sizes)

    def __contains__(self, path: str) -> bool:
        """Tell whether a file was put in."""
        return path in self._blocks

    @property
    def paths(self) -> Iterable[str]:
        """The files that are in."""
        return self._blocks.keys()

    # -- changes -------------------------------------------------------------------------------

    def put(self, path: str, text: str) -> None:
        """Take in a file as it is now; 1 ms for 8 kB."""
        before = self._assigned.get(path) if path in self._blocks else ()
        self._drop(path)
        start = len(self._owner)
        for first, words in enumerate(blocks(text)):
            number = len(self._owner)
            for word in words:
                posting = self._postings.get(word)
                if posting is None:
                    posting = self._postings[word] = array("I")
                posting.append(number)
            self._owner.append(path)
            self._first.append(first * BLOCK)
            self._size.append(len(words))
            self._words += len(words)
        # An id between two files keeps a window from reaching over into the next one.
        self._owner.append("")
        self._first.append(0)
        self._size.append(0)
        self._blocks[path] = range(start, len(self._owner) - 1)
        places = dict(assignments(path, text))
        for name, place in places.items():
            self._attributes[name][path] = place
        self._assigned[path] = tuple(places)
        self.generation += self._assigned[path] != before

    def drop(self, path: str) -> None:
        """Forget a file."""
        self._drop(path)
        self.generation += 1

    def _drop(self, path: str) -> None:
        blocks_of = self._blocks.pop(path, range(0))
        for number in blocks_of:
            self._owner[number] = ""
            self._words -= self._size[number]
        if blocks_of.start >= len(self._base.sizes):
            self._dead += len(blocks_of) + bool(blocks_of)
        for name in self._assigned.pop(path, ()):
            self._attributes[name].pop(path, None)
        if self._dead > max(_SWEEP, (len(self._owner) - len(self._base.sizes)) // 2):
            self._sweep()

    def _sweep(self) -> None:
        """Give the living blocks that were put new numbers. O(their postings)."""
        begin = len(self._base.sizes)
        now = array("I", bytes(4 * (len(self._owner) - begin)))
        owner, first, size = self._owner[:begin], self._first[:begin], self._size[:begin]
        for path, old in self._blocks.items():
            if old.start < begin:
                continue
            for number in old:
                now[number - begin] = len(owner) + 1  # 0 is a dead one's
                owner.append(path)
                first.append(self._first[number])
                size.append(self._size[number])
            self._blocks[path] = range(len(owner) - len(old), len(owner))
            owner.append("")
            first.append(0)
            size.append(0)
        for word, posting in list(self._postings.items()):
            kept = array("I", sorted(now[n - begin] - 1 for n in posting if now[n - begin]))
            if kept:
                self._postings[word] = kept
            else:
                del self._postings[word]
        self._owner, self._first, self._size = owner, first, size
        self._dead = 0

    # -- questions -----------------------------------------------------------------------------

    def assigned(self, name: str) -> Mapping[str, Assigned]:
        """Return where Python's methods assign ``self.name`` first, by path."""
        before = {
            path: place
            for path, place in self._base.attributes.get(name, {}).items()
            if path in self._blocks and path not in self._assigned
        }
        return before | self._attributes.get(name, {})

    def assigning(self, names: AbstractSet[str]) -> dict[str, list[str]]:
        """Return the files in which Python's methods assign attributes, by those of the names."""
        known, later = self._blocks, self._assigned
        built, put = self._base.attributes, self._attributes
        found = {
            name: [path for path in built[name] if path in known and path not in later]
            for name in built.keys() & names
        }
        for name in put.keys() & names:
            found[name] = [*found.get(name, ()), *put[name]]
        return found

    def blocks(self, word: str) -> int:
        """Return in how many blocks a word stands, those that died since the last sweep too."""
        put = self._postings.get(word)
        return self._base.count(word) + len(put) if put else self._base.count(word)

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
        scores = [0.0] * (len(self._owner) + 1)  # the last one is that before the first block
        found: list[array[int]] = []
        read = 0
        telling = [(self.weight(word) * weight, word) for word, weight in words.items()]
        for weight, word in heapq.nlargest(_WORDS, telling):
            if weight <= 0 or read > _READ or stop():
                break
            numbers = self._numbers(word)
            last = -2
            for number in numbers:
                scores[number] += weight
                if number - 1 != last:  # the window that begins a block earlier has it too
                    scores[number - 1] += weight
                last = number
            found.append(numbers)
            read += len(numbers)
        return self._best(scores, _foremost(scores, found, _LONGLIST * limit), without, limit)

    def _numbers(self, word: str) -> "array[int]":
        """Return the blocks of a word, ascending."""
        later = self._postings.get(word)
        return self._base.of(word) + later if later else self._base.of(word)

    def _best(
        self, scores: Sequence[float], numbers: Iterable[int], without: str, limit: int
    ) -> list[Hit]:
        owner, first, size = self._owner, self._first, self._size
        average = 2 * self._words / max(1, len(owner))
        # The length norm moves a score by a factor of two at most, so what is far down stays there.
        ranked: list[tuple[float, str, int]] = []
        for number in numbers:
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


def _foremost(scores: Sequence[float], found: Sequence["array[int]"], most: int) -> list[int]:
    """Return at least the `most` best windows, and few more, from the blocks of each word.

    The score that so many windows of the most telling words reach is one that all others have to
    reach as well: most of them are left out by one comparison.
    """
    some: set[int] = set()
    for numbers in found:
        some.update(numbers)
        if len(some) > 4 * most:
            break
    reached = sorted([scores[number] for number in some])[-most:]
    least = reached[0] if len(reached) == most else 0.0
    good: set[int] = set()
    for numbers in found:
        good.update([number for number in numbers if scores[number] >= least])
    # A window whose words are all in its second block is no better than the one that begins there.
    good.update([number - 1 for number in good if scores[number - 1] >= least])
    return sorted(good, key=scores.__getitem__, reverse=True)[:most]
