"""The provider over real sockets: the simulated API, and servers that answer what they like.

What the API recorded is the proof: how many requests came, over which connection, who closed it.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager

import pytest

from fixtures.api.faults import Fault
from fixtures.api.replies import Reply
from fixtures.api.replies import ToolCall as ScriptedCall
from fixtures.api.server import SimulatedApi
from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    ChatRequest,
    Event,
    FimRequest,
    Message,
    ReasoningDelta,
    Request,
    Stop,
    TextDelta,
    Thinking,
    Tool,
    Usage,
)
from tandem.core.reply import Reply as Answer
from tandem.core.reply import ReplyBuilder
from tandem.providers import openai_api
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


@pytest.fixture
async def stack():
    async with AsyncExitStack() as exits:
        yield exits


@pytest.fixture
async def api(stack):
    return await stack.enter_async_context(SimulatedApi())


@pytest.fixture
def provider_at(stack):
    """Make a provider of an address; it is closed before the server is."""

    def make(address: str, key: str = KEY) -> OpenAIProvider:
        provider = OpenAIProvider(address, lambda: key)
        stack.push_async_callback(provider.aclose)
        return provider

    return make


@pytest.fixture
def provider(api, provider_at):
    return provider_at(api.base_url)


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


def canned(head: str, body: bytes = b"") -> bytes:
    return head.replace("\n", "\r\n").encode() + b"\r\nconnection: close\r\n\r\n" + body


STREAM = "HTTP/1.1 200 OK\ncontent-type: text/event-stream"
JSON = "HTTP/1.1 200 OK\ncontent-type: application/json"


@asynccontextmanager
async def serving(data: bytes) -> AsyncIterator[str]:
    """Serve the same bytes to everyone, then close."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


# -- answers ---------------------------------------------------------------------------------


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


# -- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.status(400), Failure.REQUEST),
        (Fault.status(401), Failure.AUTHENTICATION),
        (Fault.status(402), Failure.BALANCE),
        (Fault.status(404), Failure.MODEL),
        (Fault.status(422), Failure.REQUEST),
        (Fault.too_many(), Failure.RATE),
        (Fault.server_error(), Failure.SERVER),
        (Fault.overloaded(), Failure.SERVER),
        (Fault.html(), Failure.MALFORMED),
        (Fault.redirect(), Failure.MALFORMED),
        (Fault.refuse(), Failure.BROKEN),
        (Fault.rst_before_headers(), Failure.BROKEN),
        (Fault.rst_after(0), Failure.BROKEN),
        (Fault.rst_after(2), Failure.BROKEN),
        (Fault.wrong_length(10), Failure.BROKEN),
        (Fault.invalid_utf8(), Failure.MALFORMED),
        (Fault.long_line(), Failure.MALFORMED),
    ],
    ids=lambda value: (
        f"{value.kind.value}-{value.status_code or value.amount}"
        if isinstance(value, Fault)
        else value.name
    ),
)
async def test_a_failure_is_told_once_and_not_retried(api, provider, fault, expected):
    api.script(fault)
    error = await failure(provider)

    assert error.failure is expected
    assert error.status in {0, fault.status_code, 200, 307}
    assert len(api.requests) == 1
    # And the next request works.
    assert (await answer(provider)).stop is Stop.END
    assert len(api.requests) == 2


async def test_retry_after_is_handed_on(api, provider):
    api.script(Fault.too_many("7"))
    error = await failure(provider)

    assert (error.status, error.retry_after_s) == (429, 7.0)


async def test_a_wrong_key_is_refused_and_not_shown(api, provider_at):
    error = await failure(provider_at(api.base_url, "sk-wrong-canary"))

    assert (error.failure, error.status) == (Failure.AUTHENTICATION, 401)
    assert "canary" not in repr(error)


async def test_without_a_key_the_api_says_so(api, provider_at):
    assert (await failure(provider_at(api.base_url, ""))).failure is Failure.AUTHENTICATION


async def test_a_spent_balance_is_told(stack, provider_at):
    api = await stack.enter_async_context(SimulatedApi(topped_up_pico=0))

    assert (await failure(provider_at(api.base_url))).failure is Failure.BALANCE


