"""What can be proven about a file, as values: definitions, imports, the names it uses.

A file's facts depend on its bytes and its language alone, so they are keyed by content hash and
computed once. Names from bytes alone (tier 1) and exact facts from a parse (tier 2) have the same
form; ``exact`` tells which they are. Deliberately no tree, no text of bodies, no path: a fact that
needs those is asked of the file.

Invariants: spans are offsets of code points in the decoded text; definitions are in the order of
their starts, a parent before its children.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tandem.core.text import Span


class Kind(Enum):
    """What a definition defines; close to the protocol's symbol kinds."""

    MODULE = "module"
    CLASS = "class"
    INTERFACE = "interface"
    STRUCT = "struct"
    ENUM = "enum"
    TYPE = "type"
    FUNCTION = "function"
    METHOD = "method"
    PROPERTY = "property"
    FIELD = "field"
    VARIABLE = "variable"
    CONSTANT = "constant"
    MACRO = "macro"
    KEY = "key"  # of a data file; a heading, a rule, a table


@dataclass(frozen=True, slots=True)
class Definition:
    """One definition. `parent` is the index of the enclosing one in the file, or -1.

    `span` covers it whole with its decorators, `at` is where its name begins, `line` the
    zero-based line of that. `signature` is its head on one line (white space folded, at most 300
    characters), `doc` the first sentence of its documentation (at most 200).
    """

    name: str
    kind: Kind
    span: Span
    at: int
    line: int
    signature: str
    doc: str = ""
    parent: int = -1


@dataclass(frozen=True, slots=True)
class Import:
    """One import as written.

    `module` is the module, path or package, with its leading dots or slashes; `names` are
    (name, local name) pairs taken from it, empty where the module itself is imported; `local` is
    then the name it is bound to, empty for a wildcard or where nothing is bound.
    """

    module: str
    names: tuple[tuple[str, str], ...] = ()
    local: str = ""
    line: int = 0

    def binds(self, name: str) -> bool:
        """Tell whether it makes a local name."""
        return name == self.local or any(local == name for _name, local in self.names)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Everything known about one file's content."""

    language: str
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    identifiers: frozenset[str] = frozenset()
    errors: int = 0  # nodes that a parser could not make sense of
    exact: bool = False


def skeleton(facts: FileFacts) -> str:
    """Return the signatures, indented by depth, one a line: a file's shape without its bodies."""
    return "\n".join("    " * depth + d.signature for depth, d in with_depth(facts))


def with_depth(facts: FileFacts) -> Iterator[tuple[int, Definition]]:
    """Yield each definition with its depth, in order."""
    depths: list[int] = []
    for definition in facts.definitions:
        depth = depths[definition.parent] + 1 if definition.parent >= 0 else 0
        depths.append(depth)
        yield depth, definition
