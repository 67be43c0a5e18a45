"""Syntax trees: which grammar a file's bytes want, and a parse that can be given up.

Deliberately no threads and no cache: a parse holds the GIL for its whole run, so the caller decides
which process pays for it. A tree takes 28 bytes a byte of source; callers drop it soon.

Invariant: never raises, whatever the bytes; None means no grammar, or no time.
"""

import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from tandem.index import grammars
from tandem.index.languages import Language, by_id

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

# Up to this who sets no time cannot stop: 256 kB of code take 40 ms. What is no code can take any
# time, 4 kB of `->` keep JavaScript's grammar busy for 6 s: a parse of what may be hostile wants a
# time, which costs 4 % more than the plain call.
_LARGE: Final = 256_000
_MOST_NODES: Final = 20_000  # looked at when counting errors: 5 ms


# Half of the world's `.h` files are C++, which the grammar of C answers with errors.
_CPP: Final = re.compile(rb"\n[ \t]*(?:namespace\b|class\b|template[ \t]*<|public:|using )|\w::\w")
_CPP_LANGUAGE: Final = by_id("cpp")


def spoken(language: Language, source: bytes) -> Language:
    """Return the language that a file is written in, where its name says another."""
    if language.id == "c" and _CPP_LANGUAGE is not None and _CPP.search(source) is not None:
        return _CPP_LANGUAGE
    return language


def never() -> bool:
    """Never stop."""
    return False


Over: TypeAlias = Callable[..., bool]
"""Tells that time is up; called without arguments, or as the parser's progress callback."""


def deadline(budget_s: float | None, stop: Callable[[], bool], size: int) -> Over | None:
    """Return what tells that time is up; None where the plain, uninterruptible call will do."""
    if budget_s is None:
        return (lambda *_: stop()) if stop is not never or size > _LARGE else None
    now, end = time.monotonic, time.monotonic() + budget_s
    if stop is never:
        return lambda _at=0, _error=False: now() > end
    return lambda *_: now() > end or stop()


def parsed(
    source: bytes, language: Language, old: "Tree | None", over: Over | None
) -> "Tree | None":
    """Parse UTF-8; `old` is the edited tree of the text before, `over` tells to give up."""
    found = _parser(language)
    if found is None:
        return None
    if over is None:
        return found.parse(source) if old is None else found.parse(source, old)
    if over():
        return None

    def read(at: int, _point: object) -> bytes:
        return source[at:]  # all of it at once, and nothing behind its end

    try:
        if old is None:
            return found.parse(read, progress_callback=over)
        return found.parse(read, old, progress_callback=over)
    except ValueError:  # "Parsing failed": the callback said so
        return None


def _parser(language: Language) -> "Parser | None":
    """Make a parser: 2 us, and a cancelled one would have to be reset before its next use."""
    grammar = grammars.grammar(language)
    if grammar is None:
        return None
    from tree_sitter import Parser  # noqa: PLC0415 - the import waits for the first grammar

    return Parser(grammar)


def error_count(root: "Node") -> int:
    """Count ERROR and MISSING nodes, going only where there are some."""
    return max(len(_errors(root)), 1) if root.has_error else 0


def error_rows(root: "Node") -> set[int]:
    """Return the zero-based rows on which ERROR and MISSING nodes begin."""
    return {node.start_point[0] for node in _errors(root)}


def _errors(root: "Node") -> "list[Node]":
    found: list[Node] = []
    nodes = [root] if root.has_error else []
    for _ in range(_MOST_NODES):
        if not nodes:
            break
        node = nodes.pop()
        if node.is_error or node.is_missing:
            found.append(node)
        nodes += [child for child in node.children if child.has_error]
    return found
