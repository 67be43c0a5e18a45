"""PHP: types with their members, functions at any depth, constants, globals of a script."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.imports import of_tree
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, child, children, text

if TYPE_CHECKING:
    from tree_sitter import Node

_PATH: Final = re.compile(r"[\"']([^\"'\n]+)[\"']")


def _constants(node: "Node", _data: bytes) -> Iterator[Part]:
    for element in children(node, "const_element"):
        name = child(element, "name")
        if name is not None:
            yield Part(name, Kind.CONSTANT, node)


def _properties(node: "Node", _data: bytes) -> Iterator[Part]:
    for element in children(node, "property_element"):
        variable = child(element, "variable_name")
        name = child(variable, "name") if variable is not None else None
        if name is not None:
            yield Part(name, Kind.FIELD, node)


def _statement(node: "Node", data: bytes) -> Iterator[Part | Import]:
    inner = node.named_children[0] if node.named_child_count else None
    if inner is None:
        return
    if inner.type.endswith(("require_expression", "include_expression", "_once_expression")):
        written = text(inner, data)
        path = _PATH.search(written)
        if path is not None:
            here = "." if "__DIR__" in written else ""
            yield Import(here + path[1], (), "", node.start_point[0])
    elif inner.type == "assignment_expression":
        yield from _global(inner, node)
    elif inner.type == "function_call_expression" and data.startswith(b"define(", node.start_byte):
        arguments = inner.child_by_field_name("arguments")
        first = child(arguments, "argument") if arguments is not None else None
        name = child(first, "string", "encapsed_string") if first is not None else None
        if name is not None:
            yield Part(name, Kind.CONSTANT, node)


def _global(assignment: "Node", node: "Node") -> Iterator[Part]:
    left = assignment.child_by_field_name("left")
    right = assignment.child_by_field_name("right")
    name = child(left, "name") if left is not None and left.type == "variable_name" else None
    if name is None or right is None:
        return
    if right.type in {"anonymous_function", "arrow_function"}:
        yield Part(name, Kind.FUNCTION, node, right.child_by_field_name("body"))
    else:
        yield Part(name, Kind.VARIABLE, node)


_BLOCKS: Final = (
    "compound_statement", "if_statement", "else_clause", "else_if_clause", "try_statement",
    "catch_clause", "finally_clause", "foreach_statement", "for_statement", "while_statement",
    "colon_block",
)  # fmt: skip

SYNTAX: Final = Syntax(
    define={
        "class_declaration": Form(Kind.CLASS),
        "interface_declaration": Form(Kind.INTERFACE),
        "trait_declaration": Form(Kind.CLASS),
        "enum_declaration": Form(Kind.ENUM),
        "function_definition": Form(Kind.FUNCTION),
        "method_declaration": Form(Kind.METHOD),
        "namespace_definition": Form(Kind.MODULE),
    },
    variables={
        "const_declaration": _constants,
        "property_declaration": _properties,
        "enum_case": Form(Kind.CONSTANT),
        "expression_statement": _statement,
    },
    inside=_BLOCKS,
    nested=_BLOCKS,
    above=("attribute_list",),
    imports={"namespace_use_declaration": of_tree("\\")},
    keywords=KEYWORDS["php"],
)
