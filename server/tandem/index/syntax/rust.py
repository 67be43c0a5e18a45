"""Rust: items at any depth, fields, variants and what traits and impls hold.

An `impl` is a scope of its type's name. What macros expand to is not known here.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.imports import of_tree
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, innermost, text

if TYPE_CHECKING:
    from tree_sitter import Node


def _impl(node: "Node", _data: bytes) -> Iterator[Part]:
    name = innermost(node.child_by_field_name("type"), "type", "name")
    if name is not None:
        body = node.child_by_field_name("body")
        yield Part(name, Kind.MODULE, node, body, members=True)


def _macro(node: "Node", _data: bytes) -> Iterator[Part]:
    name = node.child_by_field_name("name")
    if name is not None:
        yield Part(name, Kind.MACRO, node, None, name.end_byte)


def _extern(node: "Node", data: bytes) -> Iterator[Import]:
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    if name is not None:
        yield Import(text(name, data), (), text(alias or name, data), node.start_point[0])


SYNTAX: Final = Syntax(
    define={
        "function_item": Form(Kind.FUNCTION),
        "function_signature_item": Form(Kind.FUNCTION),
        "struct_item": Form(Kind.STRUCT),
        "union_item": Form(Kind.STRUCT),
        "enum_item": Form(Kind.ENUM),
        "trait_item": Form(Kind.INTERFACE),
        "impl_item": _impl,
        "mod_item": Form(Kind.MODULE),
        "type_item": Form(Kind.TYPE),
        "associated_type": Form(Kind.TYPE),
        "macro_definition": _macro,
    },
    variables={
        "const_item": Form(Kind.CONSTANT),
        "static_item": Form(Kind.VARIABLE),
        "field_declaration": Form(Kind.FIELD),
        "enum_variant": Form(Kind.CONSTANT),
    },
    inside=("foreign_mod_item", "declaration_list"),
    above=("attribute_item",),
    inner=(b"fn ", b"struct ", b"enum ", b"trait ", b"impl", b"use ", b"mod ", b"macro_rules"),
    comments=("line_comment", "block_comment"),
    imports={"use_declaration": of_tree("::"), "extern_crate_declaration": _extern},
    keywords=KEYWORDS["rust"],
)
