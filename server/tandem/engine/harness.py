"""One mechanism for work that models do: ask, let the gates judge, tell why not, climb.

A task says how it is asked on a rung and judges an answer; this decides who is asked, how often and
for how much, and tells before each climb. Quick fixes, rewrites and the steps of a plan are tasks.

Invariants: a value leaves only if the task's own judgment let it pass; every answer is accounted
for by the gateway; whoever is cancelled spends nothing more.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Generic, Protocol, Self, TypeVar

from tandem.core import tokens
from tandem.core.errors import Failure, ModelError, TandemError
from tandem.core.model import ChatRequest, Stop, Usage, prompt_tokens
from tandem.core.money import Usd
from tandem.core.reply import Reply
from tandem.engine.asking import Asker
from tandem.engine.ladder import RUNGS, Halt, Limits, Odds, Rung, Step, Try, advance

if TYPE_CHECKING:
    from tandem.engine.gateway import Receipt

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Wall clock of one answer: a rung that thinks hardest says 20,000 tokens at 60 a second.
_DEADLINE_S: Final = {
    Rung.FLASH: 60.0, Rung.FLASH_THINKING: 180.0, Rung.PRO: 300.0, Rung.PRO_MAX: 600.0,
}  # fmt: skip
_EXPECTED: Final = {
    Rung.FLASH: 300, Rung.FLASH_THINKING: 1_500, Rung.PRO: 2_000, Rung.PRO_MAX: 6_000,
}  # fmt: skip
"""Output tokens of a typical answer, reasoning included."""
_SHORT: Final = 50
_SETTLE_S: Final = 0.5
_IN_VAIN: Final = frozenset(
    [Failure.AUTHENTICATION, Failure.BALANCE, Failure.MODEL, Failure.NETWORK, Failure.MALFORMED]
)
"""What no other rung would do better."""


@dataclass(frozen=True, slots=True)
class Verdict(Generic[T]):
    """What the gates say of an answer: a value, or why not, in sentences for the model.

    `said` is the answer as it was read, where that is more than its text.
    """

    value: T | None
    problems: tuple[str, ...] = ()
    said: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """An answer that did not pass, for the next try."""

    rung: Rung
    text: str = field(repr=False)
    problems: tuple[str, ...]


class Task(Protocol[T]):
    """Something to be done by a model."""

    @property
    def purpose(self) -> str:
        """What the ledger calls it."""
        ...

    def request(self, rung: Rung, failed: Sequence[Failed], *, vary: bool) -> ChatRequest:
        """Return what to ask; `vary` where several answers are wanted of which gates choose."""
        ...

    async def judge(self, request: ChatRequest, reply: Reply) -> Verdict[T]:
        """Let the gates speak. Never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What became of a task. Without a value, `reason` is a sentence for the user.

    `fatal`: the world outside failed (key, balance, network, budget), not the task.
    """

    value: T | None
    rung: Rung | None
    failed: tuple[Failed, ...]
    cost: Usd
    answers: int
    reason: str = ""
    fatal: bool = False


Announce = Callable[[Step, Sequence[Failed]], Awaitable[None]]
"""Told before each step what is asked next, at what price, and what failed so far."""


Note = Callable[[Try, Sequence[Failed]], Awaitable[None]]
"""Told after each step that failed what it was and cost, and which answers did not pass."""


def announcement(step: Step, failed: Sequence[Failed]) -> str:
    """Say who is asked next, for how much, and why it is not the first, in one short line."""
    price = f", about {step.estimate}" if step.estimate is not None else ""
    several = f" for {step.candidates} answers" if step.candidates > 1 else ""
    said = f"asking {step.rung.value}{several}{price}"
    if failed and failed[-1].problems:
        why = failed[-1].problems[0]
        # Neovim asks for a key at a line that is longer than its own.
        said += f" (refused: {why if len(why) <= _SHORT else f'{why[: _SHORT - 1]}…'})"
    return said


class Experience:
    """How tasks went so far in this process, by purpose and rung."""

    def __init__(self, known: Mapping[str, Mapping[Rung, Odds]] | None = None) -> None:
        """Begin with what is known, or without any."""
        self._odds: defaultdict[str, dict[Rung, Odds]] = defaultdict(dict)
        for purpose, odds in (known or {}).items():
            self._odds[purpose].update(odds)

    def odds(self, purpose: str) -> dict[Rung, Odds]:
        """Return the counts of a kind of task."""
        return self._odds[purpose]

    def note(self, purpose: str, rung: Rung, *, success: bool) -> None:
        """Count one step."""
        known = self._odds[purpose].get(rung, Odds())
        won = replace(known, successes=known.successes + 1)
        lost = replace(known, failures=known.failures + 1)
        self._odds[purpose][rung] = won if success else lost


@dataclass(frozen=True, slots=True)
class Attempts:
    """How far a task came before: the steps that failed, and the answers that did not pass."""

    tried: tuple[Try, ...] = ()
    failed: tuple[Failed, ...] = ()


async def not_noted(_failed: Try, _answers: Sequence[Failed]) -> None:
    """Leave a step that failed to the outcome."""


async def carry_out(
    task: Task[T],
    asker: Asker,
    limits: Limits,
    experience: Experience,
    announce: Announce,
    *,
    first: Rung = Rung.FLASH,
    before: Attempts = Attempts(),
    note: Note = not_noted,
) -> Outcome[T]:
    """Have a task done on the cheapest rung that can, and tell what became of it.

    It goes on from `before`, whose cost counts. `note` is told of each step that failed, before
    the next.
    """
    tried, failed = list(before.tried), list(before.failed)
    answers = 0
    while True:
        prices = {rung: _price(task, asker, rung, failed) for rung in RUNGS}
        step = advance(tried, experience.odds(task.purpose), prices, limits, first)
        if isinstance(step, Halt):
            return _ended(None, None, failed, tried, answers, step.reason)
        await announce(step, failed)
        fields = {"purpose": task.purpose, "rung": step.rung.name.lower(), "failed": len(failed)}
        logger.info("task.step", extra={"fields": fields})
        attempt = await _attempt(task, asker, step, failed)
        tried.append(Try(step.rung, step.candidates, attempt.cost))
        answers += step.candidates
        if attempt.value is not None:
            experience.note(task.purpose, step.rung, success=True)
            return _ended(attempt.value, step.rung, failed, tried, answers, "")
        if attempt.fatal:
            ended: Outcome[T] = _ended(None, None, failed, tried, answers, attempt.fatal)
            return replace(ended, fatal=True)
        experience.note(task.purpose, step.rung, success=False)
        failed += attempt.failed
        await note(tried[-1], attempt.failed)


def _ended(  # noqa: PLR0917 - one value, private
    value: T | None,
    rung: Rung | None,
    failed: Sequence[Failed],
    tried: Sequence[Try],
    answers: int,
    reason: str,
) -> Outcome[T]:
    cost = sum((one.cost for one in tried), Usd())
    said = failed[-1].problems[0] if failed and failed[-1].problems else ""
    if reason and said:
        reason = f"{reason}; the last answer was refused: {said}"
    return Outcome(value, rung, tuple(failed), cost, answers, reason)


def _price(task: Task[T], asker: Asker, rung: Rung, failed: Sequence[Failed]) -> Usd | None:
    request = task.request(rung, failed, vary=False)
    usage = Usage(miss=prompt_tokens(request, tokens.estimate), output=_EXPECTED[rung])
    return asker.estimate(request.model, usage)


@dataclass(slots=True)
class _Attempt(Generic[T]):
    """A step under way: its answers and what they cost so far."""

    value: T | None = None
    failed: list[Failed] = field(default_factory=list)
    cost: Usd = field(default_factory=Usd)
    fatal: str = ""


async def _attempt(
    task: Task[T], asker: Asker, step: Step, failed: Sequence[Failed]
) -> _Attempt[T]:
    """Buy the answers of one step; the first that passes ends the others."""
    attempt: _Attempt[T] = _Attempt()
    request = task.request(step.rung, failed, vary=step.candidates > 1)
    async with _First() as group:
        for _ in range(step.candidates):
            group.start(_one(task, asker, step.rung, request, attempt, group))
    return attempt


async def _one(  # noqa: PLR0917 - one story, private
    task: Task[T],
    asker: Asker,
    rung: Rung,
    request: ChatRequest,
    attempt: _Attempt[T],
    group: "_First",
) -> None:
    from tandem.engine.gateway import Terms  # noqa: PLC0415 - loaded with the first key

    settled = asyncio.Event()

    def paid(receipt: "Receipt") -> None:
        attempt.cost += receipt.settlement.cost or Usd()
        settled.set()

    try:
        async with asker.call(request, Terms(task.purpose, _DEADLINE_S[rung])) as call:
            call.on_settled(paid)
            async for _ in call:
                pass
        reply = call.builder.reply()
    except asyncio.CancelledError:
        # Another was first: its connection is closed by now, what it cost is known in a moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(_SETTLE_S):
                await settled.wait()
        raise
    except TandemError as error:
        if not isinstance(error, ModelError) or error.failure in _IN_VAIN:
            attempt.fatal = str(error)
            group.end()
            return
        attempt.failed.append(Failed(rung, "", (str(error),)))
        return
    verdict = _withheld(reply) or await task.judge(request, reply)
    if verdict.value is None:
        attempt.failed.append(Failed(rung, verdict.said or reply.text, verdict.problems))
    elif attempt.value is None:
        attempt.value = verdict.value
        group.end()


def _withheld(reply: Reply) -> Verdict[T] | None:
    """Return why an answer is none: the documented ways in which the API says nothing."""
    if reply.stop is Stop.FILTERED:
        return Verdict(None, (Failure.FILTERED.value,))
    if reply.stop is Stop.NO_CAPACITY:
        return Verdict(None, (Failure.SERVER.value,))
    if not reply.text.strip() and not reply.tool_calls:
        # JSON mode does this at times, and thinking that used up all of max_tokens.
        thought = " it thought until it was cut off" if reply.reasoning else ""
        return Verdict(None, (f"the answer was empty{':' if thought else ''}{thought}",))
    return None


class _First:
    """Tasks of which the first success ends the others; all have ended when the block is left."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    def start(self, work: Awaitable[None]) -> None:
        self._tasks.add(asyncio.ensure_future(work))

    def end(self) -> None:
        own = asyncio.current_task()
        for task in self._tasks:
            if task is not own:
                task.cancel()

    async def __aexit__(self, *_error: object) -> None:
        try:
            done = await asyncio.gather(*self._tasks, return_exceptions=True)
        finally:
            for task in self._tasks:
                task.cancel()
        for result in done:
            if isinstance(result, Exception):
                raise result
