"""A provider that follows a script: what it yields, when, and when it hangs until it is closed."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from tandem.core.errors import ModelError
from tandem.core.model import Billed, Event, Request, Stop, Stopped, TextDelta, Usage


@dataclass(slots=True, eq=False)
class Hang:
    """Wait here; `reached` tells the test so, `go` lets it on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)


Step = Event | ModelError | Hang


@dataclass(slots=True, eq=False)
class ScriptedProvider:
    """Answers request after request from `scripts`; notes what it was asked and what was closed."""

    scripts: list[Sequence[Step]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def stream(self, request: Request) -> AsyncGenerator[Event]:
        """Yield the next script."""
        self.requests.append(request)
        end = "closed"
        try:
            for step in self.scripts.pop(0):
                match step:
                    case ModelError():
                        end = "failed"
                        raise step
                    case Hang():
                        step.reached.set()
                        await step.go.wait()
                    case _:
                        yield step
            end = "read"
        finally:
            self.ended.append(end)

    async def warm(self) -> None:
        """Have nothing to warm."""

    async def aclose(self) -> None:
        """Have nothing to close."""


def answer(text: str, usage: Usage | None = None, model: str = "deepseek-flash") -> list[Step]:
    """Return a script that says `text` in pieces of three characters, stops and bills."""
    pieces: list[Step] = [TextDelta(text[at : at + 3]) for at in range(0, len(text), 3)]
    bill = Billed(usage or Usage(hit=10, miss=20, output=len(pieces)), model)
    return [*pieces, Stopped(Stop.END, model), bill]
