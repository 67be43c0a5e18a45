"""A large change in parts that are judged one by one: what depends on each other stays together.

Files that import each other, or use what the other defines anew, are one part as long as its diff
fits; small parts are put together, so that the codebase in front is sent as seldom as possible.

Pure. Invariant: every file is in exactly one part; the same change is always cut the same way.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.core import diff, tokens
from tandem.features.review.change import Change, Changed
from tandem.index.code import Code

BUDGET: Final = 12_000
"""Tokens of diff in one part: three quarters of a focus block, the rest is what it uses."""

_PER_FILE: Final = 12  # tokens of a header


@dataclass(frozen=True, slots=True)
class Part:
    """Files that are judged together, and the tokens of their diffs."""

    files: tuple[Changed, ...]
    tokens: int

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths of the files."""
        return tuple(one.path for one in self.files)


def parts(change: Change, code: Code, wanted: Sequence[str] | None = None) -> tuple[Part, ...]:
    """Cut a change; only the `wanted` files of it where they are given."""
    chosen = None if wanted is None else frozenset(wanted)
    files = [one for one in change.files if chosen is None or one.path in chosen]
    sizes = {one.path: size_of(one) for one in files}
    clusters = [list(_cut(some, sizes)) for some in _connected(files, code)]
    return tuple(_joined([part for cluster in clusters for part in cluster], sizes))


def size_of(one: Changed) -> int:
    """Return the tokens of a file's diff."""
    item = diff.between(one.before, one.after, one.old or one.path, one.path)
    return tokens.estimate(diff.render([item])) + _PER_FILE


def _connected(files: Sequence[Changed], code: Code) -> Iterator[list[Changed]]:
    """Yield the files that hang together, in the order of their paths."""
    edges = _edges(files, code)
    left = {one.path: one for one in files}
    while left:
        todo, found = [next(iter(left))], list[Changed]()
        while todo:
            path = todo.pop(0)
            one = left.pop(path, None)
            if one is not None:
                found.append(one)
                todo += sorted(edges[path] & left.keys())
        yield found


def _edges(files: Sequence[Changed], code: Code) -> Mapping[str, set[str]]:
    paths = {one.path for one in files}
    edges: dict[str, set[str]] = {path: set() for path in paths}
    for path in paths:
        for target in {target.path for target in code.imports(path).values()} & paths:
            if target != path:
                edges[path].add(target)
                edges[target].add(path)
    for one in files:
        own = [name for name in one.look.touched if list(code.definers(name)) == [one.path]]
        users = {user for name in own for user in code.users(name)}
        for other in ({one.old} | users) & paths - {one.path}:
            edges[one.path].add(other)
            edges[other].add(one.path)
    return edges


def _cut(files: Sequence[Changed], sizes: Mapping[str, int]) -> Iterator[list[Changed]]:
    """Yield a cluster in pieces that fit, neighbors together; what alone is too long, alone."""
    piece: list[Changed] = []
    size = 0
    for one in files:
        if piece and size + sizes[one.path] > BUDGET:
            yield piece
            piece, size = [], 0
        piece.append(one)
        size += sizes[one.path]
    if piece:
        yield piece


def _joined(pieces: Sequence[list[Changed]], sizes: Mapping[str, int]) -> Iterator[Part]:
    """Put small pieces together: first fit, in the order in which they come."""
    bins: list[tuple[list[Changed], int]] = []
    for piece in pieces:
        size = sum(sizes[one.path] for one in piece)
        for number, (files, used) in enumerate(bins):
            if used + size <= BUDGET:
                bins[number] = ([*files, *piece], used + size)
                break
        else:
            bins.append((list(piece), size))
    for files, size in bins:
        yield Part(tuple(files), size)
