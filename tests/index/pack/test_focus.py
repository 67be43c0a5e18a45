"""The focus block of small changes and places: what is in it, what is not, and its size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core import diff
from tandem.core.diff import FileDiff
from tandem.index.codebase import Codebase
from tandem.index.pack import focus
from tandem.index.pack.focus import Part, Role, diffs_of, joined, of_change, of_place
from tandem.index.records import Record, record_of
from tandem.index.store import Stored
from tests.index.context.small import facts_of

BEFORE = {
    "shop/money.py": '''\
"""Sums of money; Money is in cents."""
from shop.words import spelled


class Money:
    """An amount."""

    def __init__(self, cents):
        self.cents = cents

    def shown(self, places):
        return spelled(self.cents)


def total(items):
    """Add up."""
    return sum(item.price for item in items)
''',
    "shop/words.py": '''\
def spelled(number):
    """Write a number in words. Slowly."""
    return str(number)


def unused(number):
    return number
''',
    "shop/basket.py": """\
from shop.money import Money, total


class Basket:
    def price(self):
        # what it costs
        return Money(total(self.items)).shown(2)

    def other(self):
        return total([])


total([])
""",
    "shop/far.py": "def total(nothing):\n    return nothing\n",
}
AFTER = BEFORE | {
    "shop/money.py": BEFORE["shop/money.py"].replace(
        "    return sum(item.price for item in items)\n",
        "    words = spelled(len(items))\n    return Money(0)\n",
    )
}


def code_of(files: dict[str, str]) -> Codebase:
    records: dict[bytes, Record] = {
        path.encode(): record_of(path.encode(), facts_of(path, text))
        for path, text in files.items()
    }
    code = Codebase(records.get, files.get)
    rows = (Stored(key.decode(), 0, 0, r._replace(body="")) for key, r in records.items())
    code.update(rows)
    return code


def of(role: Role, parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if part.role is role)


CHANGE = of_change(code_of(AFTER), diffs_of(BEFORE, AFTER))


def test_a_change_is_shown_as_its_diff():
    text = of(Role.DIFF, CHANGE)

    assert diff.apply(BEFORE["shop/money.py"], diff.parse(text)[0]) == AFTER["shop/money.py"]


def test_what_new_lines_use_is_shown_by_its_signature_and_what_they_touch_is_not():
    assert of(Role.USED, CHANGE) == (
        "shop/words.py\n  1: def spelled(number):  -- Write a number in words.\n"
        "shop/money.py\n  5: class Money:  -- An amount.\n"
    )


def test_who_calls_what_a_change_touches_is_shown_once_a_function_and_without_imports():
    text = of(Role.CALLERS, CHANGE)

    assert "shop/basket.py:4 in price, uses total" in text
    assert "return Money(total(self.items)).shown(2)" in text
    assert "shop/basket.py:10, uses total" in text  # at the top level
    assert "import Money" not in text
    assert "far.py" not in text


def test_the_block_has_a_heading_for_each_role_in_order():
    text = joined(CHANGE)

    assert [line for line in text.split("\n") if line.endswith(":") and line[0].isupper()] == [
        "The change:",
        "Definitions that it uses:",
        "Who uses it:",
    ]


def test_a_place_is_shown_with_its_definition_its_file_and_its_callers():
    text = BEFORE["shop/money.py"]
    parts = of_place(code_of(BEFORE), "shop/money.py", text.index("spelled(self"))

    assert of(Role.SOURCE, parts) == (
        "shop/money.py:11\n    def shown(self, places):\n        return spelled(self.cents)\n"
    )
    assert "class Money:\n    def __init__(self, cents):" in of(Role.OUTLINE, parts)
    assert "shop/words.py\n  1: def spelled(number):" in of(Role.USED, parts)
    assert "in price, uses shown" in of(Role.CALLERS, parts)


def test_a_field_stands_for_its_class_and_a_line_outside_for_the_lines_around():
    text = BEFORE["shop/money.py"]
    field = of_place(code_of(BEFORE), "shop/money.py", text.index('"""An amount'))
    outside = of_place(code_of(BEFORE), "shop/basket.py", len(BEFORE["shop/basket.py"]))

    assert of(Role.SOURCE, field).startswith("shop/money.py:5\nclass Money:")
    assert of(Role.SOURCE, outside) == f"shop/basket.py:1\n{BEFORE['shop/basket.py']}"


def test_a_file_is_shown_by_its_outline_what_it_imports_and_who_uses_it():
    parts = of_place(code_of(BEFORE), "shop/words.py")

    assert of(Role.SOURCE, parts) == ""
    assert of(Role.OUTLINE, parts) == "def spelled(number):\ndef unused(number):\n"
    assert "shop/money.py:9 in shown, uses spelled" in of(Role.CALLERS, parts)


def test_a_file_that_is_not_known_has_no_focus():
    assert of_place(code_of(BEFORE), "nothing.py", 5) == ()


def test_added_gone_and_moved_files_are_told_apart():
    words = BEFORE["shop/words.py"]
    before = {"a.py": words, "gone.py": "x = 1\n", "same.py": "s\n"}
    now = {"b.py": f"{words}# more\n", "new.py": "n = 1\n", "same.py": "s\n"}
    found = diffs_of(before, now)

    assert [(item.old, item.new) for item in found] == [
        ("a.py", "b.py"),
        ("gone.py", None),
        (None, "new.py"),
    ]
    assert sum(len(hunk.lines) for hunk in found[0].hunks) == 4
    assert found[1] == FileDiff("gone.py", None)


def test_what_is_too_long_is_named():
    long = {"long.py": "".join(f"value_{n} = {n}\n" for n in range(3000))}
    few = {"few.py": "".join(f"x{n} = {n}\n" for n in range(400))}
    later = {path: text.replace("9 =", "9 = 1 +") for path, text in (few | long).items()}
    parts = of_change(code_of(later), diffs_of(few | long, later), 4000)
    shown = [part.path for part in parts if part.role is Role.DIFF]

    assert shown == ["few.py", "long.py"]
    assert of(Role.LEFT_OUT, parts).startswith("long.py: ")
    assert " of 300 hunks" in of(Role.LEFT_OUT, parts)
    tiny = of_change(code_of(later), diffs_of(few | long, later), 30)
    assert [part.role for part in tiny] == [Role.LEFT_OUT]


def test_a_source_that_is_too_long_says_that_it_was_cut():
    text = "def f():\n" + "    work(1)\n" * 4000
    parts = of_place(code_of({"f.py": text}), "f.py", 4)

    assert of(Role.SOURCE, parts).endswith(" tokens in all)\n")
    assert 7_000 < sum(part.tokens for part in parts) <= focus.BUDGET


@pytest.mark.parametrize("old", [BEFORE, {}])
@given(budget=st.integers(0, 900))
def test_the_budget_is_never_exceeded(old, budget):
    code = code_of(AFTER)

    for parts in (
        of_change(code, diffs_of(old, AFTER), budget),
        of_place(code, "shop/money.py", 300, budget),
    ):
        assert sum(part.tokens for part in parts) <= budget
