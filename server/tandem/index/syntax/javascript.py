"""JavaScript and TypeScript, with and without JSX: one table, the grammars being one family.

Functions count wherever they have a name: declared, bound to a constant, assigned to a property,
a method of an object at the top. Deliberately not followed: callbacks of calls, but for the
function that a whole module is wrapped in.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.import_lines import readers
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, Wrap, text

if TYPE_CHECKING:
    from tree_sitter import Node

_FUNCTION_VALUES: Final = {"arrow_function", "function_expression", "generator_function"}
_BLOCKS: Final = (
    "statement_block", "if_statement", "else_clause", "try_statement", "catch_clause",
    "finally_clause", "for_statement", "for_in_statement", "while_statement", "do_statement",
    "switch_statement", "switch_body", "switch_case", "switch_default", "labeled_statement",
)  # fmt: skip
_REQUIRE: Final = re.compile(rb"require\(\s*[\"']([^\"'\n]+)[\"']\s*,?\s*\)")
_NAMES: Final = {"property_identifier", "private_property_identifier", "string", "identifier"}


def _bound(*, everything: bool) -> Parts:
    def parts(node: "Node", data: bytes) -> Iterator[Part | Import]:
        declarators = [n for n in node.named_children if n.type == "variable_declarator"]
        constant = data[node.start_byte : node.start_byte + 5] == b"const"
        for declarator in declarators:
            name, value = _field(declarator, "name"), _field(declarator, "value")
            required = _required(declarator, data)
            if required is not None:
                yield required
                continue
            if name is None or name.type != "identifier":
                continue
            whole = node if len(declarators) == 1 else declarator
            if value is not None and value.type in _FUNCTION_VALUES:
                yield Part(name, Kind.FUNCTION, whole, _field(value, "body"))
            elif value is not None and value.type == "class":
                yield Part(name, Kind.CLASS, whole, _field(value, "body"))
            elif everything:
                shouted = constant and data[name.start_byte : name.end_byte].isupper()
                kind = Kind.CONSTANT if shouted else Kind.VARIABLE
                yield Part(name, kind, whole, _members(value))

    return parts


def _members(value: "Node | None") -> "Node | None":
    """Return an object of which the methods count."""
    while value is not None and value.type in {"as_expression", "satisfies_expression"}:
        value = value.named_children[0]
    return value if value is not None and value.type == "object" else None


def _field(node: "Node", name: str) -> "Node | None":
    return node.child_by_field_name(name)


def _pair(node: "Node", _data: bytes) -> Iterator[Part]:
    key, value = _field(node, "key"), _field(node, "value")
    if key is not None and value is not None and value.type in _FUNCTION_VALUES:
        yield Part(key, Kind.METHOD, node, _field(value, "body"))


def _property(node: "Node", _data: bytes) -> Iterator[Part]:
    """Yield a field of a class; one that holds a function is a method."""
    name = _field(node, "name") or _field(node, "property")
    value = _field(node, "value")
    if name is None or name.type not in _NAMES:
        return
    if value is not None and value.type in _FUNCTION_VALUES:
        yield Part(name, Kind.METHOD, node, _field(value, "body"))
    else:
        yield Part(name, Kind.FIELD, node)


def _statement(node: "Node", data: bytes) -> Iterator[Part]:
    """Yield `exports.f = function`, `F.prototype.m = function` and `namespace N {}`."""
    inner = node.named_children[0] if node.named_child_count else None
    if inner is not None and inner.type in {"internal_module", "module"}:
        yield from _namespace(inner, node)
    elif inner is not None and inner.type == "call_expression":
        yield from _wrapped(inner, node)
    if inner is None or inner.type != "assignment_expression":
        return
    left, value = _field(inner, "left"), _field(inner, "right")
    if left is None or value is None or left.type != "member_expression":
        return
    name = _field(left, "property")
    if name is None:
        return
    if value.type in _FUNCTION_VALUES:
        owner = data[left.start_byte : name.start_byte]
        kind = Kind.METHOD if owner.endswith(b".prototype.") else Kind.FUNCTION
        yield Part(name, kind, node, _field(value, "body"))
    elif value.type == "class":
        yield Part(name, Kind.CLASS, node, _field(value, "body"))


def _wrapped(call: "Node", node: "Node") -> Iterator[Part]:
    """Yield the functions called at once or handed over: a module's wrapper, a test suite."""
    called, arguments = _field(call, "function"), _field(call, "arguments")
    candidates = list(arguments.named_children) if arguments is not None else []
    while called is not None and called.type == "parenthesized_expression":
        called = called.named_children[0] if called.named_child_count else None
    for value in [called, *candidates]:
        if value is not None and value.type in _FUNCTION_VALUES:
            yield Part(None, Kind.FUNCTION, node, _field(value, "body"))


def _module(node: "Node", _data: bytes) -> Iterator[Part]:
    yield from _namespace(node, node)


def _namespace(node: "Node", whole: "Node") -> Iterator[Part]:
    name = _field(node, "name")
    if name is not None:
        yield Part(name, Kind.MODULE, whole, _field(node, "body"))


def _member(node: "Node", _data: bytes) -> Iterator[Part]:
    yield Part(node, Kind.CONSTANT, node)


