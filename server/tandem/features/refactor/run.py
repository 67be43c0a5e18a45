"""A plan carried out: steps, checks, judgment, each on disk before it is acted on.

The story around the state machine (`state`): what is due is done, what came of it is written down,
until the result is ready, it failed, or something outside stopped it. Files of the workspace are
read and never written here; delivery is another story.

Invariants: every event is in the journal before it counts; whoever is cancelled spends nothing
more, and what is done stays done.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.core.errors import TandemError
from tandem.core.money import Usd
from tandem.engine.asking import Asker
from tandem.engine.dialogue import Pro, Prompt
from tandem.engine.harness import (
    Experience,
    Failed,
    Outcome,
    announcement,
    carry_out,
)
from tandem.engine.ladder import TOPS, Limits, Try
from tandem.engine.ladder import Step as Climb
from tandem.features.refactor import accept
from tandem.features.refactor.events import (
    Asking,
    Checked,
    Done,
    Event,
    Halted,
    Judged,
    Refused,
    SetAside,
    Started,
    Texts,
)
from tandem.features.refactor.state import WORKING, Phase, Run, Status, advance, ready
from tandem.features.refactor.steps import PURPOSE, is_free, task_of
from tandem.features.refactor.verify import Problem, assigned, verified
from tandem.index.code import Code
from tandem.index.context.likely import is_test
from tandem.index.overlay import Overlay
from tandem.workspace.settings import Settings
from tandem.workspace.steady import steady

_MENDED: Final = 12  # files that a failing check lets a step change, at most
_STOPPED: Final = "it was stopped"


class StoppedError(TandemError):
    """The world outside failed: the run can go on once it is there again."""

    def __init__(self, reason: str, cost: Usd) -> None:
        """Keep what the answer that broke off cost."""
        super().__init__(reason)
        self.cost = cost


class Book:
    """A run and its journal: `write` puts a line on disk, in a thread."""

    def __init__(self, run: Run, write: Callable[[Event], None]) -> None:
        """Take the run as it is; nothing is written yet."""
        self.run = run
        self._write = write
        self._lock = asyncio.Lock()

    async def happened(self, event: Event) -> None:
        """Write an event down, then have it count. Raises TransitionError, OSError."""
        async with self._lock:
            after = advance(self.run, event)
            written = asyncio.ensure_future(asyncio.to_thread(self._write, event))
            try:
                await asyncio.shield(written)
            except asyncio.CancelledError:
                await written  # a few milliseconds: on disk is what counts
                self.run = after
                raise
            self.run = after


@dataclass(frozen=True, slots=True)
class Check:
    """What the user's own check said of the result: nothing, or its last lines."""

    passed: bool
    said: str
    note: str


async def unchecked(_texts: Texts) -> Check | None:
    """Know nothing: there is no check, or the workspace is not trusted."""
    return None


@dataclass(frozen=True, slots=True)
class Ports:
    """Who helps to carry a plan out.

    `read` gives a file's text as it is now, None where there is none; it raises RefusedError for a
    file that may not be touched. `prompt` makes of a focus and a task what Pro is asked.
    """

    asker: Asker
    settings: Settings
    code: Code
    read: Callable[[str], str | None]
    prompt: Callable[[str, str], Prompt]
    told: Callable[[str], None]
    check: Callable[[Texts], Awaitable[Check | None]] = unchecked


async def execute(book: Book, ports: Ports) -> Run:
    """Go on with a run until it is ready or failed, or halts; return it.

    Raises CancelledError when it is cancelled, after it was written down.
    """
    try:
        while book.run.phase in WORKING:
            if book.run.phase is Phase.RUNNING:
                await _steps(book, ports)
            elif book.run.phase is Phase.CHECKING:
                await book.happened(await _checked(book.run, ports))
            else:
                await book.happened(await _judged(book.run, ports))
    except StoppedError as error:
        await book.happened(Halted(str(error), error.cost))
    except TandemError as error:
        await book.happened(Halted(str(error)))
    except asyncio.CancelledError:
        if book.run.phase in WORKING:
            await book.happened(Halted(_STOPPED))
        raise
    return book.run


# -- steps -------------------------------------------------------------------------------------


async def _steps(book: Book, ports: Ports) -> None:
    """Carry steps out side by side until none is left."""
    tasks: dict[str, asyncio.Task[None]] = {}
    try:
        while book.run.phase is Phase.RUNNING:
            due = [*book.run.named(Status.RUNNING), *ready(book.run)]
            for name in due:
                if name not in tasks and len(tasks) < ports.settings.refactor.parallel:
                    tasks[name] = asyncio.create_task(_step(book, ports, name), name=name)
            await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_COMPLETED)
            for name in [name for name, task in tasks.items() if task.done()]:
                tasks.pop(name).result()
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def _step(book: Book, ports: Ports, name: str) -> None:
    step = book.run.step(name)
    if book.run.steps[name].status is Status.WAITING:
        try:
            texts = _unread(book.run, name, ports)
        except TandemError as refused:
            await book.happened(Started(name))
            await book.happened(SetAside(name, str(refused)))
            return
        await book.happened(Started(name, texts))
    state = book.run.steps[name]
    wrong = _unfit(book.run, name)
    if wrong:
        await book.happened(SetAside(name, wrong))
    elif is_free(book.run.plan, name):
        await book.happened(Done(name, dict.fromkeys(step.removed_files)))
    else:
        ports.told(_line(book.run, name, "begins"))
        await _by_model(book, ports, name, state.spent)


