"""A question to Pro: it may look things up, then hands its answer in; what is wrong goes back once.

Pro decides, so it is asked at once and with thinking. It looks things up with the read-only tools
that the index answers, and hands its answer in as a strict call, so that its form is certain. With
tools the API wants every earlier turn's reasoning back, word for word; where a turn has none, or
its calls leaked into the text, what they found is told in the user's words instead.

All questions are asked with the same tools: they stand in front of the codebase, and another list
would be another prefix.

Invariant: a look-up reads what is indexed and nothing else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from tandem.core import answers
from tandem.core.errors import RefusedError
from tandem.core.model import ChatRequest, Message, Thinking, Tool, ToolCall
from tandem.core.money import Usd
from tandem.core.reply import Reply
from tandem.engine.asking import Asker
from tandem.engine.forms import FORMS
from tandem.index.code import Code
from tandem.index.tools import TOOLS, answer

if TYPE_CHECKING:
    from tandem.engine.gateway import Receipt

T = TypeVar("T")

_ROUNDS: Final = 16  # turns of one answer: look-ups, the answer, the answer again
_ANSWER: Final = 32_768  # tokens, thinking included
_DEADLINE_S: Final = 600.0

Told = Callable[[str], None]
"""Is told what goes on, in a few words."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation to be answered, and beginnings of it to be sent before it.

    Each beginning leaves a cache unit at its end, so that later questions hit what stands in front
    of them; it costs one reading from the cache.
    """

    messages: Sequence[Message]
    primes: Sequence[Sequence[Message]] = ()


@dataclass(frozen=True, slots=True)
class Pro:
    """Who decides: the model, the way to it, and who is told what it does meanwhile."""

    model: str
    asker: Asker
    told: Told


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What Pro is asked.

    `read` makes a value of what is handed in with `submit`, and says what is wrong with it.
    """

    prompt: Prompt = field(repr=False)
    submit: Tool
    purpose: str
    read: Callable[[Any], tuple[T, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """What was handed in, what is still wrong with it, what was looked up, and what it all cost."""

    value: T
    problems: tuple[str, ...]
    looked_up: tuple[str, ...]
    cost: Usd


async def asked(question: Question[T], code: Code, pro: Pro) -> Said[T]:
    """Return Pro's answer. Raises what the asker raises, and RefusedError if none comes."""
    submit = question.submit.name
    talk = _Talk(list(question.prompt.messages), code)
    for beginning in question.prompt.primes:
        pro.told("the codebase is read")
        await _reply(talk, beginning, pro, f"{question.purpose} prime", 1)
    for _ in range(_ROUNDS):
        reply = await _reply(talk, talk.messages, pro, question.purpose)
        found = answers.calls(reply)
        handed = next((call for call in found if call.name == submit), None)
        value = answers.json_object(handed.arguments if handed is not None else reply.text)
        if handed is not None or (not found and value is not None):
            made, wrong = question.read(value)
            if not wrong or talk.corrected:
                return Said(made, wrong, tuple(talk.looked_up), talk.cost)
            pro.told("what came is corrected")
            talk.correct(reply, handed, wrong)
        elif found:
            pro.told(f"looking up {', '.join(call.name for call in found)}")
            talk.look_up(reply, found)
        else:
            talk.say(f"Hand it in by calling `{submit}`.")
    raise RefusedError(f"Pro handed nothing in within {_ROUNDS} turns, for {talk.cost}")


@dataclass(slots=True)
class _Talk:
    """The conversation so far."""

    messages: list[Message]
    code: Code
    corrected: bool = False
    looked_up: list[str] = field(default_factory=list)
    cost: Usd = field(default_factory=Usd)

    def paid(self, receipt: "Receipt") -> None:
        self.cost += receipt.settlement.cost or Usd()

    def say(self, text: str) -> None:
        self.messages.append(Message("user", text))

    def look_up(self, reply: Reply, calls: Sequence[ToolCall]) -> None:
        self._answer(reply, [(call, answer(self.code, call)) for call in calls])
        self.looked_up += [f"{call.name} {call.arguments}" for call in calls]

    def correct(self, reply: Reply, handed: ToolCall | None, wrong: Sequence[str]) -> None:
        self.corrected = True
        said = f"Hand it in again, corrected: {'; '.join(wrong)}"
        if handed is None:
            self.say(said)
            return
        others = [call for call in answers.calls(reply) if call is not handed]
        self._answer(reply, [*((call, "not looked up") for call in others), (handed, said)])

    def _answer(self, reply: Reply, results: Sequence[tuple[ToolCall, str]]) -> None:
        """Add a turn of calls with their results, or only the results where it has no reasoning."""
        if not (reply.reasoning and reply.tool_calls):
            self.say(
                "\n\n".join(f"{call.name} {call.arguments}:\n{text}" for call, text in results)
            )
            return
        turn = Message("assistant", reply.text, reply.reasoning, tool_calls=reply.tool_calls)
        self.messages.append(turn)
        self.messages += [Message("tool", text, tool_call_id=call.id) for call, text in results]


async def _reply(
    talk: _Talk, messages: Sequence[Message], pro: Pro, purpose: str, most: int = _ANSWER
) -> Reply:
    from tandem.engine.gateway import Terms  # noqa: PLC0415 - loaded with the first key

    request = ChatRequest(
        model=pro.model,
        messages=tuple(messages),
        max_tokens=most,
        thinking=Thinking.HIGH,
        tools=(*TOOLS, *FORMS),
    )
    async with pro.asker.call(request, Terms(purpose, _DEADLINE_S)) as call:
        call.on_settled(talk.paid)
        async for _ in call:
            pass
    return call.builder.reply()
