"""Ruby: modules, classes, methods with their marks, constants, and what `attr_*` makes.

What a framework's words define (`scope`, `has_many`) is not known here; the blocks handed to
words are entered for the methods in them.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, child, innermost, text

if TYPE_CHECKING:
    from tree_sitter import Node

_REQUIRES: Final = re.compile(
    r"(require|require_relative|load|autoload)\b[\s(]*(?::\w+,\s*)?[\"']([^\"']+)[\"']"
)
_ATTRIBUTES: Final = {"attr_reader", "attr_writer", "attr_accessor", "attr", "cattr_accessor"}
_METHODS: Final = {"define_method", "alias_method", "define_singleton_method"}
_VISIBILITY: Final = {"private", "protected", "public", "module_function", "private_class_method"}
_CLASSES: Final = (b"Struct.new", b"Class.new", b"Data.define", b"Module.new")


def _scope(kind: Kind) -> Parts:
    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        name = innermost(node.child_by_field_name("name"), "name")
        if name is not None:
            yield Part(name, kind, node, node.child_by_field_name("body"), members=True)

    return parts


def _call(node: "Node", data: bytes) -> Iterator[Part | Import]:
    method, arguments = node.child_by_field_name("method"), node.child_by_field_name("arguments")
    word = text(method, data) if method is not None else ""
    given = arguments.named_children if arguments is not None else []
    if word in _ATTRIBUTES:
        for name in given:
            if name.type in {"simple_symbol", "string"}:
                yield Part(name, Kind.PROPERTY, node)
    elif word in _METHODS and given:
        yield Part(given[0], Kind.METHOD, node)
    elif word in _VISIBILITY and arguments is not None:
        yield Part(None, Kind.MODULE, node, arguments)
    elif word in {"require", "require_relative", "load", "autoload"}:
        yield from _required(node, data)
    else:
        block = node.child_by_field_name("block")
        if block is not None:
            yield Part(None, Kind.FUNCTION, node, block)


def _required(node: "Node", data: bytes) -> Iterator[Import]:
    found = _REQUIRES.match(text(node, data))
    if found is not None:
        path = found[2]
        if found[1] == "require_relative" and not path.startswith("."):
            path = "./" + path
        yield Import(path, (), "", node.start_point[0])


def _assigned(node: "Node", data: bytes) -> Iterator[Part]:
    """Yield constants, class variables and globals; a plain name at the top is a local."""
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if left is None or left.type not in {"constant", "class_variable", "global_variable"}:
        return
    if right is not None and data.startswith(_CLASSES, right.start_byte):
        block = right.child_by_field_name("block")
        yield Part(left, Kind.CLASS, node, block, -1 if block else node.end_byte)
    else:
        yield Part(left, Kind.CONSTANT if left.type == "constant" else Kind.VARIABLE, node)


def _alias(node: "Node", _data: bytes) -> Iterator[Part]:
    name = node.child_by_field_name("name") or child(node, "identifier")
    if name is not None:
        yield Part(name, Kind.METHOD, node)


_BLOCKS: Final = (
    "body_statement", "if", "unless", "then", "else", "elsif", "begin", "rescue", "ensure", "while",
    "until", "for", "do", "case", "when", "if_modifier", "unless_modifier", "block_body",
)  # fmt: skip

SYNTAX: Final = Syntax(
    define={
        "module": _scope(Kind.MODULE),
        "class": _scope(Kind.CLASS),
        "method": Form(Kind.FUNCTION),
        "singleton_method": Form(Kind.METHOD),
    },
    variables={"call": _call, "assignment": _assigned, "alias": _alias},
    inside=(*_BLOCKS, "singleton_class"),
    nested=_BLOCKS,
    keywords=KEYWORDS["ruby"],
)
