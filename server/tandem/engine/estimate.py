"""What a task will cost before anything is spent, in tokens by model and in words. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tandem.core.model import Usage
from tandem.core.money import Usd


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
