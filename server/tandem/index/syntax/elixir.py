"""Elixir: modules, protocols, functions, macros, types, attributes; docs from their attributes.

Everything is a call in this grammar, so one function reads them all by the word that is called.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.imports import tree_imports
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Part, Syntax, child, text

if TYPE_CHECKING:
    from tree_sitter import Node

_SCOPES: Final = {
    "defmodule": Kind.MODULE,
    "defprotocol": Kind.INTERFACE,
    "defimpl": Kind.MODULE,
}
_FUNCTIONS: Final = {
    "def": Kind.FUNCTION,
    "defp": Kind.FUNCTION,
    "defdelegate": Kind.FUNCTION,
    "defmacro": Kind.MACRO,
    "defmacrop": Kind.MACRO,
    "defguard": Kind.MACRO,
    "defguardp": Kind.MACRO,
}
_IMPORTS: Final = {"alias", "import", "require", "use"}
_ATTRIBUTES: Final = {
    "type": Kind.TYPE,
    "typep": Kind.TYPE,
    "opaque": Kind.TYPE,
    "callback": Kind.METHOD,
    "macrocallback": Kind.METHOD,
}
# Attributes that say something about what follows, and are no values of their own.
_RESERVED: Final = frozenset(
    """after_compile after_verify before_compile behaviour compile deprecated dialyzer derive doc
    enforce_keys external_resource fallback_to_any file impl moduledoc moduletag on_definition
    on_load optional_callbacks spec tag typedoc vsn describetag""".split()  # noqa: SIM905
)
_OPTIONS: Final = re.compile(r",\s*(?:as:\s*([\w.]+)|\w+:.*|\[.*|on_\w+.*)\s*$", re.DOTALL)


def _call(node: "Node", data: bytes) -> Iterator[Part | Import]:
    target = node.child_by_field_name("target")
    word = text(target, data) if target is not None and target.type == "identifier" else ""
    arguments, block = child(node, "arguments"), child(node, "do_block")
    first = arguments.named_children[0] if arguments and arguments.named_child_count else None
    if first is None:
        return
    if word in _SCOPES:
        yield Part(first, _SCOPES[word], node, block, doc=_module_doc(block, data))
    elif word in _FUNCTIONS:
        name = _name(first)
        if name is not None:
            options = child(arguments, "keywords") if arguments is not None else None
            head = options.start_byte if options is not None else -1
            doc = _attribute_doc(node, data)
            yield Part(name, _FUNCTIONS[word], node, block, head if block is None else -1, doc=doc)
    elif word in _IMPORTS:
        yield from _imported(node, word, data)
    elif word in {"defstruct", "defexception"}:
        yield from _fields(first, node)
    elif block is not None:
        yield Part(None, Kind.MODULE, node, block)


def _name(head: "Node") -> "Node | None":
    """Return the name in a head: `f(x)`, `f`, `f(x) when g`, `a + b`."""
    while True:
        if head.type == "binary_operator":
            operator, left = head.child_by_field_name("operator"), head.child_by_field_name("left")
            if operator is None or operator.type not in {"when", "::"} or left is None:
                return operator
            head = left
        elif head.type == "call":
            target = head.child_by_field_name("target")
            if target is None:
                return None
            head = target
        else:
            return head if head.type in {"identifier", "alias"} else None


def _fields(first: "Node", node: "Node") -> Iterator[Part]:
    pending = [first]
    while pending:
        name = pending.pop(0)
        if name.type in {"atom", "keyword"}:
            yield Part(name, Kind.FIELD, node)
        elif name.type in {"list", "keywords"}:
            pending = name.named_children + pending
        elif name.type == "pair" and name.named_child_count:
            pending.insert(0, name.named_children[0])


def _attribute(node: "Node", data: bytes) -> Iterator[Part]:
    """Yield `@type t :: x`, `@callback f(x) :: y` and `@name value`."""
    call = node.child_by_field_name("operand")
    target = call.child_by_field_name("target") if call is not None else None
    arguments = child(call, "arguments") if call is not None else None
    if target is None or arguments is None or not arguments.named_child_count:
        return
    word = text(target, data)
    if word in _ATTRIBUTES:
        name = _name(arguments.named_children[0])
        if name is not None:
            yield Part(name, _ATTRIBUTES[word], node)
    elif word not in _RESERVED:
        yield Part(target, Kind.CONSTANT, node)


def _attribute_doc(node: "Node", data: bytes) -> "Node | None":
    """Look for `@doc` among the attributes right before a definition."""
    before = node.prev_named_sibling
    while before is not None and before.type == "unary_operator":
        if data.startswith(b"@doc ", before.start_byte):
            return _string(before)
        before = before.prev_named_sibling
    return None


def _module_doc(block: "Node | None", data: bytes) -> "Node | None":
    for inner in block.named_children[:3] if block is not None else ():
        if data.startswith(b"@moduledoc ", inner.start_byte):
            return _string(inner)
    return None


def _string(attribute: "Node") -> "Node | None":
    call = attribute.child_by_field_name("operand")
    arguments = child(call, "arguments") if call is not None else None
    return child(arguments, "string", "sigil") if arguments is not None else None


def _imported(node: "Node", word: str, data: bytes) -> Iterator[Import]:
    written = text(node, data)[len(word) :].strip()
    options = _OPTIONS.search(written)
    module = written[: options.start()] if options is not None else written
    local = options[1] or "" if options is not None else ""
    line = node.start_point[0]
    if "{" in module:
        yield from tree_imports(module.replace(".{", "{").replace("{", ".{"), ".", line)
    elif word == "alias":
        yield Import(module, (), local or module.rpartition(".")[2], line)
    else:
        yield Import(module, (), local, line)


SYNTAX: Final = Syntax(
    define={"call": _call},
    variables={"unary_operator": _attribute},
    inside=("do_block", "else_block"),
    into_functions=False,
    keywords=KEYWORDS["elixir"],
)
