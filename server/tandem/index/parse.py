"""Exact facts of a file from one parse (tier 2): as values, or straight as a record.

Invariant: never raises, whatever the bytes; None means no grammar, or no time.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from tandem.index import grammars
from tandem.index.facts import FileFacts, Import, Kind
from tandem.index.languages import Language
from tandem.index.names import bag, decoded, identifiers, names, offsets
from tandem.index.records import Columns, Record, described, outlined, record_of
from tandem.index.syntax.tables import syntax_of
from tandem.index.syntax.walk import Actions, Row, compiled, walk
from tandem.index.trees import deadline, error_count, error_rows, never, parsed, spoken

if TYPE_CHECKING:
    from tree_sitter import Node

_LONGEST_SIGNATURE: Final = 300
_ERRORS_S: Final = 2.0
_TAIL: Final = "{ ;,="
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


def error_lines(text: str, language: Language) -> tuple[int, ...]:
    """Return the zero-based lines at which a grammar could make no sense of a text."""
    source = text.encode("utf-8", "replace")
    over = deadline(_ERRORS_S, never, len(source))
    tree = parsed(source, spoken(language, source), None, over)
    return tuple(sorted(error_rows(tree.root_node))) if tree is not None else ()


@cache
def _actions(language: Language) -> Actions | None:
    grammar = grammars.grammar(language)
    if grammar is None:
        return None
    syntax = syntax_of(language.id)
    if syntax is None:
        from tandem.index.syntax.generic import of_grammar  # noqa: PLC0415 - hardly ever needed

        syntax = of_grammar(grammar)
    return compiled(syntax, grammar)


class _Read(NamedTuple):
    """What a tree says; `found` is None where the grammar's node types say nothing."""

    found: Columns | None
    imports: list[Import]
    errors: int


def record_of_parse(
    key: bytes, data: bytes, language: Language, *, budget_s: float, words: bytes | None = None
) -> Record | None:
    """Parse a file's bytes and return the record of its exact facts, without making values.

    `words` is its bag if that is known already. None without a grammar, or past `budget_s` seconds
    of wall time.
    """
    text, source = decoded(data)
    actual = spoken(language, source)
    tree = parsed(source, actual, None, deadline(budget_s, never, len(source)))
    if tree is None:
        return None
    found, imports, errors = _read(tree.root_node, text, source, actual)
    if found is None:
        return record_of(key, replace(names(source, language.id), errors=errors))
    if words is None or actual is not language:
        words = bag(source, actual.id)
    outline = outlined(key, language.id, found.names, imports, words, exact=True)
    return described(outline, found, errors)


def facts_of_tree(root: "Node", text: str, source: bytes, actual: Language, name: str) -> FileFacts:
    found, imports, errors = _read(root, text, source, actual)
    if found is None:
        return replace(names(source, name), errors=errors)
    words = identifiers(source, actual.id)
    return FileFacts(name, found.definitions(), tuple(imports), words, errors, exact=True)


def _read(root: "Node", text: str, source: bytes, actual: Language) -> _Read:
    actions = _actions(actual)
    rows, imports = walk(root.named_children, actions, source) if actions is not None else ([], [])
    errors = error_count(root)
    if not rows and syntax_of(actual.id) is None:
        return _Read(None, imports, errors)
    return _Read(_columns(rows, text, source), imports, errors)


def _columns(rows: Sequence[Row], text: str, source: bytes) -> Columns:
    if not rows:
        return Columns()
    *places, kinds, lines, docs, parents = zip(*rows, strict=True)
    if len(text) != len(source):
        at = offsets(set(chain(*places)), text, source)
        places = [tuple(map(at.__getitem__, column)) for column in places]
    names, name_ends, starts, ends, heads, head_ends = places
    return Columns(
        [text[start:end] for start, end in zip(names, name_ends, strict=True)],
        kinds,
        starts,
        ends,
        names,
        lines,
        [_signature(text[a:b], kind) for a, b, kind in zip(heads, head_ends, kinds, strict=True)],
        docs,
        parents,
    )


def _signature(head: str, kind: Kind) -> str:
    if len(head) > _LONGEST_HEAD:
        head = head[:_LONGEST_HEAD]
    if kind in _VALUES:
        head = head.lstrip().partition("\n")[0]
        return " ".join(head.split())[:_LONGEST_SIGNATURE].rstrip(_TAIL)
    broken = "\n" in head
    folded = head.strip()
    if broken and ("#" in folded or "//" in folded or "--" in folded):
        folded = _REMARK.sub("", head)
    if "  " in folded or not folded.isprintable():  # one in ten
        folded = " ".join(folded.split())
    if broken:
        folded = folded.replace("( ", "(").replace(", )", ")").replace(" )", ")")
    if folded[-3:] == "end":
        folded = _EMPTY.sub("", folded)
    return folded[:_LONGEST_SIGNATURE].rstrip(_TAIL)
