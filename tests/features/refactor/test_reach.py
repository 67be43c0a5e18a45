"""Several targets, one evidence: what they reach together, and which files likeliest."""

from hypothesis import given
from hypothesis import strategies as st

from tandem.features.refactor.evidence import Evidence, target_at
from tandem.features.refactor.reach import MOST, gathered, likely_files
from tandem.features.refactor.report import report, to_json
from tandem.features.refactor.targets import named
from tests.support.code import codebase

FILES = {
    "shop/__init__.py": "from shop.cart import total\n",
    "shop/cart.py": (
        "def total(prices):\n    return sum(prices)\n\n\n"
        "def mean(prices):\n    return total(prices)\n"
    ),
    "shop/till.py": "from shop.cart import total\n\n\ndef pay(prices):\n    return total(prices)\n",
    "shop/fees.py": "from shop.cart import mean, total\n\nFEE = mean([total([1])])\n",
    "shop/stock.py": "def total():\n    return 3\n\n\ndef count():\n    return total()\n",
    "app.py": "from shop import total\n\ntotal([])\n",
    "other.py": "from shop.stock import total\n\ntotal()\n",
    "tests/test_cart.py": "from shop.cart import mean\n\n\ndef test_it():\n    mean([])\n",
    "tests/test_till.py": "def test_nothing():\n    pass\n",
    "README.md": "# Shop\n\nThe `mean` of prices is in shop/cart.py.\n",
    "settings.toml": '[run]\nentry = "shop.cart"\n',
}
CODE = codebase(FILES)
PAST = {"shop/cart.py": {"settings.toml": 4.0, "gone.py": 9.0}}


def evidence(instruction: str) -> Evidence:
    main, *further = named(CODE, instruction)
    return gathered(CODE, main, further, PAST)


def test_where_it_is_defined_comes_first_then_who_surely_uses_it_then_who_may():
    ranked = evidence("Rename `total` in cart.py").ranked

    assert ranked[0] == "shop/cart.py"
    assert set(ranked[1:5]) == {"app.py", "shop/__init__.py", "shop/fees.py", "shop/till.py"}
    assert ranked.index("other.py") > ranked.index("settings.toml")


def test_what_two_targets_reach_is_likelier_than_what_one_does():
    ranked = evidence("Rename `mean` and `total` in cart.py").ranked

    assert ranked[:2] == ("shop/cart.py", "shop/fees.py")
    assert "README.md" in ranked


def test_a_file_that_is_to_change_reaches_who_imports_it_and_who_has_its_name():
    found = evidence("Rename cart.py to basket.py")

    assert found.ranked[0] == "shop/cart.py"
    assert {"shop/till.py", "tests/test_cart.py", "settings.toml"} <= set(found.ranked)
    assert "from shop.cart import total" in {hit.text for hit in found.callers}
    assert [(hit.path, hit.line) for hit in found.mentions if hit.path == "settings.toml"] == [
        ("settings.toml", 1)
    ]


def test_a_file_that_something_goes_to_reaches_nobody_else():
    ranked = evidence("Move `mean` from cart.py to stock.py").ranked

    assert "shop/stock.py" in ranked
    assert "other.py" not in ranked


def test_a_test_that_is_named_after_the_file_is_among_them():
    till = target_at(CODE, "shop/till.py", None)

    assert "tests/test_till.py" in likely_files(CODE, [till], {})


def test_what_changed_along_counts_as_long_as_it_is_there():
    total = target_at(CODE, "shop/cart.py", 5)

    assert "settings.toml" not in likely_files(CODE, [total], {})
    assert "settings.toml" in likely_files(CODE, [total], PAST)
    assert "gone.py" not in likely_files(CODE, [total], PAST)


def test_the_evidence_of_several_is_that_of_each_once():
    found = evidence("Rename `mean` and `total` in cart.py")
    lines = [(hit.path, hit.line) for hit in found.callers]

    assert [target.path for target in found.targets] == ["shop/cart.py"] * 3
    assert len(lines) == len(set(lines))
    assert ("shop/fees.py", 2) in lines
    assert not set(lines) & {(hit.path, hit.line) for hit in found.perhaps}


def test_a_place_is_the_main_target_and_named_once():
    total = target_at(CODE, "shop/cart.py", 5)
    found = gathered(CODE, total, named(CODE, "Rename `total` in cart.py"), PAST)

    assert found.target == total
    assert [target.definition for target in found.further] == [None]


def test_the_report_tells_all_targets_and_the_files_in_their_order():
    found = evidence("Move `mean` from cart.py to stock.py")
    text = report(found, "Move `mean` from cart.py to stock.py")

    assert "Named beside it:\n\n- shop/cart.py, which defines" in text
    assert "## Files, most likely first\n\n1. shop/cart.py\n2. " in text
    assert "- [ ] Change `mean` in shop/cart.py\n" in text
    assert "- [ ] Look at shop/stock.py, which the instruction names\n" in text
    machine = to_json(found, "")
    assert machine["ranked"] == list(found.ranked)
    assert [target["path"] for target in machine["further"]] == ["shop/cart.py", "shop/stock.py"]


def test_a_guess_is_told_as_one():
    assert "closest to its words" in report(evidence("Do something with the fees"), "Do it")
    assert "closest to its words" not in report(evidence("Rename fees.py"), "Do it")


@given(
    st.text() | st.lists(st.sampled_from([*FILES, "`total`", "mean", "from", "cart"])).map(" ".join)
)
def test_files_are_bounded_known_and_there_once(text):
    targets = named(CODE, text)
    if targets:
        found = gathered(CODE, targets[0], targets[1:], PAST)
        assert len(found.ranked) == len(set(found.ranked)) <= MOST
        assert set(found.ranked) <= set(FILES)
        assert targets[0].path in found.ranked
        for hit in (*found.callers, *found.tests, *found.mentions, *found.perhaps):
            assert hit.text in FILES[hit.path].split("\n")[hit.line]
