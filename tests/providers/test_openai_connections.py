"""The provider's connections: how many, kept or closed, and who closed them."""

import asyncio
from contextlib import aclosing

import pytest

from fixtures.api.faults import Fault
from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tandem.core.errors import Failure
from tandem.core.model import Stop, TextDelta
from tandem.providers.openai_api import OpenAIProvider
from tests.providers.asking import FIM, KEY, SLOW, answer, chat, failure, read


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
