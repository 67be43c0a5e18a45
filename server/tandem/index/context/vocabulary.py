"""Which words may name something of other files: those that few files define.

What is known of a word is kept from one question to the next, since most of the words around a
place were asked about at the place before. It is forgotten when any file comes to define or assign
other names, which typing seldom does; in how many blocks a word stands may be a little old.

Invariant: the files of a name are those that define or assign it now.
"""

import math
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple, Protocol

from tandem.index.code import Code
from tandem.index.context.weights import Traits, spelled

MOST_DEFINERS: Final = 3  # a name that more files define says nothing without types
_SHORTEST: Final = 3
_KEPT: Final = 30_000  # words


class Posted(Protocol):
    """What is asked of the windows."""

    @property
    def generation(self) -> int:
        """A number that changes when methods come to assign other attributes."""
        ...

    def assigning(self, names: AbstractSet[str]) -> Mapping[str, Collection[str]]:
        """Return the files in which methods assign attributes, by those of the names."""
        ...

    def blocks(self, word: str) -> int:
        """Return in how many blocks a word stands."""
        ...


class Known(NamedTuple):
    """A name: the files that define it, in order, and what speaks for it wherever one is."""

    paths: tuple[str, ...]
    traits: Traits
    common: float

    def without(self, path: str) -> "Known":
        """Return what other files say of it."""
        return self._replace(paths=tuple([other for other in self.paths if other != path]))


class Vocabulary:
    """The words that were asked about, with what is known of them."""

    def __init__(self) -> None:
        """Begin with no word."""
        self._state: tuple[Code | None, int, int] = None, 0, 0
        self._known: dict[str, Known | None] = {}

    def names(self, words: set[str], code: Code, posted: Posted) -> list[tuple[str, Known]]:
        """Return those of the words that few files define or assign; one more than few at most."""
        state = code, code.generation, posted.generation
        if state != self._state or len(self._known) > _KEPT:
            self._state = state
            self._known.clear()
        known = self._known
        fresh = words.difference(known)
        if fresh:
            self._learn(fresh, code, posted)
        return [(word, found) for word in words if (found := known[word]) is not None]

    def _learn(self, words: AbstractSet[str], code: Code, posted: Posted) -> None:
        known = self._known
        known.update(dict.fromkeys(words))
        defining, assigning = code.defining(words), posted.assigning(words)
        for word in defining.keys() | assigning.keys():
            definers = defining.get(word, ())
            if len(definers) > MOST_DEFINERS + 1 or len(word) < _SHORTEST:
                continue
            assigned = assigning.get(word, ())
            paths = tuple(sorted({*definers, *assigned}))
            if len(paths) <= MOST_DEFINERS + 1:  # one may be the open file itself
                said = spelled(word, "any") if definers else spelled(word, "any", "attribute")
                known[word] = Known(paths, said, math.log1p(posted.blocks(word)))
