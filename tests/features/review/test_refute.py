"""Flash may refute what Pro calls an error, with a line of the evidence and with nothing else."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.diagnostics import Severity
from tandem.core.errors import Failure, ModelError
from tandem.core.model import ChatRequest, Thinking
from tandem.features.review.findings import Finding, Place
from tandem.features.review.refute import evidence_of, prompt_of, refuted, verdict
from tests.support.clock import run_jumping
from tests.support.gateway import bench
from tests.support.review_cases import ReviewCase
from tests.support.script import answer

TILL = """\
from shop.prices import price


def sell(item):
    amount = price(item)
    return amount
"""
PRICES = "def price(item):\n    return item.net\n\n\ndef other():\n    return 'elsewhere'\n"
BEFORE = {"shop/prices.py": PRICES, "shop/till.py": TILL.replace("amount", "sum")}
AFTER = {"shop/prices.py": PRICES, "shop/till.py": TILL}
CASE = ReviewCase("python", "names", BEFORE, AFTER, None).case()
FINDING = Finding(
    "callers", "shop/till.py", 4, "    amount = price(item)", Severity.ERROR,
    "This gives no currency.", "`price` takes one.", by="pro",
)  # fmt: skip
EVIDENCE = evidence_of(FINDING, CASE)
YES = {"refuted": True, "line": "def price(item):", "why": "it takes an item alone"}


def test_the_evidence_is_the_function_around_it_and_what_its_line_uses():
    assert (
        "shop/till.py:4\ndef sell(item):\n    amount = price(item)\n    return amount" in EVIDENCE
    )
    assert "shop/prices.py:1\ndef price(item):\n    return item.net" in EVIDENCE
    assert "elsewhere" not in EVIDENCE


def test_the_evidence_has_the_places_that_are_named():
    far = replace(FINDING, related=(Place("shop/prices.py", 4),))
    assert "'elsewhere'" in evidence_of(far, CASE)


def test_a_place_outside_of_functions_is_shown_by_the_lines_around_it():
    lines = [f"LINE_{n} = {n}" for n in range(200)]
    texts = {"a.py": "\n".join(lines)}
    one = ReviewCase("python", "x", texts, {"a.py": texts["a.py"] + "\n"}, None).case()
    shown = evidence_of(Finding("api", "a.py", 100, lines[100], Severity.ERROR, "!"), one)
    assert "LINE_100 = 100" in shown
    assert "LINE_86 = 86" in shown
    assert "LINE_150 = 150" not in shown


def test_a_refutation_points_at_a_line():
    assert verdict(YES, EVIDENCE) == "refuted by `def price(item):`: it takes an item alone"
    spaced = {**YES, "line": "  def   price(item):  ", "why": 7}
    assert verdict(spaced, EVIDENCE) == "refuted by `def   price(item):`"


@pytest.mark.parametrize(
    "line",
    [
        "", "   ", "return", "def price(item, currency):", "price(item)", None, 4,
        ["def price(item):"],
        "shop/till.py:4", "def price(item):\n    return item.net",
    ],
)  # fmt: skip
def test_without_a_line_of_the_evidence_nothing_is_refuted(line):
    assert verdict({**YES, "line": line}, EVIDENCE) == ""


@pytest.mark.parametrize("said", [False, "true", 1, None])
def test_only_a_plain_yes_refutes(said):
    assert verdict({**YES, "refuted": said}, EVIDENCE) == ""


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*YES, "x"]), inner),
        max_leaves=6,
    )
)
def test_a_verdict_of_anything_is_a_sentence_or_nothing(value):
    assert isinstance(verdict(value, EVIDENCE), str)


def test_what_is_asked_has_the_claim_its_place_and_the_code():
    prompt = prompt_of(FINDING, EVIDENCE)
    for words in (FINDING.claim, FINDING.why, "line 5 of shop/till.py", EVIDENCE):
        assert words in prompt


def ask(tmp_path, *script: object) -> tuple[str, int, ChatRequest]:
    async def main() -> tuple[str, int, ChatRequest]:
        async with bench(tmp_path, daily="10") as made:
            made.provider.scripts.append(script)  # type: ignore[arg-type]
            why, cost = await refuted(FINDING, CASE, "deepseek-flash", made.gateway)
            request = made.provider.requests[0]
            assert isinstance(request, ChatRequest)
            return why, cost.pico, request

    return run_jumping(main)


def test_flash_is_asked_without_thinking_and_paid(tmp_path):
    why, pico, request = ask(tmp_path, *answer(json.dumps(YES)))
    assert why.startswith("refuted by")
    assert pico > 0
    assert (request.model, request.thinking, request.json) == ("deepseek-flash", Thinking.OFF, True)


def test_what_is_no_json_refutes_nothing(tmp_path):
    why, pico, _ = ask(tmp_path, *answer("It is wrong: def price(item):"))
    assert (why, pico > 0) == ("", True)


def test_who_cannot_be_asked_refutes_nothing(tmp_path):
    assert ask(tmp_path, ModelError(Failure.BALANCE))[0] == ""
