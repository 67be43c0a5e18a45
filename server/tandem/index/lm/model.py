"""The repository engine's interface: open or build a model, complete a line with it.

`RepositoryModel` is a memory map of a trained file, `FileModel` the same for one open document;
both are immutable.  `complete` draws on either or both, and always on the lines around the
cursor, which no model built before the last keystroke can know.

It deliberately does not decide whether to offer: it returns the best line and how likely that is
right.  It needs no numpy, no parser, no network and no clock.

Invariant: the cost of `complete` does not grow with the file, nor (but for bisection) with the
repository; it may run in any thread.
"""

import contextlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from mmap import mmap
from pathlib import Path

from tandem.index.lm import cursor, lexer, store
from tandem.index.lm.confidence import confidence
from tandem.index.lm.cursor import Cursor, Surroundings
from tandem.index.lm.lexer import is_word, render, shape
from tandem.index.lm.matches import LINE_END, Corpus
from tandem.index.lm.mixture import Origin, Source
from tandem.index.lm.search import Walk, search
from tandem.index.lm.shapes import DEPTH as SHAPE_DEPTH
from tandem.index.lm.shapes import Shapes

# As deep as `matches` narrows; 3 ms for a file of 9 KB, 32 ms for one of 90 KB.
_FILE_DEPTH = 24
# The cursor's line is recognized in a model of its file by the tokens above it.
_RECOGNIZED = 8
_VERIFIED = 200
_CANDIDATES = 16


class RepositoryModel:
    """A trained model of a workspace, memory-mapped: opening reads a header and 16 pages."""

    __slots__ = ("_data", "_sections", "closed", "corpus", "shapes", "tokens")

    def __init__(self, data: mmap, sections: store.Sections) -> None:
        """Lay a model over an open map; use `open`."""
        self._data = data
        self._sections = sections
        self.closed = False
        self.tokens = sections.tokens
        words = _MappedWords(data, sections)
        self.corpus = Corpus(data, sections.token_start, sections.order, words)
        self.shapes = Shapes(self.corpus, data, sections.shape_start, sections.shape_order)

    @classmethod
    def open(cls, path: Path) -> "RepositoryModel | None":
        """Map the model at `path`; None if missing, cut short, damaged or another version's."""
        opened = store.read(path)
        return None if opened is None else cls(*opened)

    def close(self) -> None:
        """Unmap the file; a `complete` still running on it ends with None."""
        self.closed = True
        self._sections.order.release()
        self._sections.ends.release()
        self._sections.shape_order.release()
        # A slice held by a search in another thread keeps the map until that search ends.
        with contextlib.suppress(BufferError):
            self._data.close()


