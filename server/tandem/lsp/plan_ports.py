"""What the protocol layer asks of whoever makes plans, in plain values; `planner` answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of a change for free. `price` is what a plan would cost, in words.

    `without_model` says why no plan can be made, "" if one can; `ask`: the price is to be asked
    about. `draft` is the planner's own.
    """

    title: str
    report: str
    price: str
    ask: bool
    without_model: str
    draft: object = field(repr=False)


@dataclass(frozen=True, slots=True)
class Made:
    """A plan: its number, where its text is, what carrying it out would cost, in words."""

    number: int
    uri: str
    steps: int
    problems: tuple[str, ...]
    cost: str
    price: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a plan. `ready`: there is a result; `aside` are steps that were left out."""

    number: int
    goal: str
    phase: str
    ready: bool
    reason: str
    aside: tuple[str, ...]
    files: tuple[str, ...]
    cost: str
    patch_uri: str


@dataclass(frozen=True, slots=True)
class Change:
    """The result for the files as they are: texts before and after by path, None for no file.

    `labels` name the steps behind each file.
    """

    goal: str
    before: Mapping[str, str | None] = field(repr=False)
    texts: Mapping[str, str | None] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)


Told = Callable[[str], None]


class PlanPorts(Protocol):
    """Who makes plans, carries them out and knows their results."""

    async def look(self, instruction: str, uri: str, offset: int | None) -> Look:
        """Return what is known for free. Raises RefusedError where there is no workspace."""
        ...

    async def make(self, look: Look, told: Told) -> Made:
        """Have Pro make a plan."""
        ...

    async def price(self, number: int) -> tuple[str, bool]:
        """Return what carrying a plan out costs, in words, and whether to ask about it."""
        ...

    async def run(self, number: int, told: Told) -> Ran:
        """Carry a plan out, or go on with it."""
        ...

    async def begin(self, number: int) -> Change:
        """Note that the result is about to be applied, and return it."""
        ...

    async def end(self, number: int, refusal: str) -> None:
        """Note that the result was taken, or why not."""
        ...

    async def discard(self, number: int) -> None:
        """Give a plan up."""
        ...

    async def latest(self) -> int:
        """Return the number of the plan that was made last. Raises RefusedError without one."""
        ...

    async def unfinished(self) -> tuple[int, str] | None:
        """Return a plan that did not end, and a sentence of what became of it."""
        ...

    async def keep(self, title: str, text: str) -> str:
        """Write a text for people to a file of Tandem's own; return its URI."""
        ...
