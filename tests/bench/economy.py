"""What a whole-codebase prompt costs: the last commits of a repository replayed, call by call.

    python -m tests.bench.economy PATH [--commits 200] [--json]

PATH is a git repository, bare or not; it is read with ``git cat-file`` and never checked out. Each
commit is followed by two calls about it that share their focus block (the diff, then the heads of
the changed files, 4,000 tokens at least) and differ in their task. Our packing stands against the
same files sorted by path, ranked by the words of the diff, and most recently changed first, under
two models of the API's cache, with nothing ever expiring:

    block128  the longest common prefix with any earlier request, floored to 128 tokens
    v4ab      hits only whole units: the end of an earlier request, or where two parted (rules a, b)

All arms show the same files in the same detail. Ours pays for its priming calls. Money is input
only, at today's off-peak prices of Pro; ``*_launch`` at the list price of April 2026.
"""

import argparse
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Protocol

from tandem.core import diff, tokens
from tandem.core.model import Message
from tandem.index.pack import layout, state
from tandem.index.pack.compact import Options, Rate, Reason
from tandem.index.pack.layout import Entry, File, Level
from tandem.index.pack.state import Moment, State
from tandem.ledger.prices import PRO, Prices
from tests.bench.results import record

CODE = re.compile(r"\.(py|pyi|ts|tsx|js|jsx|go|rs|java|c|h|cc|cpp|hpp|cs|rb|php|lua|zig|ex|kt)$")
LANGUAGES = {"py": "python", "ts": "typescript", "js": "javascript", "go": "go", "java": "java"}
HEADS = re.compile(r"^[ \t]*(?:async def|def|class|func|fn|function|type)\b.*", re.MULTILINE)
WORD = re.compile(r"[A-Za-z_]{4,}")
BEFORE = 1500  # commits before the replay that tell when a file last changed
FOCUS = 4_000  # tokens
BLOCK = 128
MILLION = 1_000_000
SYSTEM = "You review Python code. Name what breaks, with the line. " * 80  # 1,200 tokens
TASKS = ("Review the change in focus. " * 56, "Name the tests that are missing for it. " * 40)
OFF_PEAK = datetime(2026, 11, 1, 12, tzinfo=UTC)
LAUNCH = Rate(145_000, 1_740_000)  # list price: the product's table has what was really billed

Segments = tuple[str, ...]


# -- caches ------------------------------------------------------------------------------------


class Measure(Protocol):
    """How a prompt's parts are counted."""

    def tokens(self, part: str) -> int:
        """Return the tokens of a part."""
        ...

    def shared(self, part: str, other: str) -> int:
        """Return how many tokens two different parts begin with alike."""
        ...


class Estimated:
    """Parts are files and the like, measured by the product's estimator, each once."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def tokens(self, part: str) -> int:
        if part not in self._known:
            self._known[part] = tokens.estimate(part, "python")
        return self._known[part]

    def shared(self, part: str, other: str) -> int:
        same = _alike(part, other)
        return self.tokens(part) * same // max(1, len(part))


def _alike(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


@dataclass(slots=True, eq=False)
class Node:
    """The end of a part in the tree of all requests; `inside` are units that end in what follows.

    Each is a part and how many of its tokens are the unit.
    """

    part: str
    end: int
    unit: bool = False
    inside: set[tuple[str, int]] = field(default_factory=set)
    children: dict[str, "Node"] = field(default_factory=dict)


class BlockCache:
    """Hits are the longest common prefix with an earlier request, in whole blocks."""

    def __init__(self, measure: Measure, block: int = BLOCK) -> None:
        self._measure = measure
        self._block = block
        self._root = Node("", 0)

    def read(self, parts: Segments) -> tuple[int, int]:
        """Take a request in; return its tokens and how many hit."""
        path, inside, _ = _walk(self._root, parts, self._measure)
        common = path[-1].end + inside
        end = _grow(path[-1], parts[len(path) - 1 :], self._measure)
        return end.end, common - common % self._block


class UnitCache:
    """Hits are whole units: a request's end (a), where two requests parted (b), intervals (c)."""

    def __init__(self, measure: Measure, interval: int = 0) -> None:
        self._measure = measure
        self._interval = interval
        self._root = Node("", 0)

    def read(self, parts: Segments) -> tuple[int, int]:
        """Take a request in; return its tokens and how many hit."""
        path, inside, child = _walk(self._root, parts, self._measure)
        last = path[-1]
        common = last.end + inside
        units = [node.end for node in path if node.unit]
        for node, part in zip(path, parts, strict=False):
            whole = {unit for unit in node.inside if self._begins(part, unit)}
            units += [node.end + length for _, length in whole]
        if self._interval:
            units.append(common - common % self._interval)
        if child is not None:
            last.inside.add((child.part, inside))
        elif last is not self._root:
            last.unit = True
        end = _grow(last, parts[len(path) - 1 :], self._measure)
        end.unit = True
        return end.end, max(units, default=0)

    def _begins(self, part: str, unit: tuple[str, int]) -> bool:
        other, length = unit
        return part == other or self._measure.shared(other, part) >= length


