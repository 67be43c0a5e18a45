"""Measure what the completion context holds of what is about to be typed, beside all baselines.

    ./dev bench recall GIT_DIRECTORY... [--json] [--commits N] [--holes N]

Hidden are hunks of real commits (at most 12 added lines) and random statements. A name of the
hidden text that few other files define counts as *defined* where a line that defines it is in the
context, and as *seen* where the word is in the context or in the open file's own 2,000 tokens;
`unseen` is that share among the names which those 2,000 tokens lack. Recall of names only: no
model is run, and nothing here says that a completion gets better. `past` are the hunks
again, with only earlier commits in the ring.
"""

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tandem.core.text import Text
from tandem.index.context.assemble import context_for
from tandem.index.context.block import Block
from tandem.index.context.ring import Edit, Ring
from tandem.index.context.windows import Windows
from tests.bench.recall_baselines import RepositoryMap, all_units, filled, of_the_file
from tests.bench.recall_cases import WORD, Case, Repository, World, holes, hunks
from tests.bench.results import percentile, record, report

BUDGETS = (1000, 2000, 4000, 8000)
OURS = "tandem"
COMMITS, HOLES = 60, 240
TIMED = 4  # runs; the first one also decodes what is not yet warm


@dataclass(slots=True)
class Tally:
    """Counts of one method at one budget."""

    names: int = 0
    defined: int = 0
    hidden: int = 0
    seen: int = 0
    cases: int = 0
    whole: int = 0
    tokens: int = 0

    def add(self, case: Case, defined: set[str], words: set[str], tokens: int) -> None:
        unseen = case.gold - case.known
        self.names += len(case.gold)
        self.defined += len(case.gold & defined)
        self.hidden += len(unseen)
        self.seen += len(unseen & words)
        self.cases += 1
        self.whole += unseen <= words
        self.tokens += tokens

    def shares(self) -> dict[str, float]:
        return {
            "def": self.defined / max(1, self.names),
            "unseen": self.seen / max(1, self.hidden),
            "all": self.whole / max(1, self.cases),
        }


Table = defaultdict[tuple[str, int], Tally]


class Bench:
    """One repository: its world, the windows that follow it, and what was counted."""

    def __init__(self, directory: str) -> None:
        self.world = World(Repository(directory))
        self.windows = Windows()
        self.milliseconds: list[float] = []
        self._map: RepositoryMap | None = None

    def run(self, cases: Iterable[Case], *, with_baselines: bool) -> Table:
        """Ask every method, or ours alone, for every case."""
        table: Table = defaultdict(Tally)
        for case in cases:
            self.follow()
            self._case(case, table, with_baselines=with_baselines)
        return table

    def follow(self) -> None:
        """Bring the windows to where the world is."""
        if self.world.changed:
            self._map = None
        for path in sorted(self.world.changed):
            blob = self.world.files.get(path)
            if blob is None:
                self.windows.drop(path)
            else:
                self.windows.put(path, blob.text)
        self.world.changed.clear()

    def _case(self, case: Case, table: Table, *, with_baselines: bool) -> None:
        code = self.world.code
        code.open(case.path, case.visible.facts, case.visible.text)
        try:
            for budget in BUDGETS:
                block = self.context(case, budget)
                table[OURS, budget].add(case, *measured(self.world, case, block), block.tokens)
            if with_baselines:
                self._baselines(case, table)
        finally:
            code.close(case.path)

    def context(self, case: Case, budget: int) -> Block:
        """Assemble; at one budget several times, the fastest counting: the others share the CPU."""
        text = Text.of(case.visible.text)
        ring = Ring(tuple(Edit(path, line) for path, line in case.ring))
        block, spent = Block(), list[float]()
        for _ in range(TIMED if budget == BUDGETS[1] else 1):
            start = time.process_time()
            block = context_for(
                self.world.code,
                case.path,
                text,
                case.offset,
                ring,
                windows=self.windows,
                budget_tokens=budget,
                shown=case.known,
            )
            spent.append(1000 * (time.process_time() - start))
        if budget == BUDGETS[1]:
            self.milliseconds.append(min(spent))
        return block

    def _baselines(self, case: Case, table: Table) -> None:
        if self._map is None:
            self._map = RepositoryMap(self.world)
        files = self.world.files
        units = all_units(self.world, case, self._map)
        for budget in BUDGETS:
            table["file only", budget].add(case, set(), of_the_file(case, budget), budget)
            for name, offered in units.items():
                taken = filled(offered, self.world, budget)
                words = {
                    w for path, lines in taken.items() for n in lines for w in files[path].words[n]
                }
                tokens = sum(files[path].costs[n] for path, lines in taken.items() for n in lines)
                table[name, budget].add(case, defined(self.world, case, taken), words, tokens)


