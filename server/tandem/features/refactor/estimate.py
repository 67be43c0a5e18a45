"""What a plan will cost before anything is spent: tokens by model and cache state, and words. Pure.

A guess that says it is one. What an answer is long and how often a step is tried are the means of
the scripted scenarios (`tests/bench/refactor.py`), not of the real models.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.features.refactor.plan import Plan
from tandem.workspace.settings import Models

_RULES: Final = 700  # tokens of a step's prompt besides its files
_SAID: Final = 0.4  # of a step's files, in what is answered
_LEAST: Final = 250
_TRIES: Final = 1.3
_PLAN: Final = 4_000  # tokens of a plan, thinking included
_VERDICT: Final = 1_500
_TASK: Final = 1_200


@dataclass(frozen=True, slots=True)
class Estimate:
    """Tokens by model."""

    usages: tuple[tuple[str, Usage], ...]

    def cost(self, price: Callable[[str, Usage], Usd | None]) -> Usd | None:
        """Return what it costs at some prices; None where one is not known."""
        costs = [price(model, usage) for model, usage in self.usages]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Usd()) if len(known) == len(costs) else None


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate with its price now, and in the other hours (peak or off-peak) from `turn` on."""

    estimate: Estimate
    now: Usd | None
    other: Usd | None
    turn: datetime

    def __str__(self) -> str:
        """Say it in a line, with the tokens."""
        parts = ", ".join(_tokens(model, usage) for model, usage in self.estimate.usages)
        return f"{self._price}: {parts}{self._waiting()}"

    @property
    def brief(self) -> str:
        """Say it in a few words: what an editor asks with is read in a corner of it."""
        waiting = self._waiting().removeprefix("; ")
        return f"{self._price} ({waiting})" if waiting else self._price

    @property
    def _price(self) -> str:
        return f"about {self.now}" if self.now is not None else "at a price that is not known"

    def _waiting(self) -> str:
        if self.now is None or self.other is None or self.other == self.now:
            return ""
        less = self.other < self.now
        word = "peak hours" if less else "off-peak"
        return f"; {word} until {self.turn:%H:%M} UTC, then about {self.other}"


def _tokens(model: str, usage: Usage) -> str:
    cached = f" ({usage.hit:,} of them cached)" if usage.hit else ""
    return f"{model} reads {usage.prompt:,} tokens{cached} and writes {usage.output:,}"


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
