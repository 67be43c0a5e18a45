"""The simulated API without sockets, and a probe that is driven against it in no time."""

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from fixtures.api.actions import Raw
from fixtures.api.http import HttpRequest
from fixtures.api.replies import Reply
from fixtures.api.requests import Request as Parsed
from fixtures.api.server import SimulatedApi
from tandem.app import RealClock
from tandem.core.model import (
    Billed,
    ChatRequest,
    Event,
    FimRequest,
    Request,
    Stop,
    Stopped,
    TextDelta,
    Usage,
)
from tandem.engine.probe.machine import Setup, State, advance, begin
from tandem.engine.probe.steps import Answered, Over, Pause, Waited
from tests.support.clock import NOON

if TYPE_CHECKING:
    from fixtures.api.connection import Connection

MODEL = "deepseek-flash"
_NUMBERS = "one two three four five six seven eight nine ten " * 80


def counts(request: Parsed) -> Reply:
    """Do what the probe asks of a chat: count. FIM does so too; it may say one word."""
    del request
    return Reply(_NUMBERS)


class JumpingClock(RealClock):
    """A clock that only sleeping moves; it begins at an instant, noon of a Saturday by default."""

    def __init__(self, start: datetime = NOON) -> None:
        self.start = start
        self.at = 0.0

    def monotonic(self) -> float:
        return self.at

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.at)

    async def sleep(self, seconds: float) -> None:
        self.at += seconds


@dataclass(slots=True)
class _Line:
    """What the simulated API asks of a connection: to be told from others."""

    number: int = 1


class Socketless:
    """Asks a simulated API, bill and all, in the same process."""

    def __init__(self, api: SimulatedApi) -> None:
        self.api = api
        self._line = cast("Connection", _Line())

    def ask(self, request: Request) -> tuple[str, Usage]:
        body, path = _body(request)
        raw = json.dumps(body).encode()
        headers = {"authorization": "Bearer sk-sim-probe"}
        exchange, actions = self.api.begin(self._line, HttpRequest("POST", path, headers, raw))
        answer = b""
        for action in actions:
            assert isinstance(action, Raw)
            answer += action.data
            exchange.produced += action.tokens
        self.api.finish(exchange, peer_closed=False)
        document = json.loads(answer[answer.index(b"{") : answer.rindex(b"}") + 1])
        (choice,) = document["choices"]
        text = choice["text"] if "text" in choice else choice["message"]["content"]
        usage = document["usage"]
        hit, miss = usage["prompt_cache_hit_tokens"], usage["prompt_cache_miss_tokens"]
        return text, Usage(hit, miss, usage["completion_tokens"])


class SocketlessProvider:
    """The same as a provider; `spoil` may change a usage, or raise instead of an answer."""

    def __init__(self, api: SimulatedApi, spoil: Callable[[Request, Usage], Usage]) -> None:
        self._api = Socketless(api)
        self._spoil = spoil

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        self._spoil(request, Usage())
        text, usage = self._api.ask(request)
        yield TextDelta(text)
        yield Stopped(Stop.LENGTH, request.model)
        yield Billed(self._spoil(request, usage), request.model)

    async def warm(self) -> None:
        """Have nothing to warm."""

    async def aclose(self) -> None:
        """Have nothing to close."""


def _body(request: Request) -> tuple[dict[str, Any], str]:
    common = {"model": request.model, "max_tokens": request.max_tokens}
    if isinstance(request, FimRequest):
        return {**common, "prompt": request.prompt, "suffix": request.suffix}, "/beta/completions"
    assert isinstance(request, ChatRequest)
    messages = [{"role": one.role, "content": one.content} for one in request.messages]
    body = {**common, "messages": messages, "thinking": {"type": "disabled"}}
    return body, "/chat/completions"


def drive(
    ask: Callable[[Request], tuple[str, Usage]], clock: JumpingClock, setup: Setup
) -> tuple[State, Over]:
    """Run a probe to its end; no request may be more than it was said to be at most."""
    state, step = begin(setup, clock.at)
    while not isinstance(step, Over):
        if isinstance(step, Pause):
            clock.at += step.seconds
            state, step = advance(state, Waited(clock.at))
        else:
            text, usage = ask(step.request)
            assert usage.prompt <= step.most.miss
            assert usage.output <= step.most.output
            state, step = advance(state, Answered(usage, text, clock.at, clock.at))
    return state, step