async def test_nobody_listens(api, provider):
    async with api.refusing():
        assert (await failure(provider)).failure is Failure.NETWORK
    assert len(api.requests) == 0


async def test_what_came_before_a_reset_was_handed_on(api, provider):
    api.script(Fault.rst_after(2).of(Reply("one two three four")))
    events = provider.stream(FIM)
    seen = [await anext(events), await anext(events)]
    with pytest.raises(ModelError):
        await anext(events)

    assert seen == [TextDelta("one"), TextDelta(" two")]


@pytest.mark.parametrize("count", [0, 60, 400])
async def test_silence_ends_with_the_read_timeout(api, provider, monkeypatch, count):
    monkeypatch.setattr(openai_api, "_READ_S", 0.05)
    api.script(Fault.stall_after(count))

    assert (await failure(provider)).failure is Failure.STALLED
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")


async def test_half_an_event_is_a_broken_answer(api, provider):
    api.script(Fault.half_json(1))

    assert (await failure(provider)).failure in {Failure.BROKEN, Failure.MALFORMED}


async def test_half_an_event_with_its_line_end_is_malformed(provider_at):
    async with serving(canned(STREAM, b'data: {"choices": [{"te\n\n')) as address:
        assert (await failure(provider_at(address))).failure is Failure.MALFORMED


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (canned(STREAM, b"data: 3\n\n"), Failure.MALFORMED),
        (canned(STREAM, b'data: {"choices": 1}\n\n'), Failure.MALFORMED),
        (canned(STREAM, b'data: {"error": {"message": "canary"}}\n\n'), Failure.SERVER),
        (canned(JSON, b'{"choices": []}'), Failure.MALFORMED),
        (canned("HTTP/1.1 404 Not Found\ncontent-type: text/html", b"<p>"), Failure.MALFORMED),
        (canned("HTTP/1.1 502 Bad Gateway\ncontent-type: text/html", b"<p>"), Failure.SERVER),
        (canned(f"{STREAM}\ncontent-encoding: gzip", b"no gzip"), Failure.BROKEN),
        (b"this is not HTTP\r\n\r\n", Failure.BROKEN),
        (b"", Failure.BROKEN),
    ],
)
async def test_other_servers_are_understood_as_such(provider_at, data, expected):
    async with serving(data) as address:
        error = await failure(provider_at(address))
    assert error.failure is expected
    assert "canary" not in repr(error)


async def test_json_that_is_nested_too_deeply_is_malformed(provider_at):
    async with serving(canned(STREAM, b"data: " + b"[" * 200_000 + b"\n\n")) as address:
        assert (await failure(provider_at(address))).failure is Failure.MALFORMED


async def test_a_free_page_that_is_no_json_is_malformed(provider_at):
    page = canned("HTTP/1.1 200 OK\ncontent-type: text/html", b"<title>Sign in</title>")
    async with serving(page) as address:
        with pytest.raises(ModelError) as caught:
            await provider_at(address).get("/models")
    assert caught.value.failure is Failure.MALFORMED


async def test_a_free_page_that_fails_is_a_model_error(api, provider_at):
    with pytest.raises(ModelError) as caught:
        await provider_at(api.base_url, "sk-wrong").get("/models")
    assert caught.value.failure is Failure.AUTHENTICATION


@pytest.mark.parametrize("address", ["", "not an address", "ftp://127.0.0.1/"])
async def test_an_address_that_leads_nowhere_is_the_networks_failure(provider_at, address):
    assert (await failure(provider_at(address))).failure is Failure.NETWORK


async def test_an_address_that_is_none_is_a_model_error():
    await failure(OpenAIProvider("http://[::1", lambda: KEY))


async def test_warming_never_raises():
    await OpenAIProvider("http://[::1", lambda: KEY).warm()


async def test_a_port_that_cannot_be_is_a_model_error(provider_at):
    await failure(provider_at("http://127.0.0.1:99999"))


