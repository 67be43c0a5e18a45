"""Requests to send through a provider, and ways to read what comes."""

import pytest

from fixtures.api.replies import Reply
from tandem.core.errors import ModelError
from tandem.core.model import ChatRequest, Event, FimRequest, Message, Request, Thinking
from tandem.core.reply import Reply as Answer
from tandem.core.reply import ReplyBuilder
from tandem.providers.openai_api import OpenAIProvider

KEY = "sk-sim-test"
FIM = FimRequest("deepseek-flash", "def add(a, b):\n    return ", "\n", 32)
# One token, then silence until the peer goes away.
SLOW = Reply("one two three", tokens_per_second=0.001)


def chat(*messages: Message, thinking: Thinking = Thinking.OFF, **changes) -> ChatRequest:
    turns = messages or (Message("user", "hello"),)
    return ChatRequest(**{
        "model": "deepseek-v4-pro", "messages": turns, "max_tokens": 64,
        "thinking": thinking, **changes,
    })  # fmt: skip


async def read(provider: OpenAIProvider, request: Request = FIM) -> list[Event]:
    return [event async for event in provider.stream(request)]


async def answer(provider: OpenAIProvider, request: Request = FIM) -> Answer:
    builder = ReplyBuilder()
    async for event in provider.stream(request):
        builder.feed(event)
    return builder.reply()


async def failure(provider: OpenAIProvider, request: Request = FIM) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await read(provider, request)
    assert caught.value.__cause__ is None  # the package's own words can quote the prompt
    return caught.value
