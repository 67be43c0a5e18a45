"""Which files are named for a commit: ours, words by BM25, history alone."""

import heapq
import math
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from tandem.core import diff
from tandem.core.diff import FileDiff
from tandem.index.cochange import along
from tandem.index.languages import id_of, is_prose, language_of
from tandem.workspace import vcs
from tests.bench.recall_cases import (
    COMMON,
    WORD,
    Change,
    Repository,
    World,
    is_test,
    opcodes,
)
from tests.bench.review_focus_cases import Files, Source

MOST_FILES, FIRST = 30, 10


class Log:
    """The whole log of a repository, of which `vcs.history` sees what is behind a commit."""

    def __init__(self, repository: Repository) -> None:
        self._commits: dict[str, tuple[int, list[str], list[str]]] = {}
        log = repository.git("log", "--name-only", "--no-renames", "--format=%x01%H %ct %P")
        for entry in log.split("\x01")[1:]:
            head, _, rest = entry.partition("\n")
            commit, when, *parents = head.split()
            self._commits[commit] = int(when), parents, [p for p in rest.split("\n") if p]

    def before(self, commit: str, count: int = 1500) -> list[tuple[int, list[str]]]:
        """Return the newest commits that lead to one, itself included, without merges."""
        met, found = {commit}, list[tuple[int, list[str]]]()
        waiting = [(-self._commits[commit][0], commit)]
        while waiting and len(found) < count:
            when, parents, files = self._commits[heapq.heappop(waiting)[1]]
            if len(parents) < 2:
                found.append((when, files))
            for parent in parents:
                if parent not in met and parent in self._commits:
                    met.add(parent)
                    heapq.heappush(waiting, (-self._commits[parent][0], parent))
        return found


def measure_along(repository: Files, count: int, found: defaultdict[str, list[float]]) -> None:
    """Rank the files of commits of 2-30 files, from one of them and from all but one."""
    world, log = World(repository), Log(repository)
    for _, parent, changes in repository.changes():
        if not 2 <= len(changes) <= MOST_FILES:
            continue
        modified = [c for c in changes if c.status == "M" and _is_code(c.path)]
        world.move(parent)
        modified = [c for c in modified if c.path in world.files]
        source = [c for c in modified if not is_test(c.path)] or modified
        if not source:
            continue
        seed = max(source, key=lambda c: (_size(repository, c), c.path))
        others = {c.path for c in changes if c.path in world.files} - {seed.path}
        if not others:
            continue
        history = vcs.summed(log.before(parent))
        for method, ranked in _rankings(world, repository, history, [seed], found).items():
            hits = len(others.intersection(ranked[:FIRST]))
            found[f"{method}_{FIRST}"].append(hits / len(others))
            python = {path for path in others if path.endswith(".py")}
            if python:
                own = [path for path in ranked if path.endswith(".py")][:FIRST]
                share = len(python.intersection(own)) / len(python)
                found[f"{method}_python_{FIRST}"].append(share)
        _forgotten(world, repository, history, modified, found)
        count -= 1
        if not count:
            return


def _forgotten(
    world: World, repository: Files, history: vcs.History, modified: Sequence[Change],
    found: defaultdict[str, list[float]],
) -> None:  # fmt: skip
    """Hide one file of a commit that has three at least, and tell all others."""
    if len(modified) < 3:
        return
    commit = modified[0].new
    hidden = random.Random(commit).choice(modified)  # noqa: S311 - reproducible, not secret
    seeds = [change for change in modified if change is not hidden]
    for method, ranked in _rankings(world, repository, history, seeds, None).items():
        name = method.replace("cochange", "forgotten")
        found[f"{name}_{FIRST}"].append(float(hidden.path in ranked[:FIRST]))


def _rankings(
    world: World, repository: Files, history: vcs.History, seeds: Sequence[Change],
    found: defaultdict[str, list[float]] | None,
) -> dict[str, list[str]]:  # fmt: skip
    """Return every method's files: ours, words by BM25, history alone."""
    diffs = []
    for change in seeds:
        new = Source(repository.read(change.new), language_of(change.path))
        diffs.append(diff.between(repository.blob(change.old).text, new.text, change.path))
        world.code.open(change.path, new.facts, new.text)
    world.code.importers("")  # links what was just moved, as an index that was there would have
    start = time.process_time()
    ours = along(world.code, diffs, history.together, history.changed, len(world.files))
    if found is not None:
        found["along_ms"].append(1000 * (time.process_time() - start))
    for change in seeds:
        world.code.close(change.path)
    paths = {change.path for change in seeds}
    met: Counter[str] = Counter()
    for path in paths:
        met.update(history.together.get(path, {}))
    return {
        "cochange": [one.path for one in ours],
        "cochange_bm25": [path for path in _by_words(world, diffs) if path not in paths],
        "cochange_history": [p for p, _ in met.most_common() if p in world.files.keys() - paths],
    }


def _by_words(world: World, diffs: Sequence[FileDiff]) -> list[str]:
    """Rank files by BM25 of the changed lines' words."""
    lines = [line[1:] for one in diffs for h in one.hunks for line in h.lines if line[0] != " "]
    counts = {p: blob.counts for p, blob in world.files.items() if isinstance(blob, Source)}
    lengths = {path: one.total() for path, one in counts.items()}
    mean = sum(lengths.values()) / len(lengths)
    scores: defaultdict[str, float] = defaultdict(float)
    for word in set(WORD.findall(" ".join(lines))) - COMMON:
        having = [(path, one[word]) for path, one in counts.items() if word in one]
        weight = math.log(1 + (len(counts) - len(having) + 0.5) / (len(having) + 0.5))
        for path, count in having:
            norm = 1.2 * (0.25 + 0.75 * lengths[path] / mean)
            scores[path] += weight * count * 2.2 / (count + norm)
    return sorted(scores, key=lambda path: (-scores[path], path))


def _is_code(path: str) -> bool:
    return bool(id_of(path)) and not is_prose(path)


def _size(repository: Files, change: Change) -> int:
    old, new = repository.blob(change.old), repository.blob(change.new)
    return sum(b - a + d - c for _, a, b, c, d in opcodes(old, new))
