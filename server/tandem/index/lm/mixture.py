"""Turn what followed a context, in every corpus and at every depth, into one distribution.

The levels of all corpora are walked from the deepest match to the shallowest; each takes its
share of the probability that is left, and leaves the rest to the shallower ones.  The share is a
logistic function of what the level saw: how often, how many different words, how deep, how sure,
in which corpus.  Its weights are fitted (`tests/bench/calibrate_local.py`) to the likelihood of
held-out code: 3.7 nats per word with fixed Witten-Bell shares, 2.1 with fitted ones, 1.6 with
shapes beside exact matches.

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
# Exact matches this deep speak before shapes do; three was worse (1.778 for 1.771 nats).
_TELLING = 2


class Origin(IntEnum):
    """Where an observation comes from, a row of `SHARES`; nearer code speaks first."""

    REPOSITORY = 0
    FILE = 1
    NEARBY = 2
    REPOSITORY_SHAPE = 3
    FILE_SHAPE = 4
    NEARBY_SHAPE = 5


# Columns: constant, ln places, ln words, ln depth, share of the top word, seen once, one word only.
SHARES: tuple[tuple[float, ...], ...] = (
    (-4.094, 0.292, -0.665, 1.328, 1.127, -0.192, 0.353),
    (-3.987, 0.981, -1.218, 1.129, 0.028, 0.084, 0.915),
    (0.778, 0.791, -1.068, -1.968, -0.493, -0.507, 0.175),
    (-1.274, 0.433, -1.142, 0.103, 1.441, -1.153, -0.750),
    (-3.913, 0.737, -2.401, 1.583, -0.724, -0.479, 0.135),
    (-3.150, 0.490, -1.218, 0.870, -0.592, -0.230, 0.312),
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

    `sources` are given nearest first.  Exact matches of two tokens and more come first, the
    deepest and among equals the nearest; then shapes; then the last token alone.
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
    for source in sources:
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
