"""Walk the scopes of a syntax tree and list what they define and import, in bytes.

It goes into the nodes that a language's table names and no others: a fifth of what the parse takes,
where a query over every node takes half. The stack is a list, so nesting is bounded by memory.
Deliberately no text but comments, and no code points: those are `parse`'s part.

Invariant: rows are in the order of their starts, a parent before its children.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from tandem.index.facts import Import, Kind
from tandem.index.syntax.docs import first_sentence, first_sentence_of_string
from tandem.index.syntax.rules import Form, Part, Syntax, Wrap, child

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_LONGEST_NAME: Final = 200  # bytes; longer is data, not a name
_ERROR: Final = 65535  # the number of every grammar's ERROR, whose children may well be sound
_COMMENT, _ABOVE, _DEFINE, _INSIDE, _WRAP = range(5)
# Tuples: they compare by identity, where a set would call the hash of an Enum, which is Python.
_FUNCTION, _METHOD, _PROPERTY = Kind.FUNCTION, Kind.METHOD, Kind.PROPERTY
_VARIABLE, _FIELD = Kind.VARIABLE, Kind.FIELD
_FUNCTIONS: Final = (Kind.FUNCTION, Kind.METHOD, Kind.PROPERTY, Kind.MACRO)
_HOLDERS: Final = (
    *(Kind.CLASS, Kind.INTERFACE, Kind.STRUCT, Kind.ENUM),
    *(Kind.FIELD, Kind.VARIABLE, Kind.CONSTANT),
)
_QUOTES: Final = frozenset(b"\"'`[")
_ODD: Final = _QUOTES | frozenset(b": \n")  # what a name never begins or ends with
_BRACKET: Final = 0x5B
_ATOMS: Final = frozenset({"simple_symbol", "atom", "keyword"})
_AFTER: Final = frozenset(b": \n")  # of the keywords of Elixir
_COLON: Final = 0x3A
_FEED: Final = 0x0A
_DECORATED: Final = frozenset(b"@[#")

_Table = dict[int, tuple[int, Any]]
_Frame = tuple["Iterator[Node]", int, bool, _Table]
_Place = tuple["Node", "Node", int, "Sequence[Node]", int, bool]
"""Where a defining node stands: the node and its wrapper, where its head begins (or -1), what is
above it, its parent's row, and whether functions are methods there."""
_Plain = tuple["Node | None", Kind, "Node", "Node | None", int, bool, "Node | None"]
"""A `Part` without its names: making one costs 0.1 us instead of 0.7."""


Row: TypeAlias = tuple[int, int, int, int, int, int, Kind, int, str, int]
"""A definition, in bytes of the source: where its name begins and ends, where it begins and ends
itself, and its head; then its kind, the zero-based line of its name, its documentation, and the
number of its parent's row or -1. A plain tuple: one with names takes four times as long to make."""


class _Fields(NamedTuple):
    """A `Form` with a grammar's numbers for its fields, 0 for one that there is not."""

    kind: Kind
    name: int
    body: int
    bodies: tuple[str, ...]
    members: bool
    through: bool


@dataclass(frozen=True, slots=True)
class Actions:
    """A table for one grammar: what to do at a node, by the number of its type."""

    outside: _Table
    functions: _Table
    syntax: Syntax


def compiled(syntax: Syntax, language: "Language") -> Actions:
    """Translate node types and fields to the grammar's numbers: a look-up by number costs half."""
    numbers: dict[str, list[int]] = {}
    for number in range(language.node_kind_count):
        if language.node_kind_is_named(number):
            numbers.setdefault(language.node_kind_for_id(number) or "", []).append(number)
    shared: dict[str, tuple[int, Any]] = dict.fromkeys(syntax.comments, (_COMMENT, None))
    shared |= dict.fromkeys(syntax.above, (_ABOVE, None))
    shared |= {name: (_DEFINE, imports) for name, imports in syntax.imports.items()}
    shared |= {name: (_WRAP, wrap) for name, wrap in syntax.wrap.items()}
    shared |= {name: (_DEFINE, form) for name, form in syntax.define.items()}
    outside = shared | {name: (_DEFINE, form) for name, form in syntax.variables.items()}
    outside |= dict.fromkeys(syntax.inside, (_INSIDE, None))
    functions = shared | {name: (_DEFINE, form) for name, form in syntax.locals.items()}
    functions |= dict.fromkeys(syntax.nested, (_INSIDE, None))

    def by_number(table: dict[str, tuple[int, Any]]) -> _Table:
        found = {
            n: (what, _fields(how, language) if type(how) is Form else how)
            for name, (what, how) in table.items()
            for n in numbers.get(name, ())
        }
        return found | {_ERROR: (_INSIDE, None)}

    return Actions(by_number(outside), by_number(functions), syntax)


