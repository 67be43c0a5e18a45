"""Which other files are likely to change with those of a diff, and why. Pure.

Several things speak for a file: that it changed along in the past, rare words of the diff, a test's
name, uses of what is touched, its own name, that it was changed lately. Each ranks the files by
itself; the ranks are fused (weighted reciprocal ranks), since their scores cannot be compared.
Who imports a changed file says nothing beside those that name it, as measured.

The weights were fitted on the last 200 commits of scrapy and aider by what is among the first ten,
and rounded. Deliberately no text of files: the index is asked for words, a few hundred at most.

Invariant: every file is one of the index, and none that the diff has.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from tandem.core import changed_lines
from tandem.core.diff import FileDiff
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.context.near import keywords
from tandem.index.using import called, touched_by

MOST: Final = 20  # files that are named
_HALF: Final = 8.0  # the rank at which a list speaks half as much as at its top
_WEIGHTS: Final = {
    "together": 2.5, "words": 2.7, "test": 3.0, "users": 1.0, "naming": 1.0, "lately": 2.0,
    "named": 1.5,
}  # fmt: skip
_SURE: Final = 5.0  # commits of a file until its own history counts as much as everybody's
_FILES: Final = 2.0  # that a commit has beside one that is asked about
_LATELY: Final = 0.3  # how fast the past counts less: a power of the place among the last changed
_LAST: Final = 10  # files of which it is said that they change often, or lately
_WORDS: Final = 150  # of a diff that are looked up, those that the fewest files define first
_TOUCHED: Final = 30  # definitions whose users are looked up
_SHORT: Final = 2
_POWER: Final = 3  # of a word's rarity: one that two files have outweighs ten common ones
_TESTS: Final = frozenset(["test", "tests", "spec"])
_PLAIN: Final = _TESTS | {"init", "index", "mod", "lib", "main"}
_WORD: Final = re.compile(r"[^\W\d]\w*")
_PART: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")

Scores = Mapping[str, float]


class Companion(NamedTuple):
    """A file that is likely to change along, how much speaks for it, and what most."""

    path: str
    score: float
    why: str


@dataclass(slots=True)
class _Signs:
    """What speaks for files: a score of each kind, and what is said of it where it is one's own."""

    scores: dict[str, Scores] = field(default_factory=dict)
    said: dict[tuple[str, str], str] = field(default_factory=dict)


def along(
    code: Code,
    diffs: Sequence[FileDiff],
    together: Mapping[str, Scores],
    changed: Mapping[str, int] | None = None,
    most: int = MOST,
) -> tuple[Companion, ...]:
    """Return the files that are likely to change with a diff, likeliest first.

    `code` has the diff's files as they are now; `together` and `changed` are the history's.
    """
    seeds = [path for one in diffs if (path := one.new or one.old) is not None]
    others = frozenset(code.paths) - frozenset(seeds)
    signs = _Signs()
    _by_history(signs, others, seeds, together, changed or {})
    _by_words(signs, code, diffs)
    _by_tests(signs, others, seeds)
    _by_users(signs, code, diffs)
    _by_naming(signs, code, seeds)
    return _fused(signs, others)[:most]


def _fused(signs: _Signs, others: AbstractSet[str]) -> tuple[Companion, ...]:
    total: defaultdict[str, float] = defaultdict(float)
    parts: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    for kind, scores in signs.scores.items():
        known = [path for path, score in scores.items() if score > 0 and path in others]
        for rank, path in enumerate(sorted(known, key=lambda path: (-scores[path], path))):
            share = _WEIGHTS[kind] * _HALF / (_HALF + rank)
            total[path] += share
            said = signs.said.get((kind, path), "")
            if said:
                parts[path].append((-share, said))
    order = sorted(total, key=lambda path: (-total[path], path))
    return tuple(
        [
            Companion(path, total[path], ", ".join([said for _, said in sorted(parts[path])[:2]]))
            for path in order
        ]
    )


# -- the past ----------------------------------------------------------------------------------


def _by_history(
    signs: _Signs,
    others: AbstractSet[str],
    seeds: Iterable[str],
    together: Mapping[str, Scores],
    changed: Mapping[str, int],
) -> None:
    """Tell how often a file changed with the diff's; where they have no past, how often at all."""
    recent = sorted(changed.keys() & others, key=lambda path: (-changed[path], path))
    place = {path: 1 / (1 + rank) for rank, path in enumerate(recent)}
    usual = {
        path: (sum(together.get(path, {}).values()) + 0.5) * place.get(path, 0.0) ** _LATELY
        for path in others
        if path in place or path in together
    }
    whole = sum(usual.values()) or 1.0
    met: defaultdict[str, float] = defaultdict(float)
    commits = 0.0
    for seed in seeds:
        for path, weight in together.get(seed, {}).items():
            met[path] += weight
            commits += weight  # a commit's weight is shared among its pairs, so this counts them
    signs.scores["together"] = {
        path: (met.get(path, 0.0) + _SURE * _FILES * usual.get(path, 0.0) / whole)
        / (commits + _SURE)
        for path in usual.keys() | met.keys()
    }
    signs.scores["lately"] = place
    signs.said |= {("lately", path): "changed lately" for path in recent[:_LAST]}
    busiest = sorted(usual.keys() & together.keys(), key=lambda path: (-usual[path], path))[:_LAST]
    signs.said |= {("together", path): "changes often" for path in busiest}
    for path, weight in met.items():
        often = weight >= 1 and weight >= commits / 8
        signs.said["together", path] = "often changed along" if often else "changed along before"


