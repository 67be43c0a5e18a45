"""Turn what followed a context, in every corpus and at every depth, into one distribution.

The levels of all corpora are walked from the deepest match to the shallowest; each takes its
share of the probability that is left, and leaves the rest to the shallower ones.  The share is a
logistic function of what the level saw: how often, how many different words, how deep, how sure,
in which corpus.  Its weights are fitted (`tests/bench/calibrate_local.py`) to the likelihood of
held-out code; fixed Witten-Bell shares were far too sure of deep matches seen once.

It deliberately does not normalize: what is missing to 1 is the probability of a word never seen.

Invariant: shares are in (0, 1) and the values of a distribution sum to at most 1.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from operator import itemgetter, mul

from tandem.index.lm.matches import Corpus, Level
from tandem.index.lm.shapes import Shapes

# Under this the levels left cannot change the order of the words worth offering.
_NEGLIGIBLE = 0.01
_TELLING = 2


class Origin(IntEnum):
    """Where a corpus comes from; nearer code wins ties of depth."""

    REPOSITORY = 0
    FILE = 1
    NEARBY = 2
    REPOSITORY_SHAPE = 3
    FILE_SHAPE = 4
    NEARBY_SHAPE = 5


# Columns: constant, ln places, ln words, ln depth, share of the top word, seen once, one word only.
SHARES: tuple[tuple[float, ...], ...] = (
    (-3.920, 0.310, -0.712, 1.263, 1.221, -0.168, 0.238),
    (-4.131, 1.067, -1.377, 1.263, 0.072, 0.143, 0.794),
    (0.816, 0.821, -1.149, -1.960, -0.414, -0.533, 0.093),
    (-1.975, 0.208, -0.709, 0.147, 1.655, -1.452, -0.274),
    (-2.836, 0.518, -1.863, 0.939, -0.351, -0.608, 0.487),
    (-1.728, 1.385, -2.025, 0.175, -0.045, 0.103, -0.253),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A corpus to draw from, and the tokens in it that stand where the cursor stands.

    `hole` is a range of byte offsets: what the file says there may be what is being typed over.
    """

    origin: Origin
    corpus: Corpus
    shapes: Shapes
    hole: range = field(default=range(0))


@dataclass(frozen=True, slots=True)
class Observation:
    """What followed one level: its origin, depth, number of places and counts of words."""

    origin: Origin
    depth: int
    places: int
    counts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Distribution:
    """Probabilities of the next word, and the deepest match that spoke."""

    words: dict[str, float]
    depth: int
    unseen: float


def features(seen: Observation, total: float) -> tuple[float, ...]:
    """Return what decides an observation's share, in the order of a row of `SHARES`."""
    places = math.log(seen.places)
    top = max(seen.counts.values()) / total
    return (
        1.0,
        places,
        math.log(len(seen.counts)),
        math.log(seen.depth + 1),
        top,
        1.0 if seen.places == 1 else 0.0,
        1.0 if top >= 1.0 else 0.0,
    )


def share(seen: Observation, total: float) -> float:
    """Return the part of the remaining probability that an observation takes."""
    weights = SHARES[seen.origin]
    z = sum(map(mul, weights, features(seen, total)))
    return 1.0 / (1.0 + math.exp(-z))


def observe(source: Source, level: Level) -> Observation | None:
    """Return what followed at `level` outside the source's hole; None if nothing did."""
    if level.first >= level.last:
        return None
    counts = source.corpus.following(level, source.hole)
    if not counts:
        return None
    return Observation(source.origin, level.depth, level.last - level.first, counts)


def observe_shape(source: Source, level: Level, context: Sequence[str]) -> Observation | None:
    """Return what followed contexts of this shape, names translated to `context`."""
    counts = source.shapes.following(level, context, source.hole)
    if not counts:
        return None
    origin = Origin(source.origin + Origin.REPOSITORY_SHAPE)
    return Observation(origin, level.depth, level.last - level.first, counts)


def observations(
    sources: Sequence[Source], levels: Sequence[Sequence[Level]], context: Sequence[str]
) -> Iterator[Observation]:
    """Yield what followed `context`, the most telling first, found when asked for.

    Exact matches of two tokens and more come first, deepest and then nearest first; then shapes;
    then the last token alone.
    """
    exact = [
        (-level.depth, -source.origin, source, level)
        for source, found in zip(sources, levels, strict=True)
        for level in found
    ]
    exact.sort(key=itemgetter(0, 1))
    for depth, _, source, level in exact:
        if depth <= -_TELLING:
            seen = observe(source, level)
            if seen is not None:
                yield seen
    for source in reversed(sources):
        for level in source.shapes.levels(context):
            seen = observe_shape(source, level, context)
            if seen is not None:
                yield seen
    for depth, _, source, level in exact:
        if depth > -_TELLING:
            seen = observe(source, level)
            if seen is not None:
                yield seen


def blend(observed: Iterable[Observation]) -> Distribution:
    """Return the distribution over the next word from observations, the most telling first."""
    left = 1.0
    depth = 0
    words: dict[str, float] = {}
    for seen in observed:
        total = sum(seen.counts.values())
        part = share(seen, total)
        if seen.origin < Origin.REPOSITORY_SHAPE:
            depth = max(depth, seen.depth)
        scale = left * part / total
        for word, count in seen.counts.items():
            words[word] = words.get(word, 0.0) + scale * count
        left *= 1.0 - part
        if left < _NEGLIGIBLE:
            break
    return Distribution(words, depth, left)
