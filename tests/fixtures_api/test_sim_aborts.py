"""Time, cancellation and what they cost."""

from __future__ import annotations

import asyncio

import openai
import pytest

from fixtures.api.cache import CacheRules
from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tests.fixtures_api.wires import FIM, connection, read_until_end, request_bytes

HELLO = {
    "model": "deepseek-flash",
    "messages": [{"role": "user", "content": "hello"}],
    "extra_body": {"thinking": {"type": "disabled"}},
}
SLOW = Reply("one two three four five", tokens_per_second=0.001)


async def test_a_cancelled_stream_is_seen_and_billed_as_produced(api, client):
    api.script(SLOW)
    stream = await client.completions.create(**FIM, stream=True)
    async for chunk in stream:
        assert chunk.choices[0].text == "one"
        break
    assert (api.requests[0].outcome, api.open_sockets, api.in_flight) == ("pending", 1, 1)
    await stream.close()
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")
    await api.wait_for(lambda: api.open_sockets == 0)
    exchange = api.requests[0]
    assert api.in_flight == 0
    assert exchange.usage.completion == 1
    assert exchange.peer_closed_at >= exchange.last_byte_at
    # 12 prompt tokens at $0.15 and one output token at $0.60 per million.
    assert exchange.prompt_tokens == 12
    assert api.bill.total_pico == exchange.cost_pico == 12 * 150_000 + 600_000


async def test_a_cancelled_document_is_billed_for_the_time_it_ran(client_of, stack):
    api = await stack.enter_async_context(SimulatedApi())
    # Half a second of work at 200 tokens a millisecond: the close arrives within it.
    api.script(Reply("word " * 100_000, tokens_per_second=200_000))
    create = client_of(api, base="").chat.completions.create
    task = asyncio.create_task(create(**HELLO))
    await api.wait_for(lambda: api.requests and api.requests[0].reached_inference)
    task.cancel()
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")
    assert 0 < api.requests[0].usage.completion < 100_000
    assert api.bill.lines[0].usage.prompt == 6
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_aborted_answer_is_not_cached(api, client):
    async def hit_after(reply: Reply, text: str) -> object:
        api.script(reply)
        asked = {"role": "user", "content": f"hello {text}"}
        stream = await client.chat.completions.create(**{**HELLO, "messages": [asked]}, stream=True)
        async for chunk in stream:
            if reply is SLOW and chunk.choices[0].delta.content:
                break
        await stream.close()
        await api.wait_for(lambda: api.in_flight == 0)
        answered = {"role": "assistant", "content": reply.text}
        turns = [asked, answered, {"role": "user", "content": "and?"}]
        done = await client.chat.completions.create(**{**HELLO, "messages": turns})
        return done.usage.prompt_cache_hit_tokens

    # The question alone (beginning, mode, role, two words), then also opening, five words, end.
    assert await hit_after(SLOW, "slow") == 5
    assert await hit_after(Reply(SLOW.text), "fast") == 5 + 2 + 5 + 1


async def test_aborts_can_be_free(stack, client_of):
    api = await stack.enter_async_context(SimulatedApi(abort_bills="nothing"))
    api.script(SLOW)
    stream = await client_of(api).completions.create(**FIM, stream=True)
    await stream.close()
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")
    assert (api.bill.total_pico, api.bill.lines) == (0, [])


async def test_an_abort_is_free_in_the_queue_and_not_after_it(api):
    api.script(Reply("x", queue_ms=1e6), SLOW)
    for expected in (0, 12 * 150_000 + 600_000):
        async with connection(api) as (reader, writer):
            writer.write(request_bytes({**FIM, "stream": True}))
            await reader.readuntil(b"\r\n\r\n")
        await api.wait_for(lambda: api.requests[-1].outcome == "aborted")
        assert api.bill.total_pico == expected


async def test_a_full_queue_keeps_the_line_alive(stack, client_of):
    api = await stack.enter_async_context(SimulatedApi(queue_ms=5, keep_alive_ms=1))
    stream = (await read_until_end(api, {**FIM, "stream": True})).split(b"\r\n\r\n", 1)[1]
    assert stream.count(b": keep-alive\n\n") == 4
    document = (await read_until_end(api, FIM)).split(b"\r\n\r\n", 1)[1]
    assert document.startswith(b"1\r\n\n\r\n1\r\n\n\r\n")
    client = client_of(api)
    assert (await client.completions.create(**FIM)).choices
    assert [chunk async for chunk in await client.completions.create(**FIM, stream=True)]


async def test_the_queue_closes_after_its_limit(stack, client_of):
    api = await stack.enter_async_context(SimulatedApi(queue_ms=20, queue_close_s=0.01))
    with pytest.raises(openai.APIConnectionError):
        await client_of(api).completions.create(**FIM)
    assert api.bill.lines == []


async def test_more_than_may_be_in_flight_is_429(stack, client_of):
    api = await stack.enter_async_context(SimulatedApi(concurrency=1))
    client = client_of(api)
    api.script(SLOW)
    stream = await client.completions.create(**FIM, stream=True)
    with pytest.raises(openai.RateLimitError, match="Your current concurrency is 2, which exc"):
        await client.completions.create(**FIM)
    await client.completions.create(**{**FIM, "model": "deepseek-v4-pro"})
    await stream.close()
    await api.wait_for(lambda: api.in_flight == 0)
    assert (await client.completions.create(**FIM)).choices


async def test_tokens_come_at_their_pace(stack):
    api = await stack.enter_async_context(SimulatedApi(first_token_ms=10, tokens_per_second=500))
    api.script(Reply("one two three four five six"))
    await read_until_end(api, {**FIM, "stream": True})
    exchange = api.requests[0]
    # 10 ms and five gaps of 2 ms; the clock of the loop has a millisecond of slack.
    assert exchange.last_byte_at - exchange.received_at >= 0.018


async def test_cache_options_reach_the_cache(stack, client_of):
    seconds = [0.0]
    api = await stack.enter_async_context(
        SimulatedApi(cache=CacheRules(delay_s=5, ttl_s=60), monotonic=lambda: seconds[0])
    )
    client, hits = client_of(api), []
    for now in (0.0, 1.0, 6.0, 60.0, 121.0):
        seconds[0] = now
        done = await client.completions.create(**FIM)
        hits.append(done.usage.prompt_cache_hit_tokens)
    assert hits == [0, 0, 12, 12, 0]


async def test_a_wait_that_fails_says_what_is(api):
    with pytest.raises(TimeoutError, match="0 sockets open, 0 in flight, 0 requests, last none"):
        await api.wait_for(lambda: False, timeout_s=0.01)


async def test_two_requests_in_one_write_are_answered_in_order(api):
    api.script(Reply("first"), Reply("second"))
    async with connection(api) as (reader, writer):
        writer.write(request_bytes(FIM) + request_bytes(FIM))
        answers = [await reader.readuntil(b"0\r\n\r\n") for _number in range(2)]
    assert [b"first" in answers[0], b"second" in answers[1]] == [True, True]


async def test_a_reply_function_that_raises_fails_the_test_not_the_connection(client_of):
    def broken(_request):
        msg = "a bug in the test"
        raise LookupError(msg)

    api = await SimulatedApi(replies=broken).__aenter__()
    client = client_of(api)
    with pytest.raises(openai.InternalServerError):
        await client.completions.create(**FIM)
    await client.close()
    with pytest.raises(ExceptionGroup) as caught:
        await api.__aexit__(None, None, None)
    assert caught.group_contains(LookupError)
