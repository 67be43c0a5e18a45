"""What others put into a prompt, as units of lines: the baselines of the recall bench.

Windows ranked by Jaccard (RepoCoder) or BM25, cards of imported definitions with their base
classes, cards of names near the cursor with few definers, the ring of recent edits (llama.vim),
aider's repository map (0.86's formula), the open file itself, and the published mixes. Written for
fidelity to what was published, not for speed; nothing here is used by the product.

Invariant: like everyone else's, their view of the open file is the visible text.
"""

import ast
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import numpy as np

from tests.bench.recall_cases import (
    AFTER,
    BEFORE,
    COMMON,
    MOST_DEFINERS,
    RING_HALF,
    Blob,
    Case,
    World,
)

Unit = tuple[str, Sequence[int]]
WINDOW, STEP = 20, 10
_HEADER = 8
_SKIPS = 40
_MAPPED = 3000


def filled(units: Iterable[Unit], world: World, budget: int) -> dict[str, set[int]]:
    """Take units while they fit, each line once, a header for each file."""
    taken: dict[str, set[int]] = {}
    skips = 0
    for path, lines in units:
        costs = world.files[path].costs
        fresh = [n for n in lines if n not in taken.get(path, ()) and n < len(costs)]
        if not fresh:
            continue
        cost = sum(costs[n] for n in fresh) + (0 if path in taken else _HEADER)
        if cost > budget:
            skips += 1
            if skips > _SKIPS:
                break
            continue
        budget -= cost
        taken.setdefault(path, set()).update(fresh)
    return taken


def of_the_file(case: Case, budget: int) -> set[str]:
    """Return the words of a window of the open file that is `budget` larger."""
    words: set[str] = set()
    blob = case.visible
    for lines, most in (
        (range(case.line - 1, -1, -1), BEFORE + 0.75 * budget),
        (range(case.line, len(blob.lines)), AFTER + 0.25 * budget),
    ):
        left = most
        for n in lines:
            left -= blob.costs[n]
            if left < 0:
                break
            words.update(blob.words[n])
    return words


def interleaved(*parts: Iterable[Unit]) -> Iterator[Unit]:
    """Take one of each in turn."""
    running = [iter(part) for part in parts]
    while running:
        for part in list(running):
            found = next(part, None)
            if found is None:
                running.remove(part)
            else:
                yield found


def all_units(world: World, case: Case, ranked: "RepositoryMap | None") -> dict[str, list[Unit]]:
    """Return every baseline's units for a case."""
    cards = Cards(world, case)
    imports, unique = cards.imported(), cards.unique()
    bm25 = windows(world, case, "bm25")
    ring = [(p, range(max(0, at - RING_HALF), at + RING_HALF)) for p, at in case.ring]
    found: dict[str, list[Unit]] = {
        "jaccard": windows(world, case, "jaccard"),
        "bm25": bm25,
        "imports": imports,
        "unique": unique,
        "ring": list(ring),
        "imports+unique+bm25": list(interleaved(imports, unique, bm25)),
        "imports+unique+ring+bm25": list(interleaved(imports, unique, ring, bm25)),
    }
    if ranked is not None:
        found["repomap"] = list(ranked.rank(case))
    return found


# -- windows -----------------------------------------------------------------------------------


class _Counts:
    """The windows of one file by their words."""

    def __init__(self, blob: Blob) -> None:
        self.words: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        self.length: list[int] = []
        self.distinct: list[int] = []
        for first in range(0, max(1, len(blob.lines)), STEP):
            counts = Counter(chain.from_iterable(blob.words[first : first + WINDOW]))
            for word, count in counts.items():
                self.words[word].append((len(self.length), count))
            self.length.append(sum(counts.values()))
            self.distinct.append(len(counts))


_counted: dict[int, tuple[Blob, _Counts]] = {}


def _counts(blob: Blob) -> _Counts:
    found = _counted.get(id(blob))
    if found is None:
        found = _counted[id(blob)] = (blob, _Counts(blob))
    return found[1]


