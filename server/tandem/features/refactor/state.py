"""A plan being carried out, as a value: what happened so far, and what is due.

``advance(run, event)`` is the only way from one to the next; a journal of events folded with it is
the run again, on any machine. Steps whose files are disjoint run side by side; each sees what was
done when it began (`StepState.view`), so that a step that is taken up again asks the very same.

Pure. Invariant: an event that does not fit raises TransitionError and changes nothing; files change
by ``Done`` alone, and only those of its step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial, reduce
from typing import Any, Final

from tandem.core.money import Usd
from tandem.engine.harness import Attempts
from tandem.engine.ladder import Odds, Rung, Try
from tandem.features.refactor.events import (
    Applied,
    Applying,
    Asking,
    Begun,
    Checked,
    Discarded,
    Done,
    Edited,
    Event,
    GaveUp,
    Halted,
    Judged,
    NotApplied,
    Proposed,
    Refused,
    SetAside,
    Started,
    Texts,
    Wanted,
)
from tandem.features.refactor.plan import Plan, Step

# Rounds in which steps are done again: after checks, which know; after Pro, which thinks.
_CHECKS: Final = 3
_JUDGMENTS: Final = 2


class TransitionError(Exception):
    """An event came that cannot happen now: a bug, or a journal that somebody changed."""


class Phase(Enum):
    """How far a run has come; the value is what people read."""

    WANTED = "wanted"
    PROPOSED = "proposed"
    RUNNING = "running"
    CHECKING = "being checked"
    ACCEPTING = "being judged"
    READY = "ready"
    APPLYING = "being applied"
    APPLIED = "applied"
    FAILED = "failed"
    DISCARDED = "discarded"


class Status(Enum):
    """How far a step has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    ASIDE = "set aside"


ENDED: Final = frozenset([Phase.APPLIED, Phase.FAILED, Phase.DISCARDED])
WORKING: Final = frozenset([Phase.RUNNING, Phase.CHECKING, Phase.ACCEPTING])


@dataclass(frozen=True, slots=True)
class StepState:
    """One step. `why` are problems of its result that it has to mend, `wider` files for that.

    `doubted`: it is Pro who thinks so, and may be wrong; what gates and checks say is so.

    `view` are the texts of the overlay when it began, `odds` and `spent` what was known then.
    """

    status: Status = Status.WAITING
    why: tuple[str, ...] = ()
    wider: tuple[str, ...] = ()
    doubted: bool = False
    attempts: Attempts = field(default_factory=Attempts)
    view: Texts = field(default_factory=dict, repr=False)
    odds: Mapping[Rung, Odds] = field(default_factory=dict)
    spent: Usd = field(default_factory=Usd)
    rung: Rung | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A plan and what became of it.

    `base` are the texts of the files that steps looked at, `now` those that differ from them.
    `checks` counts the rounds after checks, `doubts` are those after Pro's verdicts; `reason` says
    why it failed, `notes` what checks and Pro said.
    """

    instruction: str
    place: str
    at: str
    plan: Plan = field(default_factory=partial(Plan, ""))
    problems: tuple[str, ...] = ()
    phase: Phase = Phase.WANTED
    steps: Mapping[str, StepState] = field(default_factory=dict)
    base: Texts = field(default_factory=dict, repr=False)
    now: Texts = field(default_factory=dict, repr=False)
    cost: Usd = field(default_factory=Usd)
    most: Usd = field(default_factory=Usd)
    odds: Mapping[Rung, Odds] = field(default_factory=dict)
    checks: int = 0
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""
    halted: str = ""
    applying: Applying | None = field(default=None, repr=False)

    def step(self, name: str) -> Step:
        """Return a step of the plan."""
        return next(step for step in self.plan.steps if step.id == name)

    def named(self, status: Status) -> tuple[str, ...]:
        """Return the steps of a status, in the plan's order."""
        return tuple(one.id for one in self.plan.steps if self.steps[one.id].status is status)

    @property
    def overlay(self) -> Texts:
        """All texts that were looked at, as they are now."""
        return {**self.base, **self.now}


def fold(events: Sequence[Event]) -> Run:
    """Return the run that events lead to. Raises TransitionError."""
    first, *rest = events
    return reduce(advance, rest, begun(first))


def begun(event: Event) -> Run:
    """Return the run that a wish begins. Raises TransitionError for any other event."""
    if not isinstance(event, Wanted):
        raise TransitionError(f"{type(event).__name__} before anything was wanted")
    return Run(event.instruction, event.place, event.at)


def _planned(run: Run, event: Proposed | Edited) -> Run:
    steps = {step.id: StepState() for step in event.plan.steps}
    cost = event.cost if isinstance(event, Proposed) else Usd()
    return replace(
        run,
        phase=Phase.PROPOSED,
        plan=event.plan,
        problems=event.problems,
        steps=steps,
        cost=run.cost + cost,
    )


