"""What a change reaches: callers, tests, documents, and what only has the same name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.features.refactor.evidence import Evidence, Hit, gather, target_at
from tandem.features.refactor.report import report, to_json
from tests.support.code import codebase

FILES = {
    "shop/cart.py": "def total(prices):\n    return sum(prices)\n\n\nLIMIT = total([1])\n",
    "shop/till.py": "from shop.cart import total\n\n\ndef pay(prices):\n    return total(prices)\n",
    "shop/stock.py": "def total():\n    return 3\n\n\ndef count():\n    return total()\n",
    "tests/test_cart.py": "from shop.cart import total\n\n\ndef test_it():\n    total([])\n",
    "README.md": "# Shop\n\nThe `total` of prices.\n\nIn total there are three.\n",
}
CODE = codebase(FILES)
PAST = {"shop/cart.py": {"shop/till.py": 2.0, "docs/gone.md": 3.0, "shop/stock.py": 0.1}}


def evidence(path: str = "shop/cart.py", offset: int | None = 5) -> Evidence:
    return gather(CODE, target_at(CODE, path, offset), PAST)


def places(hits: tuple[Hit, ...]) -> list[tuple[str, int]]:
    return [(hit.path, hit.line + 1) for hit in hits]


def test_a_definition_has_callers_tests_and_documents():
    found = evidence()

    assert found.target.names == ("total",)
    assert places(found.callers) == [("shop/cart.py", 5), ("shop/till.py", 1), ("shop/till.py", 5)]
    assert places(found.tests) == [("tests/test_cart.py", 1), ("tests/test_cart.py", 5)]
    assert places(found.mentions) == [("README.md", 3)]
    assert found.callers[-1].inside == "pay"


def test_the_same_name_elsewhere_is_kept_apart():
    found = evidence()

    assert places(found.others) == [("shop/stock.py", 1)]
    assert places(found.perhaps) == [("shop/stock.py", 6)]


def test_a_name_that_a_package_hands_on_is_the_same():
    code = codebase(
        {
            "shop/__init__.py": "from shop.cart import total\n",
            "shop/cart.py": FILES["shop/cart.py"],
            "shop/stock.py": FILES["shop/stock.py"],
            "app.py": "from shop import total\n\ntotal([])\n",
            "other.py": "from shop.stock import total\n\ntotal()\n",
        }
    )
    found = gather(code, target_at(code, "shop/cart.py", 5), {})

    assert ("app.py", 3) in places(found.callers)
    assert ("other.py", 3) in places(found.perhaps)


def test_a_file_is_used_where_it_is_imported_and_where_its_name_is_written():
    code = codebase(
        {
            "shop/cart.py": "def total():\n    return 0\n",
            "shop/till.py": "import os\nfrom shop import cart\n\ncart.pay()\n",
            "tests/test_till.py": 'PATCHED = "shop.cart.total"\n',
            "settings.toml": '[run]\nentry = "shop/cart"\n',
            "README.md": "Put it into the cart.\n",
        }
    )
    found = gather(code, target_at(code, "shop/cart.py", None), {})

    assert places(found.callers) == [("shop/till.py", 2)]
    assert places(found.mentions) == [("settings.toml", 2)]
    assert places(found.perhaps) == [("tests/test_till.py", 1)]


def test_files_that_changed_along_are_those_that_are_still_there_and_did_so_more_than_once():
    assert evidence().together == (("shop/till.py", 2.0),)


def test_a_file_stands_for_its_outermost_names():
    found = evidence(offset=None)

    assert found.target.definition is None
    assert places(found.callers) == [("shop/till.py", 1), ("shop/till.py", 5)]


def test_the_report_reads_well():
    text = report(evidence(), "Round to cents")

    assert text.startswith("# Round to cents\n\n`def total(prices):` in shop/cart.py:1.\n")
    assert "The change may reach 5 files" in text
    assert "- shop/till.py:5 in `pay`: `return total(prices)`\n" in text
    assert text.endswith(
        """## Checklist

- [ ] Change `total` in shop/cart.py
- [ ] Follow in shop/till.py (2 lines)
- [ ] Run and adapt tests/test_cart.py (2 lines)
- [ ] Update README.md (1 line)
- [ ] Look whether shop/stock.py means it (1 line)
"""
    )


def test_machines_get_the_same():
    found = to_json(evidence(), "Round to cents")

    assert found["target"] == {"path": "shop/cart.py", "name": "total", "line": 1, "sure": 1.0}
    assert found["files"][0] == "shop/cart.py"
    assert found["callers"][0]["line"] == 5


@pytest.mark.parametrize("path", ["README.md", "shop/nothing.py"])
def test_what_defines_nothing_has_an_empty_report(path):
    assert "which defines" in report(evidence(path, None), "Change it")


@given(st.sampled_from(sorted(FILES)), st.none() | st.integers(-5, 200))
def test_every_hit_is_a_line_of_a_file(path, offset):
    found = evidence(path, offset)
    for hit in (*found.callers, *found.tests, *found.mentions, *found.perhaps):
        assert hit.text in FILES[hit.path].split("\n")[hit.line]