class FileModel:
    """A model of one document's text, which may be some edits behind the document."""

    __slots__ = ("corpus", "shapes", "tokens")

    def __init__(self, tokens: Sequence[str]) -> None:
        """Index `tokens`; the empty string separates texts that do not follow one another."""
        words = sorted({word.encode("utf-8", "replace") for word in tokens} | {b""})
        number = {word: place for place, word in enumerate(words)}
        size = store.TOKEN_BYTES
        keys = {
            token: number[token.encode("utf-8", "replace")].to_bytes(size, "big")
            for token in set(tokens)
        }
        data = b"".join([keys[token] for token in tokens])
        width = size * _FILE_DEPTH
        order = array(
            "I", sorted(range(0, len(data), size), key=lambda place: data[place : place + width])
        )
        self.tokens = len(tokens)
        self.corpus = Corpus(data, 0, order, _ListedWords(words))
        shapes = bytes(map({token: shape(token) for token in keys}.__getitem__, tokens))
        by_shape = array(
            "I", sorted(range(len(shapes)), key=lambda place: shapes[place : place + SHAPE_DEPTH])
        )
        self.shapes = Shapes(self.corpus, shapes, 0, by_shape)

    @classmethod
    def build(cls, text: str) -> "FileModel":
        """Index `text`, of any language: 3 ms for 9 KB."""
        return cls([lexer.canonical(token) for token in lexer.lex(lexer.normalize(text))])


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What to insert at the cursor (one line, no newline) and the probability that it is right."""

    text: str
    confidence: float


class _ListedWords:
    """A vocabulary in memory."""

    __slots__ = ("_words",)

    def __init__(self, words: list[bytes]) -> None:
        self._words = words

    def place(self, word: bytes) -> int:
        return bisect_left(self._words, word)

    def word(self, number: int) -> bytes:
        return self._words[number] if number < len(self._words) else b""


class _MappedWords:
    """A vocabulary in a model file."""

    __slots__ = ("_data", "_ends", "_size", "_start")

    def __init__(self, data: mmap, sections: store.Sections) -> None:
        self._data = data
        self._ends = sections.ends
        self._size = len(sections.ends)
        self._start = sections.word_start

    def place(self, word: bytes) -> int:
        return bisect_left(range(self._size), word, key=self.word)

    def word(self, number: int) -> bytes:
        if number >= self._size:
            return b""
        begin = self._ends[number - 1] if number else 0
        return self._data[self._start + begin : self._start + self._ends[number]]


def complete(
    left: str,
    right: str,
    *,
    repository: RepositoryModel | None,
    file: FileModel | None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Suggestion | None:
    """Return the best way to finish the line between `left` and `right`; None if there is none.

    `left` and `right` are the document's text before and after the cursor, a few thousand
    characters of each being used; `right` starts with the rest of the cursor's line.
    """
    place = cursor.read(left, right)
    if _inside_word(place):
        return None
    try:
        return _best(Walk(sources(place, repository, file), place), cancelled)
    except ValueError:
        # A map closed under us by another thread; anything else is our own mistake.
        if repository is not None and repository.closed:
            return None
        raise


def _best(walk: Walk, cancelled: Callable[[], bool]) -> Suggestion | None:
    """Return the most probable way to finish the line, if it inserts anything."""
    ways = search(walk, cancelled)
    if not ways:
        return None
    text = insertion(ways[0].words, walk.cursor)
    # Only a damaged map can spell a line end inside a word.
    if not text.strip() or LINE_END in text:
        return None
    return Suggestion(text, confidence(ways, walk, text))


def _inside_word(place: Cursor) -> bool:
    """Tell whether the cursor stands between two letters of one word."""
    return is_word(place.rest_text) and is_word(place.pending)


def insertion(words: Sequence[str], place: Cursor) -> str:
    """Return the text that `words` add behind what is typed."""
    # A half-typed token is given again whole, so what stands before it does not matter.
    before = "" if place.pending.strip() else place.context[-1]
    return render(words, before)[len(place.pending) :]


def sources(
    place: Cursor, repository: RepositoryModel | None, file: FileModel | None
) -> list[Source]:
    """Return the corpora to draw from at `place`."""
    sources = [Source(Origin.NEARBY, _nearby(place.around).corpus, _nearby(place.around).shapes)]
    if file is not None:
        sources.append(
            Source(Origin.FILE, file.corpus, file.shapes, _hole(file.corpus, place.around.above))
        )
    if repository is not None:
        sources.append(Source(Origin.REPOSITORY, repository.corpus, repository.shapes))
    return sources


@lru_cache(maxsize=4)
def _nearby(around: Surroundings) -> FileModel:
    """Index the lines around the cursor; kept while only its own line changes."""
    return FileModel((*around.above, "", *around.below))


def _hole(corpus: Corpus, above: Sequence[str]) -> range:
    """Return where the document's model says what stands on the cursor's line.

    The place is where the lines above occur in it, the longest such match if there are several.
    """
    levels = corpus.levels(above)
    if not levels or levels[-1].depth < _RECOGNIZED:
        return range(0)
    data = corpus.data
    size = store.TOKEN_BYTES
    keys = [corpus.key(token) or b"" for token in above[-_VERIFIED:]]
    best, longest = 0, 0
    depth, first, last = levels[-1]
    for at in corpus.order[first:last][:_CANDIDATES]:
        end = at + depth * size
        length = 0
        for key in reversed(keys):
            length += 1
            if data[max(0, end - length * size) : end - (length - 1) * size] != key:
                break
        if length > longest:
            best, longest = end, length
    start = best + size
    end = start
    while end < len(data) and corpus.spell(bytes(data[end : end + size])) != LINE_END:
        end += size
    return range(start, end + 1)