def _fields(form: Form, language: "Language") -> _Fields:
    name, body = (language.field_id_for_name(n) or 0 for n in (form.name, form.body))
    return _Fields(form.kind, name, body, form.bodies, form.members, form.through)


def walk(nodes: "Iterable[Node]", actions: Actions, data: bytes) -> tuple[list[Row], list[Import]]:
    """List what nodes of the top level and those below define and import; `data` is UTF-8."""
    rows: list[Row] = []
    imports: list[Import] = []
    above: list[Node] = []  # comments and attributes since the last node that is neither
    frames: list[_Frame] = [(iter(nodes), -1, False, actions.outside)]
    while frames:
        children, parent, members, table = frames[-1]
        for node in children:
            action = table.get(node.kind_id)
            if action is None:
                above = []
                continue
            what, how = action
            if what <= _ABOVE:
                above.append(node)
                continue
            head = -1
            outer = node
            if what == _WRAP:
                node, what, how, head = _unwrapped(node, how, table)  # noqa: PLW2901
            if what == _INSIDE:
                frames.append((iter(node.named_children), parent, members, table))
                break
            form = type(how) is _Fields
            found = _formed(node, how) if form else _found(node, how, data, imports)
            place = (node, outer, head, above, parent, members)
            above = []
            if found and (inner := _define(found, place, actions, data, rows)):
                frames += inner
                break
        else:
            frames.pop()
    return _in_order(rows), imports


def _unwrapped(node: "Node", wrap: Wrap, table: _Table) -> "tuple[Node, int, Any, int]":
    """Return what a wrapper is around, what to do with that, and where the head begins."""
    head = -1
    while True:
        if wrap.group and any(inner.type == "(" for inner in node.children):
            return node, _INSIDE, None, -1
        if wrap.in_head and head < 0:
            head = node.start_byte
        for inner in reversed(node.named_children):
            what, how = table.get(inner.kind_id, (_COMMENT, None))
            if what >= _DEFINE and inner.kind_id != _ERROR:
                break
        else:
            return node, _DEFINE, wrap.imports or _nothing, -1
        if what != _WRAP:
            return inner, what, how, head
        node, wrap = inner, how


def _nothing(_node: "Node", _data: bytes) -> Iterable[Import]:
    return ()


def _found(node: "Node", how: Any, data: bytes, imports: list[Import]) -> "Sequence[_Plain]":
    parts: list[Part] = []
    for found in how(node, data):
        if type(found) is Part:
            parts.append(found)
        else:
            imports.append(found)
    return parts


def _formed(node: "Node", how: _Fields) -> "Sequence[_Plain]":
    kind, field, block, bodies, members, through = how
    name = node.child_by_field_id(field)
    if name is None:
        return ()
    body = node.child_by_field_id(block)
    if body is None and bodies:
        body = child(node, *bodies)
    if through:
        head = body.start_byte if body is not None else node.end_byte
        return ((name, kind, node, node, head, members, None),)
    return ((name, kind, node, body, -1, members, None),)


def _define(
    parts: "Sequence[_Plain]",
    place: _Place,
    actions: Actions,
    data: bytes,
    rows: list[Row],
) -> list[_Frame]:
    """Append a row for each part; return the frames of their bodies, the first one last."""
    frames: list[_Frame] = []
    for part in parts:
        name, kind, _, body, _, members, _ = part
        if name is None:
            if body is not None:
                table = actions.functions if kind in _FUNCTIONS else actions.outside
                frames.append((iter(body.named_children), place[4], place[5], table))
            continue
        row = _row(part, name, place, actions.syntax, data)
        if row is None:
            continue
        rows.append(row)
        if body is None:
            continue
        kind = row[6]
        if kind not in _FUNCTIONS:
            inside = iter(body.named_children)
            frames.append((inside, len(rows) - 1, members or kind in _HOLDERS, actions.outside))
        elif actions.syntax.into_functions and _holds_more(body, actions.syntax.inner, data):
            inside = iter(body.named_children)
            frames.append((inside, len(rows) - 1, False, actions.functions))
    if len(frames) > 1:
        frames.reverse()
    return frames