def _unread(run: Run, name: str, ports: Ports) -> Texts:
    """Return the texts of the step's files that no step has looked at."""
    paths = [*sorted(run.step(name).touches), *run.steps[name].wider]
    return {path: ports.read(path) for path in paths if path not in run.base}


def _unfit(run: Run, name: str) -> str:
    """Return why a step cannot begin with the files as they are."""
    step, state = run.step(name), run.steps[name]
    if state.why:  # it was done before, on these very files
        return ""
    lost = [path for path in (*step.files, *step.removed_files) if state.view.get(path) is None]
    there = [path for path in step.new_files if state.view.get(path) is not None]
    if lost:
        return f"there is no file {lost[0]}"
    return f"{there[0]} is there already" if there else ""


async def _by_model(book: Book, ports: Ports, name: str, spent: Usd) -> None:
    state, most = book.run.steps[name], book.run.most
    task = task_of(book.run, name, ports.code, ports.settings)
    paid = [sum((one.cost for one in state.attempts.tried), Usd())]

    async def announce(climb: Climb, failed: Sequence[Failed]) -> None:
        await book.happened(Asking(name, climb.rung, climb.estimate))
        ports.told(_line(book.run, name, announcement(climb, failed)))

    async def note(one: Try, answers: Sequence[Failed]) -> None:
        paid.append(one.cost)
        await book.happened(Refused(name, one.rung, one.candidates, one.cost, tuple(answers)))

    left = most - spent if most else most
    if most and left.pico <= 0:
        await book.happened(SetAside(name, f"the plan's {most} are spent"))
        return
    outcome: Outcome[Texts] = await carry_out(
        task,
        ports.asker,
        Limits(TOPS[ports.settings.refactor.climb_to], left, candidates=1),
        Experience({PURPOSE: state.odds}),
        announce,
        before=state.attempts,
        note=note,
    )
    rest = outcome.cost - sum(paid, Usd())
    if outcome.fatal:
        raise StoppedError(outcome.reason, rest)
    if outcome.value is None:
        await book.happened(SetAside(name, outcome.reason, rest))
        return
    await book.happened(Done(name, outcome.value, outcome.rung, rest))
    ports.told(_line(book.run, name, "done"))


def _line(run: Run, name: str, what: str) -> str:
    """Say how far a run is in a line: the step's number and title, and what it cost so far."""
    ids = [step.id for step in run.plan.steps]
    step = run.step(name)
    return f"{ids.index(name) + 1}/{len(ids)} {step.title}: {what} ({run.cost} so far)"


# -- the whole ---------------------------------------------------------------------------------


async def _checked(run: Run, ports: Ports) -> Checked:
    """Let the gates speak of the whole, then the user's own check."""
    ports.told(f"checking the result ({run.cost} so far)")
    found = await steady(verified, run, ports.code)
    if found.problems:
        return Checked(found.problems, found.wider, "the gates object")
    check = await ports.check(run.overlay)
    if check is None:
        return Checked(note="gates passed; no check is set, or the folder is not trusted")
    if check.passed:
        return Checked(note=check.note)
    blamed = _blamed(run, check.said)
    problems = assigned(run, [Problem(check.said, blamed, blamed)]).problems
    # The file that is named need not be the one that is wrong: all that changed may be mended.
    most = [path for path in run.now if run.now[path] is not None][:_MENDED]
    return Checked(problems, dict.fromkeys(problems, tuple(most)), check.note)


def _blamed(run: Run, said: str) -> str:
    """Return the changed file that a failing check names last, no test if another is named."""
    changed = [path for path in run.now if run.now[path] is not None]
    order = {path: (said.rfind(path) >= 0, not is_test(path), said.rfind(path)) for path in changed}
    return max(changed, key=order.__getitem__, default="")


async def _judged(run: Run, ports: Ports) -> Judged:
    if not ports.settings.refactor.accept:
        return Judged(accepted=True, said="not asked (refactor.accept)")
    ports.told(f"Pro judges the result ({run.cost} so far)")
    code = Overlay(ports.code, run.overlay)
    block = await steady(accept.focus_of, run, code)
    pro = Pro(ports.settings.models.pro, ports.asker, ports.told)
    return await accept.judge(ports.prompt(block, accept.task_of(run)), run, code, pro)
