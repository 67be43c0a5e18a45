"""The look around the cursor agrees with the parsers, and says where blocks begin."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tree_sitter import Node, Parser

from tandem.core.text import Text
from tandem.features.inline.surroundings import Inside, look
from tandem.index.grammars import grammar
from tandem.index.languages import language_of

SAMPLES = Path(__file__).parents[2] / "fixtures" / "samples"
CODE = [p for p in sorted(SAMPLES.glob("*/*")) if (k := language_of(p.name)) and not k.listing]
_STRINGS = ("string", "char", "heredoc", "raw_string", "interpreted")


@given(
    st.text("ab(){}[]'\"`#/*-\n\\\\ ", max_size=200),
    st.sampled_from(["python", "rust", "go", "lua", ""]),
)
def test_any_text_can_be_looked_at(text, language):
    for offset in range(len(text) + 1):
        look(Text.of(text), offset, language)


@pytest.mark.parametrize("path", CODE, ids=lambda p: p.parent.name + "/" + p.name)
def test_it_agrees_with_the_parser_about_strings_and_comments(path):
    language = language_of(path.name)
    assert language is not None
    found = grammar(language)
    if found is None:
        pytest.skip(f"no grammar for {language.id}")
    source = path.read_text("utf-8")
    text, data = Text.of(source), source.encode()
    tree = Parser(found).parse(data)
    places = range(0, len(source), max(1, len(source) // 150))
    wrong = 0
    for offset in places:
        byte = len(source[:offset].encode())
        kinds = _kinds(tree.root_node, byte)
        seen = look(text, offset, language.id).inside
        comment = any("comment" in kind for kind in kinds)
        string = any(kind.startswith(_STRINGS) or "string" in kind for kind in kinds)
        expected = Inside.COMMENT if comment else Inside.STRING if string else Inside.CODE
        wrong += seen is not expected
    assert wrong <= len(places) // 20


def _kinds(root: Node, byte: int) -> list[str]:
    """Return the types of the nodes that begin before a byte and end behind it."""
    node: Node | None = root
    kinds: list[str] = []
    while node is not None:
        node = next((c for c in node.children if c.start_byte < byte < c.end_byte), None)
        if node is not None:
            kinds.append(node.type)
    return kinds


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("def f():\n    $0\n", "python"),
        ("def f():$0\n", "python"),
        ("if x:\n    $0\n\ny = 1\n", "python"),
        ("func f() {\n\t$0\n}\n", "go"),
        ("func f() {$0}\n", "go"),
        ("items.forEach((item) => {\n  $0\n});\n", "typescript"),
        ("def f\n  $0\nend\n", "ruby"),
        ("if x then\n  $0\nend\n", "lua"),
    ],
)
def test_a_block_begins_here(source, language):
    offset = source.index("$0")
    assert look(Text.of(source.replace("$0", "")), offset, language).header


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("def f():\n    $0\n    return 1\n", "python"),
        ("x = {\n    $0\n}\n", "python"),
        ("def f():\n$0\n", "python"),
        ("x = 1\n$0\n", "python"),
        ("func f() {\n\t$0\n\treturn\n}\n", "go"),
        ("# see:\n# a:$0\n", "python"),
        ("call(a, {$0 b)\n", "typescript"),
    ],
)
def test_no_block_begins_here(source, language):
    offset = source.index("$0")
    assert not look(Text.of(source.replace("$0", "")), offset, language).header
