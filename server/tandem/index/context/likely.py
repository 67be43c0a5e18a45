"""Which names of other files will be typed next: a logistic score over what can be seen for free.

Candidates are the words of the open file, of the last edits, of windows like the one at the cursor,
and what imported files define, as far as few files define them: about 300, of which 15-30 hold
nearly all the names that come. Deliberately no types and no model: distance, counts, provenance.

Fitted by `tests.bench.recall_fit` on hidden hunks of older commits of scrapy, trio, aider and
structlog, unseen names counted twice. On scrapy's newest 60, 90 names hold 0.81 of those to come.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from tandem.index.code import Code
from tandem.index.context.near import FAR, Sight, is_name, keywords
from tandem.index.context.windows import Windows

MOST_DEFINERS: Final = 3  # a name that more files define says nothing without types
_TEST: Final = re.compile(r"(?:^|[/_.])(?:tests?|spec)(?:[/_.]|$)")
_STEPS: Final = (0, 2, 6, 15, 40, FAR)
_ORDERED: Final = 400  # names whose definers are worth putting into order
# What imported files define and neither the file, an edit nor a window names is seldom needed:
# looking at it more closely takes a third of a query's time and does not pay.
_ONLY_IMPORTED: Final = 0.0003
_ABSENT: Final[Mapping[str, float]] = {"absent": 1.0}
_CLOSE: Final = 3  # places of the ring or the search that count as the first

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


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around the cursor: words by the ring's chunks and by windows, best first."""

    path: str
    language: str
    sight: Sight
    edits: Sequence[tuple[str, frozenset[str]]]
    windows: Sequence[frozenset[str]]


@dataclass(frozen=True, slots=True)
class Name:
    """A name with the files that define it, the likeliest first, and how likely it comes."""

    word: str
    paths: tuple[str, ...]
    chance: float
    why: str


def likely(
    code: Code, windows: Windows, around: Around, stop: Callable[[], bool] = lambda: False
) -> list[Name]:
    """Return the candidates, the likeliest first."""
    scene = _Scene(code, windows, around)
    found: list[tuple[float, str, Sequence[str], Mapping[str, float]]] = []
    weights = WEIGHTS
    for word, paths, attribute in scene.candidates():
        if scene.is_only_imported(word):
            found.append((-_ONLY_IMPORTED, word, paths, _ABSENT))
            continue
        seen = scene.features(word, paths, attribute=attribute)
        score = sum([weights[name] * value for name, value in seen.items()])
        found.append((-1 / (1 + math.exp(-score)), word, paths, seen))
        if stop():
            break
    found.sort()
    return [
        Name(word, scene.nearest(paths), -chance, _why(seen))
        for chance, word, paths, seen in found[:_ORDERED]
    ] + [
        Name(word, tuple(paths), -chance, "unlikely") for chance, word, paths, _ in found[_ORDERED:]
    ]


