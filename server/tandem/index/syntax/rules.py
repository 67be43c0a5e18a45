"""The form of a language's table: which nodes define, contain, decorate, import and explain.

A table says where to look, the walk looks. Deliberately no code that runs over a tree: what a
table cannot say is a function from one node to the `Part`s it defines.

Invariant: a table is a constant; it names node types by their names in the grammar, and a type
that the grammar at hand lacks is ignored, since grammars rename their nodes between versions.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tandem.index.facts import Import, Kind

if TYPE_CHECKING:
    from tree_sitter import Node


class Part(NamedTuple):
    """One definition found in a node.

    `node` is its extent, or what lies in its wrapper; the head ends at byte `head`, or with the
    node where that is negative. `body` is walked for what is defined inside. Without a name it is
    walked only, as a function's body.
    """

    name: "Node | None"
    kind: Kind
    node: "Node"
    body: "Node | None" = None
    head: int = -1
    members: bool = False  # its functions are methods, though its kind does not say so
    doc: "Node | None" = None  # a string that documents it


@dataclass(frozen=True, slots=True)
class Form:
    """The ordinary definition: its name in one field, its body in another.

    `bodies` are types of children, for grammars whose bodies are in no field. Where `through`, the
    node itself is walked: what it has beside its body defines, too.
    """

    kind: Kind
    name: str = "name"
    body: str = "body"
    bodies: tuple[str, ...] = ()
    members: bool = False
    through: bool = False


Parts: TypeAlias = Callable[["Node", bytes], Iterable[Part | Import]]
Imports: TypeAlias = Callable[["Node", bytes], Iterable[Import]]


@dataclass(frozen=True, slots=True)
class Wrap:
    """A node around one definition, which takes its extent.

    The head begins with it where `in_head`. Where `group`, it may also be a parenthesized list of
    several, and is then walked like any container.
    """

    in_head: bool = True
    group: bool = False
    imports: "Imports | None" = None  # of one around nothing: a re-export


@dataclass(frozen=True, slots=True)
class Syntax:
    """A language's table. Keys are node types."""

    define: Mapping[str, Form | Parts]
    variables: Mapping[str, Form | Parts] = field(default_factory=dict)  # not inside functions
    inside: tuple[str, ...] = ()  # walked as if their children stood in their place
    wrap: Mapping[str, Wrap] = field(default_factory=dict)
    above: tuple[str, ...] = ()  # before a definition and part of it: attributes, annotations
    comments: tuple[str, ...] = ("comment",)
    imports: Mapping[str, Imports] = field(default_factory=dict)
    nested: tuple[str, ...] = ()  # as `inside`, in the bodies of functions
    locals: Mapping[str, Form | Parts] = field(default_factory=dict)  # only in functions
    into_functions: bool = True
    # A function is entered only if one of these is in its body: halves the walk over Django.
    inner: tuple[bytes, ...] = ()
    docstring: "Callable[[Node, bytes], bytes | None] | None" = None  # the literal in a body
    accessor: re.Pattern[bytes] | None = None  # before its name: a method is a property
    keywords: frozenset[str] = frozenset()


def text(node: "Node", data: bytes) -> str:
    """Return a node's text; slicing is ten times as fast as ``Node.text``."""
    return data[node.start_byte : node.end_byte].decode("utf-8", "replace")


def child(node: "Node", *types: str) -> "Node | None":
    """Return the first child of one of the types."""
    for found in node.named_children:
        if found.type in types:
            return found
    return None


def children(node: "Node", *types: str) -> "list[Node]":
    """Return the children of one of the types."""
    return [found for found in node.named_children if found.type in types]


def innermost(node: "Node | None", *fields: str) -> "Node | None":
    """Follow the fields down to the node that has none of them: the name in a declarator."""
    while node is not None:
        inner = next(filter(None, map(node.child_by_field_name, fields)), None)
        if inner is None:
            return node
        node = inner
    return None


def shouted(name: "Node", data: bytes) -> Kind:
    """Tell a constant from a variable by its capitals."""
    written = data[name.start_byte : name.end_byte]
    return Kind.CONSTANT if len(written) > 1 and written.isupper() else Kind.VARIABLE
