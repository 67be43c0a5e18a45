"""Lua: functions in all their spellings, values of the chunk, functions in tables."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Part, Syntax, Wrap, child, shouted, text

if TYPE_CHECKING:
    from tree_sitter import Node

_REQUIRE: Final = re.compile(r"require\s*\(?\s*[\"']([^\"']+)[\"']")
_FUNCTION: Final = "function_definition"


def _function(node: "Node", _data: bytes) -> Iterator[Part]:
    name = node.child_by_field_name("name")
    if name is not None:
        kind = Kind.METHOD if name.type == "method_index_expression" else Kind.FUNCTION
        yield Part(_last(name), kind, node, node.child_by_field_name("body"))


def _last(name: "Node") -> "Node":
    """Return `most` of `M.deep.er.most`."""
    return name.child_by_field_name("method") or name.child_by_field_name("field") or name


def _assigned(node: "Node", data: bytes) -> Iterator[Part | Import]:
    names, values = child(node, "variable_list"), child(node, "expression_list")
    if names is None or values is None:
        return
    for number, name in enumerate(names.named_children):
        value = values.named_children[number] if number < values.named_child_count else None
        found = _REQUIRE.match(text(value, data)) if value is not None else None
        if found is not None:
            yield Import(found[1], (), text(name, data), node.start_point[0])
        elif value is not None and value.type == _FUNCTION:
            yield Part(_last(name), Kind.FUNCTION, node, value.child_by_field_name("body"))
        elif name.type == "identifier":
            table = value if value is not None and value.type == "table_constructor" else None
            yield Part(name, shouted(name, data), node, table)
        elif name.type == "dot_index_expression":
            yield Part(_last(name), Kind.FIELD, node)


def _field(node: "Node", _data: bytes) -> Iterator[Part]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is not None and value is not None and value.type == _FUNCTION:
        yield Part(name, Kind.METHOD, node, value.child_by_field_name("body"))


def _call(node: "Node", data: bytes) -> Iterator[Import]:
    found = _REQUIRE.match(text(node, data))
    if found is not None:
        yield Import(found[1], (), "", node.start_point[0])


_BLOCKS: Final = (
    "block", "do_statement", "if_statement", "elseif_statement", "else_statement", "for_statement",
    "while_statement", "repeat_statement",
)  # fmt: skip

SYNTAX: Final = Syntax(
    define={"function_declaration": _function},
    variables={"assignment_statement": _assigned, "field": _field},
    inside=_BLOCKS,
    nested=_BLOCKS,
    wrap={"variable_declaration": Wrap()},
    imports={"function_call": _call},
    keywords=KEYWORDS["lua"],
)