# -- what the diff says ------------------------------------------------------------------------


def _by_words(signs: _Signs, code: Code, diffs: Sequence[FileDiff]) -> None:
    """Weigh the words of changed lines by how few files have them; compare them to file names."""
    lines = [line[1:] for one in diffs for h in one.hunks for line in h.lines if line[0] != " "]
    words = frozenset(_WORD.findall("".join(lines)))
    scores: defaultdict[str, float] = defaultdict(float)
    rarest: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
    files = len(code.paths)
    for word in _telling(code, words):
        users = code.users(word)
        rarity = math.log(1 + (files - len(users) + 0.5) / (len(users) + 0.5))
        for path in users:
            scores[path] += rarity**_POWER
            rarest[path].append((-rarity, word))
    signs.scores["words"] = scores
    for path, some in rarest.items():
        said = " and ".join([word for _, word in sorted(some)[:2]])
        signs.said["words", path] = f"has {said}"
    parts = frozenset([part.lower() for word in words for part in _PART.findall(word)])
    named: dict[str, float] = {}
    for path in code.paths:
        own = _parts(path) - _PLAIN
        if own and own & parts:
            named[path] = len(own & parts) / len(own)
            signs.said["named", path] = "the diff has its name"
    signs.scores["named"] = named


def _telling(code: Code, words: AbstractSet[str]) -> list[str]:
    """Return the words worth looking up: names that few files define, then long ones."""
    known = [word for word in words if len(word) > _SHORT and word not in keywords("python")]
    definers = code.defining(frozenset(known))

    def order(word: str) -> tuple[bool, int, int, str]:
        return word not in definers, len(definers.get(word, ())), -len(word), word

    return sorted(known, key=order)[:_WORDS]


def _by_users(signs: _Signs, code: Code, diffs: Sequence[FileDiff]) -> None:
    """Find the files that have the names of touched definitions."""
    scores: defaultdict[str, float] = defaultdict(float)
    names = dict.fromkeys(name for one in diffs for name in _touched(code, one))
    for name in list(names)[:_TOUCHED]:
        share = 1 / max(1, len(code.definers(name)))
        for path in code.users(name):
            scores[path] += share
            signs.said.setdefault(("users", path), f"uses {name}")
    signs.scores["users"] = scores


def _touched(code: Code, one: FileDiff) -> Iterator[str]:
    """Yield the names of the innermost definitions around new lines, a class for its methods."""
    for place in touched_by(code, one.new, changed_lines.by_hunks(one)) if one.new else ():
        yield called(code, place).definition.name


# -- names of files ----------------------------------------------------------------------------


def _by_naming(signs: _Signs, code: Code, seeds: Iterable[str]) -> None:
    """Find the files, documents too, that have the name of a changed file as a word."""
    scores: defaultdict[str, float] = defaultdict(float)
    for seed in seeds:
        stem = _stem(seed)
        if stem.startswith("__"):
            continue
        importers = frozenset(code.importers(seed))
        for path in code.users(stem):
            scores[path] += 1
            said = "imports it" if path in importers else f"names {stem}"
            signs.said.setdefault(("naming", path), said)
    signs.scores["naming"] = scores


def _by_tests(signs: _Signs, others: AbstractSet[str], seeds: Iterable[str]) -> None:
    """Find the tests of files by their names, and the files of tests."""
    scores: dict[str, float] = {}
    for seed in seeds:
        tested = is_test(seed)
        for path in others:
            if is_test(path) or tested:
                alike = _alike(path, seed)
                if alike > scores.get(path, 0):
                    scores[path] = alike
                    own = alike > 1 and is_test(path) != tested
                    signs.said["test", path] = "its test" if own and not tested else "named alike"
    signs.scores["test"] = scores


def _alike(test: str, seed: str) -> float:
    """Tell how much of a test's name is that of a file: 2 all of both, 1.5 all of the test's."""
    folder, _, _ = seed.rpartition("/")
    one, other = _parts(test) - _TESTS, _parts(seed) - _TESTS
    if _stem(seed).startswith("__"):
        other = _split(folder.rpartition("/")[2])
    common = one & other
    if one == other:
        return 2.0 if one else 0.0
    above = frozenset(folder.lower().split("/")) - _TESTS - {"src", ""}
    if one and one <= other | above:
        return 1.5 if common else 0.8
    return len(common) / len(one | other)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]


def _parts(path: str) -> frozenset[str]:
    return _split(_stem(path))


@lru_cache(maxsize=16_384)
def _split(stem: str) -> frozenset[str]:
    return frozenset([part.lower() for part in _PART.findall(stem)])
