"""Pro's verdict: what is read of it, what is not one, and what it is told."""

import pytest

from tandem.features.refactor.accept import focus_of, task_of, verdict_of
from tandem.features.refactor.events import Checked, Judged
from tandem.features.refactor.state import advance
from tandem.index.overlay import Overlay
from tests.features.refactor.test_state import ALL, run_of
from tests.support.code import codebase

RUN = run_of(*ALL, Checked(note="gates passed"))


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ({"accept": True, "reason": " it\n does ", "redo": []}, Judged(True, "it does")),
        ({"accept": True}, Judged(True, "accepted")),
        (
            {"accept": False, "reason": "", "redo": [{"step": "s1", "why": "half of it"}]},
            Judged(False, "half of it", {"s1": "half of it"}),
        ),
    ],
)
def test_a_verdict_is_read(value, verdict):
    assert verdict_of(value, RUN) == (verdict, ())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "does not say whether it accepts"),
        ({"accept": "yes"}, "does not say whether it accepts"),
        ({"accept": False, "redo": "s1"}, "no step to redo is named"),
        ({"accept": False, "redo": [{"step": "s9", "why": "x"}]}, "no step s9 was done"),
        ({"accept": False, "redo": [{"step": "s1", "why": " "}, 5]}, "no step to redo is named"),
    ],
)
def test_what_is_no_verdict_goes_back_with_a_sentence(value, problem):
    verdict, problems = verdict_of(value, RUN)
    assert not verdict.accepted
    assert problem in problems[0]


def test_pro_is_told_the_plan_the_checks_and_what_it_doubted():
    doubt = Judged(accepted=False, said="hm", redo={"s3": "the shelf is missing"})
    said = task_of(advance(RUN, doubt))
    assert "# Currencies" in said
    assert "Checks: Pro: hm" in said
    assert "you asked for something to be done again: s3: the shelf is missing" in said


def test_the_focus_is_the_whole_change_and_who_calls_it():
    code = codebase(
        {
            "cart.py": "def total():\n    return 0\n",
            "till.py": "from cart import total\n\n\ndef pay():\n    return total()\n",
        }
    )
    run = run_of(*ALL)
    said = focus_of(run, Overlay(code, run.overlay))
    assert "--- a/cart.py" in said
    assert "+s4" in said
