"""Sort the suffixes of a token sequence (training side only: the one module that needs numpy).

Prefix tripling, then doubling: suffixes are ordered by their first 24 tokens, which is more than
a query ever matches.  Each round sorts only what the round before left tied.

It deliberately does not compute a full suffix array: order beyond 24 tokens is position order,
so the result is a function of the tokens alone, whatever sort numpy uses on this machine.
"""

import numpy as np
import numpy.typing as npt

DEPTH = 24
SHAPE_DEPTH = 16
# Every second place is enough: shapes repeat far more often than words do.
SHAPE_STEP = 2
_FIRST = 3
_BITS = 21


def suffix_order(tokens: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Return the positions of `tokens` (ids under 2**21) ordered by the 24 tokens from there."""
    size = len(tokens)
    if size == 0:
        return np.zeros(0, np.uint32)
    padded = np.zeros(size + _FIRST - 1, np.int64)
    padded[:size] = tokens
    key = (padded[:size] << (2 * _BITS)) | (padded[1 : size + 1] << _BITS) | padded[2:]
    del padded
    order = np.argsort(key, kind="stable").astype(np.uint32)
    rank = np.zeros(size, np.uint32)
    tied = _rank(order, key[order], np.arange(size, dtype=np.uint32), rank)
    del key
    width = _FIRST
    while width < DEPTH and len(tied):
        tied = _refine(order, rank, tied, width)
        width *= 2
    return order


def _rank(
    positions: npt.NDArray[np.uint32],
    keys: npt.NDArray[np.int64],
    slots: npt.NDArray[np.uint32],
    rank: npt.NDArray[np.uint32],
) -> npt.NDArray[np.uint32]:
    """Give each of the sorted `positions` the slot of its group's head; return the tied slots."""
    head = np.ones(len(keys), bool)
    head[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(head)
    lengths = np.diff(np.append(starts, len(keys)))
    rank[positions] = np.repeat(slots[starts], lengths)
    return slots[np.repeat(lengths > 1, lengths)]


def _refine(
    order: npt.NDArray[np.uint32],
    rank: npt.NDArray[np.uint32],
    tied: npt.NDArray[np.uint32],
    width: int,
) -> npt.NDArray[np.uint32]:
    """Order the suffixes in the `tied` slots by the next `width` tokens; return what stays tied."""
    size = len(order)
    positions = order[tied]
    following = positions.astype(np.int64) + width
    inside = following < size
    key = rank[positions].astype(np.int64) * (size + 1)
    key[inside] += rank[following[inside]].astype(np.int64) + 1
    del following, inside
    by = np.argsort(key, kind="stable")
    positions = positions[by]
    order[tied] = positions
    return _rank(positions, key[by], tied, rank)


def shape_order(shapes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Return every second position of `shapes`, ordered by the 16 shapes from there."""
    size = len(shapes)
    padded = np.zeros(size + SHAPE_DEPTH, np.uint8)
    padded[:size] = shapes
    halves = []
    for start in (0, SHAPE_DEPTH // 2):
        key = np.zeros((size + SHAPE_STEP - 1) // SHAPE_STEP, np.uint64)
        for offset in range(start, start + SHAPE_DEPTH // 2):
            key <<= np.uint64(8)
            key |= padded[offset : offset + size : SHAPE_STEP]
        halves.append(key)
    order = np.argsort(halves[1], kind="stable")
    order = order[np.argsort(halves[0][order], kind="stable")]
    return (order * SHAPE_STEP).astype(np.uint32)
