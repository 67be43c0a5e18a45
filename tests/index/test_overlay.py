"""A codebase as it would be answers like one that is built from the changed files."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tandem.index.code import Code, Target
from tandem.index.overlay import Overlay
from tests.support.code import codebase

SOURCES = [
    "",
    "def total(prices):\n    return sum(prices)\n",
    "from shop.cart import total\n\n\ndef pay():\n    return total([1])\n",
    "from .cart import total as all_of_it, Cart\nimport shop.till\n",
    "class Cart:\n    def total(self):\n        return 1\n\n    def add(self, price): ...\n",
    "from . import cart\nfrom cart import *\n\nprint(cart.total([]))\n",
    "import shop.cart as c, shop\n\nLIMIT = c.Cart().total()\n",
    "def broken(:\n    total(\n",
    "é = 'ü'\r\ndef größe(): return é\r\n",
]
PATHS = [
    "shop/__init__.py",
    "shop/cart.py",
    "shop/cart.pyi",
    "shop/till.py",
    "cart.py",
    "tests/test_cart.py",
    "README",  # of no known language: it can only be read
    "notes.unknown",
]
NAMES = ["total", "Cart", "pay", "cart", "all_of_it", "größe", "no"]

FILES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(SOURCES), max_size=5)
CHANGES = st.dictionaries(st.sampled_from(PATHS), st.none() | st.sampled_from(SOURCES), max_size=4)


def merged(files: Mapping[str, str], texts: Mapping[str, str | None]) -> dict[str, str]:
    found = {**files, **texts}
    return {path: text for path, text in sorted(found.items()) if text is not None}


def answers(code: Code) -> dict[str, object]:
    """Return what a codebase answers about all paths and names, but who imports a file."""
    return {
        "paths": set(code.paths),
        "facts": {path: code.facts(path) for path in PATHS},
        "names": {path: set(code.names(path)) for path in PATHS},
        "heads": {path: heads(code, path) for path in PATHS},
        "texts": {path: code.text(path) for path in PATHS},
        "excerpts": {path: list(code.excerpts(path, [(0, 2), (1, 9), (7, 9)])) for path in PATHS},
        "definers": {name: list(code.definers(name)) for name in NAMES},
        "defining": {name: sorted(paths) for name, paths in code.defining(set(NAMES)).items()},
        "users": {name: list(code.users(name)) for name in NAMES},
        "bindings": {name: Counter(code.bindings(name)) for name in NAMES},
        "imports": {path: dict(code.imports(path)) for path in PATHS},
    }


def heads(code: Code, path: str) -> object:
    found = code.heads(path)
    if found is None:
        return None
    columns = (found.lines, found.signatures, found.parents, found.classes)
    return dict(found.first), *map(list, columns)


def importers(code: Code) -> dict[str, list[str]]:
    return {path: list(code.importers(path)) for path in PATHS}


# ------------------------------------------------------------------ like the codebase it would be


@given(FILES, CHANGES)
@example({"shop/cart.py": SOURCES[1], "shop/till.py": SOURCES[3]}, {"shop/cart.pyi": SOURCES[4]})
@example({"shop/cart.py": SOURCES[1], "cart.py": SOURCES[2]}, {"shop/cart.py": None})
@example({"shop/cart.py": SOURCES[1], "README": "total"}, {"README": "pay", "notes.unknown": "x"})
def test_an_overlay_answers_like_the_codebase_it_would_be(files, texts):
    below = codebase(dict(sorted(files.items())))

    assert answers(Overlay(below, texts)) == answers(codebase(merged(files, texts)))


@given(FILES, CHANGES)
def test_who_imports_a_file_is_told_where_no_file_comes_or_goes(files, texts):
    texts = {path: text for path, text in texts.items() if path in files and text is not None}
    below = codebase(dict(sorted(files.items())))

    assert importers(Overlay(below, texts)) == importers(codebase(merged(files, texts)))


@given(FILES, CHANGES)
def test_where_files_come_or_go_changed_files_import_what_they_would(files, texts):
    """Of the files as they were, those that did import it are told."""
    below = codebase(dict(sorted(files.items())))
    would = importers(codebase(merged(files, texts)))
    did = importers(below)

    for path, found in importers(Overlay(below, texts)).items():
        assert {one for one in found if one in texts} == {
            one for one in would[path] if one in texts
        }
        # Of one that only the overlay has, those that would import it; else those that did.
        others = did[path] if path in files else would[path]
        assert {one for one in found if one not in texts} == set(others) - texts.keys()
        assert found == sorted(found)


@given(FILES, CHANGES, st.sets(st.sampled_from(PATHS)))
def test_what_is_used_is_only_counted_in_counted_files(files, texts, counted):
    below = codebase(dict(sorted(files.items())))
    whole, part = answers(Overlay(below, texts)), answers(Overlay(below, texts, counted))

    users = part.pop("users")
    assert users == {
        name: [path for path in Overlay(below, texts).users(name) if path in counted]
        for name in NAMES
    }
    whole.pop("users")
    assert part == whole


@given(FILES, CHANGES)
def test_the_codebase_below_is_not_changed(files, texts):
    below = codebase(dict(sorted(files.items())))
    generation, was, who = below.generation, answers(below), importers(below)
    given_texts = dict(texts)
    overlay = Overlay(below, texts)
    answers(overlay)
    importers(overlay)

    assert (answers(below), importers(below), below.generation) == (was, who, generation)
    assert overlay.generation == generation
    assert texts == given_texts


@given(FILES, CHANGES, CHANGES)
def test_an_overlay_lies_over_another_as_one_of_both(files, first, second):
    below = codebase(dict(sorted(files.items())))
    both = Overlay(below, {**first, **second})

    assert answers(Overlay(Overlay(below, first), second)) == answers(both)


@given(FILES)
def test_an_overlay_of_nothing_is_the_codebase_below(files):
    below = codebase(files)
    overlay = Overlay(below, {})

    assert answers(overlay) == answers(below)
    assert importers(overlay) == importers(below)
    assert [overlay.state(path) for path in PATHS] == [below.state(path) for path in PATHS]


# ------------------------------------------------------------------------------------- by example

SHOP = {"shop/cart.py": SOURCES[1], "shop/till.py": SOURCES[2], "README": "about total"}


def test_a_name_that_is_gone_is_still_used_where_it_was():
    overlay = Overlay(codebase(SHOP), {"shop/cart.py": "def whole(prices): ...\n"})

    assert (overlay.definers("total"), overlay.definers("whole")) == ([], ["shop/cart.py"])
    assert overlay.users("total") == ["shop/till.py"]
    assert overlay.defining({"total", "whole", "pay"}) == {
        "whole": ["shop/cart.py"],
        "pay": ["shop/till.py"],
    }


def test_a_file_that_moves_takes_imports_with_it():
    moved = {"shop/cart.py": None, "shop/basket/cart.py": SOURCES[1]}
    overlay = Overlay(codebase(SHOP), moved)

    assert overlay.imports("shop/till.py") == {}  # `shop.cart` is not `shop.basket.cart`
    assert sorted(overlay.paths) == ["shop/basket/cart.py", "shop/till.py"]
    assert Overlay(codebase(SHOP), {}).imports("shop/till.py") == {
        "total": Target("shop/cart.py", "total")
    }


def test_a_file_that_is_gone_is_in_no_answer():
    overlay = Overlay(codebase(SHOP), {"shop/till.py": None, "never.py": None})

    assert set(overlay.paths) == {"shop/cart.py"}
    for path in ("shop/till.py", "never.py"):
        assert overlay.text(path) is None
        assert overlay.facts(path) is None
        assert overlay.heads(path) is None
        assert overlay.state(path) is None
        assert (list(overlay.names(path)), dict(overlay.imports(path))) == ([], {})
        assert list(overlay.excerpts(path, [(0, 3)])) == [""]
    assert (overlay.users("pay"), overlay.definers("pay")) == ([], [])
    assert overlay.importers("shop/cart.py") == []
    assert overlay.bindings("total") == []


def test_a_file_of_no_known_language_can_only_be_read():
    overlay = Overlay(codebase(SHOP), {"README": "total pay", "Notes": "total"})

    assert (overlay.text("README"), overlay.text("Notes")) == ("total pay", "total")
    assert overlay.users("total") == ["shop/cart.py", "shop/till.py"]
    assert set(overlay.paths) == {"shop/cart.py", "shop/till.py"}
    assert overlay.facts("README") is None


def test_what_was_changed_has_no_state_and_what_was_not_has_its_own():
    below = codebase(SHOP)
    overlay = Overlay(below, {"shop/cart.py": SHOP["shop/cart.py"]})

    assert overlay.state("shop/cart.py") is None
    assert overlay.state("shop/till.py") == below.state("shop/till.py") == (0, len(SOURCES[2]))


@pytest.mark.parametrize("text", ["def f(\ud83d): ...\n", "\0\0", "(" * 5_000, "\ufeffx = 1\n"])
def test_odd_texts_are_taken_as_they_are(text):
    overlay = Overlay(codebase(SHOP), {"shop/cart.py": text})

    assert overlay.text("shop/cart.py") == text
    assert "shop/cart.py" in overlay.paths
    assert overlay.definers("total") == []
