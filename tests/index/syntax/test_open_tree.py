"""A tree that follows edits says what a fresh parse says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.index.languages import Language
from tandem.index.open_tree import OpenTree
from tests.index.syntax.listing import exact, known, samples

PYTHON = known("python")
SAMPLES = [(known(path.name), path.read_bytes()) for path in samples()]


def opened(data: bytes, language: Language = PYTHON) -> OpenTree:
    tree = OpenTree.of(data, language)
    assert tree is not None
    return tree


def edited(tree: OpenTree, start: int, old_end: int, new: bytes) -> OpenTree:
    data = tree.data[:start] + new + tree.data[old_end:]
    found = tree.edit(start, old_end, start + len(new), data)
    assert found is not None
    return found


def test_an_edit_is_followed():
    tree = opened(b"def f(): pass\n")
    tree = edited(tree, 4, 5, b"longer")
    tree = edited(tree, 0, 0, "# Größe.\n".encode())

    assert [(d.name, d.line, d.doc) for d in tree.facts().definitions] == [("longer", 1, "Größe.")]


def test_the_older_tree_stays_as_it_is():
    first = opened(b"def f(): pass\n")
    second = edited(first, 4, 5, b"g")

    assert [d.name for d in first.facts().definitions] == ["f"]
    assert [d.name for d in second.facts().definitions] == ["g"]


@given(st.data(), st.sampled_from(SAMPLES))
def test_any_edits_come_to_what_a_fresh_parse_says(data, sample):
    language, source = sample
    tree = opened(source, language)
    for _ in range(data.draw(st.integers(1, 4))):
        text = tree.data.decode()
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 30)))
        new = data.draw(st.sampled_from(["", " ", "é", "x1", "\n", "\n\n# é\n", "42 "]))
        before, old = len(text[:start].encode()), len(text[start:end].encode())
        tree = edited(tree, before, before + old, new.encode())
    fresh = exact(tree.data, language)
    mine = tree.facts()
    # An incremental parse may recover from errors elsewhere than a fresh one; without errors
    # both are the same tree.
    assert mine.identifiers == fresh.identifiers
    if not fresh.errors and not mine.errors:
        assert mine == fresh


@pytest.mark.parametrize("first", [b"\xef\xbb\xbfx = 1\n", b"# \xe9\nx = 1\n", b"a = 0\rx = 1\n"])
def test_odd_bytes_are_parsed_anew(first):
    tree = opened(first)
    at = len(first)
    tree = edited(tree, at, at, b"y = 2\n")

    assert [d.name for d in tree.facts().definitions][-2:] == ["x", "y"]


def test_a_budget_ends_an_edit():
    data = b"def f(x):\n    return [x, (x, {x: x})]\n" * 40_000
    tree = opened(data)

    assert OpenTree.of(data, PYTHON, budget_s=0.001) is None
    assert tree.edit(0, 0, 3, b'"""' + data, budget_s=0.001) is None
    assert tree.errors() == 0


def test_without_a_grammar_there_is_no_tree():
    assert OpenTree.of(b"", known("less")) is None
