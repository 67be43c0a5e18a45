"""Which names of other files will be typed next: a logistic score over what can be seen for free.

Candidates are the words of the open file, of the last edits, of windows like the one at the cursor,
and what imported files define, as far as few files define them: about 300, of which 15-30 hold
nearly all the names that come. Deliberately no types and no model: distance, counts, provenance.

Fitted by `tests.bench.recall_fit` on hidden hunks of older commits of scrapy, trio, aider and
structlog, unseen names counted twice. On scrapy's newest 60, 90 names hold 0.81 of those to come.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import exp, log1p
from typing import Final, NamedTuple

from tandem.index.code import Code
from tandem.index.context.near import FAR, Sight, keywords
from tandem.index.context.vocabulary import MOST_DEFINERS, Known
from tandem.index.context.weights import WEIGHTS, Traits, weigh
from tandem.index.context.windows import Windows

_TEST: Final = re.compile(r"(?:^|[/_.])(?:tests?|spec)(?:[/_.]|$)")
_STEPS: Final = (2, 6, 15, 40, FAR)
# What imported files define and neither the file, an edit nor a window names is seldom needed:
# looking at it more closely takes a third of a query's time and does not pay.
_ONLY_IMPORTED: Final = 0.0003
_CLOSE: Final = 3  # places of the ring or the search that count as the first

_MEASURES: Final = ("common", "count", "edits", "windows")
_MEASURED: Final = tuple([WEIGHTS[name] for name in _MEASURES])
_AT: Final = (  # by the distance in lines; the last one is for all that is farther than `FAR`
    *[f"within {next(step for step in _STEPS if distance <= step)}" for distance in range(FAR + 1)],
    "far",
)
# Of a word among groups: how early (0 first, 1 close, 2 later), in how many, the sum of 1 / place.
_Places = tuple[int, int, float]
_NOWHERE: Final[_Places] = (-1, 0, 0.0)
_EDITED: Final = ("last edit", "late edit", "edit")  # the first, those close to it, later ones
_WINDOWS: Final = ("best window", "good window", "window")


@dataclass(frozen=True, slots=True)
class Around:
    """What is known around the cursor: words by the ring's chunks and by windows, best first."""

    path: str
    language: str
    sight: Sight
    edits: Sequence[tuple[str, frozenset[str]]]
    windows: Sequence[frozenset[str]]


class Name(NamedTuple):
    """A name with the files that define it, the likeliest first, and how likely it comes."""

    word: str
    paths: tuple[str, ...]
    chance: float
    why: str


class Likely:
    """The candidates of a place: the chance of each, and they themselves, the likeliest first."""

    def __init__(
        self, scene: "_Scene", found: Iterable[tuple[float, str, tuple[str, ...]]]
    ) -> None:
        """Take the candidates as (chance, word, files that define it)."""
        self._scene = scene
        self._found = sorted([(-chance, word, paths) for chance, word, paths in found])
        self.chances: Mapping[str, float] = {word: -least for least, word, _ in self._found}

    def __iter__(self) -> Iterator[Name]:
        """Yield the names; what only those need that are looked at is done here."""
        scene = self._scene
        for least, word, paths in self._found:
            yield Name(word, scene.nearest(paths), -least, scene.why(word))


def likely(
    code: Code, windows: Windows, around: Around, stop: Callable[[], bool] = lambda: False
) -> Likely:
    """Return the candidates; those found so far when time is up."""
    scene = _Scene(code, windows, around)
    return Likely(scene, scene.scored(stop))


