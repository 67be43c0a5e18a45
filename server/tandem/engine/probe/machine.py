"""The probe as a pure state machine: what to send, how long to wait, when it is over.

It does not send, wait, pay or print; ``commands.probe`` does. Invariants: ``advance`` is a
function of its arguments; the pauses add up to at most the time that may be waited; there is an
end, because every stage is planned once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from tandem.engine.probe import prompts
from tandem.engine.probe.findings import Findings, infer
from tandem.engine.probe.stages import STAGES, Sofar
from tandem.engine.probe.steps import (
    Answered,
    Ask,
    Event,
    Halted,
    Kind,
    Over,
    Pause,
    Refused,
    Seen,
    Send,
    Step,
    Waited,
)

_OUT_OF_TIME: Final = "the time to wait is used up: a longer --wait measures more"
_NO_COUNTS: Final = "the API does not say how many tokens it read, so nothing can be measured"
_CLOSE_ENOUGH_S: Final = 0.001


@dataclass(frozen=True, slots=True)
class Setup:
    """What a probe is told: the model, a seed that no probe had before, how long to wait in all."""

    model: str
    seed: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class State:
    """A probe under way.

    `size` is that of the request under way, `no_fim` the sentence with which FIM was refused.
    """

    setup: Setup
    at: float
    seen: tuple[Seen, ...] = ()
    todo: tuple[Ask, ...] = ()
    stage: int = 0
    waited_s: float = 0.0
    size: int = 0
    no_fim: str = ""

    @property
    def title(self) -> str:
        """What is being found out."""
        return STAGES[max(0, self.stage - 1)].title

    def findings(self) -> Findings:
        """Return what is known by now; possible at any time."""
        return infer(self.seen)


def begin(setup: Setup, at: float) -> tuple[State, Step]:
    """Return the state before the first request, and the request."""
    return _next(State(setup, at))


def advance(state: State, event: Event) -> tuple[State, Step]:
    """Take in what happened after the last step; return what to do next."""
    match event:
        case Halted(why):
            return state, Over(why)
        case Refused(why):
            if state.todo[0].kind is Kind.CHAT:
                return state, Over(why)
            return _next(_without_fim(replace(state, no_fim=why), state.todo))
        case Waited(at):
            waited = state.waited_s + max(0.0, at - state.at)
            return _next(replace(state, at=at, waited_s=waited))
        case Answered(usage, text, sent_at, ended_at):
            if not usage.prompt:
                return state, Over(_NO_COUNTS)
            ask, *todo = state.todo
            one = Seen(ask, state.size, usage, text, sent_at, ended_at)
            return _next(replace(state, at=ended_at, seen=(*state.seen, one), todo=tuple(todo)))


def _next(state: State) -> tuple[State, Step]:
    while not state.todo:
        if state.stage == len(STAGES):
            return state, Over()
        left = state.setup.wait_s - state.waited_s
        sofar = Sofar(state.seen, state.findings(), state.at, state.setup.wait_s, left)
        asks = tuple(STAGES[state.stage].plan(sofar))
        state = _without_fim(replace(state, stage=state.stage + 1), asks)
    ask = state.todo[0]
    wait = _due(state, ask) - state.at
    if wait > _CLOSE_ENOUGH_S:
        if state.waited_s + wait > state.setup.wait_s:
            return state, Over(_OUT_OF_TIME)
        return state, Pause(wait)
    said = next((one.text for one in state.seen if one.ask.trial == ask.trial), "")
    request = prompts.request(ask, state.setup.model, state.setup.seed, said)
    size = prompts.size(request)
    return replace(state, size=size), Send(request, size, prompts.most(request, state.seen))


def _without_fim(state: State, asks: Iterable[Ask]) -> State:
    """Plan the asks, without those that the API refuses."""
    todo = tuple(ask for ask in asks if not state.no_fim or ask.kind is Kind.CHAT)
    return replace(state, todo=todo)


def _due(state: State, ask: Ask) -> float:
    """Return when an ask may be sent: some time after the answer before it in its trial."""
    earlier = [one.ended_at for one in state.seen if one.ask.trial == ask.trial]
    return earlier[-1] + ask.after_s if earlier else state.at
