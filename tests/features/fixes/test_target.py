"""What may be changed: whole lines around the place, and where imports go."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.text import Span, Text
from tandem.features.fixes.target import header_of, merged, symbols, target_of
from tandem.index.languages import LANGUAGES
from tandem.index.parse import parse

SOURCE = '''\
"""A shop."""

import math


class Cart:
    def add(self, item):
        self.items.append(item)

    @property
    def total(self):
        return math.fsum(item.price for item in self.items)


def main():
    print(Cart().total)
'''
PYTHON = next(language for language in LANGUAGES if language.id == "python")
FACTS = parse(SOURCE.encode(), PYTHON)
TEXT = Text.of(SOURCE)


def at(needle: str) -> Span:
    start = SOURCE.index(needle)
    return Span(start, start + len(needle))


def test_a_place_in_a_method_may_change_the_method_and_its_decorators() -> None:
    target = target_of(TEXT, FACTS, at("fsum"))

    start, end = SOURCE.index("    @property"), SOURCE.index("\n\ndef main")
    assert target.span == Span(start, end)
    assert target.definition is not None
    assert target.definition.name == "total"


def test_a_place_outside_of_definitions_may_change_the_lines_around() -> None:
    target = target_of(TEXT, FACTS, at("import math"))

    assert target.definition is None
    assert target.span.start == 0


def test_without_facts_it_is_the_lines_around() -> None:
    target = target_of(TEXT, None, at("fsum"))

    assert target.definition is None
    assert TEXT.slice(*target.span).endswith("print(Cart().total)\n")


def test_of_a_huge_definition_it_is_the_lines_around() -> None:
    source = "def big():\n" + "".join(f"    x{n} = {n}\n" for n in range(400))
    facts = parse(source.encode(), PYTHON)
    start = source.index("x200 ")
    target = target_of(Text.of(source), facts, Span(start, start + 4))

    assert target.definition is None
    assert source[slice(*target.span)].count("\n") == 25


def test_imports_go_before_the_first_definition_with_a_body() -> None:
    assert TEXT.slice(*header_of(TEXT, FACTS)) == SOURCE[: SOURCE.index("class Cart")]


def test_symbols_have_dotted_names_and_short_ones_where_unique() -> None:
    whole = (Span(0, len(SOURCE)),)
    assert set(symbols(FACTS, TEXT, whole)) == {
        "Cart",
        "Cart.add",
        "add",
        "Cart.total",
        "total",
        "main",
    }
    assert set(symbols(FACTS, TEXT, (at(SOURCE[SOURCE.index("def main") :]),))) == {"main"}


SPANS = st.tuples(st.integers(0, 50), st.integers(0, 20)).map(lambda s: Span(s[0], s[0] + s[1]))


@given(st.lists(SPANS))
def test_merged_spans_are_sorted_disjoint_and_hold_the_same(spans) -> None:
    found = merged(spans)

    assert all(a.end < b.start for a, b in pairwise(found))
    before = {place for span in spans for place in range(*span)}
    assert before == {place for span in found for place in range(*span)} & before


@given(st.text(alphabet="ab(): \n\r\t", max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_a_target_is_whole_lines_of_the_text(source, start, length) -> None:
    text = Text.of(source)
    span = target_of(
        text, parse(source.encode(), PYTHON), Span(min(start, len(source)), start + length)
    ).span

    assert 0 <= span.start <= span.end <= len(text)
    assert text.point_at(span.start)[1] == 0
    assert span.end == len(text) or text.point_at(span.end)[1] == 0
