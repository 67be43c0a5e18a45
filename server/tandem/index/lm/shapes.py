"""Find where a line of this shape occurred before, and what its next word was made of.

Exact matches end at the first name nobody used before, and they cannot say "again the parameter
three tokens back".  Shapes can: contexts are compared with names left out (`lexer.shape`), and a
name that followed is translated: where it repeated a name of its own context, the name at the
same distance in the present context is meant.

It deliberately proposes names by copying, or as they stood: it never invents one.

Invariant: as in `matches`: numbers from a damaged map are bounded by slicing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from mmap import mmap

from tandem.index.lm.lexer import NAME_SHAPES, shape
from tandem.index.lm.matches import Corpus, Level
from tandem.index.lm.store import TOKEN_BYTES

DEPTH = 16
_SHALLOWEST = 2
# Half or twice as many do not matter either: 38.2 % right at 24, 48 and 96.
SAMPLES = 48
_COPY = 16


class Shapes:
    """The shapes of a corpus's tokens, their order, and the corpus to read words from."""

    __slots__ = ("_base", "_corpus", "_data", "_order")

    def __init__(self, corpus: Corpus, data: bytes | mmap, base: int, order: Sequence[int]) -> None:
        """Lay the shapes over `data` from `base` on; `order` holds positions of tokens."""
        self._corpus = corpus
        self._data = data
        self._base = base
        self._order = order

    def levels(self, context: Sequence[str]) -> list[Level]:
        """Return the levels of the shape of `context`, deepest first, four times wider each."""
        pattern = bytes([shape(word) for word in context[-DEPTH:]])
        found: list[Level] = []
        ranges: dict[int, Level] = {}
        low, high = _SHALLOWEST - 1, len(pattern)
        while low < high:
            depth = (low + high + 1) // 2
            level = self._search(pattern[-depth:])
            ranges[depth] = level
            if level.first < level.last:
                low = depth
            else:
                high = depth - 1
        for depth in (low, low * 3 // 4, low // 2, low // 3):
            if depth < _SHALLOWEST:
                break
            level = ranges.get(depth) or self._search(pattern[-depth:])
            if not found or level.last - level.first > 2 * (found[-1].last - found[-1].first):
                found.append(level)
        return found

    def following(self, level: Level, context: Sequence[str], hole: range) -> dict[str, float]:
        """Return the words that followed at `level`, translated to `context`, with counts."""
        order = self._order
        corpus = self._corpus
        data = corpus.data
        shapes = self._data
        depth, first, last = level
        size = last - first
        if size <= SAMPLES:
            positions: Sequence[int] = order[first:last]
        else:
            positions = [order[first + size * i // SAMPLES] for i in range(SAMPLES)]
        counts: dict[str, float] = {}
        reach = min(_COPY, len(context)) * TOKEN_BYTES
        for position in positions:
            place = position + depth
            at = corpus.base + place * TOKEN_BYTES
            if hole and place * TOKEN_BYTES in hole:
                continue
            key = data[at : at + TOKEN_BYTES]
            word = ""
            code = shapes[self._base + place : self._base + place + 1]
            if code and 0 < code[0] < NAME_SHAPES:
                found = data.rfind(key, max(corpus.base, at - reach), at)
                # The bytes of one token also occur across two: then it is no copy.
                if found >= 0 and (at - found) % TOKEN_BYTES == 0:
                    word = context[(found - at) // TOKEN_BYTES]
            word = word or corpus.spell(key)
            if word:
                counts[word] = counts.get(word, 0.0) + 1.0
        return counts

    def _search(self, pattern: bytes) -> Level:
        """Return the level of a context given by its shapes."""
        data = self._data
        base = self._base
        to = base + len(pattern)

        def text(position: int) -> bytes:
            return data[position + base : position + to]

        first = bisect_left(self._order, pattern, key=text)
        last = bisect_right(self._order, pattern, first, key=text)
        return Level(len(pattern), first, last)
