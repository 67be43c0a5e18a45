"""What Pro is asked of a part, and what is read of what it hands in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Severity
from tandem.engine.forms import SUBMIT_FINDINGS
from tandem.features.review.ask import read, task_of
from tandem.features.review.findings import Finding
from tandem.features.review.notes import Notes, Touched
from tandem.features.review.rules import JUDGED
from tests.support.review_models import claim_of

CLAIM = claim_of("./shop/till.py", "    total = price(item)", "It gives  no\ncurrency.")
FIELDS = list(CLAIM)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(FIELDS), inner),
    max_leaves=20,
)
NOTES = Notes(
    (Touched("shop/till.py", 3, "till", "another head", ("shop/cart.py:9",)),),
    (("shop/tests.py", "it changed along 4 times"),),
    (("logo.png", "binary"),),
)
PROVEN = [
    Finding("leftover", path, 4, "print(1)", Severity.WARNING, f"left in {path}")
    for path in ("shop/till.py", "shop/cart.py")
]


@given(JSON)
def test_whatever_is_handed_in_is_read(value):
    claims, wrong = read(value)
    assert claims == () or wrong == ()


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON), max_size=4))
def test_whatever_stands_in_a_list_of_findings_is_read(found):
    claims, wrong = read({"findings": found})
    assert len(claims) <= len(found)
    assert bool(wrong) == bool(found and not claims)
    assert all(one.file and one.quote.strip() and one.claim for one in claims)
    assert all(0 <= one.confidence <= 1 for one in claims)
    assert all(one.category in JUDGED for one in claims)


def test_a_finding_is_read():
    (one,), wrong = read({"findings": [{**CLAIM, "symbols": ["price", 3, ""], "confidence": 7}]})
    assert wrong == ()
    assert (one.file, one.claim) == ("shop/till.py", "It gives no currency.")
    assert (one.symbols, one.severity, one.confidence) == (("price",), Severity.ERROR, 1.0)


@pytest.mark.parametrize("lacking", ["file", "quote", "claim"])
def test_a_finding_without_its_place_or_its_words_is_none(lacking):
    claims, wrong = read(
        {"findings": [CLAIM, {**CLAIM, lacking: " " if lacking != "file" else ""}]}
    )
    assert (len(claims), wrong) == (1, ())
    claims, wrong = read({"findings": [{**CLAIM, lacking: ""}]})
    assert claims == ()
    assert wrong == ("no finding names its file, its line and what is wrong",)


@pytest.mark.parametrize("value", [None, [], {}, {"findings": {}}, {"findings": "none"}])
def test_no_list_is_said_to_be_none(value):
    assert read(value) == ((), ("there is no list of findings",))


def test_nothing_found_is_an_answer():
    assert read({"findings": []}) == ((), ())


def test_what_a_terminal_would_obey_is_not_taken_over():
    (one,), _ = read({"findings": [{**CLAIM, "claim": "a\x1b[2Jb", "category": "x\n::error::"}]})
    assert one.claim == "a [2Jb"
    assert one.category == "correctness"


def test_an_answer_of_many_findings_is_cut():
    claims, _ = read({"findings": [CLAIM] * 500})
    assert len(claims) == 60


def test_the_kinds_of_the_form_are_those_that_are_known():
    schema: Any = SUBMIT_FINDINGS.schema
    finding = schema["properties"]["findings"]["items"]
    assert set(finding["properties"]["category"]["enum"]) == set(JUDGED)


def test_the_task_of_all_of_a_change_tells_all_that_is_known():
    task = task_of("what is staged", PROVEN, NOTES, ["shop/till.py", "shop/cart.py"], [])
    assert "Review the change above: what is staged." in task
    assert "shop/till.py:5: left in shop/till.py" in task
    assert "shop/cart.py:5: left in shop/cart.py" in task
    assert "used in shop/cart.py:9" in task
    assert "shop/tests.py did not change" in task
    assert "judged in parts" not in task


def test_the_task_of_a_part_tells_what_is_about_its_files():
    task = task_of("it", PROVEN, NOTES, ["shop/till.py"], ["shop/cart.py"])
    assert "left in shop/till.py" in task
    assert "left in shop/cart.py" not in task
    assert "logo.png" not in task
    assert "judged in parts; it also touches shop/cart.py." in task


def test_of_many_other_files_those_of_the_folder_are_named_and_the_rest_counted():
    others = [f"far/{n:03}.py" for n in range(300)] + ["shop/z.py"]
    task = task_of("it", [], NOTES, ["shop/till.py"], others)
    assert "it also touches shop/z.py, far/000.py" in task
    assert "and 281 more." in task
    assert "far/299.py" not in task


def test_what_is_not_known_is_said():
    task = task_of("it", [], Notes((), (), ()), ["a.py"], [])
    assert task.count("(nothing)") == 2
