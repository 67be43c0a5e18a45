"""Where a snapshot can be cut, and how what is written anew is split into turns.

A cut keeps whole turns from the front. Each turn takes half of what is left, so the small ones lie
at the end, where the files are that changed last and will change next. Deliberately no choice
between cuts (``compact``) and no level of detail (``levels``).

Invariant: turns joined hold the files in the order given, each once; every candidate fits the
budget, but for the first where nothing does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.index.pack import changes, layout
from tandem.index.pack.compact import Cut, Options
from tandem.index.pack.layout import Estimator, File, Level, Tree, Turn

_LEAST_TURN: Final = 16_000
"""Tokens; what is left below that is not split further: it is no dearer than a focus block."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What there is to cut: the turns, what is shown now, tokens of all that is no file."""

    turns: tuple[Turn, ...]
    shown: Mapping[str, File]
    fixed: int


def candidates(shape: Shape, tree: Tree, fresh: Mapping[str, File], options: Options) -> list[Cut]:
    """Return the possible cuts for a tree shown as in `fresh`, the one that keeps nothing first."""
    total = sum(file.tokens for file in fresh.values())
    cuts = [_cut(0, shape.fixed + total, total, 0, options)]
    kept = residue = replaced = 0
    for number, turn in enumerate(shape.turns[: max(0, options.turns - 1)], 1):
        for file in turn.files:
            kept += file.tokens
            replaced += fresh[file.path].tokens if file.path in fresh else 0
            residue += _residue(file, tree, options.estimate)
        tail = total - replaced
        if shape.fixed + kept + tail > options.snapshot_budget:
            break
        cuts.append(_cut(number, shape.fixed + kept + tail, tail, residue, options))
    if shape.turns:
        cuts.append(_merged(shape, tree, options))
    return cuts


def base(shape: Shape) -> dict[str, File]:
    """Return the files as the snapshot shows them."""
    files = {file.path: file for turn in shape.turns for file in turn.files}
    hidden = {path: f for path, f in shape.shown.items() if f.level is Level.OMITTED}
    return hidden | files


def _merged(shape: Shape, tree: Tree, options: Options) -> Cut:
    """Return the cut that keeps the snapshot and makes one change of the log."""
    snapshot = shape.fixed + sum(file.tokens for turn in shape.turns for file in turn.files)
    most = options.longest_addition(snapshot)
    change = changes.between(base(shape), tree, 1, most, options.estimate)
    residue = 0 if change is None else change.tokens
    return _cut(len(shape.turns), snapshot, 0, residue, options)


def _cut(kept: int, snapshot: int, tail: int, residue: int, options: Options) -> Cut:
    cap = min(options.log_cap(snapshot), options.budget - snapshot)
    return Cut(kept, tail + residue, residue, cap)


def in_order(tree: Tree, fresh: Mapping[str, File], kept: Mapping[str, File]) -> list[File]:
    """Return the files to write anew: the least recently changed first, ties by path."""
    paths = sorted(fresh.keys() - kept.keys(), key=lambda path: (tree[path].changed, path))
    return [fresh[path] for path in paths]


def split(files: Sequence[File], options: Options, kept: int) -> list[Turn]:
    """Write files as turns behind `kept` ones; a snapshot has at least one turn."""
    visible = [file for file in files if file.level is not Level.OMITTED]
    groups: list[list[File]] = [[]] if visible or not kept else []
    left = sum(file.tokens for file in visible)
    size = 0
    for file in visible:
        groups[-1].append(file)
        size += file.tokens
        if 2 * size >= left and left - size >= _LEAST_TURN and kept + len(groups) < options.turns:
            left, size = left - size, 0
            groups.append([])
    return [
        layout.turn(group, options.estimate, first=kept + number == 0)
        for number, group in enumerate(groups)
    ]


def _residue(file: File, tree: Tree, estimate: Estimator) -> int:
    """Return how many tokens of diff bring a kept file up to date."""
    now = {file.path: tree[file.path]} if file.path in tree else {}
    change = changes.between({file.path: file}, now, 1, 0, estimate)
    return 0 if change is None else change.tokens
