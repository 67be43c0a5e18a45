"""SQL: what `CREATE` creates, with the columns of tables. Queries define nothing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, Wrap, child

if TYPE_CHECKING:
    from tree_sitter import Node


def _created(kind: Kind) -> Parts:
    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        reference = child(node, "object_reference")  # of an index it is the table
        named = reference.child_by_field_name("name") if reference is not None else None
        name = node.child_by_field_name("column") or named or child(node, "identifier")
        body = child(node, "column_definitions")
        end = child(node, "function_body", "keyword_as")
        head = body or end
        if name is not None:
            yield Part(name, kind, node, body, head.start_byte if head is not None else -1)

    return parts


SYNTAX: Final = Syntax(
    define={
        "create_table": _created(Kind.STRUCT),
        "create_view": _created(Kind.STRUCT),
        "create_materialized_view": _created(Kind.STRUCT),
        "create_function": _created(Kind.FUNCTION),
        "create_procedure": _created(Kind.FUNCTION),
        "create_trigger": _created(Kind.FUNCTION),
        "create_type": _created(Kind.TYPE),
        "create_schema": _created(Kind.MODULE),
        "create_database": _created(Kind.MODULE),
        "create_sequence": _created(Kind.VARIABLE),
        "create_index": _created(Kind.KEY),
    },
    variables={"column_definition": Form(Kind.FIELD)},
    inside=("block", "transaction"),
    wrap={"statement": Wrap()},
    comments=("comment", "marginalia"),
    keywords=KEYWORDS["sql"],
)