# -- transitions -------------------------------------------------------------------------------


def advance(run: Run, event: Event) -> Run:
    """Return the run after an event. Raises TransitionError if it cannot happen now."""
    phases, follow = _TABLE.get(type(event), (frozenset(), _unknown))
    if run.phase not in phases:
        raise TransitionError(f"{type(event).__name__} while the plan is {run.phase.value}")
    return follow(replace(run, halted=""), event)


def _unknown(_run: Run, event: Event) -> Run:
    raise TransitionError(f"{type(event).__name__} is no event of a plan")


def _with(run: Run, name: str, step: StepState) -> Run:
    return replace(run, steps={**run.steps, name: step})


def _running(run: Run, name: str) -> StepState:
    step = run.steps.get(name)
    if step is None or step.status is not Status.RUNNING:
        raise TransitionError(f"{name} is not running")
    return step


def _started(run: Run, event: Started) -> Run:
    name = event.step
    if name not in ready(run):
        raise TransitionError(f"{name} cannot begin now")
    base = {**event.texts, **run.base}  # what was looked at first stays
    run = replace(run, base=base)
    step = replace(
        run.steps[name],
        status=Status.RUNNING,
        attempts=Attempts(),
        view=run.overlay,
        odds=run.odds,
        spent=run.cost,
    )
    return _with(run, name, step)


def _refused(run: Run, event: Refused) -> Run:
    step = _running(run, event.step)
    before = step.attempts
    tried = (*before.tried, Try(event.rung, event.candidates, event.cost))
    attempts = Attempts(tried, (*before.failed, *event.answers))
    run = _counted(run, event.rung, event.cost, success=False)
    return _with(run, event.step, replace(step, attempts=attempts))


def _counted(run: Run, rung: Rung, cost: Usd, *, success: bool) -> Run:
    known = run.odds.get(rung, Odds())
    won, lost = known.successes + success, known.failures + (not success)
    return replace(run, cost=run.cost + cost, odds={**run.odds, rung: Odds(won, lost)})


def _done(run: Run, event: Done) -> Run:
    step = _running(run, event.step)
    foreign = set(event.texts) - run.step(event.step).touches - set(step.wider)
    if foreign:
        raise TransitionError(f"{event.step} does not own {', '.join(sorted(foreign))}")
    if event.rung is not None:
        run = _counted(run, event.rung, event.cost, success=True)
    now = {**run.now, **event.texts}
    changed = {path: text for path, text in now.items() if run.base.get(path) != text}
    done = replace(step, status=Status.DONE, rung=event.rung, why=(), view={}, reason="")
    return _settled(_with(replace(run, now=changed), event.step, done))


def _set_aside(run: Run, event: SetAside) -> Run:
    step = _running(run, event.step)
    run = replace(run, cost=run.cost + event.cost)
    aside = replace(step, status=Status.ASIDE, reason=event.reason, view={})
    return _settled(_with(run, event.step, aside))


def _settled(run: Run) -> Run:
    """Set aside what waits for what was set aside; go on to the checks when all is settled."""
    lame = _unmended(run)
    if lame is not None:
        reason = f"{lame} could not be mended: {run.steps[lame].reason}"
        return run if run.named(Status.RUNNING) else _failed(run, reason)
    for step in run.plan.steps:
        lost = next((n for n in step.after if _status(run, n) is Status.ASIDE), None)
        if lost is not None and run.steps[step.id].status is Status.WAITING:
            aside = StepState(Status.ASIDE, reason=f"it comes after {lost}, which was set aside")
            return _settled(_with(run, step.id, aside))
    if run.named(Status.WAITING) or run.named(Status.RUNNING):
        return run
    if not run.now:
        reasons = [run.steps[name].reason for name in run.named(Status.ASIDE)]
        return _failed(run, reasons[0] if reasons else "the plan has changed nothing")
    return replace(run, phase=Phase.CHECKING)


def _unmended(run: Run) -> str | None:
    """Return a step whose result is wrong and stays so: the whole fails, nothing more begins."""
    aside = run.named(Status.ASIDE)
    return next((name for name in aside if run.steps[name].why), None)


def _status(run: Run, name: str) -> Status | None:
    return run.steps[name].status if name in run.steps else None


def _checked(run: Run, event: Checked) -> Run:
    run = replace(run, notes=(*run.notes, event.note) if event.note else run.notes)
    if not event.problems:
        return replace(run, phase=Phase.ACCEPTING)
    said = next(iter(event.problems.values()))[0]
    if run.checks >= _CHECKS or not _are_done(run, event.problems):
        return _failed(run, f"the checks refuse the result: {said}")
    again = replace(run, phase=Phase.RUNNING, checks=run.checks + 1)
    for name, why in event.problems.items():
        again = _again(again, name, why, event.wider.get(name, ()))
    return again


