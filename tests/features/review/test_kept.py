"""What is kept of a review: findings as JSON and back, whatever the JSON is; names of diffs."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Severity
from tandem.features.review.change import Changed
from tandem.features.review.findings import Finding, Place
from tandem.features.review.kept import all_from_json, digest, from_json, to_json

FINDING = Finding(
    "callers", "a.py", 3, "x = 1", Severity.WARNING, "c", "w", "h", "x = 2",
    (Place("b.py", 1, "said"),), "pro", 0.6,
)  # fmt: skip
PLAIN = json.loads(json.dumps(to_json(FINDING)))
TEXT = st.text()
FINDINGS = st.builds(
    Finding, TEXT, TEXT, st.integers(0), TEXT, st.sampled_from(list(Severity)), TEXT, TEXT, TEXT,
    st.none() | TEXT, st.lists(st.builds(Place, TEXT, st.integers(0), TEXT)).map(tuple), TEXT,
    st.floats(0, 1),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(PLAIN)), inner),
    max_leaves=10,
)


@given(FINDINGS)
def test_a_finding_comes_back_as_it_was(one):
    assert from_json(json.loads(json.dumps(to_json(one)))) == one


@given(JSON)
def test_of_anything_there_is_a_finding_or_none(value):
    assert from_json(value) is None
    found = all_from_json(value)
    assert (found is None) is (value != [])


@given(st.sampled_from(list(PLAIN)), JSON)
def test_a_damaged_field_is_no_finding_or_one_that_can_be_used(name, value):
    one = from_json({**PLAIN, name: value})
    if one is not None:
        assert isinstance(one.key, str)
        assert one.effort >= 1
        assert one.line + 1 > 0
        assert round(one.confidence, 2) is not None


@pytest.mark.parametrize(
    "damaged",
    [
        {**PLAIN, "line": "3"}, {**PLAIN, "line": -1}, {**PLAIN, "severity": 9},
        {**PLAIN, "related": [{"path": "a.py"}]}, {**PLAIN, "related": 3}, {**PLAIN, "more": 1},
        {key: value for key, value in PLAIN.items() if key != "quote"}, {**PLAIN, "claim": None},
    ],
)  # fmt: skip
def test_what_is_damaged_is_judged_again(damaged):
    assert from_json(damaged) is None
    assert all_from_json([PLAIN, damaged]) is None


def test_what_is_kept_of_a_file_comes_back():
    assert all_from_json([]) == ()
    assert all_from_json([PLAIN, PLAIN]) == (FINDING, FINDING)
    assert all_from_json(None) is None


ONE = Changed("a.py", "x = 1\n", "x = 2\n")


def test_the_same_diff_is_known_by_the_same_name():
    assert digest(ONE, "pro") == digest(Changed("a.py", "x = 1\n", "x = 2\n"), "pro")


@pytest.mark.parametrize(
    ("other", "model"),
    [
        (ONE, "another"),
        (replace(ONE, path="b.py"), "pro"),
        (replace(ONE, after="x = 3\n"), "pro"),
        (replace(ONE, before=None), "pro"),
        (replace(ONE, after=None), "pro"),
        (replace(ONE, old="z.py"), "pro"),
    ],
)
def test_another_diff_has_another_name(other, model):
    assert digest(other, model) != digest(ONE, "pro")


def test_what_changes_far_from_the_diff_leaves_its_name():
    far = "".join(f"y{n} = {n}\n" for n in range(20))
    assert digest(Changed("a.py", f"{far}x = 1\n", f"{far}x = 2\n"), "pro") == digest(
        Changed(
            "a.py", f"{far}x = 1\n".replace("y3 =", "z3 ="), f"{far}x = 2\n".replace("y3 =", "z3 =")
        ),
        "pro",
    )
