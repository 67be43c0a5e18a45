"""Imports by their text: the trees of `use`, `import` and `using` lines in their several spellings.

A path, a group in braces, a new name, a wildcard: languages differ in the separator and the word
for renaming, and in nothing else. Text serves both tiers; deliberately no nodes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import

if TYPE_CHECKING:
    from tree_sitter import Node

_TOKEN: Final = re.compile(r"[{},]|[^{},]+")
_RENAME: Final = re.compile(r"\s+as\s+|\s*=>\s*")
_WORD: Final = re.compile(
    r"^\s*(?:@\w+\s+)*(?:pub(?:\([^)]*\))?\s+)?(?:import|use|extern\s+crate)\b\s*"
    r"(?:static\b|function\b|const\b)?\s*"
)
_WILDCARDS: Final = frozenset({"*", "_", "given"})
_SPECIAL: Final = _WILDCARDS | {"self"}
_PLAIN: Final = re.compile(r"[\w.:\\]+")


def of_tree(separator: str, *, whole: bool = False) -> Callable[["Node", bytes], Iterable[Import]]:
    """Return what reads the imports of a node whose paths have this separator.

    Where `whole`, a path is a module itself and not a name in a module.
    """
    from tandem.index.syntax.rules import text  # noqa: PLC0415 - the fast tier has no nodes

    def read(node: "Node", data: bytes) -> Iterable[Import]:
        return tree_imports(text(node, data), separator, node.start_point[0], whole=whole)

    return read


def tree_imports(
    written: str, separator: str, line: int, *, whole: bool = False
) -> Iterator[Import]:
    """Yield the imports of one statement, the names of one module together."""
    tree = _WORD.sub("", written.strip().rstrip(";"), count=1)
    if _PLAIN.fullmatch(tree) is not None:  # nine of ten: 1 us instead of 6
        module, mark, name = tree.rpartition(separator)
        if mark and name not in _SPECIAL and not whole:
            yield Import(module, ((name, name),), "", line)
            return
    modules: dict[str, list[tuple[str, str]]] = {}
    for path, alias in _leaves(tree.replace("\\{", "{") if separator == "." else tree):
        module, mark, name = path.rpartition(separator)
        if name == "self" and mark:
            module, mark, name = module.rpartition(separator)
        if name in _WILDCARDS:
            yield Import(module, (), "", line)
        elif whole or not mark:
            yield Import(path, (), alias or name, line)
        else:
            modules.setdefault(module, []).append((name, alias or name))
    for module, names in modules.items():
        yield Import(module, tuple(names), "", line)


def _leaves(tree: str) -> Iterator[tuple[str, str]]:
    """Yield each path with its new name, groups multiplied out."""
    prefixes, current = [""], ""
    for piece in _TOKEN.findall(tree):
        if piece == "{":
            prefixes.append(prefixes[-1] + current.strip())
            current = ""
            continue
        if piece not in {"}", ","}:
            current += piece
            continue
        yield from _leaf(prefixes[-1], current)
        current = ""
        if piece == "}" and len(prefixes) > 1:
            prefixes.pop()
    yield from _leaf(prefixes[-1], current)


def _leaf(prefix: str, written: str) -> Iterator[tuple[str, str]]:
    if written.strip():
        name, *alias = _RENAME.split(written.strip(), maxsplit=1)
        yield prefix + "".join(name.split()), alias[0].strip() if alias else ""
