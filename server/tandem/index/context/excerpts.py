"""Which pieces of other files to show whole: those that hold the most of what will be needed.

Pieces around recent edits and windows like the one at the cursor compete. A piece is worth the
chances of the names in it that nothing shown so far has, and a little for being alike; it is taken
by worth a byte, again and again, so two pieces that say the same are not both taken.

Invariant: no piece is of the open file, and no line is shown twice.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from tandem.index.code import Code
from tandem.index.context.block import Section, Source, header, size
from tandem.index.context.postings import WORD
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
    texts = _Texts(code)
    return [
        piece
        for rank, edit in enumerate(edits)
        if (
            piece := texts.piece(
                Source.EDIT, edit.path, (edit.first, edit.last), _EDITED / (1 + rank), "edited"
            )
        )
    ]


def alike(code: Code, hits: Sequence[Hit]) -> list[Piece]:
    """Return the windows that a search found, the best first."""
    texts = _Texts(code)
    return [
        piece
        for hit in hits
        if (
            piece := texts.piece(
                Source.WINDOW,
                hit.path,
                (hit.first, hit.last),
                _ALIKE * hit.score / hits[0].score,
                "like the lines at the cursor",
            )
        )
    ]


class _Texts:
    """The lines of files, each file asked for once."""

    def __init__(self, code: Code) -> None:
        self._code = code
        self._lines: dict[str, list[str]] = {}

    def piece(
        self, source: Source, path: str, lines: tuple[int, int], bonus: float, why: str
    ) -> Piece | None:
        if path not in self._lines:
            text = self._code.text(path)
            self._lines[path] = text.split("\n") if text is not None else []
        first, last = lines
        while last > first and not "".join(self._lines[path][last - 1 : last]).strip():
            last -= 1
        taken = self._lines[path][first:last]
        while taken and not taken[0].strip():
            taken, first = taken[1:], first + 1
        if not taken:
            return None
        text = "\n".join([*taken, ""])
        return Piece(source, path, first, text, frozenset(WORD.findall(text)), bonus, why)


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
    useful = {
        piece: (
            {w: chances[w] for w in piece.words if w in chances and w not in shown},
            size(piece.text) + size(header(piece.path, language)),
        )
        for piece in pieces
    }
    taken: list[Piece] = []
    while useful and not stop():
        worth = {
            piece: (piece.bonus + sum(chance.values())) / cost
            for piece, (chance, cost) in useful.items()
            if cost <= room
        }
        if not worth:
            break
        best = max(worth, key=worth.__getitem__)
        taken.append(best)
        room -= useful[best][1]
        useful = {piece: rest for piece, rest in useful.items() if not _overlap(piece, best)}
        for chance, _ in useful.values():
            for word in best.words & chance.keys():
                del chance[word]
    return [_section(piece, language) for piece in reversed(taken)]


def _overlap(one: Piece, other: Piece) -> bool:
    return one.path == other.path and one.first < other.last and other.first < one.last


def _section(piece: Piece, language: str) -> Section:
    text = header(piece.path, language) + piece.text
    lines = ((piece.first, piece.last),)
    return Section.of(piece.source, piece.path, lines, why=piece.why, text=text, language=language)
