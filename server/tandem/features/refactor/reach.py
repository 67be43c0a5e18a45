"""Evidence for all that an instruction names, and the files that it reaches, likeliest first. Pure.

What speaks for a file is a chance, each kind of evidence of each target by itself; where several
speak for a file, their misses multiply. Only names, imports and history are looked at, and the text
of others just for what a file that is to change is called.

The chances are round numbers near the best on 54 refactorings of six repositories, chosen for what
is among the first 5, 10 and 15 files; halving any one of them costs less than a point there.

Invariant: every file is one of the index; one that nothing speaks for is not among them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tandem.features.refactor.evidence import (
    MOST_TOGETHER,
    Evidence,
    Hit,
    Target,
    called,
    distinct,
    gather,
    sees,
)
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.languages import is_prose

Together = Mapping[str, Mapping[str, float]]

MOST: Final = 15  # files that are ranked
_GATHERED: Final = 8  # targets whose uses are read; an instruction seldom names more
_DEFINITION, _FILE = 0.9, 0.75  # where the change begins; a file that is named beside it
_SURE: Final = 0.8  # has the name, and imports lead to the target
_ONLY: Final = 0.6  # has the name, which one file defines; shared among those that define it
_OTHER: Final = 0.05  # has the name, and imports lead elsewhere
_DEFINES: Final = 0.4  # defines the name anew where it sees the target: an override, mostly
_IMPORTS: Final = 0.6  # imports the file that is to change
_CALLS: Final = 0.4  # has the name of that file
_PROSE: Final = 0.35  # a document or configuration with the name, if one file defines it
_COMMON: Final = 0.3  # of that where several do
_TESTS: Final = 0.75  # of what it would be elsewhere
_NAMED_AFTER: Final = 0.1  # a test file that is named after the target's
_ALONG: Final = 0.3  # changed along in the past, as often as that weighs 2


def gathered(code: Code, target: Target, further: Sequence[Target], together: Together) -> Evidence:
    """Return one evidence for a main target and what is named beside it, the files ranked."""
    rest = tuple(dict.fromkeys(t for t in further if _place(t) != _place(target)))
    several = [target, *(t for t in rest if t.definition is not None)][:_GATHERED]
    found = [gather(code, one, together) for one in several]
    callers = distinct([hit for one in found for hit in one.callers])
    tests = distinct([hit for one in found for hit in one.tests])
    sure = {(hit.path, hit.line) for hit in (*callers, *tests)}
    perhaps = [h for one in found for h in one.perhaps if (h.path, h.line) not in sure]
    weights: dict[str, float] = {}
    for one in found:
        for path, weight in one.together:
            weights[path] = max(weight, weights.get(path, 0.0))
    return Evidence(
        target,
        others=_others(found, several),
        callers=callers,
        perhaps=distinct(perhaps),
        tests=tests,
        mentions=distinct([hit for one in found for hit in one.mentions]),
        together=tuple(sorted(weights.items(), key=lambda item: (-item[1], item[0])))[
            :MOST_TOGETHER
        ],
        further=rest,
        ranked=likely_files(code, [target, *rest], together),
    )


def _place(target: Target) -> tuple[str, int]:
    return target.path, target.definition.at if target.definition is not None else -1


def _others(found: Sequence[Evidence], targets: Sequence[Target]) -> tuple[Hit, ...]:
    """Return the definitions of the same names that are not targets themselves."""
    own = {(t.path, t.definition.line) for t in targets if t.definition is not None}
    hits = [hit for one in found for hit in one.others if (hit.path, hit.line) not in own]
    return distinct(hits)


def likely_files(
    code: Code, targets: Sequence[Target], together: Together, most: int = MOST
) -> tuple[str, ...]:
    """Return the files that a change of targets reaches, likeliest first.

    The first target and all definitions reach others; a file that is named beside them is only
    itself, which is where something goes to or is used.
    """
    missed: defaultdict[str, float] = defaultdict(lambda: 1.0)
    tests: defaultdict[str, list[str]] = defaultdict(list)
    for path in code.paths:
        if is_test(path):
            tests[_stem(path)].append(path)
    for number, target in enumerate(targets):
        defined = target.definition is not None
        reaches = defined or not number
        missed[target.path] *= 1 - target.sure * (_DEFINITION if reaches else _FILE)
        if not reaches:
            continue
        found = _using(code, target) if defined else _following(code, target.path)
        for path, chance in found:
            missed[path] *= 1 - target.sure * chance * (_TESTS if is_test(path) else 1)
        for path in _named_after(tests, target.path):
            missed[path] *= 1 - target.sure * _NAMED_AFTER
        for path, weight in together.get(target.path, {}).items():
            if path in code.paths:
                missed[path] *= 1 - target.sure * _ALONG * min(weight / 2, 1)
    return tuple(sorted(missed, key=lambda path: (missed[path], path))[:most])


def _using(code: Code, target: Target) -> Iterator[tuple[str, float]]:
    """Yield the files that have the name of a definition."""
    name, importers = target.names[0], frozenset(code.importers(target.path))
    definers = {path for path in code.definers(name) if not is_prose(path)}
    share = 1 / max(1, len(definers))
    for path in code.users(name):
        if path == target.path:
            continue
        if is_prose(path):
            yield path, _PROSE * (1 if share == 1 else _COMMON)
            continue
        mine = sees(code, target, importers, path, name)
        if mine is None:
            yield path, share * (2 * _DEFINES if path in definers else _ONLY)
        elif mine:
            yield path, _DEFINES if path in definers else _SURE
        else:
            yield path, _OTHER


def _following(code: Code, path: str) -> Iterator[tuple[str, float]]:
    """Yield the files that import a file, and those that have its name."""
    for importer in code.importers(path):
        yield importer, _IMPORTS
    for user, _ in called(code, path):
        yield user, _CALLS


def _named_after(tests: Mapping[str, Sequence[str]], path: str) -> Iterator[str]:
    stem = _stem(path)
    for form in (f"test_{stem}", f"{stem}_test", f"{stem}_tests", f"{stem}Test", f"test{stem}"):
        yield from tests.get(form, ())


def _stem(path: str) -> str:
    return path.rpartition("/")[2].partition(".")[0]
