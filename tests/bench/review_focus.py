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
import ast
import heapq
import importlib
import math
import random
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tandem.core import diff, tokens
from tandem.core.diff import FileDiff
from tandem.index.cochange import along
from tandem.index.facts import FileFacts
from tandem.index.languages import Language, language_of
from tandem.index.names import names
from tandem.index.pack import focus
from tandem.index.pack.focus import Part, Role
from tandem.index.parse import parse
from tandem.workspace import vcs
from tests.bench.recall_baselines import RepositoryMap, Unit, filled, windows
from tests.bench.recall_cases import (
    COMMON,
    WORD,
    Blob,
    Case,
    Change,
    Repository,
    World,
    is_test,
    opcodes,
)
from tests.bench.results import percentile, record, report

BUDGETS = (4000, 8000, 16_000)
BUDGET = 8000
OURS = "focus block"
SMALL = "small diff"
COMMITS, ALONG = 40, 200
CALLS = 40  # of one definition that are looked up
MAPPED = 6  # the map takes seconds to make: it is asked for every sixth commit only
MOST_CHANGED, MOST_FILES, FIRST = 12, 30, 10
PROSE = frozenset(["markdown", "xml", "html"])
CHOSEN_ON = frozenset(["aider", "scrapy"])
_LARGE = 400_000

Place = tuple[str, int]  # a path and a zero-based line


# -- commits of all files ----------------------------------------------------------------------


class Source(Blob):
    """One content of any language."""

    def __init__(self, text: str, language: Language | None) -> None:
        super().__init__(text)
        self.language = language

    @cached_property
    def facts(self) -> FileFacts:
        if self.language is None:
            return FileFacts("")
        data = self.text.encode("utf-8", "surrogatepass")
        found = parse(data, self.language)
        return found if found is not None else names(data, self.language.id)

    @cached_property
    def tree(self) -> ast.Module | None:
        python = self.language is not None and self.language.id == "python"
        return Blob(self.text).tree if python else None

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(word for words in self.words for word in words)

    @cached_property
    def calls(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Where something is called, by its last name: zero-based lines, and columns in bytes."""
        found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for node in ast.walk(self.tree) if self.tree is not None else ():
            if isinstance(node, ast.Call):
                called = node.func
                if isinstance(called, ast.Name):
                    found[called.id].append((called.lineno - 1, called.col_offset))
                elif isinstance(called, ast.Attribute):
                    column = (called.end_col_offset or 0) - len(called.attr.encode())
                    found[called.attr].append(((called.end_lineno or 0) - 1, column))
        return found


class Files(Repository):
    """A git directory with the files of all languages."""

    def __init__(self, directory: str) -> None:
        super().__init__(directory)
        self._languages: dict[str, Language] = {}

    def tree(self, commit: str) -> dict[str, str]:
        found = {}
        for line in self.git("ls-tree", "-r", "-l", commit).split("\n"):
            meta, _, path = line.partition("\t")
            language = language_of(path)
            if language is not None and meta.startswith("100"):
                _, _, sha, size = meta.split()
                if int(size) < _LARGE:
                    found[path] = sha
                    self._languages.setdefault(sha, language)
        return found

    def blob(self, sha: str) -> Source:
        known = self._blobs.get(sha)
        if not isinstance(known, Source):
            known = self._blobs[sha] = Source(self.read(sha), self._languages.get(sha))
        return known

    def read(self, sha: str) -> str:
        """Return a content without keeping it."""
        return self._read(sha)

    def changes(self) -> Iterator[tuple[str, str, list[Change]]]:
        """Yield (commit, first parent, changed files), the newest first."""
        log = self.git(
            "log", "--first-parent", "-m", "--no-renames", "--raw", "--abbrev=40",
            "--format=%x01%H %P", "-n", "4000",
        )  # fmt: skip
        for entry in log.split("\x01")[1:]:
            head, *lines = entry.strip().split("\n")
            commit, *parents = head.split()
            found = []
            for line in lines:
                if line.startswith(":"):
                    meta, path = line.split("\t", 1)
                    _, _, old, new, status = meta.split()
                    found.append(Change(status, path, old, new))
            if parents:
                yield commit, parents[0], found


# -- the focus block ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gold:
    """What the block of a commit should hold: lines of definitions, and lines of calls."""

    touched: frozenset[Place]
    called: frozenset[Place]
    callers: frozenset[Place]


class Resolver:
    """Python's definitions by inference, over a tree that is written to a folder."""

    def __init__(self, root: Path) -> None:
        try:
            self._jedi: Any = importlib.import_module("jedi")
        except ImportError:
            raise SystemExit(
                "jedi is missing: pip install --target DIRECTORY jedi, PYTHONPATH=DIRECTORY"
            ) from None
        self._root = root.resolve()
        self._jedi.settings.cache_directory = str(self._root / "cache")
        self._tree = self._root / "tree"
        self._scripts: dict[str, Any] = {}
        self._kept: set[str] = set()

    def follow(self, files: Mapping[str, Blob]) -> None:
        """Write the tree; the files that are as they were are left alone."""
        for path in self._kept - files.keys():
            (self._tree / path).unlink()
        for path, blob in files.items():
            target = self._tree / path
            if path.endswith(".py") and (
                path not in self._kept or target.read_text("utf-8") != blob.text
            ):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(blob.text, "utf-8", newline="\n")
        self._kept = {path for path in files if path.endswith(".py")}
        self._scripts.clear()

    def definitions(self, path: str, blob: Blob, line: int, column: int) -> set[Place]:
        """Return the functions and classes that the name at a column (in bytes) means."""
        script = self._scripts.get(path) or self._script(path, blob.text)
        before = blob.lines[line].encode()[:column].decode("utf-8", "replace")
        try:
            found = script.goto(line + 1, len(before), follow_imports=True)
        except Exception:  # noqa: BLE001 - the resolver's own failures; the call is no gold then
            return set()
        return {
            (name.module_path.relative_to(self._tree).as_posix(), name.line - 1)
            for name in found
            if name.type in {"function", "class"}
            and name.module_path is not None
            and name.module_path.is_relative_to(self._tree)
        }

    def _script(self, path: str, text: str) -> Any:
        roots = [str(self._tree), str(self._tree / "src")]
        project = self._jedi.Project(self._tree, sys_path=roots, smart_sys_path=False)
        environment = self._jedi.InterpreterEnvironment()
        script = self._jedi.Script(
            text, path=self._tree / path, project=project, environment=environment
        )
        self._scripts[path] = script
        return script


@dataclass(frozen=True, slots=True)
class Review:
    """A commit as its reviewer has it: its diffs, and the changed lines of each file."""

    commit: str
    diffs: tuple[FileDiff, ...]
    lines: Mapping[str, frozenset[int]]  # new ones
    touched: Mapping[Place, tuple[str, int, int]]  # name, first and last line

    @property
    def main(self) -> str:
        """The file that changed most."""
        return max(self.lines, key=lambda path: (len(self.lines[path]), path))


def reviews(world: World, repository: Files, count: int) -> Iterator[Review]:
    """Yield commits with at most 12 files of which one is Python source, the newest first."""
    for commit, _, changes in repository.changes():
        source = [c for c in changes if c.path.endswith(".py") and not is_test(c.path)]
        if len(changes) > MOST_CHANGED or all(c.status == "D" for c in source):
            continue
        world.move(commit)
        before = {c.path: repository.blob(c.old).text for c in changes if c.status != "A"}
        now = {c.path: repository.blob(c.new).text for c in changes if c.status != "D"}
        diffs = focus.diffs_of(
            *({p: t for p, t in some.items() if "\0" not in t} for some in (before, now))
        )
        moved = {item.new: item.old for item in diffs if item.old is not None}
        lines: dict[str, frozenset[int]] = {}
        touched: dict[Place, tuple[str, int, int]] = {}
        for one in changes:
            if one.status != "D" and one.path in world.files and one.path.endswith(".py"):
                old = Blob(before.get(moved.get(one.path) or one.path, ""))
                codes = opcodes(old, world.files[one.path])
                lines[one.path] = frozenset(n for c in codes for n in range(c[3], c[4]))
                touched |= _touched(one.path, world.files[one.path], codes)
        if touched:
            yield Review(commit, diffs, lines, touched)
            count -= 1
        if not count:
            return


def _touched(
    path: str, blob: Blob, codes: Sequence[tuple[str, int, int, int, int]]
) -> dict[Place, tuple[str, int, int]]:
    """Return the innermost definitions around changed lines, and around where lines went."""
    spans = []
    for node in ast.walk(blob.tree) if blob.tree is not None else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)]) - 1
            spans.append((first, node.end_lineno or 0, node))
    found = {}
    for _, _, _, start, end in codes:
        wanted = [{n} for n in range(start, end) if blob.lines[n].strip()]
        for lines in wanted or [{start - 1, start}]:
            around = [s for s in spans if s[0] <= min(lines) and max(lines) < s[1]]
            if around:
                first, last, node = max(around, key=lambda span: span[0])
                found[path, node.lineno - 1] = (node.name, first, last)
    return found