async def test_a_key_that_no_header_can_hold_is_the_keys_failure(api, provider_at):
    assert (await failure(provider_at(api.base_url, "sk-é"))).failure is Failure.AUTHENTICATION


# -- connections -----------------------------------------------------------------------------


async def test_closing_early_closes_the_connection(api, provider):
    api.script(SLOW)
    async with aclosing(provider.stream(FIM)) as events:
        assert await anext(events) == TextDelta("one")
        assert api.open_sockets == 1
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")
    await api.wait_for(lambda: api.open_sockets == 0)

    assert api.requests[0].produced == 1


async def test_cancelling_the_reader_closes_the_connection(api, provider):
    api.script(SLOW)
    first = asyncio.Event()

    async def reader() -> None:
        async with aclosing(provider.stream(FIM)) as events:
            async for _ in events:
                first.set()

    task = asyncio.create_task(reader())
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")
    await api.wait_for(lambda: api.open_sockets == 0)


async def test_cancelling_before_the_first_byte_closes_the_connection(api, provider):
    await provider.warm()
    api.script(Reply("x", queue_ms=1e6))
    task = asyncio.create_task(read(provider))
    await api.wait_for(lambda: len(api.requests) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await api.wait_for(lambda: api.requests[1].outcome == "aborted")
    await api.wait_for(lambda: api.open_sockets == 0)


async def test_reading_to_the_end_keeps_the_connection_for_both_bases(api, provider):
    await read(provider)
    await read(provider, chat())
    await provider.get("/models")
    await read(provider)

    assert len(api.requests) == 4
    assert {exchange.connection for exchange in api.requests} == {1}
    assert [exchange.outcome for exchange in api.requests] == ["done"] * 4


async def test_warming_opens_the_connection_that_the_first_request_uses(api, provider):
    await provider.warm()
    assert (api.open_sockets, api.bill.total_pico) == (1, 0)

    await read(provider)
    assert api.requests[1].connection == api.requests[0].connection


async def test_warming_without_a_server_or_a_good_key_is_silent(api, provider_at):
    await provider_at(api.base_url, "sk-wrong").warm()
    provider = provider_at(api.base_url)
    async with api.refusing():
        await provider.warm()

    assert [exchange.status for exchange in api.requests] == [401]


async def test_two_answers_come_over_two_connections_at_once(api, provider):
    api.script(SLOW, Reply("x"))
    async with aclosing(provider.stream(FIM)) as events:
        await anext(events)
        assert (await answer(provider)).text == "x"
    assert {exchange.connection for exchange in api.requests} == {1, 2}


async def test_the_first_two_requests_share_one_pool(api, provider):
    await asyncio.gather(read(provider), read(provider))
    await provider.aclose()
    await api.wait_for(lambda: api.open_sockets == 0)

    assert len(api.requests) == 2


async def test_the_key_is_read_at_each_request(api, stack):
    keys = iter(["sk-old", KEY, "sk-revoked"])
    provider = OpenAIProvider(api.base_url, lambda: next(keys))
    stack.push_async_callback(provider.aclose)

    assert (await failure(provider)).failure is Failure.AUTHENTICATION
    assert (await answer(provider)).stop is Stop.END
    assert (await failure(provider, chat())).failure is Failure.AUTHENTICATION
    assert next(keys, None) is None


async def test_making_a_provider_opens_and_reads_nothing(api):
    def key() -> str:
        raise AssertionError

    await OpenAIProvider(api.base_url, key).aclose()
    assert api.open_sockets == 0


async def test_closing_leaves_no_socket_open(api, provider):
    await asyncio.gather(read(provider), read(provider, chat()), provider.get("/models"))
    assert api.open_sockets > 0

    await provider.aclose()
    await api.wait_for(lambda: api.open_sockets == 0)
    await provider.aclose()  # again is nothing


async def test_a_redirect_is_not_followed(stack, api, provider):
    other = await stack.enter_async_context(SimulatedApi())
    api.script(Fault.redirect(f"{other.base_url}/beta/completions"))

    assert (await failure(provider)).failure is Failure.MALFORMED
    assert len(other.requests) == 0
