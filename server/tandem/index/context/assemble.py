"""The cross-file part of a completion's prompt, for a place in an open file.

First signatures of the names that are likely to come, then whole pieces of other files with what
room is left. Nothing of the open file is in it: that is the prompt's own part. Every stage may be
the last one: when time is up, what is there is returned.

Invariant: the block says nothing of the open file's text that `text` does not say, and never takes
more than the budget.
"""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from tandem.core.text import Text
from tandem.index.code import Code
from tandem.index.context.block import Block, capacity
from tandem.index.context.excerpts import Piece, alike, chosen, edited
from tandem.index.context.likely import Around, Name, likely
from tandem.index.context.near import sight
from tandem.index.context.postings import distinct
from tandem.index.context.ring import Ring
from tandem.index.context.signatures import Signatures
from tandem.index.context.windows import Windows
from tandem.index.languages import id_of

HITS: Final = 16  # windows that the ranking of names looks at
_PER_HIT: Final = 150  # tokens: a large budget chooses among more windows
# Share of a budget for signatures. At 2,000 tokens, definitions/unseen names in scrapy's hunks:
# 0.73/0.54 at a half, 0.76/0.57 at 0.65, 0.78/0.58 at 0.75 and 0.85.
_SIGNATURES: Final = 0.75

_SKIPS: Final = 12  # names that did not fit, before a budget counts as full

_NOTHING: Final = Block()


def _never() -> bool:
    return False


def context_for(
    code: Code,
    path: str,
    text: Text,
    offset: int,
    ring: Ring,
    *,
    windows: Windows,
    budget_tokens: int,
    already: Block = _NOTHING,
    shown: frozenset[str] = frozenset(),
    signatures: float = _SIGNATURES,
    stop: Callable[[], bool] = _never,
) -> Block:
    """Return the context of a place, without what is in block `already`.

    `shown` are words that the prompt has anyway; `signatures` is their share of the budget.
    """
    language = id_of(path)
    seen = sight(text, offset, language)
    room = capacity(budget_tokens, language)
    edits = edited(code, ring.without(path))
    hits = windows.search(seen.query, path, max(HITS, budget_tokens // _PER_HIT), stop)
    like = alike(code, hits)
    around = Around(
        path,
        language,
        seen,
        [(piece.path, piece.words) for piece in edits],
        [piece.words for piece in like[:HITS]],
    )
    names = likely(code, windows, around, stop)
    taken = Signatures(code, windows, language, _lines(already))
    _fill(taken, names, int(room * signatures), stop)
    listed = taken.sections()
    said = distinct("\n".join([already.text, *(section.text for section in listed)]))
    pieces = [p for p in (*edits, *like) if not _is_in(p, taken.given)]
    whole = chosen(
        pieces, names.chances, said | shown, room=room - taken.used, language=language, stop=stop
    )
    return Block.of([*listed, *whole], language)


def _fill(taken: Signatures, names: Iterable[Name], room: int, stop: Callable[[], bool]) -> None:
    skipped = 0
    for name in names:
        if stop() or skipped > _SKIPS:
            break
        skipped += not taken.add(name, room - taken.used)


def _lines(block: Block) -> dict[str, set[int]]:
    """Return the lines of each file that a block shows."""
    found: dict[str, set[int]] = {}
    for section in block.sections:
        for first, last in section.lines:
            found.setdefault(section.path, set()).update(range(first, last))
    return found


def _is_in(piece: Piece, given: Mapping[str, AbstractSet[int]]) -> bool:
    """Tell whether most of a piece is shown already."""
    shown = given.get(piece.path, frozenset())
    lines = range(piece.first, piece.last)
    return 2 * sum(map(shown.__contains__, lines)) > len(lines)
