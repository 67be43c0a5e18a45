"""Find where a context occurred before in one body of code, and what followed it there.

A `Corpus` is a token sequence, its suffix order and its vocabulary; the repository's lies in a
memory map, a file's in bytes.  A `Level` is the range of suffixes that start with the last
`depth` tokens of a context.  Ranges are found once per cursor and *narrowed* while the search
appends tokens, each by one bisection inside the old range.

It deliberately knows no probabilities: `following` returns counts.

Invariant: no number read from a damaged map is used unchecked; slices cut short and numbers out
of the vocabulary read as the separator, which is never counted.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from mmap import mmap
from typing import NamedTuple, Protocol

from tandem.index.lm.store import TOKEN_BYTES

# Half or twice as many do not matter: 38.2, 38.2 and 38.4 % of 1,191 lines right at 32, 64, 128.
SAMPLES = 64
# Contexts are matched 12 deep, which leaves 12 tokens to append within the sorted 24.
DEPTH = 24
_CONTEXT = 12
LINE_END = "\n"
_SEPARATOR = b"\0" * TOKEN_BYTES
_MEMO = 20_000
_NOWHERE = range(0)
# Above every byte of UTF-8: a prefix followed by it sorts behind all words with that prefix.
_ABOVE = b"\xff"


class Level(NamedTuple):
    """Suffixes `first` to `last` (excluded) share the context's last `depth` tokens."""

    depth: int
    first: int
    last: int


class Span(NamedTuple):
    """The tokens of one prefix: their numbers lie in `low` to `high` (excluded), as bytes."""

    low: bytes
    high: bytes


class Vocabulary(Protocol):
    """Words sorted by their UTF-8 bytes; a word's number is its place."""

    def place(self, word: bytes) -> int:
        """Return the number of words that sort before `word`."""
        ...

    def word(self, number: int) -> bytes:
        """Return the word at `number`; empty when there is none."""
        ...


