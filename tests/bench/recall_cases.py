"""What the recall bench hides: hunks of real commits, and statements of the newest tree.

Reads local git repositories through plumbing only and writes nothing. The definitions that count
as gold come from Python's own `ast`, not from the index under test: a name is gold where it stands
in the hidden text, is not defined in its own file, and has at most three files that define it.

Invariant: a `Case` holds no hidden text but its gold names; whoever answers it sees `visible` only,
and the code it asks has the file's facts computed from `visible`.
"""

import ast
import difflib
import random
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

from tandem.core.tokens import estimate
from tandem.index.codebase import Codebase
from tandem.index.facts import FileFacts
from tandem.index.languages import by_id
from tandem.index.parse import parse
from tandem.index.records import Record, record_of
from tandem.index.store import Stored

WORD: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
COMMON: Final = frozenset(
    """False None True and as assert async await break class continue def del elif else except
    finally for from global if import in is lambda nonlocal not or pass raise return try while with
    yield self cls str int len list dict set tuple bool float object type print range super
    isinstance getattr setattr hasattr""".split()  # noqa: SIM905
)
BEFORE, AFTER = 1500, 500  # tokens of the open file that every method has beside its budget
MOST_LINES = 12
MOST_DEFINERS = 3
RING_COMMITS, RING_CHUNKS, RING_HALF = 20, 16, 16
_TEST: Final = re.compile(r"(^|/)(tests?|_tests)/|test_")
_SHORT = 2
_LARGE = 200_000


class Blob:
    """One content, with what is derived from it, each once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")

    @cached_property
    def costs(self) -> list[int]:
        return [estimate(line + "\n", "python") for line in self.lines]

    @cached_property
    def words(self) -> list[list[str]]:
        return [WORD.findall(line) for line in self.lines]

    @cached_property
    def tree(self) -> ast.Module | None:
        try:
            return ast.parse(self.text)
        except (SyntaxError, ValueError, RecursionError):
            return None

    @cached_property
    def definitions(self) -> Mapping[str, Sequence[int]]:
        """Zero-based lines on which each name is defined: functions, classes, attributes."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        if self.tree is not None:
            for name, line in _defined(self.tree.body):
                found[name].append(line - 1)
        return found

    @cached_property
    def references(self) -> Counter[str]:
        """Count the names and attributes that are used."""
        used: Counter[str] = Counter()
        for node in ast.walk(self.tree) if self.tree is not None else ():
            if isinstance(node, ast.Name):
                used[node.id] += 1
            elif isinstance(node, ast.Attribute):
                used[node.attr] += 1
        return used

    @cached_property
    def facts(self) -> FileFacts:
        data = self.text.encode("utf-8", "surrogatepass")
        language = by_id("python")
        found = parse(data, language) if language is not None else None
        return found if found is not None else FileFacts("python")

    @cached_property
    def record(self) -> Record:
        return record_of(b"", self.facts)


