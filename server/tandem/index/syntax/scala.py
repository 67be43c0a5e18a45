"""Scala 2 and 3: types and objects with their members, givens, functions at any depth."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Kind
from tandem.index.syntax.imports import of_tree
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, shouted

if TYPE_CHECKING:
    from tree_sitter import Node


def _value(node: "Node", data: bytes) -> Iterator[Part]:
    pattern = node.child_by_field_name("pattern") or node.child_by_field_name("name")
    pending = [pattern] if pattern is not None else []
    while pending:
        name = pending.pop(0)
        if name.type == "identifier":
            yield Part(name, shouted(name, data), node)
        elif name.type in {"tuple_pattern", "identifiers"}:
            pending = name.named_children + pending


def _parameter(node: "Node", data: bytes) -> Iterator[Part]:
    """Yield a parameter that is a field: of a case class, or marked so."""
    name, listed = node.child_by_field_name("name"), node.parent
    owner = listed.parent if listed is not None else None
    if name is None or owner is None:
        return
    words = data[node.start_byte : name.start_byte].split()
    head = data[owner.start_byte : listed.start_byte if listed is not None else 0].split()
    if b"case" in head or b"val" in words or b"var" in words:
        yield Part(name, Kind.FIELD, node)


_BODIES: Final = ("template_body", "with_template_body", "enum_body", "indented_block")

SYNTAX: Final = Syntax(
    define={
        "class_definition": Form(Kind.CLASS, through=True),
        "object_definition": Form(Kind.CLASS),
        "trait_definition": Form(Kind.INTERFACE),
        "enum_definition": Form(Kind.ENUM, through=True),
        "package_object": Form(Kind.MODULE),
        "function_definition": Form(Kind.FUNCTION),
        "function_declaration": Form(Kind.FUNCTION),
        "type_definition": Form(Kind.TYPE, body=""),
    },
    variables={
        "val_definition": _value,
        "val_declaration": _value,
        "var_definition": _value,
        "var_declaration": _value,
        "given_definition": Form(Kind.VARIABLE),
        "simple_enum_case": Form(Kind.CONSTANT),
        "full_enum_case": Form(Kind.CONSTANT),
        "class_parameter": _parameter,
    },
    inside=(
        *_BODIES,
        "class_parameters",
        "enum_case_definitions",
        "extension_definition",
        "package_clause",
    ),
    nested=("block", "indented_block"),
    above=("annotation",),
    comments=("comment", "block_comment"),
    imports={"import_declaration": of_tree(".")},
    keywords=KEYWORDS["scala"],
)
