"""Three-way merge by lines: what two sides made of one text, joined where they are apart.

Deliberately no guess: changes that touch (overlap, or have no line between them) and are not the
same are a conflict, as they are for git.

Invariant: ``merged(b, o, b) == o`` and ``merged(b, b, t) == t``; a conflict changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tandem.core.diff import changed_blocks, lines_of


@dataclass(frozen=True, slots=True)
class Conflict:
    """Lines that both sides changed: one-based, `first` to `last`, of what the other side has."""

    first: int
    last: int
    ours: str = field(repr=False)
    theirs: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Block:
    """Base lines ``[start, end)`` became ``new``; `at` is where they stand on their side."""

    start: int
    end: int
    new: tuple[str, ...]
    at: int


def merged(base: str, ours: str, theirs: str) -> tuple[str | None, tuple[Conflict, ...]]:
    """Return `theirs` with our changes put in; None and the conflicts where they do not go."""
    if theirs in (base, ours):
        return ours, ()
    old = lines_of(base)
    own, other = _blocks(old, ours), _blocks(old, theirs)
    conflicts = tuple(
        Conflict(b.at + 1, max(b.at + len(b.new), b.at + 1), "".join(a.new), "".join(b.new))
        for a in own
        for b in other
        if _clash(a, b)
    )
    if conflicts:
        return None, conflicts
    both = {(block.start, block.end, block.new) for block in (*own, *other)}
    for start, end, new in sorted(both, key=lambda one: one[:2], reverse=True):
        old[start:end] = new
    return "".join(old), ()


def _blocks(old: Sequence[str], text: str) -> list[_Block]:
    new = lines_of(text)
    return [_Block(a, b, tuple(new[c:d]), c) for a, b, c, d in changed_blocks(old, new)]


def _clash(one: _Block, other: _Block) -> bool:
    if (one.start, one.end, one.new) == (other.start, other.end, other.new):
        return False
    return one.start <= other.end and other.start <= one.end
