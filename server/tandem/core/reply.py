"""Assemble events into a reply. Pure: any chunking of the same deltas gives the same reply.

Pieces are kept in lists and joined once, because the API sends one to three characters at a time.
"""

from dataclasses import dataclass, field

from tandem.core.model import (
    Billed,
    Event,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. `usage` is None if the stream ended before the bill came."""

    text: str = field(repr=False)
    reasoning: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...]
    stop: Stop | None
    usage: Usage | None
    model: str


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class ReplyBuilder:
    """Feed it events; ask for the reply so far at any time."""

    def __init__(self) -> None:
        """Begin with an empty reply."""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: dict[int, _Call] = {}
        self._stop: Stop | None = None
        self._usage: Usage | None = None
        self._model = ""
        self.deltas = 0  # the API streams one token per delta, so this counts output tokens

    def feed(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case TextDelta(text):
                self._text.append(text)
                self.deltas += 1
            case ReasoningDelta(text):
                self._reasoning.append(text)
                self.deltas += 1
            case ToolCallDelta():
                self._feed_call(event)
            case Stopped(reason, model):
                self._stop = reason
                self._model = model
            case Billed(usage, model):
                self._usage = usage
                self._model = model

    def _feed_call(self, delta: ToolCallDelta) -> None:
        call = self._calls.setdefault(delta.index, _Call())
        call.id = call.id or delta.id
        call.name = call.name or delta.name
        call.arguments.append(delta.arguments)
        self.deltas += 1

    @property
    def complete(self) -> bool:
        """Whether the API said that the answer is over, or what it cost."""
        return self._stop is not None or self._usage is not None

    @property
    def usage(self) -> Usage | None:
        """What was billed, once the API has said it."""
        return self._usage

    @property
    def model(self) -> str:
        """The model that answered, once the API has said it."""
        return self._model

    def reply(self) -> Reply:
        """Return the answer as it stands."""
        calls = [self._calls[index] for index in sorted(self._calls)]
        return Reply(
            "".join(self._text),
            "".join(self._reasoning),
            tuple(ToolCall(call.id, call.name, "".join(call.arguments)) for call in calls),
            self._stop,
            self._usage,
            self._model,
        )
