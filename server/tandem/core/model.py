"""What is asked of a model and what comes back, in the product's words.

Wire forms live beside the wire (``providers.codec``). Invariant: a stream of events holds
at most one ``Stopped`` and one ``Billed``, in this order, or ends with a raised ``ModelError``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from tandem.core import tokens

LOCAL: Final = "local/"
"""What the names of models on the user's own machine begin with: they cost nothing."""


class Thinking(Enum):
    """How hard a chat model thinks. FIM never thinks. Always sent: the API's default is `high`."""

    OFF = "off"
    LOW = "low"
    HIGH = "high"
    MAX = "max"


class Dialect(Enum):
    """How a server is asked to fill in the middle; the value is what users write."""

    DEEPSEEK = "deepseek"
    OPENAI = "openai"
    MISTRAL = "mistral"
    LLAMA_CPP = "llama.cpp"
    OLLAMA = "ollama"
    TEMPLATE_DEEPSEEK = "template:deepseek"
    TEMPLATE_QWEN = "template:qwen"
    TEMPLATE_STARCODER2 = "template:starcoder2"
    TEMPLATE_CODELLAMA = "template:codellama"
    TEMPLATE_CODESTRAL = "template:codestral"
    TEMPLATE_GRANITE = "template:granite"


@dataclass(frozen=True, slots=True)
class ExtraFile:
    """A piece of another file, for servers that have a place of its own for it."""

    path: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FimRequest:
    """Fill in the middle: raw code before and after the cursor, no special tokens.

    `extra` is not repeated in `prompt`; where a server has no place for it, it comes before it.
    """

    model: str
    prompt: str = field(repr=False)
    suffix: str = field(repr=False)
    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    language: str = ""
    extra: tuple[ExtraFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat. A last assistant turn with `prefix` is continued by the model (beta)."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str = field(repr=False)
    reasoning: str = field(default="", repr=False)
    prefix: bool = False
    tool_call_id: str = ""
    tool_calls: tuple["ToolCall", ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function the model may call; `schema` is a JSON schema (strict where `strict`)."""

    name: str
    description: str
    schema: Mapping[str, object]
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model wants made; `arguments` is JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A chat completion with thinking set explicitly."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    thinking: Thinking
    json: bool = False
    tools: tuple[Tool, ...] = ()
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    language: str = ""


Request = FimRequest | ChatRequest


def prompt_tokens(request: Request, count: Callable[[str, str], int] = tokens.upper_bound) -> int:
    """Return the tokens of a request's input, an upper bound by default."""
    if isinstance(request, ChatRequest):
        return sum(count(message.content, request.language) for message in request.messages)
    texts = (request.prompt, request.suffix, *(file.text for file in request.extra))
    return sum(count(text, request.language) for text in texts)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the API billed them; the prompt is ``hit + miss``, reasoning is part of output."""

    hit: int = 0
    miss: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def prompt(self) -> int:
        """All tokens of the input."""
        return self.hit + self.miss


class Stop(Enum):
    """Why the model stopped."""

    END = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    FILTERED = "content_filter"
    NO_CAPACITY = "insufficient_system_resource"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the thinking that precedes the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of tool call number `index`; calls may interleave."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class Billed:
    """What the API says it billed; comes once, last, and only if the stream was read to its end."""

    usage: Usage
    model: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The model stopped by itself; `model` is the one that really answered."""

    reason: Stop
    model: str


Event = TextDelta | ReasoningDelta | ToolCallDelta | Stopped | Billed
