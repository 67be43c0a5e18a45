"""Shell scripts: functions at any depth and the variables of the script itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, shouted, text

if TYPE_CHECKING:
    from tree_sitter import Node


def _variable(node: "Node", data: bytes) -> Iterator[Part]:
    name = node.child_by_field_name("name")
    if name is not None and name.type == "variable_name":
        yield Part(name, shouted(name, data), node)


def _sourced(node: "Node", data: bytes) -> Iterator[Import]:
    word = node.child_by_field_name("name")
    path = node.child_by_field_name("argument")
    if word is not None and path is not None and text(word, data) in {"source", "."}:
        yield Import(text(path, data).strip("\"'"), (), "", node.start_point[0])


_BLOCKS: Final = (
    "if_statement", "elif_clause", "else_clause", "for_statement", "c_style_for_statement",
    "while_statement", "do_group", "case_statement", "case_item", "compound_statement", "subshell",
    "list", "redirected_statement",
)  # fmt: skip

SYNTAX: Final = Syntax(
    define={"function_definition": Form(Kind.FUNCTION)},
    variables={"variable_assignment": _variable},
    inside=(*_BLOCKS, "declaration_command"),
    nested=_BLOCKS,
    imports={"command": _sourced},
    keywords=KEYWORDS["shell"],
)
