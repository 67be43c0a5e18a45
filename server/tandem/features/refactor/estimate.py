"""What a plan will cost before anything is spent: tokens by model and cache state. Pure.

A guess that says it is one. What an answer is long and how often a step is tried are the means of
the scripted scenarios (`tests/bench/refactor.py`), not of the real models.
"""

from collections.abc import Callable, Sequence
from typing import Final

from tandem.core.model import Usage
from tandem.engine.estimate import Estimate
from tandem.features.refactor.plan import Plan
from tandem.workspace.settings import Models

_RULES: Final = 700  # tokens of a step's prompt besides its files
_SAID: Final = 0.4  # of a step's files, in what is answered
_LEAST: Final = 250
_TRIES: Final = 1.3
_PLAN: Final = 4_000  # tokens of a plan, thinking included
_VERDICT: Final = 1_500
_TASK: Final = 1_200


def of_plan(models: Models, tokens: int, hit: int) -> Estimate:
    """Return what it takes to have a plan made with a prompt of so many tokens."""
    return Estimate(((models.pro, Usage(hit=hit, miss=tokens - hit, output=_PLAN)),))


def of_run(plan: Plan, models: Models, size: Callable[[str], int], *, judged: bool) -> Estimate:
    """Return what it takes to carry a plan out; `size` gives the tokens of a file.

    `judged`: Pro is asked in the end, with the change and what is around it.
    """
    read = wrote = 0
    for step in plan.steps:
        files = sum(size(path) for path in (*step.files, *step.removed_files))
        fresh = _LEAST * 2 * len(step.new_files)
        read += round((files + _RULES) * _TRIES)
        wrote += round(max(_LEAST, files * _SAID + fresh) * _TRIES)
    usages: Sequence[tuple[str, Usage]] = [(models.flash, Usage(miss=read, output=wrote))]
    if judged:
        usages = [*usages, (models.pro, Usage(miss=2 * wrote + _TASK, output=_VERDICT))]
    return Estimate(tuple(usages))
