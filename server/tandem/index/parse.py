"""Exact facts of a file from one parse (tier 2).

Invariant: never raises, whatever the bytes; None means no grammar, or no time.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from tandem.core.text import Span
from tandem.index import grammars
from tandem.index.facts import Definition, FileFacts, Kind
from tandem.index.languages import Language
from tandem.index.names import decoded, identifiers, names, offsets
from tandem.index.syntax.generic import of_grammar
from tandem.index.syntax.tables import syntax_of
from tandem.index.syntax.walk import Actions, Row, compiled, walk
from tandem.index.trees import deadline, error_count, never, parsed, spoken

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST_SIGNATURE: Final = 300
_LONGEST_HEAD: Final = 4 * _LONGEST_SIGNATURE  # before its white space is folded
# A tuple: it compares by identity, where a set would call the hash of an Enum, which is Python.
_VALUES: Final = (Kind.VARIABLE, Kind.CONSTANT, Kind.FIELD, Kind.KEY)
_REMARK: Final = re.compile(r"(?:^|(?<=\s))(?:#|//|--)\s.*$", re.MULTILINE)
_EMPTY: Final = re.compile(r"(?:;\s*|\s+)end$")  # of `def f; end`, which has no body


def parse(
    data: bytes,
    language: Language,
    *,
    budget_s: float | None = None,
    stop: Callable[[], bool] = never,
) -> FileFacts | None:
    """Parse a file's bytes and return its exact facts.

    None without a grammar, past `budget_s` seconds of wall time, or once `stop` says so.
    """
    text, source = decoded(data)
    actual = spoken(language, source)
    tree = parsed(source, actual, None, deadline(budget_s, stop, len(source)))
    if tree is None:
        return None
    return facts_of_tree(tree.root_node, text, source, actual, language.id)


def syntax_errors(data: bytes, language: Language) -> int:
    """Count the places that a grammar could not make sense of; 0 without a grammar."""
    source = decoded(data)[1]
    tree = parsed(source, spoken(language, source), None, None)
    return error_count(tree.root_node) if tree is not None else 0


@cache
def _actions(language: Language) -> Actions | None:
    grammar = grammars.grammar(language)
    if grammar is None:
        return None
    return compiled(syntax_of(language.id) or of_grammar(grammar), grammar)


def facts_of_tree(root: "Node", text: str, source: bytes, actual: Language, name: str) -> FileFacts:
    actions = _actions(actual)
    rows, imports = walk(root.named_children, actions, source) if actions is not None else ([], [])
    errors = error_count(root)
    if not rows and syntax_of(actual.id) is None:  # a grammar whose node types say nothing
        return replace(names(source, name), errors=errors)
    definitions = _definitions(rows, text, source)
    words = identifiers(source, actual.id)
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
