"""The scenarios of ``fixtures/cases/refactor`` are sound: what they claim of themselves is so."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tandem.core.blocks import Change, pieces
from tandem.features.refactor.plan import Plan, Step, order, problems
from tandem.index.languages import language_of
from tandem.index.parse import syntax_errors
from tests.support.code import codebase
from tests.support.refactor_cases import (
    Scenario,
    after,
    before,
    scenarios,
    unproved,
    wrong,
)

SUITE = {s.name: s for s in scenarios()}
ELIDED = re.compile(
    r"\b(rest of (the )?(code|file|class)|existing code|unchanged)\b|^\s*(#|//) \.\.\."
)


def end(s: Scenario) -> dict[str, str]:
    """Return the whole project as it is in the end."""
    return {path: text for path, text in {**before(s), **after(s)}.items() if text is not None}


def plan_of(s: Scenario) -> Plan:
    steps = [
        Step(
            step.id,
            step.title,
            step.files,
            step.new_files,
            step.anchors,
            step.expects,
            step.after,
            step.check,
            step.removed_files,
        )
        for step in s.steps
    ]
    return Plan(s.goal, tuple(steps), s.risks, s.untouched)


def has_name(texts: list[str], name: str) -> bool:
    last = name.rpartition(".")[2].rpartition("::")[2]
    return any(re.search(rf"(?<!\w){re.escape(last)}(?!\w)", text) for text in texts)


@pytest.mark.parametrize("name", SUITE)
def test_the_steps_are_a_plan(name):
    s = SUITE[name]
    assert problems(plan_of(s), codebase(before(s))) == ()
    assert 3 <= len(s.steps) <= 6
    assert any(len(steps) > 1 for steps in order(plan_of(s))), "no steps can go side by side"
    known: set[str] = set()
    for step in s.steps:
        assert known.issuperset(step.after), f"{step.id} comes before what it waits for"
        known.add(step.id)


@pytest.mark.parametrize("name", SUITE)
def test_every_change_is_of_one_step(name):
    s = SUITE[name]
    old, new = before(s), after(s)
    touched = Counter(
        path for step in s.steps for path in (*step.files, *step.new_files, *step.removed_files)
    )
    assert touched == Counter(new.keys())
    for step in s.steps:
        assert all(path in old and new[path] not in {None, old[path]} for path in step.files)
        assert all(path not in old and new[path] for path in step.new_files)
        assert all(path in old and new[path] is None for path in step.removed_files)


@pytest.mark.parametrize("name", SUITE)
def test_the_names_are_where_the_steps_say(name):
    s = SUITE[name]
    old, new = before(s), end(s)
    path, _, line = s.at.rpartition(":")
    assert old[path].split("\n")[int(line) - 1].strip()
    for step in s.steps:
        starts = [old[path] for path in (*step.files, *step.removed_files)]
        ends = [new[path] for path in (*step.files, *step.new_files)]
        for anchor in step.anchors:
            assert has_name(starts, anchor), f"{step.id}: {anchor}"
        for expected in step.expects:
            assert has_name(ends, expected), f"{step.id}: {expected}"


@pytest.mark.parametrize("name", SUITE)
def test_every_file_is_whole(name):
    s = SUITE[name]
    for texts in (before(s), end(s)):
        for path, text in texts.items():
            language = language_of(path)
            if language is not None:
                assert syntax_errors(text.encode(), language) == 0, path
            assert not ELIDED.search(text), path
            assert not text or text.endswith("\n"), path


@pytest.mark.parametrize("name", SUITE)
def test_a_wrong_answer_applies_to_its_step(name):
    s = SUITE[name]
    old = before(s)
    answers = {step.id: wrong(s, step.id) for step in s.steps}
    found = sum(map(len, answers.values()))
    assert found == len(list((s.folder / "wrong").iterdir())) > 0
    for step in s.steps:
        for answer in answers[step.id]:
            changes = pieces(answer)
            assert changes
            for change in changes:
                assert isinstance(change, Change), change
                assert change.ended
                path = change.where.above[0]
                if any(change.old):
                    assert path in step.files, path
                    lines = "".join(f"{one}\n" for one in change.old)
                    assert f"\n{old[path]}".count(f"\n{lines}") == 1, lines
                else:
                    assert path in step.new_files, path


@pytest.mark.parametrize("name", [name for name, s in SUITE.items() if s.language == "python"])
def test_the_end_is_proved(name, tmp_path: Path):
    assert unproved(SUITE[name], tmp_path) == ""  # `bench refactor` looks at them all
