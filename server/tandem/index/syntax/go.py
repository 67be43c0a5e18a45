"""Go: types with their fields and methods, functions, constants and variables of the package.

Nothing inside a function has a name of its own, so bodies are not entered.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.keywords import KEYWORDS
from tandem.index.syntax.rules import Form, Part, Parts, Syntax, Wrap, text

if TYPE_CHECKING:
    from tree_sitter import Node


def _type(node: "Node", data: bytes) -> Iterator[Part]:
    name, form = node.child_by_field_name("name"), node.child_by_field_name("type")
    if name is None:
        return
    if form is not None and form.type == "struct_type":
        body = form.named_child(0) if form.named_child_count else None
        yield Part(name, Kind.STRUCT, node, body)
    elif form is not None and form.type == "interface_type":
        brace = data.find(b"{", form.start_byte, form.end_byte)
        yield Part(name, Kind.INTERFACE, node, form, brace)
    else:
        yield Part(name, Kind.TYPE, node)


def _named(kind: Kind) -> Parts:
    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        for name in node.children_by_field_name("name"):
            if name.is_named:  # the commas are in the field too
                yield Part(name, kind, node)

    return parts


def _field(node: "Node", _data: bytes) -> Iterator[Part]:
    names = [name for name in node.children_by_field_name("name") if name.is_named]
    embedded = None if names else node.child_by_field_name("type")
    while embedded is not None and embedded.named_child_count:
        embedded = embedded.child_by_field_name("name") or embedded.named_children[0]
    for name in names or ([embedded] if embedded is not None else []):
        yield Part(name, Kind.FIELD, node)


def _import(node: "Node", data: bytes) -> Iterator[Import]:
    for spec in _specs(node):
        path, name = spec.child_by_field_name("path"), spec.child_by_field_name("name")
        module = text(path, data)[1:-1] if path is not None else ""
        local = text(name, data) if name is not None else _package(module)
        yield Import(module, (), "" if local in {"_", "."} else local, spec.start_point[0])


def _package(path: str) -> str:
    """Guess a package's name: `log` of `acme/log/v2`, `yaml` of `gopkg.in/yaml.v3`."""
    return _VERSION.sub("", path).rpartition("/")[2]


def _specs(node: "Node") -> Iterator["Node"]:
    for child in node.named_children:
        if child.type == "import_spec":
            yield child
        elif child.type == "import_spec_list":
            yield from _specs(child)


_VERSION: Final = re.compile(r"[/.]v\d+$")
_GROUP: Final = Wrap(group=True)

SYNTAX: Final = Syntax(
    define={
        "function_declaration": Form(Kind.FUNCTION),
        "method_declaration": Form(Kind.METHOD),
        "type_spec": _type,
        "type_alias": _type,
    },
    variables={
        "const_spec": _named(Kind.CONSTANT),
        "var_spec": _named(Kind.VARIABLE),
        "field_declaration": _field,
        "method_elem": Form(Kind.METHOD),
        "method_spec": Form(Kind.METHOD),
    },
    inside=("var_spec_list",),
    wrap={
        "type_declaration": _GROUP,
        "const_declaration": _GROUP,
        "var_declaration": _GROUP,
    },
    imports={"import_declaration": _import},
    into_functions=False,
    keywords=KEYWORDS["go"],
)
