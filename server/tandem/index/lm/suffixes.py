"""Sort the suffixes of a token sequence (training side only: numpy must not reach the server).

Suffixes are ordered by their first 24 tokens, more than a query ever matches: by three at once,
then doubling, each round sorting only what the round before left tied.  All rounds work through
the array in parts of a million: training on 7.6 million tokens peaks at 321 MB, shapes included,
where whole arrays took 480 MB without them.

It deliberately does not compute a full suffix array: what 24 tokens do not tell apart stays in
the order of its place in the text.

Invariant: the result is a function of the tokens alone, whatever sort numpy uses on a machine.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

DEPTH = 24
SHAPE_DEPTH = 16
# Every second place is enough: shapes repeat far more often than words do.
SHAPE_STEP = 2
_FIRST = 3
_BITS = 21
_PART = 1 << 20

Numbers = npt.NDArray[np.uint32]


def suffix_order(tokens: Numbers) -> Numbers:
    """Return the positions of `tokens` ordered by their 24 tokens; ids are under 2**21 - 1."""
    size = len(tokens)
    order = np.zeros(size, np.uint32)
    rank = np.zeros(size, np.uint32)
    tied = [np.zeros(0, np.uint32)]
    done = 0
    for positions in _by_first_token(tokens):
        key = _pack(tokens, positions)
        by = np.argsort(key, kind="stable")
        slots = np.arange(done, done + len(positions), dtype=np.uint32)
        order[slots] = positions[by]
        tied.append(_rank(order[slots], key[by], slots, rank))
        done += len(positions)
    open_slots = np.concatenate(tied)
    width = _FIRST
    while width < DEPTH and len(open_slots):
        parts = [
            _refine(order, rank, part, width) for part in _whole_groups(open_slots, order, rank)
        ]
        open_slots = np.concatenate(parts)
        width *= 2
    return order


def shape_order(shapes: npt.NDArray[np.uint8]) -> Numbers:
    """Return every second position of `shapes`, ordered by the 16 shapes from there."""
    halves = [_eight(shapes, start) for start in (0, SHAPE_DEPTH // 2)]
    order = np.argsort(halves[1], kind="stable").astype(np.uint32)
    del halves[1]
    order = order[np.argsort(halves[0][order], kind="stable")]
    return order * np.uint32(SHAPE_STEP)


def _eight(shapes: npt.NDArray[np.uint8], start: int) -> npt.NDArray[np.uint64]:
    """Return the eight shapes from `start` behind every second position, as one number each."""
    size = len(shapes)
    key = np.zeros((size + SHAPE_STEP - 1) // SHAPE_STEP, np.uint64)
    for offset in range(start, start + SHAPE_DEPTH // 2):
        key <<= np.uint64(8)
        column = shapes[offset::SHAPE_STEP]
        key[: len(column)] |= column
    return key


def _by_first_token(tokens: Numbers) -> Iterator[Numbers]:
    """Yield the positions of `tokens` in parts, by increasing token, a token's in one part."""
    ends = np.cumsum(np.bincount(tokens)) if len(tokens) else np.zeros(0, np.int64)
    low, begin = 0, 0
    while begin < len(tokens):
        high = max(low + 1, int(np.searchsorted(ends, begin + _PART, side="right")))
        yield np.flatnonzero((tokens >= low) & (tokens < high)).astype(np.uint32)
        low, begin = high, int(ends[high - 1])


def _pack(tokens: Numbers, positions: Numbers) -> npt.NDArray[np.int64]:
    """Return the three tokens from each of `positions` as one number; past the end sorts first."""
    key = tokens[positions].astype(np.int64) + 1
    for offset in range(1, _FIRST):
        places = positions + np.uint32(offset)
        inside = places < len(tokens)
        key <<= _BITS
        key[inside] |= tokens[places[inside]].astype(np.int64) + 1
    return key


def _whole_groups(slots: Numbers, order: Numbers, rank: Numbers) -> Iterator[Numbers]:
    """Yield `slots` in parts that cut no group of tied suffixes."""
    begin = 0
    while begin < len(slots):
        end = min(begin + _PART, len(slots))
        if end < len(slots):
            head = rank[order[slots[end]]]
            back = int(np.searchsorted(slots, head))
            end = (
                back if back > begin else int(np.searchsorted(slots, _group_end(order, rank, head)))
            )
        yield slots[begin:end]
        begin = end


def _group_end(order: Numbers, rank: Numbers, head: np.uint32) -> int:
    """Return the slot behind the group of tied suffixes that starts at slot `head`."""
    return int(head) + int(np.count_nonzero(rank[order[int(head) :]] == head))


def _rank(
    positions: Numbers, keys: npt.NDArray[np.int64], slots: Numbers, rank: Numbers
) -> Numbers:
    """Give each of the sorted `positions` the slot of its group's head; return the tied slots."""
    if not len(keys):
        return slots
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    lengths = np.diff(np.append(starts, len(keys)))
    rank[positions] = np.repeat(slots[starts], lengths)
    return slots[np.repeat(lengths > 1, lengths)]


def _refine(order: Numbers, rank: Numbers, tied: Numbers, width: int) -> Numbers:
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