def _walk(root: Node, parts: Segments, measure: Measure) -> tuple[list[Node], int, Node | None]:
    """Return the nodes that a request runs along, and how far it goes on into which child."""
    path = [root]
    for part in parts:
        child = path[-1].children.get(part)
        if child is None:
            same = [(measure.shared(c.part, part), c) for c in path[-1].children.values()]
            most = max(same, key=lambda pair: pair[0], default=(0, None))
            return path, most[0], most[1] if most[0] else None
        path.append(child)
    return path, 0, None


def _grow(node: Node, parts: Segments, measure: Measure) -> Node:
    for part in parts:
        node.children[part] = Node(part, node.end + measure.tokens(part))
        node = node.children[part]
    return node


# -- repository --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that touched code: its changes as (path, blob or None)."""

    name: str
    changes: tuple[tuple[str, str | None], ...]


class Repository:
    """A git directory read with plumbing commands."""

    def __init__(self, path: Path) -> None:
        self._git = ["git", "-C", str(path)]
        self._blobs: dict[str, str] = {}

    def replay(self, count: int) -> tuple[dict[str, Entry], list[tuple[Commit, dict[str, Entry]]]]:
        """Return the tree before the last `count` commits that touch code, and the tree of each."""
        commits = self._commits(count)
        base = f"{commits[0].name}^1"
        blobs = dict(self._tree(base))
        self._read({*blobs.values(), *(b for c in commits for _, b in c.changes if b)})
        when = self._ages(base)
        tree = {p: self._entry(p, b, when.get(p, -MILLION)) for p, b in blobs.items()}
        first, states = dict(tree), []
        for number, commit in enumerate(commits, 1):
            for path, blob in commit.changes:
                tree.pop(path, None)
                if blob is not None:
                    tree[path] = self._entry(path, blob, number)
            states.append((commit, dict(tree)))
        return first, states

    def _entry(self, path: str, blob: str, changed: int) -> Entry:
        text = self._blobs[blob]
        heads = "\n".join(HEADS.findall(text))
        language = LANGUAGES.get(path.rpartition(".")[2], "")
        rank = float(changed) - MILLION * ("test" in path)
        return Entry(text, heads, changed, rank, language)

    def _run(self, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [*self._git, *arguments], input=text.encode(), capture_output=True, check=True
        )
        return done.stdout.decode("utf-8", "replace")

    def _commits(self, count: int) -> list[Commit]:
        form = [
            "--first-parent",
            "--format=@%H",
            "--raw",
            "-m",
            "--no-renames",
            "--abbrev=40",
            "-z",
        ]
        fields = iter(self._run("log", *form, "-n", str(count * 6)).split("\0"))
        found: list[tuple[str, list[tuple[str, str | None]]]] = []
        for item in fields:
            if item.startswith("@"):
                found.append((item[1:], []))
            elif item.lstrip("\n").startswith(":"):
                old_mode, mode, _, blob, _ = item.lstrip("\n:").split()
                path = next(fields)
                if CODE.search(path) and (old_mode.startswith("100") or mode.startswith("100")):
                    found[-1][1].append((path, blob if mode.startswith("100") else None))
        roots = set(self._run("rev-list", "--max-parents=0", "HEAD").split())
        commits = [Commit(n, tuple(changes)) for n, changes in found if changes and n not in roots]
        if not commits:
            raise SystemExit("no commits that touch code, or no history to replay")
        return commits[:count][::-1]

    def _tree(self, commit: str) -> Iterator[tuple[str, str]]:
        for line in self._run("ls-tree", "-r", "-z", commit).split("\0"):
            meta, _, path = line.partition("\t")
            if meta.startswith("100") and CODE.search(path):
                yield path, meta.split()[2]

    def _ages(self, commit: str) -> dict[str, int]:
        """Return a number for each path, the lower the longer it has not changed."""
        form = ["--first-parent", "-m", "--name-only", "--no-renames", "--format=", "-z"]
        out = self._run("log", *form, "-n", str(BEFORE), commit)
        ages: dict[str, int] = {}
        for number, path in enumerate(out.replace("\n", "\0").split("\0")):
            ages.setdefault(path, -1 - number)
        return ages

    def _read(self, names: set[str]) -> None:
        ordered = sorted(names)
        done = subprocess.run(
            [*self._git, "cat-file", "--batch"],
            input="".join(f"{name}\n" for name in ordered).encode(),
            capture_output=True,
            check=True,
        ).stdout
        at = 0
        for name in ordered:
            head_end = done.index(b"\n", at)
            size = int(done[at:head_end].split()[2])
            raw = done[head_end + 1 : head_end + 1 + size]
            self._blobs[name] = raw.decode("utf-8", "replace")
            at = head_end + size + 2


