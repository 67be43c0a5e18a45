"""Java: types with their members. Bodies of methods are not entered; local classes are locals."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Kind
from tandem.index.syntax.imports import of_tree
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, children, shouted

if TYPE_CHECKING:
    from tree_sitter import Node


def _fields(node: "Node", data: bytes) -> Iterator[Part]:
    for declarator in children(node, "variable_declarator"):
        name = declarator.child_by_field_name("name")
        if name is not None:
            yield Part(name, shouted(name, data), node)


SYNTAX: Final = Syntax(
    define={
        "class_declaration": Form(Kind.CLASS),
        "record_declaration": Form(Kind.CLASS, through=True),
        "interface_declaration": Form(Kind.INTERFACE),
        "annotation_type_declaration": Form(Kind.INTERFACE),
        "enum_declaration": Form(Kind.ENUM),
        "method_declaration": Form(Kind.METHOD),
        "constructor_declaration": Form(Kind.METHOD),
        "compact_constructor_declaration": Form(Kind.METHOD),
        "annotation_type_element_declaration": Form(Kind.METHOD),
    },
    variables={
        "field_declaration": _fields,
        "constant_declaration": _fields,
        "enum_constant": Form(Kind.CONSTANT),
        "formal_parameter": Form(Kind.FIELD),  # of a record: methods are not entered
    },
    inside=("class_body", "enum_body_declarations", "formal_parameters"),
    above=("annotation", "marker_annotation"),
    comments=("line_comment", "block_comment"),
    imports={"import_declaration": of_tree(".")},
    into_functions=False,
    keywords=KEYWORDS["java"],
)