class Corpus:
    """Code to learn from: tokens, suffix order, words.  Immutable but for its memo tables."""

    __slots__ = ("_keys", "_spelled", "_starts", "_words", "base", "data", "order")

    def __init__(
        self, data: bytes | mmap, base: int, order: Sequence[int], words: Vocabulary
    ) -> None:
        """Lay a corpus over `data`, whose tokens begin at `base`; `order` holds byte offsets."""
        self.data = data
        self.base = base
        self.order = order
        self._words = words
        self._keys: dict[str, bytes | None] = {}
        self._spelled: dict[bytes, str] = {_SEPARATOR: ""}
        self._starts: dict[bytes, Level] = {}

    def key(self, word: str) -> bytes | None:
        """Return the bytes of `word`'s number; None if the corpus never has the word."""
        try:
            return self._keys[word]
        except KeyError:
            pass
        encoded = word.encode("utf-8", "replace")
        place = self._words.place(encoded)
        known = self._words.word(place) == encoded and place > 0
        key = place.to_bytes(TOKEN_BYTES, "big") if known else None
        if len(self._keys) > _MEMO:
            self._keys.clear()
        self._keys[word] = key
        return key

    def spell(self, key: bytes) -> str:
        """Return the word behind `key`, every line start as the plain line end."""
        word = self._spelled.get(key)
        if word is None:
            number = int.from_bytes(key, "big") if len(key) == TOKEN_BYTES else 0
            word = self._words.word(number).decode("utf-8", "replace")
            if word[:1] == LINE_END:
                word = LINE_END
            if len(self._spelled) > _MEMO:
                self._spelled.clear()
            self._spelled[key] = word
        return word

    def span(self, prefix: str) -> Span:
        """Return the numbers of the words that start with `prefix`."""
        encoded = prefix.encode("utf-8", "replace")
        low = self._words.place(encoded)
        high = self._words.place(encoded + _ABOVE)
        return Span(low.to_bytes(TOKEN_BYTES, "big"), high.to_bytes(TOKEN_BYTES, "big"))

    def everything(self) -> Level:
        """Return the level of the empty context."""
        return Level(0, 0, len(self.order))

    def levels(self, context: Sequence[str]) -> list[Level]:
        """Return the levels of `context`, shallow to deep, as deep as it ever occurred."""
        keys: list[bytes] = []
        for word in reversed(context[-_CONTEXT:]):
            key = self.key(word)
            if key is None:
                break
            keys.append(key)
        keys.reverse()
        found: list[Level] = []
        for depth in range(1, len(keys) + 1):
            level = self._start(keys[-1]) if depth == 1 else self._search(keys[-depth:])
            if level.first >= level.last:
                break
            found.append(level)
        return thin(found)

    def extend(self, levels: Sequence[Level], word: str) -> list[Level] | None:
        """Return the levels of the context behind `levels` followed by `word`.

        None once they would be deeper than the order is sorted: ask `levels` again.
        """
        key = self.key(word)
        if key is None:
            return []
        found = [self._start(key)]
        for level in levels:
            deeper = self.within(level, Span(key, key), inclusive=True)
            if deeper.first >= deeper.last:
                break
            if level.depth + 1 >= DEPTH:
                return None
            found.append(Level(level.depth + 1, deeper.first, deeper.last))
        return thin(found)

    def within(self, level: Level, span: Span, *, inclusive: bool = False) -> Level:
        """Return the part of `level` whose next token lies in `span` (its `high` if inclusive)."""
        data = self.data
        order = self.order
        at = self.base + TOKEN_BYTES * level.depth
        to = at + TOKEN_BYTES

        def following(place: int) -> bytes:
            return data[place + at : place + to]

        last_of = bisect_right if inclusive else bisect_left
        first = bisect_left(order, span.low, level.first, level.last, key=following)
        last = last_of(order, span.high, first, level.last, key=following)
        return Level(level.depth, first, last)

    def following(self, level: Level, hole: range = _NOWHERE) -> dict[str, float]:
        """Return the words that follow in `level` with their counts, sampled evenly if many.

        Words that stand in `hole`, a range of byte offsets, are not counted.
        """
        data = self.data
        order = self.order
        depth, first, last = level
        at = self.base + TOKEN_BYTES * depth
        to = at + TOKEN_BYTES
        size = last - first
        head, tail = order[first] + at, order[last - 1] + at
        key = data[head : head + TOKEN_BYTES]
        if not hole and key == data[tail : tail + TOKEN_BYTES]:
            # Sorted by what follows: the same at both ends is the same throughout.
            word = self.spell(key)
            return {word: float(size)} if word else {}
        if size <= SAMPLES:
            places: Sequence[int] = order[first:last]
            weight = 1.0
        else:
            places = [order[first + size * i // SAMPLES] for i in range(SAMPLES)]
            weight = size / SAMPLES
        counts: dict[str, float] = {}
        spelled = self._spelled
        if hole:
            places = [place for place in places if place + at - self.base not in hole]
        for place in places:
            key = data[place + at : place + to]
            word = spelled.get(key) or self.spell(key)
            if word:
                counts[word] = counts.get(word, 0.0) + weight
        return counts

    def _start(self, key: bytes) -> Level:
        """Return the level of the one-token context `key`, memoized."""
        level = self._starts.get(key)
        if level is None:
            _, first, last = self.within(self.everything(), Span(key, key), inclusive=True)
            if len(self._starts) > _MEMO:
                self._starts.clear()
            level = self._starts[key] = Level(1, first, last)
        return level

    def _search(self, keys: Sequence[bytes]) -> Level:
        """Return the level of a context given by its tokens' keys."""
        data = self.data
        base = self.base
        pattern = b"".join(keys)
        to = base + len(pattern)

        def text(place: int) -> bytes:
            return data[place + base : place + to]

        whole = self._start(keys[0])
        first = bisect_left(self.order, pattern, whole.first, whole.last, key=text)
        last = bisect_right(self.order, pattern, first, whole.last, key=text)
        return Level(len(keys), first, last)


def thin(levels: Sequence[Level]) -> list[Level]:
    """Leave out levels that hold hardly more places than the next deeper one.

    A level adds only what its extra places say, and equal ranges are the rule once a match is
    long: of twelve depths two to five are left, and with them the time of a step.
    """
    kept: list[Level] = []
    size = 0
    for level in reversed(levels):
        span = level.last - level.first
        if 4 * span >= 5 * size:
            kept.append(level)
            size = span
    kept.reverse()
    return kept
