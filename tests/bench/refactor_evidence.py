"""Measure whether free evidence names the files that a refactoring will touch.

    ./dev bench refactor-evidence CHECKOUT [--json]

CHECKOUT is one of RefactorBench: 100 refactorings of nine repositories, each told in three styles,
with tests that open the files they are about. Asked is the instruction alone: no place, no key, no
model, and no history, which the copies lack. A figure is the share of those files, over all tasks,
that are among the first 15; files that the task is to create are none that evidence could name and
are left out (`_with_new` has them in). Weights were chosen on one half of the repositories:
`_held_out` is the other. Beside it, in the same run and of the same files, their words ranked by
BM25, and by how many of the instruction's words a file has.
"""

import argparse
import ast
import asyncio
import math
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import normpath

from tandem.app import World
from tandem.commands.context.repository import indexed
from tandem.features.refactor.mentions import COMMON, split
from tandem.features.refactor.reach import gathered
from tandem.features.refactor.targets import named
from tandem.index.code import Code
from tests.bench.results import percentile, record, report

FIRST = 15
STYLES = ("base", "descriptive", "lazy")
CHOSEN_ON = frozenset(["ansible", "celery", "fastapi", "flask", "requests", "tornado"])
OURS = "evidence"
_WORD = re.compile(r"[A-Za-z_]\w*")
_K1, _B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Task:
    """One instruction, and the files that its reference tests open: that are there, and are not."""

    repository: str
    style: str
    instruction: str
    files: frozenset[str]
    new: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one method names for a task."""

    method: str
    task: Task
    paths: tuple[str, ...]

    @property
    def found(self) -> int:
        """How many of the task's files are among them."""
        return len(self.task.files.intersection(self.paths))


def tasks(checkout: Path) -> Iterator[Task]:
    """Yield the tasks of a checkout; nothing of it is run."""
    scripts = checkout / "scripts"
    for style in STYLES:
        tree = ast.parse((scripts / f"{style}_mapping.py").read_text("utf-8"))
        table = next(node.value for node in tree.body if isinstance(node, ast.Assign))
        for test, problem in ast.literal_eval(table).items():
            repository = test.split("/")[2]
            opened = set(_opened((scripts / test).read_text("utf-8"), checkout, repository))
            root = checkout / "repositories" / repository
            files = frozenset(path for path in opened if (root / path).is_file())
            text = (scripts / problem).read_text("utf-8").strip()
            name = repository.removesuffix("_refactor")
            yield Task(name, style, text, files, frozenset(opened - files))


def _opened(source: str, checkout: Path, repository: str) -> Iterator[str]:
    """Yield the paths that a test names: from the folder it is run in, or files of a folder."""
    values = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    texts = [value for value in values if value and not re.search(r"\s", value)]
    folders = [normpath(f"tests/{t}") for t in texts if t.startswith("../") and t.endswith("/")]
    root = checkout / "repositories" / repository
    for text in texts:
        if text.startswith("../") and not text.endswith("/"):
            yield normpath(f"tests/{text}")
        elif text.endswith((".py", ".rst", ".md")):
            yield from (f"{folder}/{text}" for folder in folders)
            if "/" in text and (root / text).is_file():
                yield text


def measure(checkout: Path) -> dict[str, float]:
    """Return all figures, those of one repository by its name in front."""
    everything = list(tasks(checkout))
    answers: list[Answer] = []
    milliseconds: list[float] = []
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as home:
        world = World({"TANDEM_HOME": home}, Path(home))
        for repository in sorted({task.repository for task in everything}):
            root = checkout / "repositories" / f"{repository}_refactor"
            own = [task for task in everything if task.repository == repository]
            answers += asyncio.run(_answers(world, root, own, milliseconds))
    metrics = {"tasks": len(everything) / len(STYLES)}
    metrics["files"] = sum(len(task.files) for task in everything) / len(STYLES)
    metrics["new_files"] = sum(len(task.new) for task in everything) / len(STYLES)
    metrics["evidence_p50_ms"] = percentile(milliseconds, 0.5)
    metrics["evidence_max_ms"] = max(milliseconds)
    return metrics | _figures(answers)


