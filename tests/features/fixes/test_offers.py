"""What is offered where: titles, kinds, prices, and never a call."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Diagnostic, Severity
from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.core.text import Span, Text
from tandem.features.fixes.ask import source_of
from tandem.features.fixes.kinds import KINDS
from tandem.features.fixes.offers import Offer, Situation, offers
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings
from tests.support.code import codebase

SOURCE = '''\
import math


def total(prices):
    """Add up."""
    return math.fsum(prices)


def shown(prices):
    raise NotImplementedError


class Cart:
    def __init__(self, items):
        self.items = items
'''


def price(_model: str, usage: Usage) -> Usd | None:
    return Usd(150_000) * usage.miss + Usd(600_000) * usage.output


def situation(
    needle: str, *diagnostics: Diagnostic, without: str = "", selected: bool = False
) -> Situation:
    start = SOURCE.index(needle)
    document = Document("file:///w/shop.py", "python", 3, Text.of(SOURCE))
    source = source_of(document, "shop.py", codebase({"shop.py": SOURCE}))
    span = Span(start, start + (len(needle) if selected else 0))
    return Situation(source, span, diagnostics, Settings(), without, price, lambda: 0.0)


def problem(needle: str, message: str = "something is wrong") -> Diagnostic:
    start = SOURCE.index(needle)
    return Diagnostic(Span(start, start + len(needle)), message, "Pyright", "x")


def titles(found: list[Offer]) -> list[str]:
    return [one.title for one in found]


def test_a_diagnostic_has_a_fix_and_an_explanation() -> None:
    found = offers(situation("fsum", problem("fsum")), ["quickfix"])

    assert titles(found) == ["Fix: something is wrong", "Explain: something is wrong"]
    assert all(one.ask is not None and one.ask.version == 3 for one in found)
    assert all(one.by_model for one in found)


def test_several_can_be_fixed_at_once_and_the_dearer_action_tells_its_price() -> None:
    some = [problem("fsum"), problem("shown"), problem("Cart")]
    found = offers(situation("fsum", *some), ["quickfix"])

    everything = next(one for one in found if one.title.startswith("Fix all 3 problems"))
    assert everything.solves == (0, 1, 2)
    many = [replace(some[0], message=f"number {n}") for n in range(40)]
    dear = next(
        one
        for one in offers(situation("fsum", *many), ["quickfix"])
        if one.title.startswith("Fix all 40")
    )
    assert dear.title == "Fix all 40 problems (about $0.0074)"


def test_hints_are_no_problems_to_fix_all_of() -> None:
    hint = replace(problem("shown"), severity=Severity.HINT)
    found = offers(situation("fsum", problem("fsum"), hint), ["quickfix"])

    assert not any(one.title.startswith("Fix all") for one in found)


def test_a_stub_is_offered_to_be_implemented_and_nothing_else_is() -> None:
    assert "Implement `shown`" in titles(offers(situation("raise")))
    assert "Implement `total`" not in titles(offers(situation("return math")))


@pytest.mark.parametrize(
    ("needle", "selected", "title", "kind"),
    [
        ("return math", False, "Simplify `total`", "refactor.rewrite"),
        ("return math", False, "Add types to `total`", "refactor.rewrite"),
        ("raise", False, "Document `shown`", "refactor.rewrite"),
        ("class Cart", False, "Convert `Cart` to a dataclass", "refactor.rewrite"),
        ("return math.fsum(prices)", True, "Extract selection into a function", "refactor.extract"),
    ],
)
def test_rewrites(needle, selected, title, kind) -> None:
    found = {one.title: one for one in offers(situation(needle, selected=selected))}

    assert title in found
    assert found[title].kind == kind


def test_a_selected_name_is_nothing_to_simplify() -> None:
    assert offers(situation("prices", selected=True), ["refactor.rewrite"]) == []
    selected = situation('"""Add up."""\n    return math.fsum(prices)', selected=True)
    assert titles(offers(selected, ["refactor.rewrite"])) == ["Simplify selection"]


def test_what_is_documented_is_not_offered_to_be() -> None:
    assert "Document `total`" not in titles(offers(situation("return math")))


def test_own_prompts_are_offered_for_their_languages() -> None:
    own = {
        "sql": {"title": "Use bound parameters", "prompt": "p", "languages": "go, python"},
        "go": {"title": "Use generics", "prompt": "p", "languages": "go"},
    }
    here = situation("return math")
    here = replace(here, settings=replace(here.settings, actions=own))

    assert "Use bound parameters" in titles(offers(here))
    assert "Use generics" not in titles(offers(here))


def test_without_a_model_the_reason_is_told() -> None:
    found = offers(situation("fsum", problem("fsum"), without="no API key"))

    assert found
    assert all(one.disabled == "no API key" and one.ask is None for one in found if one.by_model)


def test_a_long_message_makes_no_long_title() -> None:
    found = offers(situation("fsum", problem("fsum", "word " * 100 + "\nmore")), ["quickfix"])

    assert all(len(one.title) < 80 for one in found)
    assert all("\n" not in one.title for one in found)


SOMEWHERE = st.builds(
    Diagnostic,
    st.tuples(st.integers(0, 400), st.integers(0, 50)).map(lambda s: Span(s[0], s[0] + s[1])),
    st.text(max_size=60) | st.sampled_from(['"pricess" is not defined', "F401 unused import"]),
    st.sampled_from(["Pyright", "Ruff", "", "eslint"]),
    st.sampled_from(["F401", "reportUndefinedVariable", ""]),
    st.sampled_from(list(Severity)),
)


@given(st.lists(SOMEWHERE, max_size=20), st.sampled_from(["import", "fsum", "Cart"]), st.booleans())
def test_whatever_is_said_offers_are_whole(diagnostics, needle, without) -> None:
    here = situation(needle, *diagnostics, without="no" if without else "")
    for one in offers(here):
        assert one.kind in KINDS
        assert (bool(one.edits), one.ask is not None, bool(one.disabled)).count(True) == 1
        assert all(number < len(diagnostics) for number in one.solves)