def windows(world: World, case: Case, kind: str) -> list[Unit]:
    """Rank all windows of all other files by the words of the 20 lines before the gap."""
    query = set(case.near)
    files = {path: _counts(blob) for path, blob in world.files.items() if path != case.path}
    total = sum(len(counts.length) for counts in files.values())
    average = sum(sum(counts.length) for counts in files.values()) / max(1, total)
    scores: defaultdict[tuple[str, int], float] = defaultdict(float)
    for word in query:
        posted = [
            (path, counts.words[word]) for path, counts in files.items() if word in counts.words
        ]
        frequency = sum(len(where) for _, where in posted)
        weight = math.log(1 + (total - frequency + 0.5) / (frequency + 0.5))
        for path, where in posted:
            for number, count in where:
                if kind == "jaccard":
                    scores[path, number] += 1
                else:
                    norm = 0.25 + 0.75 * files[path].length[number] / average
                    scores[path, number] += weight * count * 2.2 / (count + 1.2 * norm)
    if kind == "jaccard":
        for (path, number), score in scores.items():
            union = len(query) + files[path].distinct[number] - score
            scores[path, number] = score / union
    best = sorted(scores, key=lambda place: (-scores[place], place))[:300]
    return [(path, range(number * STEP, number * STEP + WINDOW)) for path, number in best]


# -- cards -------------------------------------------------------------------------------------


def card(blob: Blob, line: int) -> Sequence[int]:
    """Return the lines of a definition's card: signature, first line of documentation, members."""
    return _cards(blob).get(line, [line])


_carded: dict[int, tuple[Blob, dict[int, list[int]]]] = {}


def _cards(blob: Blob) -> dict[int, list[int]]:
    found = _carded.get(id(blob))
    if found is None:
        cards: dict[int, list[int]] = {}
        for node in ast.walk(blob.tree) if blob.tree is not None else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                cards[node.lineno - 1] = _head(node)
            elif isinstance(node, ast.ClassDef):
                cards[node.lineno - 1] = sorted(set(_class_card(node)))
        found = _carded[id(blob)] = (blob, cards)
    return found[1]


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[int]:
    first = min([d.lineno for d in node.decorator_list] + [node.lineno])
    last = max(node.body[0].lineno - 1, node.lineno)
    lines = list(range(first - 1, last))[:12]
    doc = node.body[0]
    if isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant):
        lines.append(doc.lineno - 1)
    return lines


def _class_card(node: ast.ClassDef) -> Iterator[int]:
    yield from _head(node)
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _head(item)
            if item.name == "__init__":
                for inner in ast.walk(item):
                    target = inner.targets[0] if isinstance(inner, ast.Assign) else None
                    if isinstance(target, ast.Attribute):
                        yield inner.lineno - 1  # type: ignore[attr-defined]  # a statement
        elif isinstance(item, ast.Assign | ast.AnnAssign):
            yield item.lineno - 1


class Cards:
    """Cards for one case: of what is imported, and of names that few files define."""

    def __init__(self, world: World, case: Case) -> None:
        self._world, self._case = world, case
        self._bound = world.code.imports(case.path)
        names: dict[str, int] = {}
        blob = case.visible
        for far in range(25):
            for n in {case.line - 1 - far, case.line + far}:
                for word in blob.words[n] if 0 <= n < len(blob.words) else ():
                    if word not in COMMON:
                        names.setdefault(word, far)
        self._near = list(names)
        self._count = Counter(chain.from_iterable(blob.words))

    def _sites(self, path: str, name: str, depth: int = 0) -> list[tuple[str, int]]:
        blob = self._world.files.get(path)
        if blob is None or depth > 4:
            return []
        lines = blob.definitions.get(name)
        if lines:
            return [(path, line) for line in lines[:2]]
        target = self._world.code.imports(path).get(name)
        return self._sites(target.path, target.name or name, depth + 1) if target else []

    def imported(self) -> list[Unit]:
        """Rank imported definitions: near the cursor first, then bases, then the most used."""
        sites = {
            local: self._sites(target.path, target.name or local)
            for local, target in self._bound.items()
            if target.path != self._case.path
        }
        order = [site for word in self._near for site in sites.get(word, ())]
        order += self._bases()
        for word in sorted(sites, key=lambda word: (-self._count[word], word)):
            order += sites[word]
        return [(p, card(self._world.files[p], line)) for p, line in dict.fromkeys(order)]

    def _bases(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        tree = self._case.visible.tree
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.ClassDef) and node.lineno <= self._case.line + 1 <= (
                node.end_lineno or 0
            ):
                for base in node.bases:
                    name = ast.unparse(base).partition("[")[0].rpartition(".")[2]
                    target = self._bound.get(name)
                    if target is not None:
                        found += self._sites(target.path, target.name or name)
        return found

    def unique(self) -> list[Unit]:
        """Rank names near the cursor that at most three other files define."""
        units: list[Unit] = []
        for word in self._near:
            if word in self._case.visible.definitions:
                continue
            paths = self._world.definers[word] - {self._case.path}
            if 0 < len(paths) <= MOST_DEFINERS:
                for path in sorted(paths):
                    blob = self._world.files[path]
                    units += [(path, card(blob, line)) for line in blob.definitions[word][:2]]
        return units


