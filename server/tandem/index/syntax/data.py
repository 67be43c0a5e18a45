"""Listings: JSON, YAML and TOML by their keys, CSS by its selectors, HTML by its landmarks.

Keys are listed two levels deep: a lock file has a hundred thousand of them, and its outline is in
the first two. Values are never looked at.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tandem.index.facts import Import, Kind
from tandem.index.syntax.rules import Part, Parts, Syntax, child, children, text

if TYPE_CHECKING:
    from tree_sitter import Node

_LANDMARKS: Final = {
    "main", "nav", "header", "footer", "section", "article", "aside", "form", "dialog", "template",
}  # fmt: skip
_HEADING: Final = re.compile(r"h[1-6]")
_PATH: Final = re.compile(r"[\"']([^\"'\n]+)[\"']|\(\s*([^\"')\s]+)")


def _pair(mapping: str) -> Parts:
    """Return what lists a pair of a mapping; the second level is not entered."""

    def parts(node: "Node", _data: bytes) -> Iterator[Part]:
        key = node.child_by_field_name("key")
        value = node.child_by_field_name("value")
        outer = node.parent
        while outer is not None and outer.type in {mapping, "block_node", "flow_node"}:
            outer = outer.parent
        deeper = outer is None or outer.type != node.type
        while key is not None and key.type in {"flow_node", "block_node"} and key.named_children:
            key = key.named_children[-1]  # behind an anchor or a tag
        if key is not None:
            mapped = value is not None and value.type in {mapping, "block_node", "array"}
            head = value.start_byte if value is not None and mapped else node.end_byte
            yield Part(key, Kind.KEY, node, node if deeper else None, head)

    return parts


def _table(node: "Node", _data: bytes) -> Iterator[Part]:
    name = child(node, "bare_key", "quoted_key", "dotted_key")
    if name is not None:
        first = child(node, "pair")
        yield Part(name, Kind.KEY, node, node, first.start_byte if first is not None else -1)


def _toml_pair(node: "Node", _data: bytes) -> Iterator[Part]:
    name = child(node, "bare_key", "quoted_key", "dotted_key")
    if name is not None:
        yield Part(name, Kind.KEY, node)


def _rule(node: "Node", _data: bytes) -> Iterator[Part]:
    selectors, block = child(node, "selectors"), child(node, "block")
    for number, selector in enumerate(selectors.named_children if selectors is not None else ()):
        yield Part(selector, Kind.KEY, node, None if number else block)


def _property(node: "Node", data: bytes) -> Iterator[Part]:
    name = child(node, "property_name")
    if name is not None and data.startswith(b"--", name.start_byte):
        yield Part(name, Kind.VARIABLE, node)


def _keyframes(node: "Node", _data: bytes) -> Iterator[Part]:
    name, block = child(node, "keyframes_name"), child(node, "keyframe_block_list")
    if name is not None:
        yield Part(name, Kind.KEY, node, None, block.start_byte if block is not None else -1)


def _css_import(node: "Node", data: bytes) -> Iterator[Import]:
    path = _PATH.search(text(node, data))
    if path is not None:
        yield Import(path[1] or path[2], (), "", node.start_point[0])


def _element(node: "Node", data: bytes) -> Iterator[Part | Import]:
    """Yield an element with an id, a heading or a landmark; go into every other one."""
    tag = child(node, "start_tag", "self_closing_tag")
    name = child(tag, "tag_name") if tag is not None else None
    if tag is None or name is None:
        return
    word = text(name, data).lower()
    attributes = {
        text(attribute.named_children[0], data).lower(): attribute.named_children[-1]
        for attribute in children(tag, "attribute")
        if attribute.named_child_count > 1
    }
    source = attributes.get("src" if word == "script" else "href" if word == "link" else "")
    if source is not None:
        yield Import(text(source, data).strip("\"'"), (), "", node.start_point[0])
    heading = child(node, "text") if _HEADING.fullmatch(word) else None
    label = attributes.get("id") or heading or (name if word in _LANDMARKS else None)
    yield Part(label, Kind.KEY, node, node, tag.end_byte)


JSON: Final = Syntax(define={"pair": _pair("object")}, inside=("document", "object"))
YAML: Final = Syntax(
    define={"block_mapping_pair": _pair("block_mapping")},
    inside=("stream", "document", "block_node", "block_mapping"),
)
TOML: Final = Syntax(
    define={"table": _table, "table_array_element": _table}, variables={"pair": _toml_pair}
)
CSS: Final = Syntax(
    define={"rule_set": _rule, "keyframes_statement": _keyframes},
    variables={"declaration": _property},
    inside=("media_statement", "supports_statement", "at_rule", "block", "scope_statement"),
    comments=("comment", "js_comment"),
    imports={"import_statement": _css_import},
)
HTML: Final = Syntax(define={"element": _element, "script_element": _element}, inside=("document",))
