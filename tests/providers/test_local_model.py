"""The provider over a local model: it finds the process, follows it, and asks it what it can."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from fixtures.servers.llama_cpp import LlamaCppServer
from fixtures.servers.toy import GUESS
from tandem.core.errors import Failure, ModelError
from tandem.core.model import FimRequest, Stop
from tandem.providers.local_model import LocalModelProvider
from tests.providers.asking import answer, chat, failure

NAME = "local/toy"
PREFIX, SUFFIX = "def area(width, height):\n    return ", "\nprint(area(1, 2))\n"
LINE = FimRequest(NAME, PREFIX, SUFFIX, 16, ("\n",))
BLOCK = FimRequest(NAME, PREFIX, SUFFIX, 16, ("\n\n\n",))


@dataclass(frozen=True, slots=True)
class At:
    """Where a process listens."""

    base_url: str
    key: str = "key"


@dataclass(slots=True, eq=False)
class FakeProcess:
    """A process that is where the test says, or fails as it says."""

    at: At | ModelError
    calls: list[str] = field(default_factory=list)
    loaded: asyncio.Event | None = None

    def start(self) -> None:
        """Note it."""
        self.calls.append("start")

    async def reach(self) -> At:
        """Return where it is, once it is loaded."""
        self.calls.append("reach")
        if self.loaded is not None:
            await self.loaded.wait()
        if isinstance(self.at, ModelError):
            raise self.at
        return self.at

    async def aclose(self) -> None:
        """Note it."""
        self.calls.append("close")


@pytest.fixture
def joined(stack):
    """Return a server, its process and a provider over it."""

    async def make(**more):
        server = await stack.enter_async_context(LlamaCppServer(**more))
        process = FakeProcess(At(server.base_url))
        provider = LocalModelProvider(process, NAME)
        stack.push_async_callback(provider.aclose)
        return server, process, provider

    return make


def paths(server: LlamaCppServer) -> list[str]:
    return [exchange.path for exchange in server.requests]


async def test_a_small_model_answers_a_line_from_the_text_before_it(joined):
    server, _, provider = await joined(parameters=494_032_768)
    reply = await answer(provider, LINE)

    assert (reply.text, reply.stop, reply.model) == (GUESS, Stop.END, "")
    assert reply.usage is not None
    assert paths(server) == ["/v1/models", "/completion"]
    assert server.requests[1].body["grammar"].startswith('root ::= " "')


async def test_a_larger_one_is_told_both_sides(joined):
    server, _, provider = await joined()
    await answer(provider, LINE)

    assert paths(server) == ["/v1/models", "/infill"]


async def test_a_model_without_tokens_for_the_middle_is_asked_so_once(joined):
    server, _, provider = await joined(fim_tokens=False)
    assert (await answer(provider, BLOCK)).text == GUESS
    assert (await answer(provider, BLOCK)).text == GUESS

    assert paths(server) == ["/v1/models", "/infill", "/completion", "/completion"]


async def test_who_asks_while_it_loads_waits_and_nobody_asks_twice(joined):
    server, process, provider = await joined()
    process.loaded = asyncio.Event()
    await provider.warm()
    asked = [asyncio.create_task(answer(provider, LINE)) for _ in range(2)]
    await asyncio.sleep(0)
    process.loaded.set()
    replies = await asyncio.gather(*asked)

    assert {reply.text for reply in replies} == {GUESS}
    assert paths(server).count("/v1/models") == 1


async def test_it_follows_a_process_that_was_started_again(joined, stack):
    _, process, provider = await joined()
    await answer(provider, LINE)
    other = await stack.enter_async_context(LlamaCppServer(fim_tokens=False))
    process.at = At(other.base_url, "another")
    await answer(provider, LINE)

    assert paths(other)[0] == "/v1/models"


async def test_a_process_that_is_lost_is_not_called_an_api(joined):
    server, process, provider = await joined(breaks_after=1)
    error = await failure(provider, LINE)
    assert error.failure is Failure.LOCAL_LOST
    assert paths(server) == ["/v1/models", "/infill"]

    process.at = At("http://127.0.0.1:9")
    assert (await failure(provider, LINE)).failure is Failure.LOCAL_LOST
    process.at = ModelError(Failure.LOCAL_MODEL)
    assert (await failure(provider, LINE)).failure is Failure.LOCAL_MODEL


async def test_closing_the_reader_closes_the_connection(joined):
    server, _, provider = await joined(gap_s=60)
    async with aclosing(provider.stream(LINE)) as events:
        await anext(events)
    await server.wait_for(lambda: server.requests[-1].outcome == "aborted")


@pytest.mark.parametrize(
    "request_", [chat(), FimRequest("deepseek-flash", "a", "b", 4)], ids=["chat", "other model"]
)
async def test_it_completes_under_its_own_name_only(joined, request_):
    server, _, provider = await joined()
    error = await failure(provider, request_)

    assert (error.failure, error.status) == (Failure.MODEL, 404)
    assert server.requests == []


async def test_warming_never_fails_and_closing_ends_the_process(joined):
    _, process, provider = await joined()
    process.at = ModelError(Failure.LOCAL_ENGINE)
    await provider.warm()
    await provider.aclose()

    assert process.calls[-1] == "close"
