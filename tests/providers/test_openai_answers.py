"""The provider's answers over real sockets: what the simulated API recorded is the proof."""

import json

import pytest

from fixtures.api.faults import Fault
from fixtures.api.replies import Reply
from fixtures.api.replies import ToolCall as ScriptedCall
from fixtures.api.server import SimulatedApi
from tandem.core.model import (
    Message,
    ReasoningDelta,
    Stop,
    TextDelta,
    Thinking,
    Tool,
    Usage,
)
from tandem.core.reply import ReplyBuilder
from tests.providers.asking import FIM, answer, chat, read


async def test_a_completion_is_streamed_and_billed(api, provider):
    api.script(Reply("a + b"))
    reply = await answer(provider)

    assert (reply.text, reply.stop, reply.model) == ("a + b", Stop.END, "deepseek-flash")
    exchange = api.requests[0]
    assert exchange.path == "/beta/completions"
    assert reply.usage == Usage(0, exchange.prompt_tokens, 3)
    assert exchange.body == {
        "model": "deepseek-flash",
        "prompt": FIM.prompt,
        "suffix": "\n",
        "max_tokens": 32,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_what_was_cached_is_told(api, provider):
    await read(provider)
    reply = await answer(provider)

    assert reply.usage is not None
    assert reply.usage.hit == api.requests[1].hit
    assert reply.usage.hit > 0


async def test_a_chat_without_thinking_does_not_think(api, provider):
    api.script(Reply("hello", reasoning="never sent"))
    reply = await answer(provider, chat())

    assert (reply.text, reply.reasoning) == ("hello", "")
    assert api.requests[0].path == "/chat/completions"
    assert api.requests[0].body["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize("thinking", [Thinking.LOW, Thinking.HIGH, Thinking.MAX])
async def test_a_chat_that_thinks_says_how_hard(api, provider, thinking):
    api.script(Reply("hello", reasoning="let me see"))
    events = await read(provider, chat(thinking=thinking))

    first_text = next(n for n, event in enumerate(events) if isinstance(event, TextDelta))
    assert all(isinstance(event, ReasoningDelta) for event in events[:first_text])
    builder = ReplyBuilder()
    for event in events:
        builder.feed(event)
    reply = builder.reply()
    assert (reply.reasoning, reply.text) == ("let me see", "hello")
    assert reply.usage is not None
    assert reply.usage.reasoning > 0
    assert reply.usage.output > reply.usage.reasoning
    assert api.requests[0].body["reasoning_effort"] == thinking.value


async def test_a_prefix_is_continued_on_the_beta_base(api, provider):
    prefix = Message("assistant", "```python\n", prefix=True)
    await read(provider, chat(Message("user", "code"), prefix, stop=("```",)))

    assert (api.requests[0].path, api.requests[0].status) == ("/beta/chat/completions", 200)
    assert api.requests[0].body["messages"][-1]["prefix"] is True


async def test_strict_tools_are_called_over_the_beta_base(api, provider):
    schema = {
        "type": "object",
        "properties": {"path": {"type": "string"}},
        "required": ["path"],
        "additionalProperties": False,
    }
    api.script(Reply(tool_calls=(ScriptedCall("read", '{"path": "a"}'), ScriptedCall("list"))))
    tools = (Tool("read", "Read.", schema, strict=True), Tool("list", "List.", schema, strict=True))
    reply = await answer(provider, chat(tools=tools))

    assert api.requests[0].path == "/beta/chat/completions"
    assert reply.stop is Stop.TOOL_CALLS
    called = [(call.name, json.loads(call.arguments)) for call in reply.tool_calls]
    assert called == [("read", {"path": "a"}), ("list", {})]
    assert all(call.id for call in reply.tool_calls)


async def test_free_pages_are_read_as_json(api, provider):
    models = await provider.get("/models")

    assert [model["id"] for model in models["data"]] == ["deepseek-flash", "deepseek-v4-pro"]
    assert api.bill.total_pico == 0


async def test_characters_cut_in_their_middle_arrive_whole(api, provider):
    api.script(Fault.split_multibyte())

    assert (await answer(provider)).text == "naïve — 你好 👋\n"


async def test_keep_alive_comments_in_the_queue_are_no_events(stack, provider_at):
    api = await stack.enter_async_context(SimulatedApi(queue_ms=30, keep_alive_ms=5))
    api.script(Reply("x"))

    assert (await answer(provider_at(api.base_url))).text == "x"


async def test_a_stop_for_lack_of_capacity_is_told(api, provider):
    api.script(Fault.finish("insufficient_system_resource").of(Reply("one two")))

    assert (await answer(provider)).stop is Stop.NO_CAPACITY


async def test_a_bill_that_never_comes_is_none(api, provider):
    api.script(Fault.no_final_usage().of(Reply("x")))
    reply = await answer(provider)

    assert (reply.text, reply.stop, reply.usage) == ("x", Stop.END, None)


async def test_an_empty_stream_is_no_events(api, provider):
    """The gateway calls it a failure; here nothing came and nothing is made up."""
    api.script(Fault.empty_stream())

    assert await read(provider) == []
