"""Files that change along with a diff: what speaks for them, and what is never named."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core import diff
from tandem.index.cochange import Companion, along
from tests.support.code import codebase

BEFORE = {
    "shop/money.py": "class Money:\n    def shown(self, places):\n        return places\n",
    "shop/basket.py": "from shop.money import Money\n\n\ndef price():\n    return Money()\n",
    "shop/words.py": "def spelled(number):\n    return str(number)\n",
    "shop/clock.py": "def tick():\n    return 1\n",
    "tests/test_money.py": "def test_nothing():\n    pass\n",
    "tests/test_clock.py": "def test_tick():\n    pass\n",
    "docs/guide.md": "# Guide\n\nAll sums are in `money`.\n",
}
NEW = BEFORE["shop/money.py"].replace("return places", "return spelled(places)")
CHANGE = diff.between(BEFORE["shop/money.py"], NEW, "shop/money.py")
CODE = codebase(BEFORE | {"shop/money.py": NEW})


def ranked(
    together: Mapping[str, Mapping[str, float]] | None = None,
    changed: Mapping[str, int] | None = None,
) -> dict[str, Companion]:
    return {one.path: one for one in along(CODE, [CHANGE], together or {}, changed)}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("tests/test_money.py", "its test"),
        ("shop/basket.py", "imports it"),
        ("docs/guide.md", "names money"),
        ("shop/words.py", "spelled"),
    ],
)
def test_each_is_named_with_what_speaks_for_it(path, why):
    assert why in ranked()[path].why


def test_the_past_speaks_for_a_file_and_the_more_often_the_more():
    together = {"shop/money.py": {"shop/clock.py": 3.0, "tests/test_clock.py": 0.5, "gone.py": 9.0}}
    found = ranked(together)
    assert "gone.py" not in found
    assert found["shop/clock.py"].score > found["tests/test_clock.py"].score
    assert found["shop/clock.py"].why == "often changed along"
    assert found["tests/test_clock.py"].why == "changed along before"


def test_without_a_past_of_its_own_what_changes_often_and_lately_is_named():
    together = {"shop/clock.py": {"shop/words.py": 4.0}, "shop/words.py": {"shop/clock.py": 4.0}}
    found = ranked(together, {"shop/clock.py": 20, "tests/test_clock.py": 10})
    assert found["shop/clock.py"].score > found["tests/test_clock.py"].score
    assert found["tests/test_clock.py"].why == "changed lately"
    assert found["shop/clock.py"].why == "changes often, changed lately"
    assert "shop/clock.py" not in ranked()


def test_a_test_leads_to_its_file():
    text = BEFORE["tests/test_clock.py"]
    change = diff.between(text, text.replace("pass", "assert 1"), "tests/test_clock.py")
    assert along(CODE, [change], {})[0].path == "shop/clock.py"


def test_a_deleted_file_still_has_its_past():
    gone = diff.between("x = 1\n", None, "gone.py")
    assert [one.path for one in along(CODE, [gone], {"gone.py": {"docs/guide.md": 1.0}})] == [
        "docs/guide.md"
    ]


weights = st.dictionaries(
    st.sampled_from([*BEFORE, "gone.py"]),
    st.dictionaries(st.sampled_from([*BEFORE, "gone.py"]), st.floats(0.03, 50), max_size=4),
    max_size=4,
)
times = st.dictionaries(st.sampled_from([*BEFORE, "gone.py"]), st.integers(0, 9), max_size=4)
changes = st.dictionaries(
    st.sampled_from(list(BEFORE)),
    st.lists(st.sampled_from(["Money()", "tick()", "", "é = '\u2028'", "def price():"])),
    max_size=3,
)


@given(changes, weights, times, st.integers(0, 9))
def test_only_other_files_of_the_index_are_named_in_order(texts, together, changed, most):
    diffs = [diff.between(BEFORE[path], "\n".join(new), path) for path, new in texts.items()]
    found = along(CODE, diffs, together, changed, most)
    paths = [one.path for one in found]
    assert len(paths) == len(set(paths)) <= most
    assert set(paths) <= BEFORE.keys() - texts.keys()
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores, default=1) > 0
