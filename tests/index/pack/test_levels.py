"""Levels of detail: the budget holds, rank decides, what fits is shown whole."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.index.pack import layout, levels
from tandem.index.pack.layout import Entry, File, Level
from tests.index.pack import worlds


def count(text, _language):
    return len(text)


@given(worlds.trees, st.integers(0, 600))
def test_the_budget_holds_and_every_file_has_a_level(tree, budget):
    chosen = levels.choose(tree, budget, count)

    assert chosen.keys() == tree.keys()
    assert sum(len(layout.render(file)) for file in chosen.values()) <= budget
    assert all(file.tokens == len(layout.render(file)) for file in chosen.values())


@given(worlds.trees, st.integers(0, 600))
def test_all_is_shown_whole_if_and_only_if_it_fits(tree, budget):
    whole = sum(
        len(layout.render(File(path, Level.FULL, entry.text, 0))) for path, entry in tree.items()
    )
    shown = levels.choose(tree, budget, count).values()

    assert all(file.level is Level.FULL for file in shown) == (whole <= budget)


def test_rank_decides_who_is_whole_who_is_outlined_and_who_is_named():
    tree = {
        name: Entry("x" * 1000 + "\n", "def f()\n" * 10, rank=rank)
        for name, rank in (("d", 0.0), ("c", 1.0), ("b", 2.0), ("a", 3.0))
    }
    at = {
        budget: [levels.choose(tree, budget, count)[name].level.name[0] for name in "abcd"]
        for budget in (100, 140, 300, 1600, 2600, 4200)
    }

    assert at == {
        100: list("LLLO"),
        140: list("LLLL"),
        300: list("SLLL"),
        1600: list("FSSS"),
        2600: list("FFSS"),
        4200: list("FFFF"),
    }


def test_an_outline_that_is_longer_than_its_file_is_not_used():
    tree = {"a": Entry("x\n", "def f()\n" * 10), "b": Entry("y" * 500 + "\n")}
    chosen = levels.choose(tree, 200, count)

    assert chosen["a"].level is Level.FULL
    assert chosen["b"].level is Level.LISTING