# -- aider's map -------------------------------------------------------------------------------


class RepositoryMap:
    """Edges from those who mention a name to those who define it; personalised PageRank."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._paths = sorted(world.files)
        self._number = {path: n for n, path in enumerate(self._paths)}
        users: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for path, blob in world.files.items():
            for name, count in blob.references.items():
                users[name][path] = count
        self._names = sorted(name for name in users if world.definers.get(name))
        edges = []
        for number, name in enumerate(self._names):
            definers = world.definers[name]
            if len(definers) * len(users[name]) > 20_000:
                continue
            weight = _weight(name, len(definers))
            for path, count in users[name].items():
                source, strength = self._number[path], weight * math.sqrt(count)
                edges += [(source, self._number[d], strength, number) for d in definers]
        columns = np.array(edges).reshape(-1, 4)
        self._source, self._target = columns[:, 0].astype(int), columns[:, 1].astype(int)
        self._weights, self._name = columns[:, 2], columns[:, 3].astype(int)

    def rank(self, case: Case) -> Iterator[Unit]:
        """Yield signature lines, the best first; what is hidden does not vote."""
        current = self._number[case.path]
        visible = case.visible.references
        weights = self._weights.copy()
        mentioned = set(case.near)
        for edge in np.nonzero(self._source == current)[0]:
            name = self._names[self._name[edge]]
            all_there = self._world.files[case.path].references[name]
            weights[edge] *= 50 * math.sqrt(min(visible[name], all_there) / all_there)
        asked = np.array([name in mentioned for name in self._names])
        weights[asked[self._name]] *= 10
        flow = self._flow(weights, current)
        key = self._target * len(self._names) + self._name
        places, where = np.unique(key, return_inverse=True)
        total = np.bincount(where, flow)
        for place in np.argsort(-total, kind="stable")[:_MAPPED]:
            target, name = divmod(int(places[place]), len(self._names))
            path = self._paths[target]
            if path != case.path:
                for line in self._world.files[path].definitions[self._names[name]]:
                    yield path, [line]

    def _flow(self, weights: np.ndarray, current: int) -> np.ndarray:
        count = len(self._paths)
        out = np.bincount(self._source, weights, count)
        share = weights / np.maximum(out[self._source], 1e-12)
        start = np.zeros(count)
        start[current] = 1
        rank = np.full(count, 1 / count)
        for _ in range(60):
            spread = np.bincount(self._target, rank[self._source] * share, count)
            fresh = 0.85 * (spread + start * rank[out == 0].sum()) + 0.15 * start
            if np.abs(fresh - rank).sum() < 1e-7:
                break
            rank = fresh
        flow: np.ndarray = rank[self._source] * share
        return flow


def _weight(name: str, definers: int) -> float:
    mixed = any(c.isupper() for c in name) and any(c.islower() for c in name)
    weight = 10.0 if ("_" in name or mixed) and len(name) >= 8 else 1.0
    return weight * (0.1 if name.startswith("_") else 1) * (0.1 if definers > 5 else 1)
