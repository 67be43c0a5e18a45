"""A plan: read from JSON, checked against the index, shown, edited by hand and read back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.engine.forms import FORMS
from tandem.features.refactor.plan import (
    Plan,
    Step,
    from_json,
    markdown,
    order,
    parsed,
    problems,
)
from tests.support.code import codebase

CODE = codebase(
    {
        "shop/cart.py": "class Cart:\n    def total(self):\n        return 0\n",
        "shop/till.py": "from shop.cart import Cart\n\n\ndef pay():\n    return Cart().total()\n",
    }
)
FIRST = Step(
    "s1",
    "Give `total` a currency",
    ("shop/cart.py",),
    anchors=("Cart.total",),
    expects=("Cart.total", "Money"),
    check="`total` takes a currency",
)
SECOND = Step("s2", "Follow in the till", ("shop/till.py",), anchors=("pay",), after=("s1",))
PLAN = Plan("Totals with a currency", (FIRST, SECOND), ("rounding",), ("the stock",))

TEXT = """\
# Totals with a currency

### s1: Give `total` a currency

- files: `shop/cart.py`
- anchors: `Cart.total`
- expects: `Cart.total`, `Money`
- check: `total` takes a currency

### s2: Follow in the till

- files: `shop/till.py`
- anchors: `pay`
- after: s1

## Risks

- rounding

## Not touched

- the stock
"""


def test_a_plan_reads_well_and_is_read_back():
    assert markdown(PLAN) == TEXT
    assert parsed(TEXT) == (PLAN, ())


def test_a_plan_that_was_edited_by_hand_is_read_back():
    start, end = TEXT.index("### s2"), TEXT.index("## Risks")
    edited = (TEXT[:start] + "Note: the till comes later.\n\n" + TEXT[end:]).replace("\n", "\r\n")

    plan, found = parsed(edited)
    assert plan == replace(PLAN, steps=(FIRST,))
    assert found == ()


def test_a_good_plan_has_no_problems():
    assert problems(PLAN, CODE) == ()


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (replace(FIRST, files=("shop/none.py",), anchors=()), "there is no file 'shop/none.py'"),
        (replace(FIRST, files=()), "names no file"),
        (replace(FIRST, anchors=("Cart.sum",)), "nothing is called 'Cart.sum' in shop/cart.py"),
        (replace(FIRST, after=("s9",)), "comes after s9, which is no step"),
        (replace(FIRST, new_files=("shop/till.py",)), "'shop/till.py' is there already"),
        (replace(FIRST, new_files=("../x.py",)), "not a path below the workspace"),
        (replace(FIRST, new_files=("/etc/x.py",)), "not a path below the workspace"),
        (replace(FIRST, files=tuple(f"{n}.py" for n in range(20))), "make it several steps"),
        (replace(FIRST, after=("s2",)), "wait for each other: s1, s2"),
        (replace(FIRST, id="s2"), "several steps are called s2"),
    ],
)
def test_what_is_wrong_with_a_step_is_a_sentence(step, said):
    found = problems(replace(PLAN, steps=(step, SECOND)), CODE)
    assert any(said in one for one in found), found


def test_what_an_earlier_step_makes_may_be_used_by_a_later_one():
    made = replace(FIRST, new_files=("shop/money.py",))
    later = Step("s3", "Use it", ("shop/money.py",), anchors=("Money",), after=("s1",))

    assert problems(replace(PLAN, steps=(made, SECOND, later)), CODE) == ()


def test_steps_of_other_files_go_side_by_side_those_of_the_same_one_after_the_other():
    third = replace(SECOND, id="s3", after=())
    fourth = replace(FIRST, id="s4")
    rounds = order(Plan("x", (FIRST, SECOND, third, fourth)))

    assert [[step.id for step in steps] for steps in rounds] == [["s1", "s3"], ["s2", "s4"]]


def test_an_answer_of_a_model_is_read_as_far_as_it_goes():
    answer = {
        "goal": "Totals  with\na currency",
        "steps": [
            {"id": "s1", "title": "One", "files": ["a.py", "a.py", 3, ""], "check": None},
            {"id": "not an id", "title": "Two"},
            {"title": ""},
            "three",
        ],
        "risks": "none",
    }
    plan, found = from_json(json.loads(json.dumps(answer)))

    assert plan.goal == "Totals with a currency"
    assert plan.steps == (Step("s1", "One", ("a.py",)), Step("s2", "Two"))
    assert found == ("step 3 has no title", "step 4 has no title")


def test_the_schema_asks_for_everything_and_nothing_else():
    def strict(schema: Any) -> None:
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            for inner in schema["properties"].values():
                strict(inner)
        elif schema.get("type") == "array":
            strict(schema["items"])

    for form in FORMS:
        strict(dict(form.schema))


WORDS = st.text(alphabet="abc xyz.", min_size=1, max_size=12).map(str.strip).filter(bool)
NAMES = st.lists(st.from_regex(r"[a-z]{1,5}(\.[a-z]{1,3})?", fullmatch=True), max_size=3).map(tuple)
IDS = st.integers(1, 9).map("s{}".format)
STEPS = st.builds(Step, IDS, WORDS, NAMES, NAMES, NAMES, NAMES, st.lists(IDS).map(tuple), WORDS)
PLANS = st.builds(
    Plan,
    WORDS,
    st.lists(STEPS, min_size=1, max_size=5).map(tuple),
    st.lists(WORDS, max_size=2).map(tuple),
    st.lists(WORDS, max_size=2).map(tuple),
)


@given(PLANS)
def test_what_is_shown_is_read_back(plan):
    assert parsed(markdown(plan)) == (plan, ())


@given(PLANS)
def test_rounds_have_each_step_at_most_once_and_in_order(plan):
    seen: set[str] = set()
    for steps in order(plan):
        files = [path for step in steps for path in {*step.files, *step.new_files}]
        assert len(files) == len(set(files))
        known = {one.id for one in plan.steps}
        assert all(set(step.after) & known <= seen for step in steps)
        seen |= {step.id for step in steps}


@given(st.text())
def test_nothing_raises(text):
    assert isinstance(parsed(text)[0], Plan)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["goal", "steps", "title", "files", "id"]), inner)
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_answer_raises(value):
    plan, _found = from_json(value)
    assert isinstance(problems(plan, CODE), tuple)