def gold(world: World, resolver: Resolver, review: Review) -> Gold:
    """Return what the resolver says of a commit."""
    resolver.follow(world.files)
    defined = {
        name for blob in world.files.values() if blob.tree is not None for name in blob.definitions
    }
    called: set[Place] = set()
    for path, lines in review.lines.items():
        blob = world.files[path]
        for name, places in blob.calls.items() if isinstance(blob, Source) else ():
            for line, column in places if name in defined else ():
                if line in lines:
                    called |= resolver.definitions(path, blob, line, column)
    callers: set[Place] = set()
    for place in review.touched:
        callers |= _callers(world, resolver, review, place)
    return Gold(frozenset(review.touched), frozenset(called), frozenset(callers))


def _callers(world: World, resolver: Resolver, review: Review, place: Place) -> set[Place]:
    """Return the unchanged lines outside of a definition that call it."""
    name, first, last = review.touched[place]
    meant = {place}
    if name in {"__init__", "__new__"}:
        classes = [
            n
            for n in ast.walk(world.files[place[0]].tree or ast.Module([], []))
            if isinstance(n, ast.ClassDef) and n.lineno - 1 < place[1] < (n.end_lineno or 0)
        ]
        if not classes:
            return set()
        inner = max(classes, key=lambda node: node.lineno)
        name, meant = inner.name, {(place[0], inner.lineno - 1)}
    calls = [
        (path, line, column)
        for path, blob in world.files.items()
        if isinstance(blob, Source)
        for line, column in blob.calls.get(name, ())
        if line not in review.lines.get(path, ())
        if path != place[0] or not first <= line < last
    ]
    rnd = random.Random(f"{review.commit} {place}")  # noqa: S311 - reproducible, not secret
    looked = rnd.sample(calls, min(CALLS, len(calls)))
    return {
        (path, line)
        for path, line, column in looked
        if meant & resolver.definitions(path, world.files[path], line, column)
    }


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


# -- files that change along -------------------------------------------------------------------


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
    language = language_of(path)
    return language is not None and not language.listing and language.id not in PROSE


def _size(repository: Files, change: Change) -> int:
    old, new = repository.blob(change.old), repository.blob(change.new)
    return sum(b - a + d - c for _, a, b, c, d in opcodes(old, new))


# -- running -----------------------------------------------------------------------------------


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
