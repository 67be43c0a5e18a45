"""A table for a language that has a grammar but no table of its own, read off the node types.

Grammars agree well enough on names: a `…_definition`, `…_declaration` or `…_item` of a function,
a class and so on, with its name in the field `name`. What such a table finds is right as a rule;
what it misses is anything that a language says differently. Imports are not known.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Kind
from tandem.index.syntax.rules import Form, Part, Parts, Syntax

if TYPE_CHECKING:
    from tree_sitter import Language, Node

_WORDS: Final = (
    "function|func|subroutine|procedure|method|class|module|interface|trait|protocol|struct|enum"
    "|record|message|service|contract|macro|constructor|type_alias|mixin|extension"
)
_SUFFIXES: Final = "definition|declaration|item|statement|def|decl|binding|signature"
_DEFINES: Final = re.compile(
    rf"(?:\w+_)?(?P<what>{_WORDS})(?:_\w+)?_(?:{_SUFFIXES})|(?P<bare>{_WORDS})"
)
_NO_NAME: Final = re.compile(r"param|argument|block|body|type$|modifier")
_KINDS: Final = {
    **dict.fromkeys(("function", "func", "subroutine", "procedure"), Kind.FUNCTION),
    **dict.fromkeys(("method", "constructor"), Kind.METHOD),
    **dict.fromkeys(("class", "mixin", "contract", "service"), Kind.CLASS),
    **dict.fromkeys(("interface", "trait", "protocol"), Kind.INTERFACE),
    **dict.fromkeys(("struct", "record", "message"), Kind.STRUCT),
    **dict.fromkeys(("module", "extension"), Kind.MODULE),
    "enum": Kind.ENUM,
    "macro": Kind.MACRO,
    "type_alias": Kind.TYPE,
}
_BODY: Final = re.compile(r"(?:body|block|declarations?|members?|list|source_file|program|unit)$")
_DEEPEST: Final = 4
_MOST: Final = 400  # children of a body that are looked at for a body of their own


def of_grammar(grammar: "Language") -> Syntax:
    """Return the table that a grammar's node types suggest."""
    define: dict[str, Form | Parts] = {}
    inside: list[str] = []
    for number in range(grammar.node_kind_count):
        name = grammar.node_kind_for_id(number) or ""
        found = _DEFINES.fullmatch(name) if grammar.node_kind_is_named(number) else None
        if found is not None:
            define[name] = _named(_KINDS[found["what"] or found["bare"]])
        elif _BODY.search(name):
            inside.append(name)
    comments = ("comment", "line_comment", "block_comment", "documentation_comment")
    return Syntax(
        define=define, inside=tuple(inside), nested=tuple(inside), comments=comments, above=_ABOVE
    )


_ABOVE: Final = ("annotation", "attribute", "attribute_item", "decorator")


def _named(kind: Kind) -> Parts:
    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        name = _name(node)
        if name is None:
            return
        body = node.child_by_field_name("body")
        for inner in reversed(node.named_children[:_MOST]) if body is None else ():
            if _BODY.search(inner.type) and inner.start_byte >= name.end_byte:
                body = inner
                break
        yield Part(name, kind, node, body)

    return parts


def _name(node: "Node") -> "Node | None":
    """Find the name: in the field, or down the first children, before any parameter or body."""
    for _ in range(_DEEPEST):
        name = node.child_by_field_name("name")
        if name is not None:
            return name
        first = next(
            (n for n in node.named_children[:_DEEPEST] if not _NO_NAME.search(n.type)), None
        )
        if first is None or (not first.named_child_count and first.type.endswith("name")):
            return first
        if first.type.endswith("identifier"):
            return first
        node = first
    return None
