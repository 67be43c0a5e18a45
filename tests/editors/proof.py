"""What a proof says: its steps with their times, and the bounded wait that every step uses.

A step that fails ends the proof of its editor, since the later steps stand on it; its message says
what was waited for and what was on the screen instead.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.1
NUDGE_SECONDS = 3.0


class NotShownError(Exception):
    """A step did not come true; the message is for the person who reads the run."""


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    passed: bool
    seconds: float
    detail: str = ""


@dataclass(slots=True)
class Proof:
    """The proof of one editor while it is made."""

    editor: str
    echo: Callable[[str], None]
    version: str = ""
    steps: list[Step] = field(default_factory=list)
    screenshots: list[Path] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(not step.passed for step in self.steps)

    def add(self, step: Step) -> None:
        self.steps.append(step)
        first, *more = step.detail.splitlines() or [""]
        mark = "ok    " if step.passed else "FAILED"
        self.echo(f"{self.editor:<7} {mark} {step.seconds:6.1f} s  {step.name}  {first}".rstrip())
        for line in more:
            self.echo(f"        | {line}")

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a step; what the body appends to the list becomes its detail."""
        started = time.monotonic()
        details: list[str] = []
        try:
            yield details
        except NotShownError as problem:
            self.add(Step(name, passed=False, seconds=_since(started), detail=str(problem)))
            raise
        self.add(Step(name, passed=True, seconds=_since(started), detail=" ".join(details)))

    def record(self) -> dict[str, object]:
        """Return the JSON form of this proof."""
        return {
            "version": self.version,
            "passed": len(self.steps) - self.failed,
            "failed": self.failed,
            "steps": [
                {
                    "name": step.name,
                    "passed": step.passed,
                    "seconds": round(step.seconds, 2),
                    "detail": step.detail,
                }
                for step in self.steps
            ],
            "screenshots": [str(path) for path in self.screenshots],
        }


def until(
    what: str,
    probe: Callable[[], T | None],
    *,
    seconds: float,
    on_screen: Callable[[], str] = str,
    nudge: Callable[[], None] | None = None,
) -> T:
    """Poll until the probe returns something true; a bounded wait that says what it saw instead.

    `nudge` is what a person would do who sees nothing happen, done every NUDGE_SECONDS: editors ask
    only while one types, and the first answers may come before the server has read the project.
    """
    started = time.monotonic()
    nudges = 0
    while True:
        value = probe()
        if value:
            return value
        waited = _since(started)
        if waited > seconds:
            screen = on_screen().rstrip()
            raise NotShownError(
                f"not within {seconds:g} s: {what}" + (f"\n{screen}" if screen else "")
            )
        if nudge and waited > (nudges + 1) * NUDGE_SECONDS:
            nudges += 1
            nudge()
        time.sleep(POLL_SECONDS)


def _since(started: float) -> float:
    return time.monotonic() - started
