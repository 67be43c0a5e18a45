"""Facts of a change: what happened to definitions, who uses them, what did not change along."""

from dataclasses import replace

from tandem.features.review.change import change_of
from tandem.features.review.evidence.case import Case
from tandem.features.review.notes import Notes, Touched, noted, told
from tandem.index.overlay import Overlay
from tests.support.code import codebase

PRICES = """\
class Rate:
    def of(self, item):
        return 1

    def old(self):
        return 0


def price(item):
    return item.net


def total(items):
    return sum(price(item) for item in items)


def stays():
    def inner():
        return 1
    return inner
"""
TILL = "from shop.prices import price, total\n\n\ndef sell(item):\n    return price(item)\n"
TEST = "from shop.prices import price\n\n\ndef test_price():\n    assert price(1)\n"
NEW = (
    PRICES.replace("def price(item):", "def price(item, currency=None):")
    .replace("return sum(", "return 0 + sum(")
    .replace("    def old(self):\n        return 0\n\n", "")
) + "\n\ndef fresh():\n    return stays().old\n"
BEFORE = {"shop/prices.py": PRICES, "shop/till.py": TILL, "tests/test_prices.py": TEST}


def notes(after: dict[str, str], along: list[tuple[str, str]] | None = None) -> Notes:
    paths = {path for path in {**BEFORE, **after} if BEFORE.get(path) != after.get(path)}
    change = change_of(
        "x",
        {p: BEFORE.get(p) for p in paths},
        {p: after.get(p) for p in paths},
        {"a.png": "binary"},
    )
    code = codebase(after)
    return noted(Case(change, Overlay(code, change.before), code), along or [])


def test_what_happened_to_each_definition_is_known():
    found = {one.name: one for one in notes(BEFORE | {"shop/prices.py": NEW}).touched}
    assert {name: one.what for name, one in found.items()} == {
        "Rate": "another body",
        "Rate.old": "gone",
        "price": "another head",
        "total": "another body",
        "fresh": "new",
    }
    assert found["price"].used == ("shop/prices.py:11", "shop/till.py:5"), "an import is no use"
    assert found["price"].tests == ("tests/test_prices.py",)
    assert found["fresh"] == Touched("shop/prices.py", 19, "fresh", "new")


def test_what_is_gone_and_used_nowhere_is_no_fact():
    gone = PRICES.replace("    def old(self):\n        return 0\n\n", "")
    assert [one.name for one in notes(BEFORE | {"shop/prices.py": gone}).touched] == ["Rate"]


def test_tests_are_no_definitions_that_anybody_uses():
    assert notes(BEFORE | {"tests/test_prices.py": TEST.replace("1", "2")}).touched == ()


def test_of_what_usually_changes_along_only_what_did_not_is_told():
    along = [("shop/prices.py", "often"), ("shop/till.py", "4 times")]
    along += [(f"{n}.py", "once") for n in range(9)]
    found = notes(BEFORE | {"shop/prices.py": NEW}, along)
    assert found.along[0] == ("shop/till.py", "4 times")
    assert len(found.along) == 5
    assert found.unread == (("a.png", "binary"),)


def test_of_many_definitions_some_are_told():
    many = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(90))
    assert len(notes(BEFORE | {"shop/prices.py": many}).touched) == 40


def test_facts_are_told_in_lines():
    one = Touched("a.py", 3, "f", "gone", ("b.py:2",), ("test_a.py",))
    made = Notes((one, replace(one, used=(), tests=())), (("c.py", "often"),), (("d", "binary"),))
    assert list(told(made)) == [
        "- a.py:4 `f`: gone; used in b.py:2; tested in test_a.py",
        "- a.py:4 `f`: gone",
        "- c.py did not change: often",
        "- d: binary",
    ]


def test_what_others_feel_is_told_first():
    found = [one.what for one in notes(BEFORE | {"shop/prices.py": NEW}).touched]
    assert found == ["gone", "another head", "another body", "another body", "new"]


def test_a_word_of_files_that_do_not_see_the_definition_is_no_use():
    other = BEFORE | {"shop/menu.py": "def show(menu):\n    return menu.price(1)\n"}
    (one,) = [t for t in notes(other | {"shop/prices.py": NEW}).touched if t.name == "price"]
    assert not any(place.startswith("shop/menu.py") for place in one.used)
