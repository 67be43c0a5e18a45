"""What functions take and what calls give, by syntax; and whether the one fits the other.

Read from a parse when it is asked for: the index keeps no arguments. Counts and names of keywords
are compared, never types. What cannot be counted (spread arguments, macros, a language without a
row in the table) fits everything.

Invariant: never raises, whatever the text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tandem.index.languages import Language, language_of
from tandem.index.syntax.calling import TABLE, Calling
from tandem.index.trees import deadline, never, parsed, spoken

if TYPE_CHECKING:
    from tree_sitter import Node

_BUDGET_S: Final = 2.0
_GIVEN: Final = 200
_SELF: Final = frozenset(["self", "cls"])
_COMMENTS: Final = frozenset(["comment", "line_comment", "block_comment"])


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes, its receiver aside.

    `names` are its parameters in order, `needed` those without a default; the first `positional`
    can be given by place. `rest`: it takes any more; `method`: it stands in a type, its `owner`.
    """

    name: str
    names: tuple[str, ...]
    needed: frozenset[str]
    positional: int
    rest: bool = False
    method: bool = False
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """What a call gives: arguments by place, by keyword, and perhaps more. `line` is zero-based.

    `bare`: the name stands alone, not behind a dot; `receiver` is what stands before the dot, if
    that is a word, `given` the arguments as they are written.
    """

    name: str
    line: int
    places: int
    keywords: tuple[str, ...] = ()
    spread: bool = False
    bare: bool = True
    receiver: str = ""
    given: str = ""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The functions and calls of one text."""

    signatures: tuple[Signature, ...] = ()
    calls: tuple[Call, ...] = ()


def fits(call: Call, signature: Signature) -> bool:
    """Tell whether a call gives what a function takes, as far as syntax tells."""
    if call.spread:
        return True
    if not signature.rest:
        if call.places > signature.positional or not set(call.keywords) <= set(signature.names):
            return False
        if len(set(call.keywords)) < len(call.keywords):
            return False
    given = set(signature.names[: call.places]) | set(call.keywords)
    return signature.needed <= given


@lru_cache(maxsize=256)
def arguments_of(path: str, text: str) -> Arguments:
    """Return the functions and calls of a text; none of a language that is not in the table."""
    language = language_of(path)
    if language is None or language.id not in TABLE:
        return Arguments()
    source = text.encode("utf-8", "replace")
    actual = spoken(language, source)
    calling = TABLE.get(actual.id)
    if calling is None:
        return Arguments()
    tree = parsed(source, actual, None, deadline(_BUDGET_S, never, len(source)))
    if tree is None:
        return Arguments()
    reader = _Reader(calling, actual)
    reader.read(tree.root_node)
    return Arguments(tuple(reader.signatures), tuple(reader.calls))


class _Reader:
    """Goes through a tree once."""

    def __init__(self, calling: Calling, language: Language) -> None:
        self._calling = calling
        self._language = language.id
        self.signatures: list[Signature] = []
        self.calls: list[Call] = []

    def read(self, root: "Node") -> None:
        """Note every function and call below a node; each with the type that it stands in."""
        todo: list[tuple[Node, Node | None]] = [(root, None)]
        while todo:
            node, owner = todo.pop()
            if node.type in self._calling.functions:
                self._function(node, owner)
                owner = None
            elif node.type in self._calling.types:
                owner = node
                if node.type == "record_declaration":  # its head is a constructor
                    self._function(node, node)
            elif node.type in self._calling.calls:
                self._call(node)
            todo += [(child, owner) for child in reversed(node.named_children)]

    # -- functions -----------------------------------------------------------------------------

    def _function(self, node: "Node", owner: "Node | None") -> None:
        head = _head(node)
        name, parameters = _name_of(head), head.child_by_field_name("parameters")
        if not name or parameters is None:
            return
        receiver = node.child_by_field_name("receiver") if self._language == "go" else None
        own = _name_of(owner) if owner is not None else _receiver_type(receiver)
        if name == self._calling.constructor and own:
            name = own  # it is called by the name of its type
        names: list[str] = []
        needed: set[str] = set()
        positional, rest, by_place = 0, False, True
        for number, one in enumerate(_children(parameters)):
            if one.type in self._calling.receiver or self._is_self(one, number, node, owner):
                continue
            if one.type == "keyword_separator":
                by_place = False
            elif self._is_rest(one):
                rest = True
                by_place = False
            elif one.type != "positional_separator" and one.text != b"void":
                for name_of in _parameter_names(one, len(names)):
                    names.append(name_of)
                    positional += by_place
                    if not self._is_optional(one):
                        needed.add(name_of)
        found = Signature(name, tuple(names), frozenset(needed), positional, rest, bool(own), own)
        self.signatures.append(found)

    def _is_self(self, one: "Node", number: int, node: "Node", owner: "Node | None") -> bool:
        if self._language != "python" or owner is None or number:
            return False
        above = node.parent
        static = above is not None and above.type == "decorated_definition"
        if static and above is not None and b"@staticmethod" in (above.text or b""):
            return False
        return _text(one).partition(":")[0].strip() in _SELF or not static

    def _is_rest(self, one: "Node") -> bool:
        if one.type in self._calling.rest:
            return True
        return any(child.type in self._calling.rest for child in one.named_children[:1])

    def _is_optional(self, one: "Node") -> bool:
        return one.type in self._calling.optional or one.child_by_field_name("value") is not None

    # -- calls ---------------------------------------------------------------------------------

    def _call(self, node: "Node") -> None:
        callee, arguments = (
            node.child_by_field_name(field) for field in self._calling.calls[node.type]
        )
        if callee is None or arguments is None:
            return
        before = node.child_by_field_name("object")
        bare = before is None
        while (inner := self._further(callee)) is not None:
            bare = bare and callee.type in {"generic_function", "scoped_identifier"}
            before = _owner_of(callee)
            callee = inner
        places, spread = 0, False
        keywords: list[str] = []
        found = _children(arguments) if arguments.type != "generator_expression" else [arguments]
        for one in found:
            if one.type in self._calling.spread:
                spread = True
            elif one.type in self._calling.keyword:
                keywords.append(_text(one.child_by_field_name("name")))
            else:
                places += 1
        if self._language == "go":  # f(g()) may give several, f(xs...) any
            spread = _text(arguments).endswith("...)") or (
                places == 1 and found[0].type == "call_expression"
            )
        line = callee.start_point[0]
        receiver = _text(before) if before is not None and not before.named_children else ""
        call = Call(
            _text(callee),
            line,
            places,
            tuple(keywords),
            spread,
            bare,
            receiver,
            _text(arguments)[:_GIVEN],
        )
        self.calls.append(call)

    def _further(self, callee: "Node") -> "Node | None":
        found = (callee.child_by_field_name(field) for field in self._calling.last)
        return next((one for one in found if one is not None), None)


def _receiver_type(receiver: "Node | None") -> str:
    """Return the type that a method of Go is of."""
    words = _text(receiver).strip("()").split()
    return words[-1].lstrip("*").partition("[")[0] if words else ""


def _owner_of(callee: "Node") -> "Node | None":
    """Return what stands before the last name of `a.b` or `a::b`."""
    found = (
        callee.child_by_field_name(f) for f in ("object", "path", "value", "argument", "operand")
    )
    return next((one for one in found if one is not None), None)


def _head(node: "Node") -> "Node":
    """Return the node that has the name and the parameters: in C a declarator inside."""
    inner = node.child_by_field_name("declarator")
    while inner is not None and inner.type != "function_declarator":
        inner = inner.child_by_field_name("declarator")
    return inner if inner is not None else node


def _name_of(node: "Node") -> str:
    for field in ("name", "declarator", "type"):
        found = node.child_by_field_name(field)
        if found is not None:
            return _text(found).partition("<")[0]
    above = node.parent  # const total = (cart) => ...
    if above is not None and above.type in {"variable_declarator", "pair", "field_definition"}:
        for field in ("name", "key", "property"):
            found = above.child_by_field_name(field)
            if found is not None:
                return _text(found)
    return ""


def _parameter_names(one: "Node", number: int) -> Iterator[str]:
    """Yield the names that one parameter declares: in Go several, of a pattern a made-up one."""
    named = [_text(found) for found in one.children_by_field_name("name")]
    if named:
        yield from named
        return
    for field in ("pattern", "left", "declarator"):
        found = one.child_by_field_name(field)
        if found is not None:
            yield _text(found).lstrip("*& ")
            return
    first = next((child for child in one.named_children if child.type == "identifier"), one)
    yield _text(first) if first.type == "identifier" else f"#{number}"


def _children(node: "Node") -> Sequence["Node"]:
    return [child for child in node.named_children if child.type not in _COMMENTS]


def _text(node: "Node | None") -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""
