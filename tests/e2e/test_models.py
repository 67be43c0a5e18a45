"""A server process and a model: canceling, replacing, arriving, and a storm of all of them."""

import asyncio
import json
import random
import time
from typing import Any

import pytest

from fixtures.api.record import Exchange
from fixtures.api.replies import Reply
from tandem.commands.client import ResponseError, inline_params
from tandem.lsp.frames import frame
from tests.e2e.process import CANCELLED, MODIFIED, WAIT_S, Served

pytestmark = pytest.mark.asyncio(loop_scope="session")

SLOW = Reply("first second third fourth " * 30, tokens_per_second=10)


async def code_of(answer) -> int | None:
    """Wait for an answer; return its error code, or None for a result."""
    try:
        await asyncio.wait_for(answer, WAIT_S)
    except ResponseError as error:
        return error.code
    return None


def change(uri: str, version: int, line: int, character: int, text: str) -> dict[str, object]:
    place = {"line": line, "character": character}
    changes = [{"range": {"start": place, "end": place}, "text": text}]
    document = {"uri": uri, "version": version}
    params = {"textDocument": document, "contentChanges": changes}
    return {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}


def request(number: int, uri: str, character: int) -> dict[str, object]:
    params = inline_params(uri, 0, character)
    method = "textDocument/inlineCompletion"
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def own(exchange: Exchange) -> str:
    """Return what a prompt says of the open file, behind what it says of others."""
    body: Any = exchange.body
    return str(body["prompt"]).rpartition(".py\n")[2]


def at_once(
    shared: Served, first: dict[str, Any], *more: dict[str, object]
) -> "asyncio.Future[object]":
    """Send messages in one write; return the answer of the first."""
    answer = shared.client._waiting[first["id"]] = asyncio.get_running_loop().create_future()
    data = b"".join(frame(json.dumps(message).encode()) for message in (first, *more))
    stdin = shared.client.process.stdin
    assert stdin is not None
    stdin.write(data)
    return answer


async def streaming(shared: Served, before: int) -> Exchange:
    """Wait until the API has begun to answer the next completion; return its record."""
    api = shared.api
    await api.wait_for(lambda: len(shared.completions()) > before, WAIT_S)
    exchange = shared.completions()[before]
    await api.wait_for(lambda: exchange.produced, WAIT_S)
    return exchange


# -- canceling -------------------------------------------------------------------------------------


async def test_a_canceled_stream_is_really_closed_and_settled(shared):
    api, before, rows = shared.api, len(shared.completions()), len(shared.ledger())
    api.script(SLOW)
    number, answer = shared.begin(shared.open("value = "), 0, 8)
    exchange = await streaming(shared, before)
    canceled_at = time.monotonic()
    shared.client.cancel(number)

    assert await code_of(answer) == CANCELLED
    answered_at = time.monotonic()
    await api.wait_for(lambda: exchange.outcome == "aborted", WAIT_S)
    assert exchange.peer_closed_at is not None
    assert answered_at < exchange.peer_closed_at  # at once, not after the stream's grace
    assert 0.2 < exchange.peer_closed_at - canceled_at < 2.0
    await api.wait_for(lambda: exchange.connection not in {c.number for c in api._connections})
    assert not api.in_flight
    await shared.settled()
    (row,) = shared.ledger()[rows:]
    assert (row["outcome"], row["estimated"]) == ("cancelled", 1)
    assert 0 < row["cost_pico"] <= row["amount_pico"]
    api.script(Reply("next"))
    assert [item["insertText"] for item in await shared.complete("y = ")] == ["y = next"]


async def test_a_stream_that_ends_within_the_grace_is_billed_exactly_and_remembered(shared):
    api, before, rows = shared.api, len(shared.completions()), len(shared.ledger())
    api.script(Reply("one + two", tokens_per_second=20))
    uri = shared.open("grace = ")
    number, answer = shared.begin(uri, 0, 8)
    exchange = await streaming(shared, before)
    shared.client.cancel(number)

    assert await code_of(answer) == CANCELLED
    await api.wait_for(lambda: exchange.outcome != "pending", WAIT_S)
    assert exchange.outcome == "done"
    await shared.settled()
    (row,) = shared.ledger()[rows:]
    assert (row["outcome"], row["estimated"]) == ("done", 0)
    assert row["cost_pico"] > 0
    _, again = shared.begin(uri, 0, 8)
    (item,) = (await asyncio.wait_for(again, WAIT_S))["items"]
    assert item["insertText"] == "grace = one + two"
    assert item["command"]["arguments"][0]["remembered"]
    assert len(shared.completions()) == before + 1


async def test_a_request_canceled_in_the_same_write_costs_nothing(shared):
    before, rows = len(shared.completions()), len(shared.ledger())
    uri = shared.open("quick = ")
    answer = at_once(
        shared,
        request(60_001, uri, 8),
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 60_001}},
    )

    assert await code_of(answer) == CANCELLED
    shared.api.script(Reply("later"))
    assert await shared.complete("later = ")
    await shared.settled()
    assert len(shared.completions()) == before + 1
    assert len(shared.ledger()) == rows + 1


@pytest.fixture
async def pausing(shared):
    """Let the server wait for a pause in typing for the length of a test."""
    settings = {"completion": {"delay_ms": 150}}
    shared.client.notify("workspace/didChangeConfiguration", {"settings": {"tandem": settings}})
    yield shared
    shared.client.notify("workspace/didChangeConfiguration", {"settings": {"tandem": {}}})


