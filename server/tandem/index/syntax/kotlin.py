"""Kotlin: types with their members, properties of constructors, functions at any depth."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Kind
from tandem.index.syntax.imports import of_tree
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, child, shouted

if TYPE_CHECKING:
    from tree_sitter import Node

_BODIES: Final = ("class_body", "enum_class_body")


def _class(node: "Node", data: bytes) -> Iterator[Part]:
    name, body = node.child_by_field_name("name"), child(node, *_BODIES)
    if name is None:
        return
    kind = Kind.CLASS
    before = data[node.start_byte : name.start_byte].split()
    if b"interface" in before:
        kind = Kind.INTERFACE
    elif b"enum" in before:
        kind = Kind.ENUM
    yield Part(name, kind, node, node, body.start_byte if body else node.end_byte)


def _companion(node: "Node", _data: bytes) -> Iterator[Part]:
    """Yield a companion, which is nameless as a rule, by the word that makes it one."""
    name = node.child_by_field_name("name") or node.child(0)
    body = child(node, *_BODIES)
    if name is not None:
        yield Part(name, Kind.MODULE, node, body, members=True)


def _constructor(node: "Node", _data: bytes) -> Iterator[Part]:
    name = next((inner for inner in node.children if inner.type == "constructor"), None)
    if name is not None:
        yield Part(name, Kind.METHOD, node, child(node, "block"))


def _property(node: "Node", data: bytes) -> Iterator[Part]:
    declared = child(node, "variable_declaration")
    name = child(declared, "identifier") if declared is not None else None
    if name is not None:
        accessor = child(node, "getter", "setter")
        accessed = accessor is not None and child(accessor, "function_body") is not None
        kind = Kind.PROPERTY if accessed else shouted(name, data)
        yield Part(name, kind, node)


def _parameter(node: "Node", data: bytes) -> Iterator[Part]:
    name = child(node, "identifier")
    words = data[node.start_byte : name.start_byte].split() if name is not None else []
    if name is not None and words and words[-1] in {b"val", b"var"}:
        yield Part(name, Kind.FIELD, node)


def _first_identifier(kind: Kind) -> Parts:
    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        name = child(node, "identifier")
        if name is not None:
            yield Part(name, kind, node, child(node, *_BODIES))

    return parts


SYNTAX: Final = Syntax(
    define={
        "class_declaration": _class,
        "object_declaration": Form(Kind.CLASS, bodies=_BODIES),
        "companion_object": _companion,
        "function_declaration": Form(Kind.FUNCTION, bodies=("function_body",)),
        "secondary_constructor": _constructor,
        "type_alias": Form(Kind.TYPE, name="type"),
    },
    variables={
        "property_declaration": _property,
        "enum_entry": _first_identifier(Kind.CONSTANT),
        "class_parameter": _parameter,
    },
    inside=("class_parameters", "primary_constructor", *_BODIES),
    nested=("block",),
    above=("annotation", "file_annotation"),
    comments=("line_comment", "block_comment"),
    imports={"import": of_tree(".")},
    keywords=KEYWORDS["kotlin"],
)