def _default(node: "Node", _data: bytes) -> Iterator[Part]:
    """Yield an anonymous function or class that a module exports: its name is `default`."""
    keyword = next((n for n in _siblings_before(node) if n.type == "default"), None)
    name = _field(node, "name") or keyword
    if name is not None:
        kind = Kind.CLASS if node.type == "class" else Kind.FUNCTION
        yield Part(name, kind, node, _field(node, "body"))


def _siblings_before(node: "Node") -> Iterator["Node"]:
    before = node.prev_sibling
    while before is not None:
        yield before
        before = before.prev_sibling


def _import(node: "Node", data: bytes) -> Iterator[Import]:
    """Read a statement by its text, which takes a third of the time, unless a comment is in it."""
    written = b"\n" + data[node.start_byte : node.end_byte]
    ((pattern, _, read),) = readers("javascript")
    found = pattern.match(written) if b"//" not in written and b"/*" not in written else None
    if found is not None:
        yield from read(found, node.start_point[0])
    else:
        yield from _import_by_nodes(node, data)


def _import_by_nodes(node: "Node", data: bytes) -> Iterator[Import]:
    source = _field(node, "source")
    names: list[tuple[str, str]] = []
    local = ""
    for clause in node.named_children:
        if clause.type == "import_require_clause":
            local = text(clause.named_children[0], data)
            source = _field(clause, "source") or clause.named_children[-1]
        for part in clause.named_children if clause.type == "import_clause" else ():
            if part.type == "identifier":
                names.append(("default", text(part, data)))
            elif part.type == "namespace_import":
                local = text(part.named_children[0], data)
            else:
                names += _specifiers(part, data)
    if source is not None:
        yield Import(text(source, data)[1:-1], tuple(names), local, node.start_point[0])


def _specifiers(node: "Node", data: bytes) -> Iterator[tuple[str, str]]:
    for specifier in node.named_children:
        name, alias = _field(specifier, "name"), _field(specifier, "alias")
        if name is not None:
            yield text(name, data), text(alias or name, data)


def _reexport(node: "Node", data: bytes) -> Iterator[Import]:
    source = _field(node, "source")
    if source is None:
        return
    clauses = [n for n in node.named_children if n.type == "export_clause"]
    names = tuple(pair for clause in clauses for pair in _specifiers(clause, data))
    yield Import(text(source, data)[1:-1], names, "", node.start_point[0])


def _required(declarator: "Node", data: bytes) -> Import | None:
    """Return what `x = require("y")` and `{ a, b: c } = require("y")` import."""
    value, name = _field(declarator, "value"), _field(declarator, "name")
    if name is None or value is None or value.type != "call_expression":
        return None
    module = _REQUIRE.fullmatch(data, value.start_byte, value.end_byte)
    if module is None:
        return None
    path, line = module[1].decode(), declarator.start_point[0]
    if name.type == "identifier":
        return Import(path, (), text(name, data), line)
    pairs = [text(n, data).partition(":")[::2] for n in name.named_children]
    return Import(path, tuple((a.strip(), b.strip() or a) for a, b in pairs), "", line)


_DEFINE: Final[dict[str, Form | Parts]] = {
    "function_declaration": Form(Kind.FUNCTION),
    "generator_function_declaration": Form(Kind.FUNCTION),
    "class_declaration": Form(Kind.CLASS),
    "method_definition": Form(Kind.METHOD),
    "abstract_class_declaration": Form(Kind.CLASS),
    "interface_declaration": Form(Kind.INTERFACE),
    "type_alias_declaration": Form(Kind.TYPE, body=""),
    "enum_declaration": Form(Kind.ENUM),
    "function_signature": Form(Kind.FUNCTION),
    "internal_module": _module,
    "module": _module,
    "class": _default,
    "function_expression": _default,
    "arrow_function": _default,
}
_VARIABLES: Final[dict[str, Form | Parts]] = {
    "lexical_declaration": _bound(everything=True),
    "variable_declaration": _bound(everything=True),
    "expression_statement": _statement,
    "field_definition": _property,
    "public_field_definition": _property,
    "pair": _pair,
    "method_signature": Form(Kind.METHOD),
    "abstract_method_signature": Form(Kind.METHOD),
    "property_signature": Form(Kind.FIELD, body=""),
    "enum_assignment": Form(Kind.CONSTANT),
    "property_identifier": _member,  # of an enum: no other body lists bare names
}
_IN_FUNCTIONS: Final = _bound(everything=False)

SYNTAX: Final = Syntax(
    define=_DEFINE,
    variables=_VARIABLES,
    locals={"lexical_declaration": _IN_FUNCTIONS, "variable_declaration": _IN_FUNCTIONS},
    inside=_BLOCKS,
    nested=_BLOCKS,
    wrap={
        "export_statement": Wrap(imports=_reexport),
        "ambient_declaration": Wrap(),
    },
    above=("decorator",),
    inner=(b"=>", b"function", b"class "),
    imports={"import_statement": _import},
    accessor=re.compile(rb"(?:get|set) \Z"),
    keywords=KEYWORDS["javascript"],
)
