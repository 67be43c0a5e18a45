"""Which pieces of other files to show whole: those that hold the most of what will be needed.

Pieces around recent edits and windows like the one at the cursor compete. A piece is worth the
chances of the names in it that nothing shown so far has, and a little for being alike; it is taken
by worth a byte, again and again, so two pieces that say the same are not both taken.

Invariant: no piece is of the open file, and no line is shown twice.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tandem.index.code import Code
from tandem.index.context.block import Section, Source, header, size
from tandem.index.context.postings import distinct
from tandem.index.context.ring import Edit
from tandem.index.context.windows import Hit

# What the best example is worth beside its names, in certain names. It only breaks ties: at 0.1
# unseen names lose 2 points, at 0 they gain none at 2,000 tokens.
_ALIKE: Final = 0.02
_EDITED: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Lines ``[first, first + n)`` of another file; `bonus` is its worth beside its names."""

    source: Source
    path: str
    first: int
    text: str
    words: frozenset[str]
    bonus: float
    why: str

    @property
    def last(self) -> int:
        """The line behind it."""
        return self.first + self.text.count("\n")


def edited(code: Code, edits: Sequence[Edit]) -> list[Piece]:
    """Return the chunks around edits, the newest first."""
    return _pieces(
        code,
        Source.EDIT,
        [(e.path, e.first, e.last, _EDITED / (1 + n)) for n, e in enumerate(edits)],
        "edited",
    )


def alike(code: Code, hits: Sequence[Hit]) -> list[Piece]:
    """Return the windows that a search found, the best first."""
    return _pieces(
        code,
        Source.WINDOW,
        [(hit.path, hit.first, hit.last, _ALIKE * hit.score / hits[0].score) for hit in hits],
        "like the lines at the cursor",
    )


def _pieces(
    code: Code, source: Source, places: Sequence[tuple[str, int, int, float]], why: str
) -> list[Piece]:
    """Return those of some places that hold anything; each file is asked for once."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for path, first, last, _ in places:
        ranges.setdefault(path, []).append((first, last))
    texts = {path: iter(code.excerpts(path, wanted)) for path, wanted in ranges.items()}
    found: list[Piece] = []
    for path, first, _, bonus in places:
        skipped, text, said = _trimmed(next(texts[path]))
        if text:
            found.append(Piece(source, path, first + skipped, text, said, bonus, why))
    return found


@lru_cache(maxsize=128)  # by content: what was edited is asked for again
def _trimmed(text: str) -> tuple[int, str, frozenset[str]]:
    """Return how many blank lines a text begins with, it without those around, its words."""
    end = len(text.rstrip())
    if not end:
        return 0, "", frozenset()
    start = text.rfind("\n", 0, len(text) - len(text.lstrip())) + 1
    behind = text.find("\n", end)
    trimmed = text[start : behind if behind >= 0 else len(text)] + "\n"
    return text.count("\n", 0, start), trimmed, frozenset(distinct(trimmed))


def chosen(
    pieces: Sequence[Piece],
    chances: Mapping[str, float],
    shown: AbstractSet[str],
    *,
    room: int,
    language: str,
    stop: Callable[[], bool],
) -> list[Section]:
    """Return the best pieces for `room` bytes; `shown` are the words that need no showing."""
    unsaid = {word: chance for word, chance in chances.items() if word not in shown}
    useful: dict[Piece, tuple[float, AbstractSet[str], int]] = {}
    for piece in pieces:
        names = piece.words & unsaid.keys()
        cost = size(piece.text) + size(header(piece.path, language))
        useful[piece] = piece.bonus + sum(map(unsaid.__getitem__, names)), names, cost
    taken: list[Piece] = []
    while useful and not stop():
        fits = {piece: worth / cost for piece, (worth, _, cost) in useful.items() if cost <= room}
        if not fits:
            break
        best = max(fits, key=fits.__getitem__)
        taken.append(best)
        _, said, cost = useful[best]
        room -= cost
        useful = {
            piece: (worth - sum(map(unsaid.__getitem__, names & said)), names - said, cost)
            for piece, (worth, names, cost) in useful.items()
            if not _overlap(piece, best)
        }
    return [_section(piece, language) for piece in reversed(taken)]


def _overlap(one: Piece, other: Piece) -> bool:
    return one.path == other.path and one.first < other.last and other.first < one.last


def _section(piece: Piece, language: str) -> Section:
    text = header(piece.path, language) + piece.text
    lines = ((piece.first, piece.last),)
    return Section.of(piece.source, piece.path, lines, why=piece.why, text=text, language=language)
