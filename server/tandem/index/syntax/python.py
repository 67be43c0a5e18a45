"""Python: classes, functions at any depth, names bound by assignment in modules and classes."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.rules import Form, Part, Syntax, Wrap, shouted, text

if TYPE_CHECKING:
    from tree_sitter import Node

_PROPERTY: Final = re.compile(rb"@(?:[\w.]*property|\w+\.(?:setter|getter|deleter))\b")
_PATTERNS: Final = {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"}
_BLOCKS: Final = (
    "block", "if_statement", "else_clause", "elif_clause", "try_statement", "except_clause",
    "except_group_clause", "finally_clause", "with_statement", "for_statement", "while_statement",
    "match_statement", "case_clause",
)  # fmt: skip


def _assigned(node: "Node", data: bytes) -> Iterator[Part]:
    """Yield the names that an assignment binds: `a = 1`, `a: int`, `a = b = 1`, `a, b = 1, 2`."""
    target = node.named_child(0) if node.named_child_count else None
    while target is not None and target.type == "assignment":
        left = target.child_by_field_name("left")
        pending = [left] if left is not None else []
        while pending:
            name = pending.pop(0)
            if name.type == "identifier":
                yield Part(name, shouted(name, data), node)
            elif name.type in _PATTERNS:
                pending = name.named_children + pending
        target = target.child_by_field_name("right")


def _type_alias(node: "Node", _data: bytes) -> Iterator[Part]:
    left = node.child_by_field_name("left")
    if left is not None:
        yield Part(_innermost(left), Kind.TYPE, node)


def _innermost(node: "Node") -> "Node":
    """Return the name in `type`, `generic_type` and the like."""
    while node.named_child_count:
        node = node.named_children[0]
    return node


def _import(node: "Node", data: bytes) -> Iterator[Import]:
    line = node.start_point[0]
    for name in node.children_by_field_name("name"):
        module, local = _renamed(name, data)
        yield Import(module, (), local or module.partition(".")[0], line)


def _from(node: "Node", data: bytes) -> Iterator[Import]:
    module = node.child_by_field_name("module_name")
    names = [_renamed(name, data) for name in node.children_by_field_name("name")]
    pairs = tuple((name, local or name) for name, local in names)
    written = text(module, data) if module is not None else "__future__"
    yield Import("".join(written.split()), pairs, "", node.start_point[0])


def _renamed(node: "Node", data: bytes) -> tuple[str, str]:
    """Return a name and what it is bound to, empty where that is the name."""
    if node.type != "aliased_import":
        return text(node, data), ""
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    return text(name, data) if name else "", text(alias, data) if alias else ""


def _docstring(body: "Node") -> "Node | None":
    for number in range(body.named_child_count):
        first = body.named_child(number)
        if first.type == "comment":
            continue
        if first.type != "expression_statement" or not first.named_child_count:
            return first if first.type == "string" else None
        literal = first.named_child(0)
        return literal if literal.type == "string" else None
    return None


def _adjust(kind: Kind, before: bytes) -> Kind:
    is_property = kind is Kind.METHOD and before[:1] == b"@" and _PROPERTY.search(before)
    return Kind.PROPERTY if is_property else kind


SYNTAX: Final = Syntax(
    define={
        "class_definition": Form(Kind.CLASS),
        "function_definition": Form(Kind.FUNCTION),
    },
    variables={"expression_statement": _assigned, "type_alias_statement": _type_alias},
    inside=_BLOCKS,
    nested=_BLOCKS,
    wrap={"decorated_definition": Wrap(in_head=False)},
    imports={
        "import_statement": _import,
        "import_from_statement": _from,
        "future_import_statement": _from,
    },
    inner=(b"def ", b"class ", b"import "),
    docstring=_docstring,
    adjust=_adjust,
    keywords=frozenset(
        """False None True and as assert async await break class continue def del elif else except
        finally for from global if import in is lambda nonlocal not or pass raise return try while
        with yield""".split()  # noqa: SIM905
    ),
)
