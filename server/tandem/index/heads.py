"""The heads of a file's definitions by name: what one line about each needs, and nothing else.

A prompt takes a hundred definitions, one or two of a file. Decoding the whole facts of those files
was a fifth of its time on Django; heads leave out identifiers, imports and documentation, make no
value for each definition, and take a fifth of that (27 us where facts take 134).

Invariant: ``heads_of(record_of(key, facts)) == Heads.of(facts.definitions)``, but for the kind of
sequence; what is damaged has no heads.
"""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import lt
from typing import Final, overload

from tandem.index.facts import Definition, Kind
from tandem.index.records import Record, located

_CLASSES: Final = frozenset({Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM, Kind.TYPE})
_CLASS_NAMES: Final = frozenset([kind.value for kind in _CLASSES])


@dataclass(frozen=True, slots=True)
class Heads:
    """Lines (zero-based), signatures and parents in the order of the file.

    `first` is the index of the first definition of each name; `classes` are the types' first
    offset, the one behind the last, and index.
    """

    first: Mapping[str, int]
    lines: Sequence[int]
    signatures: Sequence[str]
    parents: Sequence[int]
    classes: Sequence[tuple[int, int, int]]

    @classmethod
    def of(cls, definitions: Sequence[Definition]) -> "Heads":
        """Keep what is needed of definitions. O(definitions)."""
        return cls.by_columns(
            [d.name for d in definitions],
            [d.line for d in definitions],
            [d.signature for d in definitions],
            [d.parent for d in definitions],
            [(*d.span, n) for n, d in enumerate(definitions) if d.kind in _CLASSES],
        )

    @classmethod
    def by_columns(
        cls,
        names: Sequence[str],
        lines: Sequence[int],
        signatures: Sequence[str],
        parents: Sequence[int],
        classes: Sequence[tuple[int, int, int]],
    ) -> "Heads":
        """Find the first of each name."""
        backwards = range(len(names) - 1, -1, -1)
        return cls(
            dict(zip(reversed(names), backwards, strict=True)), lines, signatures, parents, classes
        )

    def above(self, parent: int) -> list[int]:
        """Return a definition and those around it, the outermost first; none for -1."""
        found: list[int] = []
        while parent >= 0:
            found.append(parent)
            parent = self.parents[parent]
        return found[::-1]

    def around(self, offset: int) -> int:
        """Return the innermost type around an offset, or -1."""
        inner = -1
        for start, end, number in self.classes:
            if start > offset:
                break
            if offset < end:
                inner = number
        return inner


class _Texts(Sequence[str]):
    """Texts that are cut out when they are asked for: of 40 signatures of a file one or two are."""

    __slots__ = ("_cuts", "_text")

    def __init__(self, text: str, cuts: Sequence[int]) -> None:
        """Take the text of all of them, and where each begins and the last ends."""
        first = cuts[0]
        self._text = text[first : cuts[-1]]
        self._cuts = array("I", [cut - first for cut in cuts])

    def __len__(self) -> int:
        return len(self._cuts) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[n] for n in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return self._text[self._cuts[at] : self._cuts[at + 1]]


def heads_of(record: Record) -> Heads:
    """Return a record's heads, those of no definition if it is damaged."""
    try:
        numbers, cuts, text = located(record.body)
        kinds = text[: cuts[1]].split()
        count = len(kinds)
        if len(numbers) != 1 + 5 * count or len(cuts) != 2 + 3 * count:
            return Heads.of(())
        starts, ends, lines, parents = (
            numbers[1 + n * count : 1 + (n + 1) * count] for n in (0, 1, 3, 4)
        )
        if not all(map(lt, parents, range(count))):
            return Heads.of(())
    except (ValueError, LookupError):
        return Heads.of(())
    classes = [(starts[n], ends[n], n) for n, kind in enumerate(kinds) if kind in _CLASS_NAMES]
    names = [text[start:end] for start, end in pairwise(cuts[1 : 2 + count])]
    signatures = _Texts(text, cuts[1 + count : 2 + 2 * count])
    return Heads.by_columns(names, lines, signatures, parents, classes)