def described(
    code: Code, windows: Windows, around: Around
) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the candidates with what is seen of each: what the weights are fitted on."""
    scene = _Scene(code, windows, around)
    for word, known in scene.candidates():
        *traits, measures = scene.features(word, known)
        names = [name for trait in traits for name in trait.names]
        yield word, dict.fromkeys(names, 1.0) | dict(zip(_MEASURES, measures, strict=True))


@lru_cache(maxsize=4096)
def is_test(path: str) -> bool:
    """Tell whether a file is one of tests, by its path."""
    return _TEST.search(path.lower()) is not None


class _Scene:
    """The candidates of one place and what is seen of them."""

    def __init__(self, code: Code, windows: Windows, around: Around) -> None:
        self._code, self._windows, self._around = code, windows, around
        self._bound = code.imports(around.path)
        self._imported = {target.path for target in self._bound.values()} - {around.path}
        self._edited = _ranked(tuple([words for _, words in around.edits]))
        self._edit_paths = {path for path, _ in around.edits}
        self._alike = _ranked(tuple(around.windows))
        self._folder = _folder(around.path)
        self._traits: dict[tuple[str, ...], Traits] = {}
        self._tested = is_test(around.path)

    @cached_property
    def _second(self) -> AbstractSet[str]:
        """What the imported files import."""
        imports = [self._code.imports(path) for path in self._imported]
        return {target.path for bound in imports for target in bound.values()}

    def candidates(self) -> Iterator[tuple[str, Known]]:
        """Yield names with the other files that define them."""
        pool = {*self._around.sight.count, *self._edited, *self._alike, *self._bound}
        for path in self._imported:
            pool.update(self._code.names(path))
        own = self._around.path
        pool -= keywords(self._around.language)
        pool.difference_update(self._code.names(own))
        for word, known in self._windows.vocabulary.names(pool, self._code, self._windows):
            others = known.without(own) if own in known.paths else known
            if 0 < len(others.paths) <= MOST_DEFINERS:
                yield word, others

    def scored(self, stop: Callable[[], bool]) -> Iterator[tuple[float, str, tuple[str, ...]]]:
        """Yield the candidates with their chances, until time is up."""
        count, edited, alike = self._around.sight.count, self._edited, self._alike
        w_common, w_count, w_edits, w_windows = _MEASURED
        for word, known in self.candidates():
            if not (word in count or word in edited or word in alike):
                yield _ONLY_IMPORTED, word, known.paths
                continue
            own, shared, here, (common, counted, edits, windows) = self.features(word, known)
            score = own[1] + shared[1] + here[1]
            score += w_common * common + w_count * counted + w_edits * edits + w_windows * windows
            yield 1 / (1 + exp(-score)), word, known.paths
            if stop():
                break

    def nearest(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Sort files by how close they are: imported, imported by those, beside, not a test."""
        if len(paths) == 1:
            return paths

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

    def features(
        self, word: str, known: Known
    ) -> tuple[Traits, Traits, Traits, tuple[float, float, float, float]]:
        """Return what is seen of a name: its own traits, its files', its place's; `_MEASURES`."""
        sight = self._around.sight
        count = sight.count.get(word, 0)
        edit, alike = self._edited.get(word, _NOWHERE), self._alike.get(word, _NOWHERE)
        here = _placed(
            sight.distance.get(word, FAR + 1) if count else None,
            word in sight.dotted,
            (count > 1) if word in self._bound else None,
            edit[0],
            alike[0],
        )
        shared = self._traits.get(known.paths) or self._traits_of(known.paths)
        measures = known.common, log1p(count), log1p(edit[1]), log1p(alike[2])
        return known.traits, shared, here, measures

    def _traits_of(self, paths: tuple[str, ...]) -> Traits:
        """Return what speaks for all names that these files define."""
        found: list[str] = []
        if not self._imported.isdisjoint(paths):
            found.append("from an imported file")
        if not self._edit_paths.isdisjoint(paths):
            found.append("of an edited file")
        if self._folder in map(_folder, paths):
            found.append("beside")
        if not self._tested and all(map(is_test, paths)):
            found.append("of tests")
        if len(paths) > 1:
            found.append("several")
        traits = self._traits[paths] = weigh(*found)
        return traits

    def why(self, word: str) -> str:
        """Return the chief reason for a name, for people."""
        sight = self._around.sight
        count = sight.count.get(word, 0)
        if word in self._bound:
            return "unused import" if count <= 1 else "imported"
        if count:
            return "near" if word in sight.distance else "in the file"
        return "edited" if word in self._edited else "alike" if word in self._alike else "import"


@lru_cache(maxsize=16_384)
def _placed(
    distance: int | None,
    dotted: bool,  # noqa: FBT001 - a cache of keywords takes twice the time
    used: bool | None,  # noqa: FBT001
    edit: int,
    window: int,
) -> Traits:
    """Return the traits of a place: how far, if at all; an import that is used or not; how early.

    Of 12,000 combinations a hundred come again and again.
    """
    absent = distance is None
    found = ["absent" if distance is None else _AT[distance]]
    if dotted and not absent:
        found.append("dotted")
    if used is not None:
        found += ["imported"] if used else ["imported", "unused import"]
    if edit >= 0:
        found += [_EDITED[edit], *(["absent, edited"] if absent else [])]
    if window >= 0:
        found += [_WINDOWS[window], *(["absent, alike"] if absent else [])]
    return weigh(*found)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


@lru_cache(maxsize=4)  # the ring's chunks stay the same for most questions
def _ranked(groups: tuple[frozenset[str], ...]) -> Mapping[str, _Places]:
    """Return for each word in which groups it is. Those in several are few."""
    found: dict[str, _Places] = {}
    for rank, words in enumerate(groups):
        share = 1 / (1 + rank)
        fresh = dict.fromkeys(words, (0 if not rank else 1 if rank <= _CLOSE else 2, 1, share))
        for word in found.keys() & words:
            step, count, shares = found[word]
            fresh[word] = step, count + 1, shares + share
        found.update(fresh)
    return found
