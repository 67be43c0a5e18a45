"""What speaks for a name, and how much: the fitted weights of `likely`'s features.

`tests.bench.recall_fit` prints them, ready to be put here. A trait is a feature that a name has or
has not; most come in a few combinations, whose sums are made once.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final, NamedTuple

WEIGHTS: Final[Mapping[str, float]] = {
    "absent": -3.74,
    "absent, alike": 0.62,
    "absent, edited": 0.88,
    "any": -4.33,
    "attribute": -0.32,
    "beside": 0.04,
    "best window": 0.88,
    "capital": 0.27,
    "common": 0.18,
    "compound": 0.38,
    "constant": -1.26,
    "count": 0.16,
    "dotted": -0.84,
    "edit": -0.29,
    "edits": 0.26,
    "far": -0.38,
    "from an imported file": -0.14,
    "good window": 0.83,
    "imported": -1.77,
    "last edit": 0.63,
    "late edit": 0.36,
    "of an edited file": 0.39,
    "of tests": -0.72,
    "several": -0.40,
    "unused import": 3.60,
    "window": 0.53,
    "windows": 0.25,
    "within 120": -0.37,
    "within 15": -0.15,
    "within 2": 0.58,
    "within 40": -0.49,
    "within 6": 0.24,
}


class Traits(NamedTuple):
    """Some features that a name has, and what their weights add up to."""

    names: tuple[str, ...]
    weight: float


@cache
def weigh(*names: str) -> Traits:
    """Add up the weights of some features."""
    return Traits(names, sum([WEIGHTS[name] for name in names]))


def spelled(word: str, *others: str) -> Traits:
    """Return the traits of a name by its letters, with others that it has."""
    if "_" not in word and word == word.lower():
        return weigh(*others)
    capital = word[0].isupper()
    constant = ["constant"] if capital and word.isupper() else []
    return weigh(*others, "compound", *(["capital"] if capital else []), *constant)
