"""Measure what is told of a change: its focus block, and the files that change along with it.

    ./dev bench review-focus GIT_DIRECTORY... [--json] [--commits N] [--along N]

`focus_def` is the share, over real commits, of the definitions that a diff touches and of those
that its added lines call, whose definition is in the focus block of 8,000 tokens; `focus_callers`
that of the lines elsewhere that call what is touched. What calls what is said by jedi, which
resolves by inference and knows nothing of the index (at most 40 calls of a definition are looked
up, chosen at random); where it is missing, `pip install --target DIRECTORY jedi` and run with
`PYTHONPATH=DIRECTORY`. `small diff` in a name: of commits whose diff takes at most half of the
budget. A reviewer sees the changed code, so the codebase is the commit's.

`cochange_10` is the share of a commit's other files that are among the first ten of a ranking that
knows the most changed source file with its diff, the tree before the commit and the history before
it; `forgotten_10` hides one file and tells all others. Files that the commit adds, and those of no
known language, are none that could be named. Weights were chosen on aider and scrapy:
`_held_out` are the others.
"""

import argparse
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tandem.core import diff, tokens
from tandem.core.diff import FileDiff
from tandem.index.pack import focus
from tandem.index.pack.focus import Part, Role
from tests.bench.recall_baselines import RepositoryMap, Unit, filled, windows
from tests.bench.recall_cases import (
    Blob,
    Case,
    World,
)
from tests.bench.results import percentile, record, report
from tests.bench.review_focus_along import measure_along
from tests.bench.review_focus_cases import Files, Gold, Resolver, Review, gold, reviews

BUDGETS = (4000, 8000, 16_000)
BUDGET = 8000
OURS = "focus block"
SMALL = "small diff"
COMMITS, ALONG = 40, 200
MAPPED = 6  # the map takes seconds to make: it is asked for every sixth commit only
CHOSEN_ON = frozenset(["aider", "scrapy"])


def shown(parts: Sequence[Part]) -> dict[str, set[int]]:
    """Return the lines that a block shows, of the new texts."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for part in parts:
        if part.role is Role.DIFF:
            for path, lines in _of_diffs(diff.parse(part.text)).items():
                found[path] |= lines
        elif part.role is Role.CALLERS:
            head, *rest = part.text.rstrip("\n").split("\n")
            first = int(head.removeprefix(f"{part.path}:").partition(" ")[0].partition(",")[0])
            found[part.path].update(range(first - 1, first - 1 + len(rest)))
        else:
            numbers = re.findall(r"^ +(\d+):? ", part.text, re.MULTILINE)
            found[part.path].update(int(number) - 1 for number in numbers)
    return found


def _of_diffs(diffs: Sequence[FileDiff]) -> dict[str, set[int]]:
    found: defaultdict[str, set[int]] = defaultdict(set)
    for item in diffs:
        for hunk in item.hunks if item.new is not None else ():
            count = sum(line[0] != "-" for line in hunk.lines)
            found[item.new or ""].update(range(hunk.new_at, hunk.new_at + count))
    return found


def baselines(world: World, review: Review, *, mapped: bool) -> dict[str, list[Unit]]:
    """Return what others put behind the diff: the changed files, windows, a map."""
    first: list[Unit] = [
        (path, sorted(lines))
        for path, lines in _of_diffs(review.diffs).items()
        if path in world.files
    ]
    changed = [
        line[1:] for item in review.diffs for h in item.hunks for line in h.lines if line[0] != " "
    ]
    query = Blob(" ".join(changed).replace("\n", " "))
    case = Case(review.main, query, 1, frozenset(), (), frozenset())
    everywhere = Case("", query, 1, frozenset(), (), frozenset())
    whole: list[Unit] = [
        (path, range(at, at + 20))
        for path in sorted(review.lines)
        for at in range(0, len(world.files[path].lines), 20)
    ]
    found = {"changed files": first + whole, "bm25": first + windows(world, everywhere, "bm25")}
    if mapped:
        found["repomap"] = first + list(RepositoryMap(world).rank(case))
    return found


@dataclass(slots=True)
class Shares:
    """Counts of one method at one budget: what was there, of what."""

    found: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)
    tokens: int = 0
    cases: int = 0

    def add(
        self, known: Gold, lines: Mapping[str, set[int]], diffs: Mapping[str, set[int]]
    ) -> None:
        """Count one commit; `elsewhere` are called definitions that the diff does not show."""
        far = {p for p in known.called if p[1] not in diffs.get(p[0], ())}
        groups = {
            "def": known.touched | known.called, "touched": known.touched, "called": known.called,
            "elsewhere": far, "callers": known.callers,
        }  # fmt: skip
        for name, places in groups.items():
            self.wanted[name] += len(places)
            self.found[name] += sum(line in lines.get(path, ()) for path, line in places)
        files = {path for path, _ in known.callers}
        self.wanted["caller_files"] += len(files)
        self.found["caller_files"] += len(
            {path for path, line in known.callers if line in lines.get(path, ())}
        )
        self.cases += 1

    def shares(self) -> dict[str, float]:
        return {name: self.found[name] / max(1, n) for name, n in self.wanted.items()}


Table = defaultdict[tuple[str, str, int], Shares]


def measure_focus(
    name: str, repository: Files, count: int, table: Table, milliseconds: list[float]
) -> None:
    """Ask every method for every commit."""
    world = World(repository)
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        resolver = Resolver(Path(folder))
        for number, review in enumerate(reviews(world, repository, count)):
            known = gold(world, resolver, review)
            diffs = _of_diffs(review.diffs)
            for budget in BUDGETS:
                start = time.process_time()
                parts = focus.of_change(world.code, review.diffs, budget)
                if budget == BUDGET:
                    milliseconds.append(1000 * (time.process_time() - start))
                tally = table[name, OURS, budget]
                tally.add(known, shown(parts), diffs)
                tally.tokens += sum(part.tokens for part in parts)
                if tokens.estimate(diff.render(review.diffs)) <= budget // 2:
                    table[name, SMALL, budget].add(known, shown(parts), diffs)
            for method, units in baselines(world, review, mapped=number % MAPPED == 0).items():
                for budget in BUDGETS:
                    taken = filled(units, world, budget)
                    tally = table[name, method, budget]
                    tally.add(known, taken, diffs)
                    tally.tokens += sum(
                        world.files[path].costs[n] for path, lines in taken.items() for n in lines
                    )


def show(name: str, table: Table) -> None:
    """Print what each method's block holds, for people."""
    one = table[name, OURS, BUDGET]
    print(f"# {name}: {one.cases} commits, {dict(one.wanted)}")
    for method in dict.fromkeys(m for n, m, _ in table if n == name):
        cells = []
        for budget in BUDGETS:
            tally = table[name, method, budget]
            some = tally.shares()
            used = tally.tokens // max(1, tally.cases)
            cells.append(f"{budget // 1000}k {some['def']:.2f}/{some['callers']:.2f} ({used})")
        print(f"{method:<14} {'  '.join(cells)}  definitions/callers (tokens)")


