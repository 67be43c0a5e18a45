"""Which files are shown whole, as signatures, by name or not at all, under a budget of tokens.

By rank, ties by path. A file that does not fit is passed over and the next one tried; that a file
is shown never depends on the order in which files are handed in. Deliberately no memory: what an
earlier pack showed is not this module's concern.

Invariant: the sections chosen never exceed the budget, and if everything fits, all is shown whole.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tandem.index.pack.layout import Entry, Estimator, File, Level, Tree, shown

_SKELETON_SHARE: Final = 2
"""Signatures get at most half of the budget before whole files: the codebase's outline is worth
more than any one file, yet a reviewer needs the important bodies. A guess, not measured."""


def choose(tree: Tree, budget: int, estimate: Estimator) -> dict[str, File]:
    """Return every file of the tree at the level at which it is to be shown, by path."""
    whole = {path: shown(path, tree[path], Level.FULL, estimate) for path in sorted(tree)}
    if sum(file.tokens for file in whole.values()) <= budget:
        return whole
    order = sorted(tree, key=lambda path: (-tree[path].rank, path))
    chosen = {path: shown(path, tree[path], Level.OMITTED, estimate) for path in order}
    names = {path: shown(path, tree[path], Level.LISTING, estimate) for path in order}
    outlines = {path: _outline(path, tree[path], whole[path], estimate) for path in order}
    left = _upgrade(chosen, names, order, budget)
    # What the first round may not spend on signatures is kept aside for whole files.
    aside = min(left, budget // _SKELETON_SHARE)
    left = aside + _upgrade(chosen, outlines, order, left - aside)
    left = _upgrade(chosen, whole, order, left)
    _upgrade(chosen, outlines, order, left)
    return {path: chosen[path] for path in whole}


def _outline(path: str, entry: Entry, whole: File, estimate: Estimator) -> File:
    """Return the signatures, or the whole file where that is no longer."""
    outline = shown(path, entry, Level.SKELETON, estimate)
    return outline if entry.skeleton and outline.tokens < whole.tokens else whole


def _upgrade(
    chosen: dict[str, File], better: Mapping[str, File], order: Iterable[str], budget: int
) -> int:
    """Show files as in `better` while the budget lasts; return what is left of it."""
    for path in order:
        grown = better[path].tokens - chosen[path].tokens
        if chosen[path].level is not Level.FULL and grown <= budget:
            chosen[path] = better[path]
            budget -= grown
    return budget