def described(
    code: Code, windows: Windows, around: Around
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the candidates with what is seen of each: what the weights are fitted on."""
    scene = _Scene(code, windows, around)
    for word, paths, attribute in scene.candidates():
        yield word, scene.features(word, paths, attribute=attribute)


@lru_cache(maxsize=4096)
def is_test(path: str) -> bool:
    """Tell whether a file is one of tests, by its path."""
    return _TEST.search(path.lower()) is not None


class _Scene:
    """The candidates of one place and what is seen of them."""

    def __init__(self, code: Code, windows: Windows, around: Around) -> None:
        self._code, self._windows, self._around = code, windows, around
        facts = code.facts(around.path)
        self._own = {d.name for d in facts.definitions} if facts is not None else set[str]()
        self._bound = code.imports(around.path)
        self._imported = {target.path for target in self._bound.values()} - {around.path}
        self._second = {
            target.path for path in self._imported for target in code.imports(path).values()
        }
        self._edited = _ranks([words for _, words in around.edits])
        self._edits = Counter(word for _, words in around.edits for word in words)
        self._edit_paths = {path for path, _ in around.edits}
        self._like = _ranks(around.windows)
        self._alike: dict[str, float] = {}
        for rank, words in enumerate(around.windows):
            for word in words:
                self._alike[word] = self._alike.get(word, 0.0) + 1 / (1 + rank)
        self._folder = _folder(around.path)
        self._traits: dict[str, Mapping[str, float]] = {}
        self._tested = is_test(around.path)

    def candidates(self) -> Iterator[tuple[str, Sequence[str], bool]]:
        """Yield names, the files that define them, and whether they are attributes only."""
        pool = dict.fromkeys(self._around.sight.count)
        pool |= self._edited | self._like | dict.fromkeys(self._bound)
        for path in sorted(self._imported):
            facts = self._code.facts(path)
            pool |= dict.fromkeys([d.name for d in facts.definitions]) if facts is not None else {}
        unsaid = keywords(self._around.language) | self._own
        definers, assigned, own = self._code.definers, self._windows.assigned, self._around.path
        for word in pool:
            if not is_name(word, unsaid):
                continue
            defining, assigning = definers(word), assigned(word)
            if not (defining or assigning):
                continue
            paths = {*defining, *assigning} - {own}
            if 0 < len(paths) <= MOST_DEFINERS:
                yield word, sorted(paths), not defining

    def is_only_imported(self, word: str) -> bool:
        """Tell whether nothing but an imported file's definition speaks for a name."""
        return not (word in self._around.sight.count or word in self._edited or word in self._like)

    def nearest(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Sort files by how close they are: imported, imported by those, beside, not a test."""
        if len(paths) == 1:
            return tuple(paths)

        def distance(path: str) -> tuple[bool, bool, bool, bool, str]:
            beside = _folder(path) == self._folder
            return (
                path not in self._imported,
                path not in self._second,
                not beside,
                is_test(path),
                path,
            )

        return tuple(sorted(paths, key=distance))

    def features(self, word: str, paths: Sequence[str], *, attribute: bool) -> dict[str, float]:
        """Return what is seen of a name; what is not there is left out."""
        sight = self._around.sight
        count = sight.count.get(word, 0)
        seen = {"any": 1.0, _step(sight.distance.get(word), count): 1.0}
        if count:
            seen["count"] = math.log1p(count)
            if word in sight.dotted:
                seen["dotted"] = 1.0
        if word in self._bound:
            seen["imported"] = 1.0
            if count <= 1:
                seen["unused import"] = 1.0
        for path in paths:
            seen.update(self._traits.get(path) or self._traits_of(path))
        if len(paths) > 1:
            if not all("of tests" in self._traits[path] for path in paths):
                seen.pop("of tests", None)
            seen["several"] = 1.0
        seen["common"] = math.log1p(self._windows.blocks(word))
        _spelling(word, seen)
        if attribute:
            seen["attribute"] = 1.0
        self._elsewhere(word, seen, absent=not count)
        return seen

    def _traits_of(self, path: str) -> Mapping[str, float]:
        """Return what speaks for all names that a file defines."""
        found = {
            "from an imported file": path in self._imported,
            "beside": _folder(path) == self._folder,
            "of tests": not self._tested and is_test(path),
            "of an edited file": path in self._edit_paths,
        }
        self._traits[path] = {name: 1.0 for name, there in found.items() if there}
        return self._traits[path]

    def _elsewhere(self, word: str, seen: dict[str, float], *, absent: bool) -> None:
        edit, like = self._edited.get(word), self._like.get(word)
        if edit is not None:
            seen["last edit" if not edit else "late edit" if edit <= _CLOSE else "edit"] = 1.0
            seen["edits"] = math.log1p(self._edits[word])
            if absent:
                seen["absent, edited"] = 1.0
        if like is not None:
            seen["best window" if not like else "good window" if like <= _CLOSE else "window"] = 1.0
            seen["windows"] = math.log1p(self._alike[word])
            if absent:
                seen["absent, alike"] = 1.0


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _spelling(word: str, seen: dict[str, float]) -> None:
    if "_" in word or word != word.lower():
        seen["compound"] = 1.0
        if word[0].isupper():
            seen["capital"] = 1.0
            if word.isupper():
                seen["constant"] = 1.0


def _ranks(groups: Sequence[frozenset[str]]) -> dict[str, int]:
    ranks: dict[str, int] = {}
    for rank, words in enumerate(groups):
        for word in words:
            ranks.setdefault(word, rank)
    return ranks


def _step(distance: int | None, count: int) -> str:
    if distance is None:
        return "far" if count else "absent"
    for nearer, step in pairwise(_STEPS):
        if nearer <= distance <= step:
            return f"within {step}"
    return "far"


def _why(seen: Mapping[str, float]) -> str:
    for reason in ("unused import", "imported"):
        if seen.get(reason):
            return reason
    if not seen.get("absent"):
        return "in the file" if seen.get("far") else "near"
    for reason in ("last edit", "late edit", "edit"):
        if seen.get(reason):
            return "edited"
    return "alike" if "windows" in seen else "import"