def figures(table: Table, corpora: Sequence[str], method: str) -> dict[str, float]:
    """Return the shares of several repositories' commits together."""
    whole = Shares()
    for name in corpora:
        whole.found.update(table[name, method, BUDGET].found)
        whole.wanted.update(table[name, method, BUDGET].wanted)
        whole.cases += table[name, method, BUDGET].cases
        whole.tokens += table[name, method, BUDGET].tokens
    suffix = "" if method == OURS else f" {method}"
    found = {f"focus_{name}{suffix}": value for name, value in whole.shares().items()}
    found[f"focus_commits{suffix}"] = float(whole.cases)
    return found | {f"focus_tokens{suffix}": whole.tokens / max(1, whole.cases)}


def pooled(ranked: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Return means over the commits of all repositories, and of those not chosen on."""
    whole: defaultdict[str, list[float]] = defaultdict(list)
    for name, some in ranked.items():
        for metric, values in some.items():
            whole[metric] += values
            if name not in CHOSEN_ON and not metric.endswith("ms"):
                whole[f"{metric}_held_out"] += values
    return _means(whole)


def _means(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    found = {name: sum(v) / len(v) for name, v in values.items() if not name.endswith("ms")}
    if "along_ms" in values:
        found["along_p50_ms"] = percentile(values["along_ms"], 0.5)
        found["along_p95_ms"] = percentile(values["along_ms"], 0.95)
    return found


def main(argv: Sequence[str]) -> int:
    """Measure each repository, print, and record; the last lines are all of them together."""
    parser = argparse.ArgumentParser(prog="./dev bench review-focus")
    parser.add_argument("repositories", nargs="+", help="repositories, or their git directories")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--commits", type=int, default=COMMITS, help="for the focus block")
    parser.add_argument("--along", type=int, default=ALONG, help="commits for the ranking")
    options = parser.parse_args(argv)
    csv = Path(__file__).with_suffix(".csv")
    table: Table = defaultdict(Shares)
    ranked: dict[str, defaultdict[str, list[float]]] = {}
    milliseconds: list[float] = []
    for directory in options.repositories:
        inner = Path(directory).resolve() / ".git"
        where = inner if inner.is_dir() else inner.parent
        name = where.parent.name.rpartition("+")[2] or where.name
        repository = Files(str(where))
        ranked[name] = defaultdict(list)
        own: dict[str, float] = {}
        if options.along:
            measure_along(repository, options.along, ranked[name])
            own |= _means(ranked[name])
        if options.commits:
            measure_focus(name, repository, options.commits, table, milliseconds)
            for method in dict.fromkeys(m for n, m, _ in table if n == name):
                own |= figures(table, [name], method)
            if not options.json:
                show(name, table)
        repository.close()
        record(csv, {(name, metric): value for metric, value in own.items()})
        if not options.json:
            print(name, {m: round(v, 3) for m, v in own.items() if " " not in m}, flush=True)
    metrics = pooled(ranked)
    for method in dict.fromkeys(m for _, m, _ in table):
        metrics |= figures(table, list(ranked), method)
    if milliseconds:
        metrics["focus_p50_ms"] = percentile(milliseconds, 0.5)
        metrics["focus_p95_ms"] = percentile(milliseconds, 0.95)
    report("review-focus", metrics, as_json=options.json, path=csv)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