def _defined(body: Sequence[ast.stmt]) -> Iterator[tuple[str, int]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.ClassDef):
            yield node.name, node.lineno
            yield from _members(node)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in ast.walk(target):
                    if isinstance(name, ast.Name):
                        yield name.id, node.lineno
        elif isinstance(node, ast.If | ast.Try | ast.With):
            yield from _defined(node.body)
            yield from _defined(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _defined(handler.body)


def _members(node: ast.ClassDef) -> Iterator[tuple[str, int]]:
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            yield item.name, item.lineno
            for inner in ast.walk(item):
                if isinstance(inner, ast.Assign | ast.AnnAssign):
                    for target in (
                        inner.targets if isinstance(inner, ast.Assign) else [inner.target]
                    ):
                        if isinstance(target, ast.Attribute) and _is_self(target.value):
                            yield target.attr, inner.lineno
        else:
            yield from _defined([item])


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a commit: its path, and its contents before and behind."""

    status: str
    path: str
    old: str
    new: str


class Repository:
    """A git directory, read only."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._reader: subprocess.Popen[bytes] | None = None
        self._blobs: dict[str, Blob] = {}

    def git(self, *arguments: str) -> str:
        command = ["git", f"--git-dir={self.directory}", *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode(
            "utf-8", "replace"
        )

    def blob(self, sha: str) -> Blob:
        if sha not in self._blobs:
            self._blobs[sha] = Blob(self._read(sha))
        return self._blobs[sha]

    def _read(self, sha: str) -> str:
        if self._reader is None:
            self._reader = subprocess.Popen(
                ["git", f"--git-dir={self.directory}", "cat-file", "--batch"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        source, sink = self._reader.stdout, self._reader.stdin
        assert source is not None
        assert sink is not None
        sink.write(f"{sha}\n".encode())
        sink.flush()
        header = source.readline().split()
        if header[1] == b"missing":
            return ""
        data = source.read(int(header[2]))
        source.read(1)
        return data.decode("utf-8", "replace")

    def close(self) -> None:
        if self._reader is not None and self._reader.stdin and self._reader.stdout:
            self._reader.stdin.close()
            self._reader.stdout.close()
            self._reader.wait()
            self._reader = None

    def tree(self, commit: str) -> dict[str, str]:
        """Return the contents' names of the Python files of a commit, by path."""
        found = {}
        for line in self.git("ls-tree", "-r", commit).split("\n"):
            meta, _, path = line.partition("\t")
            if path.endswith(".py") and meta.startswith("100"):
                found[path] = meta.split()[2]
        return found

    @cache  # noqa: B019 - lives as long as the bench
    def commits(self, count: int = 2500) -> list[tuple[str, list[Change]]]:
        """Return (commit, changed Python files), the newest first."""
        log = self.git(
            "log", "--first-parent", "-m", "--no-renames", "--raw", "--abbrev=40",
            "--format=@%H", "-n", str(count),
        )  # fmt: skip
        found: list[tuple[str, list[Change]]] = []
        for line in log.split("\n"):
            if line.startswith("@"):
                found.append((line[1:], []))
            elif line.startswith(":") and line.endswith(".py"):
                meta, path = line.split("\t", 1)
                fields = meta.split()
                found[-1][1].append(Change(fields[4], path, fields[2], fields[3]))
        return found


class World:
    """The tree of one commit as the index and as gold see it; moves from commit to commit."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.shas: dict[str, str] = {}
        self.files: dict[str, Blob] = {}
        self.definers: defaultdict[str, set[str]] = defaultdict(set)
        self.changed: set[str] = set()  # since the one who follows emptied it
        self.code = Codebase(self._record, self._text)

    def _record(self, key: bytes) -> Record | None:
        return self.repository.blob(key.decode()).record

    def _text(self, path: str) -> str | None:
        blob = self.files.get(path)
        return blob.text if blob is not None else None

    def move(self, commit: str) -> None:
        """Become the tree of a commit; only what differs is computed anew."""
        tree = self.repository.tree(commit)
        gone = [path for path in self.shas if path not in tree]
        fresh = [path for path, sha in tree.items() if self.shas.get(path) != sha]
        self.changed |= {*gone, *fresh}
        for path in [*gone, *fresh]:
            for name in self.files[path].definitions if path in self.files else ():
                self.definers[name].discard(path)
        self.code.remove(gone)
        for path in gone:
            del self.shas[path], self.files[path]
        for path in fresh:
            self.shas[path] = tree[path]
            blob = self.files[path] = self.repository.blob(tree[path])
            for name in blob.definitions:
                self.definers[name].add(path)
        self.code.update(self._stored(path) for path in fresh)

    def _stored(self, path: str) -> Stored:
        record = self.files[path].record._replace(key=self.shas[path].encode(), body="")
        return Stored(path, 0, 0, record)

    def gold(self, path: str, hidden: Sequence[str], own: Mapping[str, object]) -> frozenset[str]:
        """Return the names of hidden lines that few other files define, and not this one."""
        words = {word for line in hidden for word in WORD.findall(line)} - COMMON - own.keys()
        return frozenset(
            word
            for word in words
            if len(word) > _SHORT and 0 < len(self.definers[word] - {path}) <= MOST_DEFINERS
        )


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A file with a gap at `line`: what is visible, what was hidden, what was edited before.

    `lines` are the visible ones; `ring` holds (path, line) of hunks, the newest first; `known` the
    identifiers of the file's own window of 2,000 tokens around the gap.
    """

    path: str
    visible: Blob
    line: int
    gold: frozenset[str]
    ring: Sequence[tuple[str, int]]
    known: frozenset[str]

    @property
    def offset(self) -> int:
        return sum(len(line) + 1 for line in self.visible.lines[: self.line])

    @property
    def near(self) -> list[str]:
        """The words of the 20 lines before the gap: the query of the published baselines."""
        return [
            w for words in self.visible.words[max(0, self.line - 20) : self.line] for w in words
        ]


def is_test(path: str) -> bool:
    """Tell whether a path is one of tests."""
    return _TEST.search(path) is not None


def hunks(world: World, commits: int, *, skip: int = 0, past_only: bool = False) -> Iterator[Case]:
    """Yield hidden hunks, the newest `skip` commits left out.

    As published, the ring has where the commit changed its other files, in their old text;
    `past_only` takes those places out.
    """
    repository = world.repository
    history = repository.commits()
    left = commits
    for at, (commit, changes) in enumerate(history):
        modified = [change for change in changes if change.status == "M"]
        source = [change for change in modified if not is_test(change.path)]
        if not (2 <= len(modified) <= 10 and len(changes) <= 12 and source):
            continue
        if skip:
            skip -= 1
            continue
        world.move(f"{commit}^1")
        modified = [change for change in modified if change.path in world.files]
        if len(modified) < 2:
            continue
        ring = _ring(world, history, at, past_only=past_only)
        for change in [c for c in source if c in modified][:3]:
            yield from _hidden(world, change, ring)
        left -= 1
        if not left:
            return


def opcodes(old: Blob, new: Blob) -> list[tuple[str, int, int, int, int]]:
    """Return the blocks of lines in which two contents differ."""
    matcher = difflib.SequenceMatcher(None, old.lines, new.lines, autojunk=False)
    return [code for code in matcher.get_opcodes() if code[0] != "equal"]


def _hidden(world: World, change: Change, ring: Sequence[tuple[str, int]]) -> Iterator[Case]:
    old, new = world.repository.blob(change.old), world.repository.blob(change.new)
    small = [code for code in opcodes(old, new) if 1 <= code[4] - code[3] <= MOST_LINES]
    for _, _, _, start, end in small[:3]:
        gold = world.gold(change.path, new.lines[start:end], new.definitions)
        if gold:
            visible = Blob("\n".join(new.lines[:start] + new.lines[end:]))
            yield _case(change.path, visible, start, gold, ring)


def _case(
    path: str, visible: Blob, line: int, gold: frozenset[str], ring: Sequence[tuple[str, int]]
) -> Case:
    known: set[str] = set()
    for lines, most in (
        (range(line - 1, -1, -1), BEFORE),
        (range(line, len(visible.lines)), AFTER),
    ):
        left = most
        for n in lines:
            left -= visible.costs[n]
            if left < 0:
                break
            known.update(visible.words[n])
    chunks, seen = [], set()
    for place, at in ring:
        if place != path and (place, at // RING_HALF) not in seen:
            seen.add((place, at // RING_HALF))
            chunks.append((place, at))
    return Case(path, visible, line, gold, chunks[:RING_CHUNKS], frozenset(known))


def _ring(
    world: World,
    history: Sequence[tuple[str, list[Change]]],
    at: int,
    *,
    past_only: bool,
) -> list[tuple[str, int]]:
    """Return where this commit and the 20 before it changed something (never what to)."""
    found: list[tuple[str, int]] = []
    for _, changes in history[at + past_only : at + 1 + RING_COMMITS]:
        for change in changes:
            if change.status == "M" and change.path in world.files and len(found) <= 60:
                found += [(change.path, line) for line in _touched(world.repository, change)]
    return found


@cache
def _touched(repository: Repository, change: Change) -> tuple[int, ...]:
    old, new = repository.blob(change.old), repository.blob(change.new)
    if len(old.text) > _LARGE:
        return ()
    matcher = difflib.SequenceMatcher(None, old.lines, new.lines)
    return tuple(code[1] for code in matcher.get_opcodes() if code[0] != "equal")


def holes(world: World, count: int, seed: int = 1) -> Iterator[Case]:
    """Yield random simple statements of functions at the newest commit, hidden one at a time."""
    world.move("HEAD")
    rnd = random.Random(seed)  # noqa: S311 - reproducible, not secret
    found = []
    for path in sorted(world.files):
        blob = world.files[path]
        if is_test(path) or path.startswith("docs/") or blob.tree is None:
            continue
        inside = list(_statements(blob.tree))
        found += [(path, *lines) for lines in rnd.sample(inside, min(6, len(inside)))]
    rnd.shuffle(found)
    for path, start, end in found:
        blob = world.files[path]
        gold = world.gold(path, blob.lines[start:end], blob.definitions)
        if gold:
            visible = Blob("\n".join(blob.lines[:start] + blob.lines[end:]))
            yield _case(path, visible, start, gold, ())
            count -= 1
            if not count:
                return


_SIMPLE = (
    ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return | ast.Raise | ast.Assert
)


def _statements(tree: ast.Module) -> Iterator[tuple[int, int]]:
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            if not isinstance(node, _SIMPLE) or (node.end_lineno or 0) - node.lineno >= 3:
                continue
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            yield node.lineno - 1, node.end_lineno or node.lineno
