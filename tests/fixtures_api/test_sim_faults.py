"""Each fault does what its name says, seen by the real client or as bytes."""

from __future__ import annotations

import asyncio
import json

import openai
import pytest

from fixtures.api.faults import Fault, Kind
from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tests.fixtures_api.wires import FIM, connection, read_until_end, request_bytes

STREAM = {**FIM, "stream": True, "stream_options": {"include_usage": True}}
FIVE = Reply("one two three four five")


async def texts(stream) -> list[str]:
    return [chunk.choices[0].text async for chunk in stream if chunk.choices]


async def test_refused_connections(api, client):
    api.script(Fault.refuse())
    with pytest.raises(openai.APIConnectionError):
        await client.completions.create(**FIM)
    assert (api.requests[0].outcome, api.requests[0].fault) == ("fault", "refuse")
    async with api.refusing():
        with pytest.raises(openai.APIConnectionError) as caught:
            await client.completions.create(**FIM)
        assert "ConnectError" in repr(caught.value.__cause__)
    assert (await client.completions.create(**FIM)).choices
    assert len(api.requests) == 2


async def test_a_kept_connection_is_refused_as_well(api, client):
    await client.completions.create(**FIM)
    api.script(Fault.refuse())
    with pytest.raises(openai.APIConnectionError):
        await client.completions.create(**FIM)
    assert api.requests[1].connection == api.requests[0].connection


async def test_a_late_accept_says_nothing_until_then(api):
    api.script(Fault.accept_late(0.02))
    assert b'"text"' in await read_until_end(api, FIM)
    exchange = api.requests[0]
    assert exchange.first_byte_at - exchange.received_at >= 0.015


@pytest.mark.parametrize("fault", [Fault.rst_before_headers(), Fault.rst_after(0)])
async def test_resets_without_a_body(api, client, fault):
    api.script(fault)
    with pytest.raises(openai.APIConnectionError):
        await client.completions.create(**FIM)


async def test_a_reset_mid_stream_comes_after_its_chunks(api, client):
    api.script(Fault.rst_after(2).of(FIVE))
    stream = await client.completions.create(**STREAM)
    assert [(await anext(stream)).choices[0].text for _chunk in range(2)] == ["one", " two"]
    with pytest.raises(openai.APIConnectionError):
        await anext(stream)
    assert api.requests[0].usage.completion == 2
    assert api.bill.lines[0].usage.completion == 2


async def test_a_reset_is_a_reset(api):
    api.script(Fault.rst_after(1).of(FIVE))
    with pytest.raises(ConnectionResetError):
        await read_until_end(api, STREAM)


async def test_a_stall_lasts_until_the_peer_closes(api):
    api.script(Fault.stall_after(100))
    async with connection(api) as (reader, writer):
        writer.write(request_bytes(STREAM))
        assert len(await reader.readexactly(100)) == 100
        assert api.requests[0].outcome == "pending"
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")
    assert api.requests[0].peer_closed_at is not None


@pytest.mark.parametrize(
    ("fault", "error", "retry_after"),
    [
        (Fault.too_many(), openai.RateLimitError, None),
        (Fault.too_many("7"), openai.RateLimitError, "7"),
        (Fault.server_error(), openai.InternalServerError, None),
        (Fault.overloaded(), openai.InternalServerError, None),
        (Fault.status(422), openai.UnprocessableEntityError, None),
        (Fault.status(402), openai.APIStatusError, None),
    ],
)
async def test_statuses(api, client, fault, error, retry_after):
    api.script(fault)
    with pytest.raises(error) as caught:
        await client.completions.create(**FIM)
    assert caught.value.status_code == fault.status_code
    assert caught.value.response.headers.get("retry-after") == retry_after
    assert caught.value.body["message"]
    assert api.bill.total_pico == 0
    assert (await client.completions.create(**FIM)).choices


async def test_a_web_page(api, client):
    api.script(Fault.html())
    assert "Sign in" in await client.completions.create(**FIM)


async def test_headers_that_never_end(api):
    api.script(Fault.endless_headers(0.001))
    async with connection(api) as (reader, writer):
        writer.write(request_bytes(FIM))
        assert b"\r\n\r\n" not in await reader.readuntil(b"x-more-3: more\r\n")
    await api.wait_for(lambda: api.requests[0].outcome == "aborted")


async def test_one_byte_at_a_time(api):
    api.script(Fault.drip(0.0005).of(Reply("x")))
    assert b'"text":"x"' in await read_until_end(api, FIM)
    exchange = api.requests[0]
    assert exchange.last_byte_at - exchange.first_byte_at > 0.1


async def test_bytes_that_are_not_utf8(api):
    api.script(Fault.invalid_utf8())
    with pytest.raises(UnicodeDecodeError):
        (await read_until_end(api, STREAM)).decode()