async def test_what_is_replaced_while_it_pauses_costs_nothing(pausing):
    before, rows = len(pausing.completions()), len(pausing.ledger())
    uri = pausing.open("typed = ")
    answers = []
    for version, letter in enumerate("abcd", 2):
        pausing.client.insert(uri, version, 0, 6 + version, letter)
        answers.append(pausing.begin(uri, 0, 7 + version)[1])
    pausing.api.script(Reply("_end"))

    codes = [await code_of(answer) for answer in answers]
    assert codes == [MODIFIED, MODIFIED, MODIFIED, None]
    await pausing.settled()
    (exchange,) = pausing.completions()[before:]
    assert own(exchange) == "typed = abcd"
    assert len(pausing.ledger()) == rows + 1


async def test_what_is_canceled_while_it_pauses_costs_nothing(pausing):
    before = len(pausing.completions())
    number, answer = pausing.begin(pausing.open("nothing = "), 0, 10)
    await pausing.client.request("tandem/status", None)  # it has begun
    pausing.client.cancel(number)
    assert await code_of(answer) == CANCELLED

    pausing.api.script(Reply("later"))
    assert await pausing.complete("other = ")  # its pause ends after the other's would have
    assert [own(e) for e in pausing.completions()[before:]] == ["other = "]


# -- arriving --------------------------------------------------------------------------------------


async def test_trap_7_a_request_is_for_the_document_of_its_arrival(shared):
    """A request and a change in one write: the model is asked about the text before the change."""
    before = len(shared.completions())
    uri = shared.open("total = ")
    shared.api.script(Reply("sum(values)"))
    answer = at_once(shared, request(70_001, uri, 8), change(uri, 2, 0, 0, "import math\n"))

    assert await code_of(answer) == MODIFIED
    assert [own(e) for e in shared.completions()[before:]] == ["total = "]


async def test_trap_7_an_answer_is_carried_over_what_was_typed_along_it(shared):
    uri = shared.open("total = ")
    shared.api.script(Reply("sum(values)", first_token_ms=100))
    _, answer = shared.begin(uri, 0, 8)
    shared.client.insert(uri, 2, 0, 8, "sum")
    (item,) = (await asyncio.wait_for(answer, WAIT_S))["items"]

    assert item["insertText"] == "total = sum(values)"
    assert item["range"]["end"] == {"line": 0, "character": 11}


async def test_trap_8_header_names_in_any_case(shared):
    future = asyncio.get_running_loop().create_future()
    shared.client._waiting[80_001] = future
    body = b'{"jsonrpc":"2.0","id":80001,"method":"tandem/status","params":null}'
    head = b"content-type: application/vscode-jsonrpc\ncontent-length: %d\n\n" % len(body)
    shared.client.process.stdin.write(head + body)

    assert (await asyncio.wait_for(future, WAIT_S))["models"]


async def test_f5_the_model_is_sent_the_text_the_client_has(shared):
    before = len(shared.completions())
    uri = shared.open("a = 1\n\fb = 2\n\u2028c = \nd = 4\n")
    shared.client.insert(uri, 2, 2, 5, "\U0001f600 + ")  # utf-32: one character
    shared.api.script(Reply("3"))
    _, answer = shared.begin(uri, 2, 9)
    (item,) = (await asyncio.wait_for(answer, WAIT_S))["items"]

    (exchange,) = shared.completions()[before:]
    assert own(exchange) == "a = 1\n\fb = 2\n\u2028c = \U0001f600 + "
    assert exchange.body["suffix"] == "\nd = 4\n"
    assert item["insertText"] == "\u2028c = \U0001f600 + 3"


# -- many at once ----------------------------------------------------------------------------------


async def test_trap_2_stdin_is_read_while_many_handlers_are_busy(shared):
    """More than pygls's pool would have threads for: 40 requests wait for the model."""
    before = len(shared.completions())
    shared.api.script(*[Reply("late", first_token_ms=60_000)] * 40)
    begun = [shared.begin(shared.open(f"busy_{n} = "), 0, len(f"busy_{n} = ")) for n in range(40)]
    limit = 16  # api.concurrency
    await shared.api.wait_for(lambda: len(shared.completions()) == before + limit, WAIT_S)

    asked_at = time.monotonic()
    status = await shared.client.request("tandem/status", None)
    assert time.monotonic() - asked_at < 2.0
    assert status["callsRunning"] == 40
    for number, _ in begun:
        shared.client.cancel(number)
    assert {await code_of(answer) for _, answer in begun} == {CANCELLED}
    await shared.settled()
    await shared.api.wait_for(lambda: not shared.api.in_flight, WAIT_S)
    assert len(shared.completions()) == before + limit
    shared.api._script.clear()


async def test_a_storm_of_cancels_answers_every_request_exactly_once(shared):
    chance = random.Random(4711)  # noqa: S311 - a storm, the same each time
    uris = [shared.open(f"storm_{n} = ") for n in range(20)]
    begun = []
    for _ in range(200):
        n = chance.randrange(len(uris))
        begun.append(shared.begin(uris[n], 0, len(f"storm_{n} = "), invoked=chance.random() < 0.5))
        if chance.random() < 0.5:
            shared.client.cancel(chance.choice(begun)[0])
        if chance.random() < 0.1:
            await shared.client.request("tandem/status", None)
    codes = [await code_of(answer) for _, answer in begun]

    assert set(codes) == {None, CANCELLED, MODIFIED}
    await shared.settled()
    numbers = [number for number, _ in begun]
    answered = [r["id"] for r in shared.client.responses if r["id"] in set(numbers)]
    assert sorted(answered) == numbers
    assert all(row["outcome"] for row in shared.ledger())
    await shared.api.wait_for(lambda: not shared.api.in_flight, WAIT_S)
    assert not [line for line in shared.new_log() if line["level"] == "error"]
