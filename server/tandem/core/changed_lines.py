"""Which lines a change is about: those that are new, and both sides of where lines went. Pure.

Lines are zero-based and of the text with the change; one past its end may be among them.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from tandem.core.diff import Block, FileDiff


def by_blocks(blocks: Iterable[Block]) -> frozenset[int]:
    """Return the lines of blocks as ``diff.changed_blocks`` yields them."""
    found: set[int] = set()
    for _, _, c, d in blocks:
        found.update(range(c, d) if d > c else (max(c - 1, 0), c))
    return frozenset(found)


def by_hunks(item: FileDiff) -> frozenset[int]:
    """Return the lines of a file's diff."""
    return by_blocks(_blocks(item))


def _blocks(item: FileDiff) -> Iterator[Block]:
    for hunk in item.hunks:
        a, c = hunk.old_at, hunk.new_at
        for same, run in groupby(hunk.lines, lambda line: line[0] == " "):
            tags = [line[0] for line in run]
            b, d = a + len(tags) - tags.count("+"), c + len(tags) - tags.count("-")
            if not same:
                yield a, b, c, d
            a, c = b, d
