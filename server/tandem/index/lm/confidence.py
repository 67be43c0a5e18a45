"""Say how likely a finished way is exactly what its author will write.

A logistic regression over what the search saw on the way: the plain product of probabilities is
right in order but not in size, and it cannot know that a short way out of a rival's shadow is
safer than a long one.

It deliberately never looks at the words themselves: nothing is learned about any codebase.

Invariant: confidence is in (0, 1), and the weights are those `tests/bench/calibrate_local.py`
printed, from corpora that no reported figure comes from.
"""

import math
from collections.abc import Sequence

from tandem.index.lm.search import Walk, Way

NAMES = (
    "one",
    "log_probability",
    "probability",
    "log_weakest",
    "weakest",
    "log_words",
    "log_characters",
    "log_rival",
    "log_depth_first",
    "log_typed",
    "text_behind",
    "line_start",
    "repeats_below",
)
WEIGHTS: tuple[float, ...] = (
    -2.684,
    0.745,
    0.213,
    -0.629,
    4.858,
    -0.202,
    0.063,
    -0.013,
    0.066,
    0.141,
    0.208,
    -0.418,
    -3.078,
)
_NO_RIVAL = math.log(1e-4)


def confidence(ways: Sequence[Way], walk: Walk, text: str) -> float:
    """Return the probability that the first of `ways`, which inserts `text`, is exactly right."""
    z = sum(w * f for w, f in zip(WEIGHTS, features(ways, walk, text), strict=True))
    return 1.0 / (1.0 + math.exp(-z))


def features(ways: Sequence[Way], walk: Walk, text: str) -> tuple[float, ...]:
    """Return what the regression looks at, in the order of `NAMES`."""
    best = ways[0]
    cursor = walk.cursor
    weakest = min(probability for probability, _ in best.steps)
    rival = ways[1].log if len(ways) > 1 else _NO_RIVAL
    below = cursor.below_text.strip()
    return (
        1.0,
        best.log,
        math.exp(best.log),
        math.log(weakest),
        weakest,
        math.log(len(best.words) + 1),
        math.log(len(text) + 1),
        rival - best.log,
        math.log(best.steps[0][1] + 1),
        math.log(len(cursor.pending.strip()) + 1),
        1.0 if cursor.rest else 0.0,
        1.0 if not cursor.line_before.strip() else 0.0,
        1.0 if below and (cursor.line_before + text).strip() == below else 0.0,
    )
