"""How far two names are apart, and which of many is the one that was meant. Pure.

Deliberately strict: two names that are equally near say nothing for sure.
"""

from collections.abc import Iterable
from typing import Final

_SHORT: Final = 4  # letters; up to here one slip, beyond two
_LONGEST: Final = 80
_BARE: Final = str.maketrans("", "", "_-$")


def near(name: str, others: Iterable[str]) -> list[str]:
    """Return the names that `name` may be misspelt for, the nearest first.

    One slip in up to four letters, two in more: a letter too many, too few, another, or two
    exchanged; names that differ in case and underscores alone are nearest. Of several that are
    equally near, in the order given.
    """
    if not name or len(name) > _LONGEST:
        return []
    most = 1 if len(name) <= _SHORT else 2
    letters = frozenset(name)
    bare = name.translate(_BARE).lower()
    found: list[tuple[float, str]] = []
    for other in dict.fromkeys(others):
        if other == name or not other:
            continue
        if bare and bare == other.translate(_BARE).lower():
            found.append((0.5, other))
        elif abs(len(other) - len(name)) <= most and len(letters ^ set(other)) <= 2 * most:
            slips = distance(name, other, most)
            if slips <= most and slips < len(other):
                found.append((slips, other))
    return [other for _, other in sorted(found, key=lambda pair: pair[0])]


def only_nearest(name: str, ranked: list[str]) -> bool:
    """Tell whether the first of `near` is nearer than the second."""
    if len(ranked) < 2:  # noqa: PLR2004 - a first and a second
        return bool(ranked)
    return _rank(name, ranked[0]) < _rank(name, ranked[1])


def _rank(name: str, other: str) -> float:
    if name.translate(_BARE).lower() == other.translate(_BARE).lower():
        return 0.5
    return distance(name, other, _LONGEST)


def distance(one: str, other: str, most: int) -> int:
    """Return how many slips turn one into the other (Damerau-Levenshtein); `most` + 1 if more."""
    above: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row, before = row, [i], above
        for j, b in enumerate(other, 1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