# -- packings ----------------------------------------------------------------------------------


def focus_of(old: Mapping[str, Entry], new: Mapping[str, Entry], commit: Commit) -> str:
    """Return a commit's diff and the heads of its files, cut at the focus's size."""
    touched = [path for path, _ in commit.changes]
    diffs = [
        diff.between(_text(old, path), _text(new, path), path)
        for path in touched
        if _text(old, path) is not None or _text(new, path) is not None
    ]
    heads = "".join(f"# {path}\n{_text(new, path) or ''}" for path in touched)
    text = diff.render(diffs)[: 16_000 * 4]
    return text + heads[: max(0, FOCUS * 4 - len(text))]


def _text(tree: Mapping[str, Entry], path: str) -> str | None:
    return tree[path].text if path in tree else None


def ours(current: State, options: Options) -> Segments:
    """Return the prefix of our pack in parts."""
    parts = state.sections(current, "", "", options.estimate)
    return tuple(part.text for part in parts if part.text)


Order = Callable[[Sequence[File], Mapping[str, Entry], str], Sequence[File]]


def _sorted(files: Sequence[File], _tree: Mapping[str, Entry], _focus: str) -> Sequence[File]:
    return sorted(files, key=lambda file: file.path)


def _recent(files: Sequence[File], tree: Mapping[str, Entry], _focus: str) -> Sequence[File]:
    return sorted(files, key=lambda file: (-tree[file.path].changed, file.path))


def _ranked(files: Sequence[File], _tree: Mapping[str, Entry], focus: str) -> Sequence[File]:
    asked = Counter(WORD.findall(focus))
    score = {file.path: sum(asked[word] for word in _words(file.text)) for file in files}
    return sorted(files, key=lambda file: (-score[file.path], file.path))


_WORDS: dict[str, frozenset[str]] = {}


def _words(text: str) -> frozenset[str]:
    if text not in _WORDS:
        _WORDS[text] = frozenset(WORD.findall(text))
    return _WORDS[text]


ORDERS: Mapping[str, Order] = {"sorted": _sorted, "ranked": _ranked, "recency": _recent}


@dataclass(slots=True)
class Arm:
    """One packing under one cache: what was sent and what hit."""

    cache: BlockCache | UnitCache
    calls: int = 0
    hit: int = 0
    sent: int = 0

    def call(self, parts: Segments, *, priming: bool = False) -> None:
        """Send a prompt."""
        sent, hit = self.cache.read(parts)
        self.sent += sent
        self.hit += hit
        self.calls += not priming

    def cost(self, rate: Rate) -> float:
        """Return dollars."""
        return (self.hit * rate.hit + (self.sent - self.hit) * rate.miss) / 1e12


def today() -> Rate:
    """Return today's prices of Pro, off-peak."""
    rate = Prices({}).rate(PRO, OFF_PEAK)
    if rate is None:
        raise SystemExit("no price is known")
    return Rate(rate.hit, rate.miss)


# -- replay ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay left: arms by packing and cache, and our pack at its end."""

    arms: Mapping[tuple[str, str], Arm]
    last: State
    options: Options


def replay(repository: Repository, commits: int, rate: Rate, options: Options) -> Replay:
    """Replay the commits under every packing and both caches."""
    tree, steps = repository.replay(commits)
    measure = Estimated()
    arms = {
        (name, kind): Arm(BlockCache(measure) if kind == "block128" else UnitCache(measure))
        for name in ("ours", *ORDERS)
        for kind in ("block128", "v4ab")
    }
    at = Moment(PRO, SYSTEM, rate, 0)
    pack = state.begin(tree, at, options)
    cuts = 0
    for commit, new in steps:
        focus = focus_of(tree, new, commit)
        pack = state.advance(pack, new, at, options)
        primes = state.primes(pack) if len(pack.history) > cuts else ()
        cuts = len(pack.history)
        prefixes = {"ours": ours(pack, options)} | {
            name: _baseline(pack, new, focus, order) for name, order in ORDERS.items()
        }
        for (name, _), arm in arms.items():
            if name == "ours":
                for prime in _prime_parts(prefixes["ours"], primes):
                    arm.call(prime, priming=True)
            for task in TASKS:
                arm.call((*prefixes[name], focus, task))
        for _ in TASKS:
            pack = state.called(pack, at, options)
        tree = new
    return Replay(arms, pack, options)