async def test_chunks_split_inside_characters(api, client):
    api.script(Fault.split_multibyte(), Fault.split_multibyte())
    raw = await read_until_end(api, STREAM)
    assert any(raw[at - 1] >= 0xC0 for at in find_all(raw, b"\r\n"))
    stream = await client.completions.create(**STREAM)
    assert "".join(await texts(stream)) == "na\u00efve \u2014 \u4f60\u597d \U0001f44b\n"


def find_all(data: bytes, part: bytes) -> list[int]:
    return [at for at in range(1, len(data)) if data.startswith(part, at)]


async def test_half_a_json_object(api, client):
    api.script(Fault.half_json(1), Fault.half_json())
    # The real client drops an event without its empty line, so a stream just ends early.
    assert await texts(await client.completions.create(**STREAM)) == ["b"]
    with pytest.raises(json.JSONDecodeError):
        await client.completions.create(**FIM)


async def test_a_wrong_length(api, client):
    api.script(Fault.wrong_length(10))
    with pytest.raises(openai.APIConnectionError):
        await client.completions.create(**FIM)


async def test_events_that_come_twice(api, client):
    api.script(Fault.duplicate_events().of(Reply("one two")))
    assert await texts(await client.completions.create(**STREAM)) == [
        *["one", "one", " two", " two", ""]
    ]
    assert api.bill.lines[0].usage.completion == 2


async def test_no_usage(api, client):
    api.script(Fault.no_final_usage(), Fault.no_final_usage())
    chunks = [chunk async for chunk in await client.completions.create(**STREAM)]
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert (await client.completions.create(**FIM)).usage is None
    assert len(api.bill.lines) == 2


async def test_a_tool_call_instead_of_text(api, client):
    api.script(Fault.tool_call(), Fault.tool_call())
    done = await client.chat.completions.create(
        model="deepseek-flash", messages=[{"role": "user", "content": "hello"}]
    )
    assert done.choices[0].message.tool_calls[0].function.name == "missing_tool"
    assert done.choices[0].finish_reason == "tool_calls"
    fim = await client.completions.create(**FIM)
    assert fim.choices[0].text.startswith("<\uff5ctool")


async def test_an_empty_stream(api, client):
    api.script(Fault.empty_stream())
    assert await texts(await client.completions.create(**STREAM)) == []


async def test_a_line_of_ten_megabytes(api):
    api.script(Fault.long_line())
    raw = await read_until_end(api, STREAM)
    assert raw.count(b"x") > 10 * 1024 * 1024
    assert max(map(len, raw.replace(b"\r\n", b"").split(b"\n"))) > 10 * 1024 * 1024


async def test_a_redirect_leads_elsewhere_and_the_key_stays(api, client):
    async with SimulatedApi() as other:
        api.script(Fault.redirect(other.base_url + "/beta/completions"))
        with pytest.raises(openai.AuthenticationError):
            await client.completions.create(**FIM)
        assert other.requests[0].body == FIM
        assert "authorization" not in other.requests[0].headers
        await client.close()


@pytest.mark.parametrize("reason", ["insufficient_system_resource", "content_filter", "length"])
async def test_finish_reasons_come_with_half_the_text(api, client, reason):
    api.script(Fault.finish(reason).of(Reply("one two")))
    done = await client.completions.create(**FIM)
    assert (done.choices[0].text, done.choices[0].finish_reason) == ("one ", reason)


def test_every_kind_of_fault_has_a_constructor():
    made = [
        *[Fault.refuse(), Fault.accept_late(1), Fault.rst_before_headers(), Fault.rst_after(1)],
        *[Fault.stall_after(1), Fault.status(500), Fault.html(), Fault.endless_headers()],
        *[Fault.drip(1), Fault.invalid_utf8(), Fault.split_multibyte(), Fault.half_json()],
        *[Fault.wrong_length(), Fault.duplicate_events(), Fault.no_final_usage()],
        *[Fault.tool_call(), Fault.empty_stream(), Fault.long_line(), Fault.redirect()],
        Fault.finish("length"),
    ]
    assert {fault.kind for fault in made} == set(Kind)


async def test_two_faults_and_a_reply_come_in_order(api, client):
    api.script(Fault.server_error(), Reply("one"), Fault.overloaded())
    outcomes = []
    for _attempt in range(4):
        try:
            outcomes.append((await client.completions.create(**FIM)).choices[0].text)
        except openai.APIStatusError as error:
            outcomes.append(error.status_code)
    assert outcomes == [500, "one", 503, "b(add, a)\n"]


async def test_an_answer_to_garbage(api):
    async with connection(api) as (reader, writer):
        writer.write(b"GARBAGE\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