async def _answers(
    world: World, root: Path, own: Sequence[Task], milliseconds: list[float]
) -> list[Answer]:
    async with indexed(world, root) as repository:
        code = repository.indexing.codebase
        words = Words(code, own)
        found = []
        for task in own:
            start = time.process_time()
            targets = named(code, task.instruction)
            ranked = gathered(code, targets[0], targets[1:], {}).ranked if targets else ()
            milliseconds.append(1000 * (time.process_time() - start))
            found.append(Answer(OURS, task, ranked))
            found.append(Answer("bm25", task, words.by_bm25(task)))
            found.append(Answer("words", task, words.by_count(task)))
        return found


class Words:
    """The baselines: the words of instructions in each file, names both whole and in parts."""

    def __init__(self, code: Code, own: Sequence[Task]) -> None:
        self._asked = {word for task in own for word in _asked(task)}
        self._counts: dict[str, Counter[str]] = {}
        self._lengths: dict[str, int] = {}
        for path in code.paths:
            counts: Counter[str] = Counter()
            for word, count in Counter(_WORD.findall(f"{path}\n{code.text(path) or ''}")).items():
                for one in _forms(word):
                    counts[one] += count
            self._lengths[path] = counts.total()
            self._counts[path] = Counter({w: n for w, n in counts.items() if w in self._asked})
        self._having = Counter(word for counts in self._counts.values() for word in counts)

    def by_bm25(self, task: Task) -> tuple[str, ...]:
        """Return the first files by BM25."""
        mean = sum(self._lengths.values()) / len(self._lengths)
        total = len(self._lengths)

        def score(path: str) -> float:
            counts, length = self._counts[path], self._lengths[path]
            share = _K1 * (1 - _B + _B * length / mean)
            return sum(
                math.log(1 + (total - self._having[w] + 0.5) / (self._having[w] + 0.5))
                * (counts[w] * (_K1 + 1) / (counts[w] + share))
                for w in _asked(task)
            )

        return tuple(sorted(self._counts, key=lambda path: (-score(path), path))[:FIRST])

    def by_count(self, task: Task) -> tuple[str, ...]:
        """Return the files that have most of the words, those that have them oftener first."""
        asked = _asked(task)

        def score(path: str) -> tuple[int, int]:
            counts = self._counts[path]
            return sum(1 for w in asked if counts[w]), sum(counts[w] for w in asked)

        return tuple(sorted(self._counts, key=lambda p: (*(-n for n in score(p)), p))[:FIRST])


def _asked(task: Task) -> set[str]:
    words = {one for word in _WORD.findall(task.instruction) for one in _forms(word)}
    return words - COMMON


def _forms(word: str) -> set[str]:
    return {word.lower(), *split(word)}


def _figures(answers: Sequence[Answer]) -> dict[str, float]:
    """Return the share of files that each method found: of all, of each style, half, repository."""
    groups: defaultdict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        name = f"{answer.method}_files_{FIRST}"
        half = "chosen_on" if answer.task.repository in CHOSEN_ON else "held_out"
        groups[name].append(answer)
        groups[f"{name}_{half}"].append(answer)
        groups[f"{name}_{answer.task.style}"].append(answer)
        if answer.method == OURS:
            groups[f"{name}_{answer.task.style}_{half}"].append(answer)
        groups[f"{answer.task.repository} {name}"].append(answer)
    figures = {name: _share(group) for name, group in groups.items()}
    ours = groups[f"{OURS}_files_{FIRST}"]
    whole = sum(len(answer.task.files) + len(answer.task.new) for answer in ours)
    figures[f"{OURS}_files_{FIRST}_with_new"] = sum(a.found for a in ours) / whole
    return figures


def _share(answers: Sequence[Answer]) -> float:
    return sum(a.found for a in answers) / max(1, sum(len(a.task.files) for a in answers))


def split_names(metrics: Mapping[str, float]) -> dict[tuple[str, str], float]:
    """Return the figures of single repositories by (repository, figure)."""
    found = {}
    for name, value in metrics.items():
        repository, space, figure = name.partition(" ")
        if space:
            found[repository, figure] = value
    return found


def main(argv: Sequence[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench refactor-evidence")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    metrics = measure(options.checkout.resolve())
    path = Path(__file__).with_suffix(".csv")
    record(path, split_names(metrics))
    overall = {name: value for name, value in metrics.items() if " " not in name}
    report("refactor-evidence", overall, as_json=options.json, path=path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
