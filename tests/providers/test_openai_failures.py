"""What fails, over real sockets: the simulated API, and servers that answer what they like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fixtures.api.faults import Fault
from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tandem.core.errors import Failure, ModelError
from tandem.core.model import Stop, TextDelta
from tandem.providers import openai_api
from tandem.providers.openai_api import OpenAIProvider
from tests.providers.asking import FIM, KEY, answer, failure


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
