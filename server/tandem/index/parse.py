"""Exact facts of a file from one parse (tier 2), and trees of open documents that follow edits.

The tree is dropped as soon as the facts are out, since it takes 28 bytes a byte of source; an
`OpenTree` keeps it for the few documents that are open. Deliberately no threads and no cache: a
parse holds the GIL for its whole run, so the caller decides which process pays for it.

Invariant: never raises, whatever the bytes; None means no grammar, or no time.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Final

from tandem.core.text import Span
from tandem.index import grammars
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.languages import Language, by_id
from tandem.index.names import decoded, identifiers, names, offsets
from tandem.index.syntax.generic import of_grammar
from tandem.index.syntax.tables import syntax_of
from tandem.index.syntax.walk import Actions, Row, compiled, walk

if TYPE_CHECKING:
    from tree_sitter import Node, Parser, Tree

_LONGEST_SIGNATURE: Final = 300
_PIECE: Final = 65_536
# Below this the plain call is safe: 256 kB take 40 ms. The interruptible form costs 9 % more.
_LARGE: Final = 256_000
_MOST_NODES: Final = 20_000  # looked at when counting errors: 5 ms
_LONGEST_HEAD: Final = 4 * _LONGEST_SIGNATURE  # before its white space is folded
# A tuple: it compares by identity, where a set would call the hash of an Enum, which is Python.
_VALUES: Final = (Kind.VARIABLE, Kind.CONSTANT, Kind.FIELD, Kind.KEY)
_REMARK: Final = re.compile(r"(?:^|(?<=\s))(?:#|//|--)\s.*$", re.MULTILINE)
_EMPTY: Final = re.compile(r"(?:;\s*|\s+)end$")  # of `def f; end`, which has no body


# Half of the world's `.h` files are C++, which the grammar of C answers with errors.
_CPP: Final = re.compile(rb"\n[ \t]*(?:namespace\b|class\b|template[ \t]*<|public:|using )|\w::\w")
_CPP_LANGUAGE: Final = by_id("cpp")


def _spoken(language: Language, source: bytes) -> Language:
    """Return the language that a file is written in, where its name says another."""
    if language.id == "c" and _CPP_LANGUAGE is not None and _CPP.search(source) is not None:
        return _CPP_LANGUAGE
    return language


def _never() -> bool:
    return False


def parse(
    data: bytes,
    language: Language,
    *,
    budget_s: float | None = None,
    stop: Callable[[], bool] = _never,
) -> FileFacts | None:
    """Parse a file's bytes and return its exact facts.

    None without a grammar, past `budget_s` seconds of wall time, or once `stop` says so.
    """
    text, source = decoded(data)
    spoken = _spoken(language, source)
    tree = _tree(source, spoken, None, _deadline(budget_s, stop, len(source)))
    if tree is None:
        return None
    return _facts(tree.root_node, text, source, spoken, language.id)


def syntax_errors(data: bytes, language: Language) -> int:
    """Count the places that a grammar could not make sense of; 0 without a grammar."""
    source = decoded(data)[1]
    tree = _tree(source, _spoken(language, source), None, None)
    return _errors(tree.root_node) if tree is not None else 0


@dataclass(frozen=True, slots=True)
class OpenTree:
    """The tree of an open document. Offsets are bytes of its UTF-8 text; a value, never changed."""

    language: Language
    data: bytes
    _spoken: Language
    _tree: "Tree"

    @classmethod
    def of(
        cls, data: bytes, language: Language, *, budget_s: float | None = None
    ) -> "OpenTree | None":
        """Parse a whole document; None without a grammar or over budget."""
        source = decoded(data)[1]
        spoken = _spoken(language, source)
        tree = _tree(source, spoken, None, _deadline(budget_s, _never, len(source)))
        return cls(language, data, spoken, tree) if tree is not None else None

    def edit(
        self,
        start: int,
        old_end: int,
        new_end: int,
        data: bytes,
        *,
        budget_s: float | None = None,
    ) -> "OpenTree | None":
        r"""Return the tree of the edited document, in 0.2-2 ms where a full parse takes 30.

        Bytes ``[start, old_end)`` became ``[start, new_end)`` of `data`. None over budget: an
        opening ``\"\"\"`` at the top of 5,000 lines costs seven full parses.
        """
        source = decoded(data)[1]
        if source is not data or decoded(self.data)[1] is not self.data:
            return OpenTree.of(data, self.language, budget_s=budget_s)
        tree = self._tree.copy()
        tree.edit(
            start,
            old_end,
            new_end,
            _point(self.data, start),
            _point(self.data, old_end),
            _point(data, new_end),
        )
        fresh = _tree(source, self._spoken, tree, _deadline(budget_s, _never, len(source)))
        if fresh is None:
            return None
        return OpenTree(self.language, data, self._spoken, fresh)

    def facts(self) -> FileFacts:
        """Return the exact facts of the document as it is."""
        text, source = decoded(self.data)
        return _facts(self._tree.root_node, text, source, self._spoken, self.language.id)

    def errors(self) -> int:
        """Count the places that the grammar could not make sense of."""
        return _errors(self._tree.root_node)


# -- parsing -----------------------------------------------------------------------------------


def _deadline(
    budget_s: float | None, stop: Callable[[], bool], size: int
) -> Callable[[], bool] | None:
    """Return what tells that time is up; None where the plain, uninterruptible call will do."""
    if budget_s is None:
        return stop if stop is not _never or size > _LARGE else None
    end = time.monotonic() + budget_s
    return lambda: time.monotonic() > end or stop()


def _tree(
    source: bytes, language: Language, old: "Tree | None", over: Callable[[], bool] | None
) -> "Tree | None":
    found = _parser(language)
    if found is None:
        return None
    if over is None:
        return found.parse(source) if old is None else found.parse(source, old)
    if over():
        return None

    def read(at: int, _point: object) -> bytes:
        return source[at : at + _PIECE]

    def progress(_at: int, _error: bool) -> bool:  # noqa: FBT001 - the binding calls it so
        return over()

    try:
        if old is None:
            return found.parse(read, progress_callback=progress)
        return found.parse(read, old, progress_callback=progress)
    except ValueError:  # "Parsing failed": the callback said so
        return None


def _parser(language: Language) -> "Parser | None":
    """Make a parser: 2 us, and a cancelled one would have to be reset before its next use."""
    grammar = grammars.grammar(language)
    if grammar is None:
        return None
    from tree_sitter import Parser  # noqa: PLC0415 - the import waits for the first grammar

    return Parser(grammar)


def _point(data: bytes, at: int) -> tuple[int, int]:
    return data.count(b"\n", 0, at), at - (data.rfind(b"\n", 0, at) + 1)


def _errors(root: "Node") -> int:
    """Count ERROR and MISSING nodes, going only where there are some."""
    if not root.has_error:
        return 0
    count = seen = 0
    nodes = [root]
    while nodes and seen < _MOST_NODES:
        node = nodes.pop()
        seen += 1
        count += node.is_error or node.is_missing
        nodes += [child for child in node.children if child.has_error]
    return max(count, 1)


# -- facts -------------------------------------------------------------------------------------


@cache
def _actions(language: Language) -> Actions | None:
    grammar = grammars.grammar(language)
    if grammar is None:
        return None
    return compiled(syntax_of(language.id) or of_grammar(grammar), grammar)


def _facts(root: "Node", text: str, source: bytes, spoken: Language, name: str) -> FileFacts:
    actions = _actions(spoken)
    rows, imports = walk(root, actions, source) if actions is not None else ([], [])
    errors = _errors(root)
    if not rows and syntax_of(spoken.id) is None:  # a grammar whose node types say nothing
        return replace(names(source, name), errors=errors)
    definitions = _definitions(rows, text, source)
    words = identifiers(source, spoken.id)
    return FileFacts(name, definitions, tuple(imports), words, errors, exact=True)


def _definitions(rows: Sequence[Row], text: str, source: bytes) -> tuple[Definition, ...]:
    if len(text) != len(source):
        at = offsets({n for row in rows for n in row[:6]}, text, source)
        rows = [_moved(row, at) for row in rows]
    return tuple(
        [
            Definition(
                text[name:name_end],
                kind,
                Span(start, end),
                name,
                line,
                _signature(text[head:head_end], kind),
                doc,
                parent,
            )
            for name, name_end, start, end, head, head_end, kind, line, doc, parent in rows
        ]
    )


def _moved(row: Row, at: Mapping[int, int]) -> Row:
    """Return a row whose bytes are code points."""
    return row._replace(
        name=at[row.name],
        name_end=at[row.name_end],
        start=at[row.start],
        end=at[row.end],
        head=at[row.head],
        head_end=at[row.head_end],
    )


def _signature(head: str, kind: Kind) -> str:
    if len(head) > _LONGEST_HEAD:
        head = head[:_LONGEST_HEAD]
    if kind in _VALUES:
        head = head.lstrip().partition("\n")[0]
    elif "\n" in head:
        head = " ".join(_REMARK.sub("", head).split())
        head = head.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    folded = " ".join(head.split())
    if folded.endswith("end") and kind not in _VALUES:
        folded = _EMPTY.sub("", folded)
    return folded[:_LONGEST_SIGNATURE].rstrip("{ ;,=")
