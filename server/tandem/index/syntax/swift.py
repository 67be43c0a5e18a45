"""Swift: types, extensions and protocols with their members, functions at any depth.

An extension is a scope of its type's name.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, shouted, text

if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS: Final = {
    b"class": Kind.CLASS,
    b"actor": Kind.CLASS,
    b"struct": Kind.STRUCT,
    b"enum": Kind.ENUM,
    b"extension": Kind.MODULE,
}
_IMPORT: Final = re.compile(
    r"import\s+(?:(typealias|struct|class|enum|protocol|let|var|func)\s+)?([\w.]+)"
)


def _type(node: "Node", data: bytes) -> Iterator[Part]:
    name, word = node.child_by_field_name("name"), node.child_by_field_name("declaration_kind")
    while name is not None and name.type == "user_type" and name.named_child_count:
        name = next((n for n in reversed(name.named_children) if n.type == "type_identifier"), None)
    if name is not None and word is not None:
        kind = _KINDS.get(data[word.start_byte : word.end_byte], Kind.CLASS)
        yield Part(name, kind, node, node.child_by_field_name("body"), members=True)


def _property(node: "Node", data: bytes) -> Iterator[Part]:
    computed = node.child_by_field_name("computed_value")
    pending = [name for name in node.children_by_field_name("name") if name.type == "pattern"]
    while pending:
        name = pending.pop(0)
        if name.named_child_count:
            pending = name.named_children + pending
        elif name.type == "simple_identifier":
            accessed = computed is not None or node.type.startswith("protocol_")
            kind = Kind.PROPERTY if accessed else shouted(name, data)
            yield Part(name, kind, node, None, computed.start_byte if computed is not None else -1)


def _cases(node: "Node", _data: bytes) -> Iterator[Part]:
    for name in node.children_by_field_name("name"):
        yield Part(name, Kind.CONSTANT, node)


def _keyword(word: str, body: str) -> Parts:
    """Return what names a member that has no name by its keyword: `init`, `subscript`."""

    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        name = next((inner for inner in node.children if inner.type == word), None)
        if name is not None:
            inner = node.child_by_field_name(body)
            computed = [n for n in node.named_children if n.type == "computed_property"]
            yield Part(name, Kind.METHOD, node, inner or (computed[0] if computed else None))

    return parts


def _import(node: "Node", data: bytes) -> Iterator[Import]:
    found = _IMPORT.search(text(node, data))
    if found is None:
        return
    module, _, name = found[2].rpartition(".")
    names = ((name, name),) if found[1] and module else ()
    yield Import(module if names else found[2], names, "", node.start_point[0])


SYNTAX: Final = Syntax(
    define={
        "class_declaration": _type,
        "protocol_declaration": Form(Kind.INTERFACE),
        "function_declaration": Form(Kind.FUNCTION),
        "protocol_function_declaration": Form(Kind.METHOD),
        "init_declaration": _keyword("init", "body"),
        "subscript_declaration": _keyword("subscript", "body"),
        "typealias_declaration": Form(Kind.TYPE),
        "associatedtype_declaration": Form(Kind.TYPE),
    },
    variables={
        "property_declaration": _property,
        "protocol_property_declaration": _property,
        "enum_entry": _cases,
    },
    nested=("statements",),
    above=("attribute",),
    comments=("comment", "multiline_comment"),
    imports={"import_declaration": _import},
    keywords=KEYWORDS["swift"],
)
