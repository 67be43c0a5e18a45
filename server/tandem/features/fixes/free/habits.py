"""What a repository's other files import under a name: so packages that are not in it are known.

Invariant: at most 60 bindings are looked at.
"""

from collections.abc import Collection
from dataclasses import dataclass
from posixpath import dirname
from typing import Final

from tandem.features.fixes.free.specifiers import speaks
from tandem.index.code import Code

_LOOKED_AT: Final = 60


@dataclass(frozen=True, slots=True)
class Habit:
    """One way in which a name is imported: `name` of `module`, or the module itself (empty).

    `target` is the file that it leads to, empty outside of the codebase; `example` a file that
    does it, `count` how many of those looked at do.
    """

    module: str
    name: str
    target: str
    example: str
    count: int


def habits(code: Code, path: str, name: str, languages: Collection[str]) -> list[Habit]:
    """Return the ways in which other files of the languages import a name, most usual first."""
    found: dict[tuple[str, str, str], list[str]] = {}
    able = frozenset(languages)
    for other, item in code.bindings(name)[:_LOOKED_AT]:
        if other == path or not speaks(other, able):
            continue
        target = code.imports(other).get(name)
        leads = target.path if target is not None else ""
        relative = item.module.startswith(".")
        if relative and not leads:
            continue
        taken = next((original for original, local in item.names if local == name), "")
        key = ("" if relative else item.module, taken, leads)
        found.setdefault(key, []).append(other)
    ways = [
        Habit(module, taken, target, paths[0], len(paths))
        for (module, taken, target), paths in found.items()
    ]
    return sorted(ways, key=lambda way: (-way.count, way.module, way.target))


def nearest(paths: Collection[str], path: str, languages: frozenset[str]) -> list[str]:
    """Return the files of some languages, those in folders near a file first."""
    able = [other for other in paths if speaks(other, languages)]
    return sorted(able, key=lambda other: (apart(path, other), other))


def apart(path: str, other: str) -> int:
    """Return how many folders lie between two files."""
    one, two = dirname(path).split("/"), dirname(other).split("/")
    common = 0
    for a, b in zip(one, two, strict=False):
        if a != b:
            break
        common += 1
    return len(one) + len(two) - 2 * common
