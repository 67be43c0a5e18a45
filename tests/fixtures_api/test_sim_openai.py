"""The real openai client against the simulated API: what it parses is what is documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
import pytest

from fixtures.api.options import OptionChanges, Options
from fixtures.api.replies import STOCK_REASONING, Reply, ToolCall
from fixtures.api.server import SimulatedApi
from fixtures.api.tokens import count
from tests.fixtures_api.wires import read_until_end

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FIM = {"model": "deepseek-flash", "prompt": "def add(a, b):\n", "suffix": "\nadd(1, 2)\n"}
HELLO = {"model": "deepseek-flash", "messages": [{"role": "user", "content": "Hello json"}]}
OFF = {"extra_body": {"thinking": {"type": "disabled"}}}
LOOK = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


async def chunks_of(stream: AsyncIterator[Any]) -> list[Any]:
    return [chunk async for chunk in stream]


async def test_fim_document(api, client):
    api.script(Reply("    return a + b"))
    done = await client.completions.create(**FIM)
    assert (done.object, done.model) == ("text_completion", "deepseek-flash")
    assert done.choices[0].text == "    return a + b"
    assert done.choices[0].finish_reason == "stop"
    prompt = count("def add(a, b):\n") + count("\nadd(1, 2)\n") + 3
    assert done.usage.prompt_tokens == prompt
    assert done.usage.prompt_cache_miss_tokens == prompt
    assert done.usage.prompt_cache_hit_tokens == 0
    assert done.usage.completion_tokens == count("    return a + b")
    assert done.usage.completion_tokens_details.reasoning_tokens == 0
    again = await client.completions.create(**FIM)
    assert again.usage.prompt_tokens_details.cached_tokens == prompt
    assert again.usage.prompt_cache_miss_tokens == 0


async def test_fim_stream_has_a_chunk_for_each_token_and_usage_last(api, client):
    api.script(Reply("    return a + b"))
    stream = await client.completions.create(
        **FIM, stream=True, stream_options={"include_usage": True}
    )
    chunks = await chunks_of(stream)
    texts = [chunk.choices[0].text for chunk in chunks[:-1]]
    assert texts == ["    ", "return", " a", " +", " b", ""]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens == 5
    assert all(chunk.usage is None for chunk in chunks[:-1])


async def test_usage_is_null_until_it_is_known_and_only_if_asked_for(api):
    body = {**FIM, "stream": True, "stream_options": {"include_usage": True}}
    api.script(Reply("one two"), Reply("one two"))
    raw = await read_until_end(api, body)
    assert (raw.count(b'"usage":null'), raw.count(b'"usage":{')) == (3, 1)
    assert b"usage" not in await read_until_end(api, {**FIM, "stream": True})


async def test_fim_options_cut_and_echo(api, client):
    api.script(Reply("one\ntwo\nthree\n"), Reply("one two three"), Reply("x"))
    stopped = await client.completions.create(**FIM, stop=["\nthree", "two"])
    assert (stopped.choices[0].text, stopped.choices[0].finish_reason) == ("one\n", "stop")
    cut = await client.completions.create(**FIM, max_tokens=2)
    assert (cut.choices[0].text, cut.choices[0].finish_reason) == ("one two", "length")
    echoed = await client.completions.create(**FIM, echo=True, logprobs=1)
    assert echoed.choices[0].text == FIM["prompt"] + "x"
    assert echoed.choices[0].logprobs.tokens == ["x"]


async def test_an_unscripted_fim_answer_is_deterministic(client):
    done = await client.completions.create(**FIM)
    assert done.choices[0].text == "b(add, a)\n"


async def test_chat_thinks_by_default_and_reasoning_comes_first(api, client):
    api.script(Reply("Hi there", reasoning="I greet."))
    stream = await client.chat.completions.create(
        **HELLO, stream=True, stream_options={"include_usage": True}
    )
    chunks = await chunks_of(stream)
    deltas = [chunk.choices[0].delta for chunk in chunks[:-1]]
    order = [
        "reasoning" if getattr(delta, "reasoning_content", None) else "content"
        for delta in deltas
        if getattr(delta, "reasoning_content", None) or delta.content
    ]
    assert order == ["reasoning"] * 3 + ["content"] * 2
    assert sum(delta.content == "" for delta in deltas) == 3
    assert chunks[-1].usage.completion_tokens_details.reasoning_tokens == 3
    assert chunks[-1].usage.completion_tokens == 5


async def test_a_forgotten_switch_costs_reasoning(api, client):
    api.script(Reply("Hi"), Reply("Hi"))
    thinking = await client.chat.completions.create(**HELLO)
    assert thinking.choices[0].message.reasoning_content == STOCK_REASONING
    plain = await client.chat.completions.create(**HELLO, **OFF)
    assert not hasattr(plain.choices[0].message, "reasoning_content")
    assert plain.usage.completion_tokens == 1


async def test_reasoning_counts_inside_max_tokens(client):
    done = await client.chat.completions.create(**HELLO, max_tokens=5)
    assert done.choices[0].finish_reason == "length"
    assert done.choices[0].message.content == ""
    assert done.usage.completion_tokens_details.reasoning_tokens == 5


async def test_parallel_tool_calls_interleave(api, client):
    calls = (ToolCall("look", '{"a": 1}'), ToolCall("look", '{"b": 2}'))
    api.script(Reply(tool_calls=calls, reasoning=""), Reply(tool_calls=calls, reasoning=""))
    stream = await client.chat.completions.create(**HELLO, tools=[LOOK], stream=True)
    chunks = await chunks_of(stream)
    parts = [part for chunk in chunks for part in chunk.choices[0].delta.tool_calls or ()]
    indexes = [part.index for part in parts]
    assert indexes[:6] == [0, 1, 0, 1, 0, 1]
    joined = ["".join(p.function.arguments for p in parts if p.index == i) for i in (0, 1)]
    assert joined == ['{"a": 1}', '{"b": 2}']
    assert chunks[-1].choices[0].finish_reason == "tool_calls"
    done = await client.chat.completions.create(**HELLO, tools=[LOOK])
    assert [call.function.arguments for call in done.choices[0].message.tool_calls] == joined


async def test_json_mode_and_prefix_completion(api, client):
    done = await client.chat.completions.create(
        **HELLO, **OFF, response_format={"type": "json_object"}
    )
    assert done.choices[0].message.content == '{"simulated": true}'
    api.script(Reply("print(1)\n```\nDone."))
    prefix = {"role": "assistant", "content": "```python\n", "prefix": True}
    done = await client.chat.completions.create(
        model="deepseek-v4-pro", messages=[*HELLO["messages"], prefix], stop=["```"]
    )
    assert done.choices[0].message.content == "print(1)\n"
    assert api.requests[-1].request.prefix == "```python\n"


async def test_a_conversation_hits_the_end_of_the_last_output(api, client):
    api.script(Reply("Four."))
    first = await client.chat.completions.create(**HELLO, **OFF)
    turns = [
        *HELLO["messages"],
        {"role": "assistant", "content": "Four."},
        {"role": "user", "content": "Why?"},
    ]
    second = await client.chat.completions.create(model="deepseek-flash", messages=turns, **OFF)
    # The end marker of the answer is one token more than was billed as output.
    assert second.usage.prompt_cache_hit_tokens == first.usage.total_tokens + 1


async def test_passed_back_reasoning_hits_with_tools(api, client):
    api.script(Reply(reasoning="I look.", tool_calls=(ToolCall("look"),)))
    first = await client.chat.completions.create(**HELLO, tools=[LOOK])
    call = first.choices[0].message.tool_calls[0]
    turns = [
        *HELLO["messages"],
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "I look.",
            "tool_calls": [call.model_dump()],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "found"},
    ]
    second = await client.chat.completions.create(
        model="deepseek-flash", messages=turns, tools=[LOOK]
    )
    assert second.usage.prompt_cache_hit_tokens > first.usage.prompt_tokens


async def test_models_and_balance(api, client):
    models = await client.models.list()
    assert [model.id for model in models.data] == ["deepseek-flash", "deepseek-v4-pro"]
    before = await client.get("/user/balance", cast_to=object)
    assert before["balance_infos"][0]["total_balance"] == "10.00"
    await client.completions.create(**FIM)
    after = await client.get("/user/balance", cast_to=object)
    assert after["balance_infos"][0]["total_balance"] == "9.99"
    assert api.bill.total_pico == api.requests[2].cost_pico > 0


@pytest.mark.parametrize("alias", ["deepseek-v4-flash", "deepseek-v4-flash-vision-exp"])
async def test_aliases_answer_with_the_canonical_id(client, alias):
    done = await client.completions.create(**{**FIM, "model": alias})
    assert done.model == "deepseek-flash"


@pytest.mark.parametrize("base", ["/beta", "/beta/v1"])
async def test_base_urls_of_fim(api, client_of, base):
    assert (await client_of(api, base).completions.create(**FIM)).choices


@pytest.mark.parametrize("base", ["", "/v1", "/beta", "/beta/v1"])
async def test_base_urls_of_chat(api, client_of, base):
    assert (await client_of(api, base).chat.completions.create(**HELLO)).choices


async def test_keys(api, client_of):
    with pytest.raises(openai.AuthenticationError) as caught:
        await client_of(api, key="sk-live-abcd").models.list()
    assert caught.value.code == "invalid_request_error"
    assert "Your api key: ****abcd is invalid (request_id: " in caught.value.message
    assert caught.value.type == "authentication_error"
    with pytest.raises(openai.AuthenticationError) as caught:
        await client_of(api, key="nonsense").models.list()
    assert caught.value.response.text.endswith("(auth header format should be Bearer sk-...)")
    assert {exchange.headers["authorization"] for exchange in api.requests} == {"***"}


async def test_an_empty_balance_is_402(client_of, stack):
    api = await stack.enter_async_context(SimulatedApi(topped_up_pico=0))
    with pytest.raises(openai.APIStatusError, match="Insufficient Balance") as caught:
        await client_of(api).completions.create(**FIM)
    assert caught.value.status_code == 402


def test_the_keyword_arguments_are_the_options():
    assert OptionChanges.__annotations__.keys() == Options.__dataclass_fields__.keys()
    assert SimulatedApi(Options(queue_ms=1), first_token_ms=2).options == Options(
        queue_ms=1, first_token_ms=2
    )