def _holds_more(body: "Node", words: tuple[bytes, ...], data: bytes) -> bool:
    start, end = body.start_byte, body.end_byte
    for word in words:  # a loop: `any` of a generator costs three times as much
        if data.find(word, start, end) >= 0:
            return True
    return not words


def _row(part: _Plain, name: "Node", place: _Place, syntax: Syntax, data: bytes) -> Row | None:
    first, last = name.start_byte, name.end_byte
    if first < last and (data[first] in _ODD or data[last - 1] in _ODD):
        first, last = _unquoted(name, data)
    if not 0 < last - first <= _LONGEST_NAME or data[first:last] == b"_":
        return None
    _, kind, node, body, end, _, literal = part
    inner, outer, in_head, above, parent, members = place
    head = node.start_byte
    if node is inner and node is not outer:
        node = outer
        head = head if in_head < 0 else node.start_byte
    start = node.start_byte
    if data[head] in _DECORATED:
        head = _past_decorators(inner if head != start else node, syntax.above, data)
    said = data[literal.start_byte : literal.end_byte] if literal is not None else None
    if body is not None and syntax.docstring is not None:
        said = syntax.docstring(body, data)
    doc = first_sentence_of_string(said.decode()) if said is not None else ""
    if above:
        start, comment = _above(above, start, syntax.above, data)
        doc = doc or comment
    if members:
        kind = _METHOD if kind is _FUNCTION else _FIELD if kind is _VARIABLE else kind
    accessor = syntax.accessor
    if kind is _METHOD and accessor is not None and accessor.search(data, start, first):
        kind = _PROPERTY
    last_byte = node.end_byte
    end = end if end >= 0 else last_byte if body is None else body.start_byte
    line = name.start_point.row
    return first, last, start, last_byte, head, end, kind, line, doc, parent


def _unquoted(name: "Node", data: bytes) -> tuple[int, int]:
    """Return the extent of a name without quotes, and without an atom's colon on either side."""
    first, last = name.start_byte, name.end_byte
    if data[first] in _QUOTES and last - first > 1:
        bracketed = data[first] == _BRACKET and not name.type.endswith("selector")
        if data[first] == data[last - 1] or (bracketed and last - first > len("[]")):
            return first + 1, last - 1
    if name.type in _ATOMS:
        first += data[first] == _COLON
        while last > first and data[last - 1] in _AFTER:
            last -= 1
    return first, last


def _past_decorators(node: "Node", decorators: Sequence[str], data: bytes) -> int:
    """Return where a definition begins behind what decorates it inside its own node."""
    queue = list(node.children)
    while queue:
        inner = queue.pop(0)
        if inner.type in decorators:
            continue
        if data[inner.start_byte] in _DECORATED and inner.child_count:
            queue = inner.children + queue
            continue
        return inner.start_byte
    return node.start_byte


def _above(
    above: "Sequence[Node]", start: int, decorators: Sequence[str], data: bytes
) -> tuple[int, str]:
    """Return where the attributes before a definition begin, and what the comment says."""
    comments: list[str] = []
    edge = start
    for node in reversed(above):
        end = node.end_byte
        if data[end - 1] == _FEED:  # Rust's doc comments end behind their line
            end -= 1
        if node.type in decorators:
            start = edge = node.start_byte
            continue
        first = node.start_byte
        gap = data[end:edge]
        if gap.strip() or gap.count(b"\n") > 1 or not _begins_line(first, data):
            break
        comments.append(data[first:end].decode())
        edge = first
    return start, first_sentence("\n".join(reversed(comments))) if comments else ""


def _begins_line(at: int, data: bytes) -> bool:
    line = max(data.rfind(b"\n", 0, at), data.rfind(b"\r", 0, at))
    return not data[line + 1 : at].strip()


def _in_order(rows: list[Row]) -> list[Row]:
    """Sort by start, the outer one first; nearly always they already are."""
    starts = [row[2] for row in rows]
    if sorted(set(starts)) == starts:
        return rows
    keys = [(row[2], -row[3]) for row in rows]
    order = sorted(range(len(rows)), key=keys.__getitem__)
    if order == list(range(len(rows))):
        return rows
    now = {old: new for new, old in enumerate(order)} | {-1: -1}
    return [(*rows[old][:9], now[rows[old][9]]) for old in order]
