"""Python: classes, functions at any depth, names bound by assignment in modules and classes."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Syntax, Wrap, shouted, text

if TYPE_CHECKING:
    from tree_sitter import Node

_PROPERTY: Final = re.compile(rb"@(?:[\w.]*property|\w+\.(?:setter|getter|deleter))\b")
_FROM: Final = re.compile(rb"from[ \t]++([\w.]+)[ \t]++import[ \t(]++([\w\s,]*+)\)?")
_DOCSTRING: Final = re.compile(rb'"""[^"\\]*+"""(?=[ \t]*[\r\n])')
_QUOTES: Final = frozenset(b"\"'")
_OPENING: Final = frozenset(b"#\"'rRbBuUfF"[n : n + 1] for n in range(11))  # or a comment before
_PATTERNS: Final = {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"}
_BLOCKS: Final = (
    "block", "if_statement", "else_clause", "elif_clause", "try_statement", "except_clause",
    "except_group_clause", "finally_clause", "with_statement", "for_statement", "while_statement",
    "match_statement", "case_clause",
)  # fmt: skip


def _assigned(node: "Node", data: bytes) -> Sequence[Part]:
    """Return the names that an assignment binds: `a = 1`, `a: int`, `a = b = 1`, `a, b = 1, 2`."""
    if data[node.start_byte] in _QUOTES or not node.named_child_count:
        return ()
    target: Node | None = node.named_child(0)
    found: list[Part] = []
    while target is not None and target.type == "assignment":
        left = target.child_by_field_name("left")
        if left is not None and left.type == "identifier":
            found.append(Part(left, shouted(left, data), node))
        else:
            found += [Part(name, shouted(name, data), node) for name in _names(left)]
        target = target.child_by_field_name("right")
    return found


def _names(pattern: "Node | None") -> Iterator["Node"]:
    pending = [pattern] if pattern is not None else []
    while pending:
        name = pending.pop(0)
        if name.type == "identifier":
            yield name
        elif name.type in _PATTERNS:
            pending = name.named_children + pending


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
    line = node.start_point.row
    for name in node.children_by_field_name("name"):
        module, local = _renamed(name, data)
        yield Import(module, (), local or module.partition(".")[0], line)


def _from(node: "Node", data: bytes) -> Iterator[Import]:
    line = node.start_point.row
    plain = _FROM.fullmatch(data, node.start_byte, node.end_byte)
    if plain is not None and not node.has_error:  # nearly all: 3 us instead of 10
        module, names = plain.groups()
        yield Import(module.decode(), _pairs(names.decode()), "", line)
        return
    source = node.child_by_field_name("module_name")
    found = [_renamed(name, data) for name in node.children_by_field_name("name")]
    pairs = tuple((name, local or name) for name, local in found)
    written = text(source, data) if source is not None else "__future__"
    yield Import("".join(written.split()), pairs, "", line)


def _pairs(names: str) -> tuple[tuple[str, str], ...]:
    """Read `a, b as c` and a trailing comma."""
    written = [name.split() for name in names.split(",")]
    return tuple([(words[0], words[-1]) for words in written if words])


def _renamed(node: "Node", data: bytes) -> tuple[str, str]:
    """Return a name and what it is bound to, empty where that is the name."""
    if node.type != "aliased_import":
        return text(node, data), ""
    name, alias = node.child_by_field_name("name"), node.child_by_field_name("alias")
    return text(name, data) if name else "", text(alias, data) if alias else ""


def _docstring(body: "Node", data: bytes) -> bytes | None:
    begin = body.start_byte
    if data[begin : begin + 1] not in _OPENING:  # three of five bodies
        return None
    plain = _DOCSTRING.match(data, begin)
    if plain is not None:  # nearly all that are left: 1 us instead of 3
        return plain[0]
    for number in range(body.named_child_count):
        first = body.named_child(number)
        if first.type == "comment":
            continue
        literal = first
        if first.type == "expression_statement" and first.named_child_count:
            literal = first.named_child(0)
        return data[literal.start_byte : literal.end_byte] if literal.type == "string" else None
    return None


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
    accessor=_PROPERTY,
    keywords=KEYWORDS["python"],
)
