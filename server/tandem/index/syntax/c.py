"""C and C++: one table. Prototypes define, too: a header is where a function is looked up.

What a declarator declares is found at its bottom; it is a function if the innermost thing around
the name is a parameter list. Deliberately no preprocessor: all branches of `#if` count.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, Wrap, shouted, text

if TYPE_CHECKING:
    from tree_sitter import Node

_TYPES: Final = {
    "struct_specifier": Kind.STRUCT,
    "class_specifier": Kind.CLASS,
    "union_specifier": Kind.STRUCT,
    "enum_specifier": Kind.ENUM,
}
# Declarators around one unnamed child.
_AROUND: Final = {"parenthesized_declarator", "reference_declarator", "attributed_declarator"}


def _declared(declarator: "Node") -> "tuple[Node | None, bool]":
    """Return the name at the bottom of a declarator, and whether it is a function's."""
    node, is_function = declarator, False
    while True:
        inner = node.child_by_field_name("declarator")
        if node.type == "operator_cast":
            return node.child(0), True
        if inner is None and node.type in _AROUND and node.named_child_count:
            inner = node.named_children[-1]
        if inner is None:
            return _unqualified(node), is_function
        is_function = node.type == "function_declarator"
        node = inner


def _unqualified(node: "Node") -> "Node | None":
    while node.type in {"qualified_identifier", "template_function", "template_method"}:
        inner = node.child_by_field_name("name")
        if inner is None:
            return None
        node = inner
    return node


def _function(node: "Node", _data: bytes) -> Iterator[Part]:
    declarator = node.child_by_field_name("declarator")
    name, _ = _declared(declarator) if declarator is not None else (None, False)
    if declarator is None or name is None:
        return
    called = declarator
    while called.type != "function_declarator" and called.named_child_count:
        called = called.child_by_field_name("declarator") or called.named_children[-1]
    inner = called.child_by_field_name("declarator")
    kind = Kind.METHOD if inner is not None and inner.type == _QUALIFIED else Kind.FUNCTION
    body = node.child_by_field_name("body")
    yield Part(name, kind, node, None, body.start_byte if body is not None else -1)


def _type(node: "Node", _data: bytes) -> Iterator[Part]:
    """Yield a type that has a body; without one it is a mention."""
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    while name is not None and name.type in {_QUALIFIED, "template_type"}:
        name = name.child_by_field_name("name")
    if name is not None and body is not None:
        yield Part(name, _TYPES[node.type], node, body)


def _declaration(node: "Node", data: bytes) -> Iterator[Part | Import]:
    """Yield the variables, fields and prototypes of a declaration, and a type that it defines."""
    typed = node.child_by_field_name("type")
    if typed is not None and typed.type in _TYPES:
        yield from _type(typed, data)
    declarators = node.children_by_field_name("declarator")
    if typed is not None and typed.type == "type_identifier" and text(typed, data) == "import":
        for module in declarators:
            yield Import(text(module, data), (), "", node.start_point[0])
        return
    for declarator in declarators:
        name, is_function = _declared(declarator)
        if name is not None:
            fixed = b"constexpr " in data[node.start_byte : name.start_byte]
            kind = Kind.CONSTANT if fixed else shouted(name, data)
            yield Part(name, Kind.FUNCTION if is_function else kind, node)


def _typedef(node: "Node", data: bytes) -> Iterator[Part]:
    typed = node.child_by_field_name("type")
    body = typed.child_by_field_name("body") if typed is not None else None
    anonymous = typed is not None and typed.child_by_field_name("name") is None
    for number, declarator in enumerate(node.children_by_field_name("declarator")):
        name, _ = _declared(declarator)
        if name is None:
            continue
        if typed is not None and body is not None and anonymous and not number:
            yield Part(name, _TYPES.get(typed.type, Kind.TYPE), node, body, node.end_byte)
        else:
            yield Part(name, Kind.TYPE, node)
    if typed is not None and typed.type in _TYPES:
        yield from _type(typed, data)


def _macro(node: "Node", _data: bytes) -> Iterator[Part]:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    if name is not None and value is not None:  # without a value it is a switch or a guard
        yield Part(name, Kind.MACRO, node, None, value.start_byte)


def _namespace(node: "Node", _data: bytes) -> Iterator[Part]:
    body = node.child_by_field_name("body")
    yield Part(node.child_by_field_name("name"), Kind.MODULE, node, body)


def _include(node: "Node", data: bytes) -> Iterator[Import]:
    """Yield what is included; a system's header keeps its angle brackets."""
    path = node.child_by_field_name("path")
    if path is not None:
        yield Import(text(path, data).strip('"'), (), "", node.start_point[0])


def _using(node: "Node", data: bytes) -> Iterator[Import]:
    words = text(node, data).rstrip(";").split()
    module, _, name = words[-1].rpartition("::")
    line = node.start_point[0]
    if node.type == "namespace_alias_definition":
        yield Import(words[-1], (), words[1], line)
    elif "namespace" in words or not module:
        yield Import(words[-1], (), "", line)
    else:
        yield Import(module, ((name, name),), "", line)


_QUALIFIED: Final = "qualified_identifier"

SYNTAX: Final = Syntax(
    define={
        "function_definition": _function,
        "inline_method_definition": _function,
        "namespace_definition": _namespace,
        "type_definition": _typedef,
        "alias_declaration": Form(Kind.TYPE),
        "concept_definition": Form(Kind.TYPE),
        "preproc_def": _macro,
        "preproc_function_def": _macro,
        **dict.fromkeys(_TYPES, _type),
    },
    variables={
        "declaration": _declaration,
        "field_declaration": _declaration,
        "enumerator": Form(Kind.CONSTANT),
    },
    inside=(
        "linkage_specification",
        "declaration_list",
        "preproc_if",
        "preproc_ifdef",
        "preproc_else",
        "preproc_elif",
        "preproc_elifdef",
    ),
    wrap={"template_declaration": Wrap()},
    above=("attribute_declaration", "attribute_specifier"),
    imports={
        "preproc_include": _include,
        "using_declaration": _using,
        "namespace_alias_definition": _using,
    },
    into_functions=False,
    keywords=KEYWORDS["c"],
)