def measured(world: World, case: Case, block: Block) -> tuple[set[str], set[str]]:
    """Return which gold names a block defines, and its words."""
    lines: defaultdict[str, set[int]] = defaultdict(set)
    for section in block.sections:
        for first, last in section.lines:
            lines[section.path].update(range(first, last))
    return defined(world, case, lines), set(WORD.findall(block.text))


def defined(world: World, case: Case, lines: dict[str, set[int]]) -> set[str]:
    """Return the gold names of which a defining line is among the lines."""
    return {
        name
        for name in case.gold
        for path in world.definers[name] - {case.path}
        if not lines.get(path, set()).isdisjoint(world.files[path].definitions[name])
    }


def show(title: str, table: Table) -> None:
    """Print a table for people: definitions/unseen/all at each budget."""
    one = table[OURS, BUDGETS[0]]
    print(f"# {title}: {one.cases} cases, {one.names} names, {one.hidden} unseen")
    for method in dict.fromkeys(name for name, _ in table):
        cells = []
        for budget in BUDGETS:
            tally = table[method, budget]
            shares = tally.shares()
            used = tally.tokens / max(1, tally.cases)
            cells.append(
                f"{budget // 1000}k {shares['def']:.2f}/{shares['unseen']:.2f}/{shares['all']:.2f}"
                f" ({used:.0f})"
            )
        print(f"{method:<25} {'  '.join(cells)}")


def rows(kind: str, table: Table) -> dict[str, float]:
    """Return every number of a table by its metric's name."""
    found = {}
    for (method, budget), tally in table.items():
        for measure, value in tally.shares().items():
            name = f"{kind}_{measure}_{budget // 1000}k"
            found[name if method == OURS else f"{name} {method}"] = value
    return found


def main(argv: Sequence[str]) -> int:
    """Run the bench on each repository; the last line is their mean."""
    parser = argparse.ArgumentParser(prog="./dev bench recall")
    parser.add_argument("repositories", nargs="+", help="git directories of Python projects")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--commits", type=int, default=COMMITS)
    parser.add_argument("--holes", type=int, default=HOLES)
    arguments = parser.parse_args(argv)
    csv = Path(__file__).with_suffix(".csv")
    found: defaultdict[str, list[float]] = defaultdict(list)
    milliseconds: list[float] = []
    for directory in arguments.repositories:
        name = Path(directory).parent.name.rpartition("+")[2] or Path(directory).name
        bench = Bench(directory)
        metrics: dict[str, float] = {}
        for kind, cases in (
            ("past", hunks(bench.world, arguments.commits, past_only=True)),
            ("hunk", hunks(bench.world, arguments.commits)),
            ("hole", holes(bench.world, arguments.holes)),
        ):
            table = bench.run(cases, with_baselines=kind != "past")
            if not arguments.json:
                show(f"{name} {kind}s", table)
            metrics |= rows(kind, table)
        metrics["context_p50_ms"] = percentile(bench.milliseconds, 0.5)
        metrics["context_p95_ms"] = percentile(bench.milliseconds, 0.95)
        record(csv, {(name, metric): value for metric, value in metrics.items()})
        for metric, value in metrics.items():
            found[metric].append(value)
        milliseconds += bench.milliseconds
        bench.world.repository.close()
    means = {m: sum(v) / len(v) for m, v in found.items() if " " not in m and len(v)}
    means["context_p50_ms"] = percentile(milliseconds, 0.5)
    means["context_p95_ms"] = percentile(milliseconds, 0.95)
    report("recall", means, as_json=arguments.json, path=csv)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
