"""A gateway in front of the gateway: what was answered once is not paid for again.

Each whole answer is kept, by the request's digest, before its reader sees that it is whole. The
same request is answered from there, also by the next process: a run that was killed after an answer
came does not buy it twice. What was under way when it was killed, nobody has.

Invariant: an answer is kept only if the API said that it is complete.
"""

import hashlib
import json
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol

from tandem.core.model import (
    Billed,
    Event,
    ReasoningDelta,
    Request,
    Stop,
    Stopped,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from tandem.core.money import Usd
from tandem.core.reply import ReplyBuilder
from tandem.engine.asking import Answering, Asker

if TYPE_CHECKING:
    from tandem.engine.gateway import Receipt, Terms

_DIGEST: Final = 16
_NOT_WHOLE: Final = frozenset([None, Stop.NO_CAPACITY])


class Answers(Protocol):
    """Where answers are kept."""

    def answer(self, key: str) -> dict[str, Any] | None:
        """Return an answer that was kept under a key."""
        ...

    def keep(self, key: str, answer: dict[str, Any]) -> None:
        """Keep an answer, so that it outlives the process. Raises OSError."""
        ...


class Recorded:
    """An asker that keeps answers and gives them again."""

    def __init__(self, asker: Asker, answers: Answers) -> None:
        """Take the one who asks, and a place for what is answered."""
        self._asker = asker
        self._answers = answers
        self._given: Counter[str] = Counter()  # the same may be asked again on purpose

    def estimate(self, model: str, usage: Usage) -> Usd | None:
        """Return what so many tokens cost now."""
        return self._asker.estimate(model, usage)

    @asynccontextmanager
    async def call(self, request: Request, terms: "Terms") -> AsyncGenerator[Answering]:
        """Give a kept answer, or make the call and keep what comes."""
        digest = _digest(request)
        known = self._answers.answer(self._key(digest))
        kept = _kept(known) if known is not None else None
        if kept is not None:
            self._given[digest] += 1
            yield kept
            return

        def keep(receipt: "Receipt") -> None:
            if receipt.settlement.outcome == "done" and receipt.reply.stop not in _NOT_WHOLE:
                with suppress(OSError):  # a full disk: it is only dearer if the process dies too
                    self._answers.keep(self._key(digest), _record(receipt))
                    self._given[digest] += 1

        async with self._asker.call(request, terms) as call:
            call.on_settled(keep)
            yield call

    def _key(self, digest: str) -> str:
        """Return where the next answer is. What failed or was cancelled leaves no gap."""
        return f"{digest}-{self._given[digest]}"


def _digest(request: Request) -> str:
    def plain(value: object) -> object:
        return value.value if isinstance(value, Enum) else str(value)

    said = json.dumps(asdict(request), sort_keys=True, default=plain)
    return hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).hexdigest()


def _record(receipt: "Receipt") -> dict[str, Any]:
    reply, cost = receipt.reply, receipt.settlement.cost
    return {
        "text": reply.text,
        "reasoning": reply.reasoning,
        "tool_calls": [asdict(call) for call in reply.tool_calls],
        "stop": reply.stop.value if reply.stop is not None else None,
        "usage": asdict(reply.usage) if reply.usage is not None else None,
        "model": reply.model,
        "cost": cost.pico if cost is not None else None,
    }


@dataclass(slots=True, eq=False)
class _Kept:
    """An answer that came before."""

    events: list[Event]
    cost: Usd | None
    builder: ReplyBuilder = field(default_factory=ReplyBuilder)
    _listeners: "list[Callable[[Receipt], None]]" = field(default_factory=list)

    def on_settled(self, listener: "Callable[[Receipt], None]") -> None:
        """Have `listener` called with what the answer cost when it came."""
        self._listeners.append(listener)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events()

    async def _events(self) -> AsyncIterator[Event]:
        for event in self.events:
            self.builder.feed(event)
            yield event
        receipt = self._receipt()
        for listener in self._listeners:
            listener(receipt)

    def _receipt(self) -> "Receipt":
        from tandem.engine.gateway import Receipt  # noqa: PLC0415 - loaded with the first key
        from tandem.ledger.ledger import Settlement  # noqa: PLC0415

        reply = self.builder.reply()
        usage = reply.usage or Usage()
        return Receipt(reply, Settlement("done", reply.model, usage, self.cost, False, None, 0))


def _kept(record: dict[str, Any]) -> _Kept | None:
    """Return a kept answer; None for a record that is damaged or of another version."""
    try:
        cost = record["cost"]
        return _Kept(_events_of(record), Usd(cost) if cost is not None else None)
    except (LookupError, TypeError, ValueError):
        return None


def _events_of(record: dict[str, Any]) -> list[Event]:
    calls = enumerate(record["tool_calls"])
    events: list[Event] = [
        *([ReasoningDelta(record["reasoning"])] if record["reasoning"] else ()),
        *([TextDelta(record["text"])] if record["text"] else ()),
        *(ToolCallDelta(n, call["id"], call["name"], call["arguments"]) for n, call in calls),
    ]
    if record["stop"] is not None:
        events.append(Stopped(Stop(record["stop"]), record["model"]))
    if record["usage"] is not None:
        events.append(Billed(Usage(**record["usage"]), record["model"]))
    return events
