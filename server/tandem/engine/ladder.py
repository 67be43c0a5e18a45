"""Which model to ask next: the ladder from cheap to strong as a pure function of what was tried.

A rung is tried again only while its posterior chance beats the ratio of the prices: of independent
tries, the one with the most chance for its money comes first, so a failure on Flash is followed by
Flash as long as ``chance(Flash) / price(Flash) >= chance(next) / price(next)``. Chances are
posterior means of a Beta distribution: what this kind of task came to so far, and what this task
itself has failed at, which weighs more, because a task that failed once is likelier a hard one.

Invariant: never down, never past `Limits.top`, never over `Limits.most`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tandem.core.model import Thinking
from tandem.core.money import Usd


class Rung(Enum):
    """A model and how hard it thinks, from cheap to strong; the value is what users read."""

    FLASH = "flash"
    FLASH_THINKING = "flash, thinking"
    PRO = "pro, thinking"
    PRO_MAX = "pro, thinking hardest"

    @property
    def is_flash(self) -> bool:
        """Whether the small model is asked."""
        return self in {Rung.FLASH, Rung.FLASH_THINKING}


RUNGS: Final = tuple(Rung)
EFFORTS: Final[Mapping[Rung, tuple[Thinking, int]]] = {
    Rung.FLASH: (Thinking.OFF, 0), Rung.FLASH_THINKING: (Thinking.HIGH, 8_192),
    Rung.PRO: (Thinking.HIGH, 16_384), Rung.PRO_MAX: (Thinking.MAX, 32_768),
}  # fmt: skip
"""How hard a rung thinks, and the tokens it may take for that: they count inside `max_tokens`."""
TOPS: Final[Mapping[str, Rung]] = {
    "flash": Rung.FLASH, "flash-thinking": Rung.FLASH_THINKING, "pro": Rung.PRO,
    "pro-max": Rung.PRO_MAX,
}  # fmt: skip
"""Rungs by the names that users write."""

# How often a rung may fail before the next: once, once more with the reason, then several at once.
_TRIES: Final[Mapping[Rung, int]] = {
    Rung.FLASH: 3, Rung.FLASH_THINKING: 1, Rung.PRO: 2, Rung.PRO_MAX: 1,
}  # fmt: skip
_CANDIDATES: Final = 3
# Chances before anything is known, as successes and failures: Flash solves three of five, what
# thinks nine of ten. Own failures count double.
_PRIOR: Final[Mapping[Rung, tuple[float, float]]] = {
    Rung.FLASH: (3.0, 2.0), Rung.FLASH_THINKING: (3.5, 1.5), Rung.PRO: (4.5, 0.5),
    Rung.PRO_MAX: (4.75, 0.25),
}  # fmt: skip
_OWN: Final = 2.0
_RATIO: Final = 0.25  # of the price of a rung to that of the next, where a model has no price


@dataclass(frozen=True, slots=True)
class Odds:
    """How often a rung succeeded and failed at a kind of task."""

    successes: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Try:
    """A step that failed: its rung, how many answers it bought, what they cost."""

    rung: Rung
    candidates: int
    cost: Usd


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user allows for one task: the highest rung, and money (zero: no cap).

    `candidates` are the answers bought at once on Flash's last try: quicker than one after the
    other, and dearer.
    """

    top: Rung
    most: Usd
    candidates: int = _CANDIDATES


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next; `estimate` is what it will likely cost, None where no price is known."""

    rung: Rung
    candidates: int = 1
    estimate: Usd | None = None


@dataclass(frozen=True, slots=True)
class Halt:
    """Nothing more is tried; the sentence says why."""

    reason: str


def chance(rung: Rung, odds: Odds, own_failures: int = 0) -> float:
    """Return the posterior mean of a rung's success at a task that failed on it so often."""
    wins, losses = _PRIOR[rung]
    wins, losses = wins + odds.successes, losses + odds.failures
    return wins / (wins + losses + _OWN * own_failures)


def advance(
    tried: Sequence[Try],
    odds: Mapping[Rung, Odds],
    prices: Mapping[Rung, Usd | None],
    limits: Limits,
    first: Rung = Rung.FLASH,
) -> Step | Halt:
    """Return the next step after failures; `prices` are of one answer of each rung."""
    step = _next(tried, odds, prices, limits, first)
    if isinstance(step, Halt) or not limits.most:
        return step
    spent = sum((one.cost for one in tried), Usd())
    if spent + (step.estimate or Usd()) > limits.most:
        return Halt(
            f"{step.rung.value} would cost about {step.estimate}, and {spent} of the "
            f"{limits.most} that one action may cost are spent"
        )
    return step


def _next(
    tried: Sequence[Try],
    odds: Mapping[Rung, Odds],
    prices: Mapping[Rung, Usd | None],
    limits: Limits,
    first: Rung,
) -> Step | Halt:
    if not tried:
        return Step(first, 1, prices.get(first))
    rung = tried[-1].rung
    failures = sum(one.rung is rung for one in tried)
    above = RUNGS[RUNGS.index(rung) + 1 :]
    higher = above[0] if above and rung is not limits.top else None
    if failures < _TRIES[rung] and _is_worth(rung, failures, higher, odds, prices):
        last = failures + 1 == _TRIES[rung] and rung is Rung.FLASH
        count = limits.candidates if last else 1
        return Step(rung, count, _times(prices.get(rung), count))
    if higher is None:
        return Halt("every model that may be asked has failed")
    return Step(higher, 1, prices.get(higher))


def _is_worth(
    rung: Rung,
    failures: int,
    higher: Rung | None,
    odds: Mapping[Rung, Odds],
    prices: Mapping[Rung, Usd | None],
) -> bool:
    """Tell whether one more answer of a rung has more chance for its money than the next rung's."""
    if higher is None:
        return True
    own, other = prices.get(rung), prices.get(higher)
    ratio = own.pico / other.pico if own is not None and other is not None and other else _RATIO
    here = chance(rung, odds.get(rung, Odds()), failures)
    return here >= ratio * chance(higher, odds.get(higher, Odds()))


def _times(price: Usd | None, count: int) -> Usd | None:
    return price * count if price is not None else None