def _judged(run: Run, event: Judged) -> Run:
    run = replace(run, cost=run.cost + event.cost, notes=(*run.notes, f"Pro: {event.said}"))
    if event.accepted:
        return replace(run, phase=Phase.READY)
    if not event.redo or len(run.doubts) >= _JUDGMENTS or not _are_done(run, event.redo):
        return _failed(run, f"Pro does not accept the result: {event.said}")
    said = "; ".join(f"{name}: {why}" for name, why in event.redo.items())
    again = replace(run, phase=Phase.RUNNING, doubts=(*run.doubts, said))
    for name, why in event.redo.items():
        again = _again(again, name, (why,), (), doubted=True)
    return again


def _are_done(run: Run, names: Mapping[str, object]) -> bool:
    return all(_status(run, name) is Status.DONE for name in names)


def _again(
    run: Run, name: str, why: tuple[str, ...], wider: tuple[str, ...], *, doubted: bool = False
) -> Run:
    """Have a step done once more, on top of what it made."""
    step = run.steps[name]
    own = run.step(name).touches
    more = tuple(dict.fromkeys([*step.wider, *(path for path in wider if path not in own)]))
    waiting = replace(
        step,
        status=Status.WAITING,
        why=why,
        wider=more,
        doubted=doubted,
        attempts=Attempts(),
        rung=None,
    )
    return _with(run, name, waiting)


def _failed(run: Run, reason: str) -> Run:
    return replace(run, phase=Phase.FAILED, reason=reason)


def _asking(run: Run, event: Asking) -> Run:
    return _with(run, event.step, replace(_running(run, event.step), rung=event.rung))


def _begin(run: Run, event: Begun) -> Run:
    return _settled(replace(run, phase=Phase.RUNNING, most=event.most))


def _halted(run: Run, event: Halted) -> Run:
    return replace(run, halted=event.reason, cost=run.cost + event.cost)


def _applying(run: Run, event: Applying) -> Run:
    return replace(run, phase=Phase.APPLYING, applying=event)


def _not_applied(run: Run, event: NotApplied) -> Run:
    return replace(run, phase=Phase.READY, reason=event.reason, applying=None)


_NOT_ENDED: Final = frozenset(Phase) - {Phase.APPLIED, Phase.DISCARDED, Phase.APPLYING}
_RUNNING: Final = frozenset([Phase.RUNNING])
_TABLE: Final[Mapping[type[Event], tuple[frozenset[Phase], Callable[[Run, Any], Run]]]] = {
    Proposed: (frozenset([Phase.WANTED]), _planned),
    Edited: (frozenset([Phase.PROPOSED]), _planned),
    Begun: (frozenset([Phase.PROPOSED]), _begin),
    Started: (_RUNNING, _started),
    Asking: (_RUNNING, _asking),
    Refused: (_RUNNING, _refused),
    Done: (_RUNNING, _done),
    SetAside: (_RUNNING, _set_aside),
    Checked: (frozenset([Phase.CHECKING]), _checked),
    Judged: (frozenset([Phase.ACCEPTING]), _judged),
    Halted: (WORKING, _halted),
    GaveUp: (WORKING, lambda run, event: _failed(run, event.reason)),
    Applying: (frozenset([Phase.READY]), _applying),
    Applied: (frozenset([Phase.APPLYING]), lambda run, _: replace(run, phase=Phase.APPLIED)),
    NotApplied: (frozenset([Phase.APPLYING]), _not_applied),
    Discarded: (_NOT_ENDED, lambda run, _: replace(run, phase=Phase.DISCARDED)),
}
"""In which phases an event can happen, and what it does."""


# -- what is due -------------------------------------------------------------------------------


def ready(run: Run) -> tuple[str, ...]:
    """Return the steps that may begin now, beside those that run."""
    if run.phase is not Phase.RUNNING or _unmended(run) is not None:
        return ()
    busy = {path for name in run.named(Status.RUNNING) for path in _touched(run, name)}
    found: list[str] = []
    for step in run.plan.steps:
        state = run.steps[step.id]
        behind = any(_status(run, name) in {Status.WAITING, Status.RUNNING} for name in step.after)
        # What is mended waits for nobody: those behind it are done on top of it.
        if state.status is not Status.WAITING or (behind and not state.why):
            continue
        touched = _touched(run, step.id)
        if busy.isdisjoint(touched):
            found.append(step.id)
            busy |= touched
    return tuple(found)


def _touched(run: Run, name: str) -> frozenset[str]:
    return run.step(name).touches | frozenset(run.steps[name].wider)