def _baseline(pack: State, tree: Mapping[str, Entry], focus: str, order: Order) -> Segments:
    files = [f for f in pack.shown.values() if f.level is not Level.OMITTED and f.path in tree]
    return (SYSTEM, *(layout.render(file) for file in order(files, tree, focus)))


def _prime_parts(parts: Segments, primes: Sequence[Sequence[Message]]) -> Iterator[Segments]:
    """Yield the parts of the prefix that each priming call sends: up to a turn's closing."""
    ends = [n for n, part in enumerate(parts) if part == layout.CLOSING]
    for prime in primes:
        users = sum(message.role == "user" for message in prime)
        yield parts[: ends[users - 1] + 1]


# -- speed -------------------------------------------------------------------------------------


def speed(tree: Mapping[str, Entry], at: Moment) -> dict[str, float]:
    """Time a pack of about a million tokens: cut from texts, and after one edited file."""
    options = Options(window=2 * MILLION)
    big: dict[str, Entry] = {}
    size = 0
    for number, (path, entry) in enumerate(cycle(sorted(tree.items()))):
        if size >= MILLION:
            break
        copy = number // len(tree)
        text = f"{entry.text}# {copy}\n"
        big[f"copy{copy}/{path}"] = Entry(text, language=entry.language)
        size += tokens.estimate(text, entry.language)
    began = time.process_time()
    pack = state.begin(big, at, options)
    state.messages(pack, "focus", "task")
    cold = time.process_time() - began
    path = max(big, key=lambda path: len(big[path].text))
    edited = big | {path: Entry(f"import sys\n{big[path].text}", "", 1, 0.0, "python")}
    began = time.process_time()
    after = state.advance(pack, edited, at, options)
    sent = state.messages(after, "focus", "task")
    edit = time.process_time() - began
    if not "".join(m.content for m in sent).startswith(state.prefix(pack)):
        raise SystemExit("the prefix broke")
    carried = state.load(pack, options)
    return {
        "pack_tokens": carried.snapshot,
        "pack_cold_s": cold,
        "pack_edit_ms": edit * 1000,
    }


# -- report ------------------------------------------------------------------------------------


def main(argv: list[str]) -> int:
    """Replay, time and report."""
    parser = argparse.ArgumentParser(prog="./dev bench economy")
    parser.add_argument("path", type=Path)
    parser.add_argument("--commits", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(argv)
    repository = Repository(arguments.path)
    rate, options = today(), Options()
    done = replay(repository, arguments.commits, rate, options)
    metrics = _metrics(done, rate)
    tree = {
        path: Entry(file.text, "", 0, 0.0, LANGUAGES.get(path.rpartition(".")[2], ""))
        for path, file in done.last.shown.items()
    }
    metrics |= speed(tree, Moment(PRO, SYSTEM, rate, 0))
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    if arguments.json:
        print(json.dumps({"bench": "economy", "metrics": rounded}))
    else:
        print("".join(f"{name:<32}  {value:g}\n" for name, value in rounded.items()), end="")
    corpus = next(p for p in reversed(arguments.path.resolve().parts) if p not in {"repo", ".git"})
    path = Path(__file__).with_suffix(".csv")
    record(path, {(corpus, name): value for name, value in rounded.items()})
    return 0


def _metrics(done: Replay, rate: Rate) -> dict[str, float]:
    arms = done.arms
    block, units = arms["ours", "block128"], arms["ours", "v4ab"]
    cuts = Counter(cut.reason for cut in done.last.history[1:])
    metrics = {
        "hit_block128": block.hit / block.sent,
        "hit_v4ab": units.hit / units.sent,
        "dollars_over_sorted": block.cost(rate) / arms["sorted", "block128"].cost(rate),
        "dollars_per_call": block.cost(rate) / block.calls,
        "compactions": float(len(done.last.history) - 1),
        **{f"compactions_{reason.name.lower()}": float(cuts[reason]) for reason in Reason},
    }
    for (name, kind), arm in arms.items():
        metrics[f"{name}_{kind}_hit"] = arm.hit / arm.sent
        metrics[f"{name}_{kind}_dollars"] = arm.cost(rate) / arm.calls
        metrics[f"{name}_{kind}_dollars_launch"] = arm.cost(LAUNCH) / arm.calls
    return metrics


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
