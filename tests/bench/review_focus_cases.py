"""Commits of a repository as a reviewer has them, and what jedi says of each."""

import ast
import importlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tandem.core.diff import FileDiff
from tandem.index.facts import FileFacts
from tandem.index.languages import Language, language_of
from tandem.index.names import names
from tandem.index.pack import focus
from tandem.index.parse import parse
from tests.bench.recall_cases import (
    Blob,
    Change,
    Repository,
    World,
    is_test,
    opcodes,
)

CALLS = 40  # of one definition that are looked up
MOST_CHANGED = 12
_LARGE = 400_000

Place = tuple[str, int]  # a path and a zero-based line


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
