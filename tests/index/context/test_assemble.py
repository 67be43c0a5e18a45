import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.core.tokens import estimate
from tandem.index.context.block import Block, Source
from tandem.index.context.postings import WORD
from tandem.index.context.ring import Edit
from tests.index.context.small import BASKET, SHOP, place

OPEN = "shop/basket.py"


def test_signatures_of_what_is_imported_with_its_class_and_file():
    block = place(SHOP, OPEN, BASKET).context()
    text = block.text
    assert "# shop/prices.py\n" in text
    assert "def rounded_up(amount)" in text
    head, member = text.index("class PriceList"), text.index("    def price_for(self, code)")
    assert head < member


def test_sections_say_what_they_are_and_hold_the_lines_they_name():
    for section in place(SHOP, OPEN, BASKET).context().sections:
        lines = SHOP[section.path].split("\n")
        assert section.text.startswith(f"# {section.path}\n")
        assert section.why
        for first, last in section.lines:
            if section.source is Source.SIGNATURES:
                assert last == first + 1
                names = set(WORD.findall(lines[first])) - {"self", "def", "class"}
                assert names & set(WORD.findall(section.text))
            else:
                assert "\n".join(lines[first:last]).strip() in section.text


def test_an_attribute_that_a_method_assigns_has_a_line_of_its_own():
    source = BASKET.replace("$0", "return self.price_list.entries_by_code$0")
    text = place(SHOP, OPEN, source).context().text
    assert "class PriceList:\n    self.entries_by_code = entries\n" in text


def test_what_nothing_points_to_is_left_out():
    assert "anneal_glass" not in place(SHOP, OPEN, BASKET).context().text


def test_an_edit_elsewhere_brings_its_surroundings():
    edited = place(SHOP, OPEN, BASKET).context(edits=(Edit("shop/unrelated.py", 1),))
    assert "anneal_glass" in edited.text


def test_the_open_file_is_not_in_its_own_context():
    block = place(SHOP, OPEN, BASKET).context(edits=(Edit(OPEN, 3),))
    assert OPEN not in {section.path for section in block.sections}


@pytest.mark.parametrize("budget", [0, 1, 7, 20, 60, 150, 400, 2000])
def test_the_budget_holds(budget):
    block = place(SHOP, OPEN, BASKET).context(budget, (Edit("shop/unrelated.py", 1),))
    assert block.tokens <= budget
    assert block.tokens == (estimate(block.text, "python") if block.text else 0)


def test_more_budget_never_says_less():
    here = place(SHOP, OPEN, BASKET)
    small, large = (len(here.context(budget).text) for budget in (60, 2000))
    assert 0 < small < large


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40))
def test_whenever_time_is_up_what_is_there_is_valid(calls):
    left = iter(range(calls))
    block = place(SHOP, OPEN, BASKET).context(stop=lambda: next(left, None) is None)
    assert block.tokens <= 2000
    assert block.text == "".join(section.text for section in block.sections)


def test_stopping_at_once_gives_nothing_and_not_stopping_something():
    here = place(SHOP, OPEN, BASKET)
    assert not here.context(stop=lambda: True).text
    assert here.context().text


def test_what_is_there_already_is_not_said_again():
    here = place(SHOP, OPEN, BASKET)
    first = here.context(120)
    second = here.context(2000, already=first)

    def lines(block: Block) -> set[tuple[str, int]]:
        return {
            (section.path, n)
            for section in block.sections
            if section.source is Source.SIGNATURES
            for first, last in section.lines
            for n in range(first, last)
            if "class " not in SHOP[section.path].split("\n")[n]
        }

    assert lines(first)
    assert not lines(first) & lines(second)


def test_a_language_has_its_own_comments():
    files = {"a/money.ts": "export function formatMoney(cents: number): string {\n  return ''\n}\n"}
    source = 'import { formatMoney } from "./money"\n\nexport const label = $0\n'
    block = place(files, "a/label.ts", source).context()
    assert block.text.startswith("// a/money.ts\n")
    assert "formatMoney(cents: number)" in block.text


def test_a_file_of_no_known_language_in_an_empty_codebase():
    assert place({}, "a.py", "$0").context().text == ""
