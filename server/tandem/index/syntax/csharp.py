"""C#: types with their members, local functions. Accessors belong to their property."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, child, children, text

if TYPE_CHECKING:
    from tree_sitter import Node

_USING: Final = re.compile(
    r"(?:global\s+)?using\s+(?:static\s+)?(?:unsafe\s+)?(?:(\w+)\s*=\s*)?([^;]+?)\s*;"
)


def _fields(node: "Node", data: bytes) -> Iterator[Part]:
    declared = child(node, "variable_declaration")
    for declarator in children(declared, "variable_declarator") if declared is not None else ():
        name = declarator.child_by_field_name("name")
        if name is not None:
            before = data[node.start_byte : name.start_byte]
            constant = b"const " in before or b"static readonly " in before
            yield Part(name, Kind.CONSTANT if constant else Kind.VARIABLE, node)


def _keyword(word: str, kind: Kind) -> Parts:
    """Return what names a member that has no name by its keyword: `this`, `operator`."""

    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        name = next((inner for inner in node.children if inner.type == word), None)
        if name is not None:
            yield Part(name, kind, node, child(node, *_BODIES))

    return parts


def _using(node: "Node", data: bytes) -> Iterator[Import]:
    found = _USING.match(text(node, data))
    if found is not None:
        yield Import(found[2], (), found[1] or "", node.start_point[0])


_BODIES: Final = ("accessor_list", "arrow_expression_clause", "block")

SYNTAX: Final = Syntax(
    define={
        "class_declaration": Form(Kind.CLASS),
        "record_declaration": Form(Kind.CLASS, through=True),
        "struct_declaration": Form(Kind.STRUCT),
        "interface_declaration": Form(Kind.INTERFACE),
        "enum_declaration": Form(Kind.ENUM),
        "delegate_declaration": Form(Kind.TYPE),
        "namespace_declaration": Form(Kind.MODULE),
        "file_scoped_namespace_declaration": Form(Kind.MODULE),
        "method_declaration": Form(Kind.METHOD),
        "constructor_declaration": Form(Kind.METHOD),
        "destructor_declaration": Form(Kind.METHOD),
        "local_function_statement": Form(Kind.FUNCTION),
        "property_declaration": Form(Kind.PROPERTY, bodies=_BODIES),
        "event_declaration": Form(Kind.PROPERTY, bodies=_BODIES),
        "indexer_declaration": _keyword("this", Kind.PROPERTY),
        "operator_declaration": _keyword("operator", Kind.METHOD),
        "conversion_operator_declaration": _keyword("operator", Kind.METHOD),
    },
    variables={
        "field_declaration": _fields,
        "event_field_declaration": _fields,
        "enum_member_declaration": Form(Kind.CONSTANT),
        "parameter": Form(Kind.FIELD),  # of a record: other parameters are not entered
    },
    inside=("declaration_list", "parameter_list", "preproc_if", "preproc_else", "preproc_elif"),
    nested=("block", "global_statement"),
    above=("attribute_list",),
    imports={"using_directive": _using},
    keywords=KEYWORDS["csharp"],
)
