"""The provider against simulated servers of every kind, over real sockets."""

import asyncio
from contextlib import aclosing

import pytest

from fixtures.servers.completions import FAMILIES, CompletionsServer, MistralServer
from fixtures.servers.llama_cpp import LlamaCppServer
from fixtures.servers.ollama import OllamaServer
from fixtures.servers.toy import GUESS, tokens
from tandem.core.errors import Failure
from tandem.core.model import Dialect, ExtraFile, FimRequest, Stop, TextDelta, Usage
from tests.providers.asking import answer, chat, failure, read

PREFIX, SUFFIX = "def area(width, height):\n    ", " = width * height\n    return total\n"
MODEL = "some-coder"
REQUEST = FimRequest(MODEL, PREFIX, SUFFIX, 16, ("\n",))
LLAMA = FimRequest("any", PREFIX, SUFFIX, 16, ("\n",))
OLLAMA = FimRequest("qwen2.5-coder:1.5b", PREFIX, SUFFIX, 16, ("\n",))


@pytest.fixture
def served(stack, provider_at):
    """Start a server and return it with a provider that asks it without a key."""

    async def start(server, dialect, base="{}"):
        await stack.enter_async_context(server)
        return server, provider_at(base.format(server.base_url), "", dialect)

    return start


# -- the suffix is used ----------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("base", ["{}", "{}/v1", "{}/"])
async def test_a_template_is_understood_and_billed(served, family, base):
    server, provider = await served(CompletionsServer(family), Dialect(f"template:{family}"), base)
    reply = await answer(provider, REQUEST)

    assert (reply.text, reply.stop, reply.model) == ("total", Stop.END, "")
    assert server.requests[0].path == "/v1/completions"
    prompt = len(tokens(server.requests[0].body["prompt"]))
    assert reply.usage == Usage(0, prompt, 1)


@pytest.mark.parametrize(
    ("suffix", "text"), [("used", "total"), ("ignored", GUESS)], ids=["used", "ignored"]
)
async def test_openais_suffix_is_sent_and_what_comes_of_it_is_the_servers(served, suffix, text):
    _, provider = await served(CompletionsServer(suffix=suffix), Dialect.OPENAI)

    assert (await answer(provider, REQUEST)).text == text


async def test_mistral_answers_on_its_own_path(served):
    server, provider = await served(
        MistralServer("codestral", suffix="used"), Dialect.MISTRAL, "{}/v1"
    )
    reply = await answer(provider, REQUEST)

    assert (reply.text, reply.stop) == ("total", Stop.END)
    assert reply.usage == Usage(0, len(tokens(PREFIX)), 1)
    assert server.requests[0].path == "/v1/fim/completions"


@pytest.mark.parametrize("base", ["{}", "{}/v1"])
async def test_llama_cpp_says_what_its_cache_had(served, base):
    server, provider = await served(LlamaCppServer(), Dialect.LLAMA_CPP, base)
    first, second = await answer(provider, LLAMA), await answer(provider, LLAMA)

    assert (first.text, first.stop) == ("total", Stop.END)
    assert [exchange.path for exchange in server.requests] == ["/infill"] * 2
    assert first.usage is not None
    prompt = first.usage.prompt
    assert first.usage == Usage(0, prompt, 1)
    assert second.usage == Usage(prompt - 1, 1, 1)


async def test_llama_cpp_is_given_pieces_of_other_files(served):
    server, provider = await served(LlamaCppServer(), Dialect.LLAMA_CPP)
    extra = (ExtraFile("a.py", "A = 1\n"),)
    await read(provider, FimRequest("any", PREFIX, SUFFIX, 16, extra=extra))

    assert server.requests[0].body["input_extra"] == [{"filename": "a.py", "text": "A = 1\n"}]


@pytest.mark.parametrize("says_hits", [True, False])
async def test_ollama_says_what_its_cache_had_where_it_does(served, says_hits):
    _, provider = await served(OllamaServer(says_hits=says_hits), Dialect.OLLAMA)
    await read(provider, OLLAMA)
    reply = await answer(provider, OLLAMA)

    prompt = len(tokens(PREFIX + SUFFIX))
    hit = prompt - 1 if says_hits else 0
    assert (reply.text, reply.reasoning) == ("total", "")
    assert reply.usage == Usage(hit, prompt - hit, 1)


async def test_ollama_does_not_chat_at_the_end_of_a_file(served):
    _, provider = await served(OllamaServer(), Dialect.OLLAMA)

    assert (await answer(provider, FimRequest(OLLAMA.model, PREFIX, "", 16))).text == GUESS


async def test_a_limit_is_a_stop_for_length(served):
    for server, dialect, request in (
        (CompletionsServer(), Dialect.TEMPLATE_QWEN, FimRequest(MODEL, PREFIX, "", 2)),
        (LlamaCppServer(), Dialect.LLAMA_CPP, FimRequest("any", PREFIX, "", 2)),
        (OllamaServer(), Dialect.OLLAMA, FimRequest(OLLAMA.model, PREFIX, "", 2)),
    ):
        _, provider = await served(server, dialect)
        reply = await answer(provider, request)
        assert (reply.text, reply.stop) == ("width *", Stop.LENGTH)


# -- special tokens --------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_text_that_spells_the_tokens_does_not_break_the_template(served, family):
    server, provider = await served(CompletionsServer(family), Dialect(f"template:{family}"))
    spelled = "".join(server.family.order)
    request = FimRequest(MODEL, f"A = '{spelled}'\n{PREFIX}", f"{SUFFIX}B = '{spelled}'\n", 16)

    assert (await answer(provider, request)).text == "total"


async def test_a_token_that_the_model_copies_comes_back_whole(served):
    spelled = "<|fim_middle|>"
    server, provider = await served(CompletionsServer("qwen"), Dialect.TEMPLATE_QWEN)
    server.says = f"<\u200b{spelled[1:]}'"
    request = FimRequest(MODEL, f"MIDDLE = '{spelled}'\nassert MIDDLE == '", "", 16)

    assert (await answer(provider, request)).text == f"{spelled}'"


async def test_a_special_token_in_an_answer_ends_it(served):
    """It would be left out of the answer unseen, and the answer would run on behind it."""
    server, provider = await served(CompletionsServer("qwen"), Dialect.TEMPLATE_QWEN)
    server.says = "total<|file_sep|>another file"

    assert (await answer(provider, REQUEST)).text == "total"


# -- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "dialect", "model", "expected"),
    [
        (CompletionsServer(), Dialect.OPENAI, MODEL, (Failure.REQUEST, 400)),
        (CompletionsServer(), Dialect.TEMPLATE_QWEN, "other", (Failure.MODEL, 404)),
        (CompletionsServer(), Dialect.LLAMA_CPP, MODEL, (Failure.MALFORMED, 404)),
        (CompletionsServer(), Dialect.DEEPSEEK, MODEL, (Failure.MALFORMED, 404)),
        (MistralServer(), Dialect.OPENAI, MODEL, (Failure.MALFORMED, 404)),
        (LlamaCppServer(fim_tokens=False), Dialect.LLAMA_CPP, "any", (Failure.REQUEST, 501)),
        (LlamaCppServer(), Dialect.OLLAMA, "any", (Failure.MALFORMED, 404)),
        (OllamaServer(inserts=False), Dialect.OLLAMA, OLLAMA.model, (Failure.REQUEST, 400)),
        (OllamaServer(), Dialect.OLLAMA, "other", (Failure.MODEL, 404)),
        (OllamaServer(), Dialect.MISTRAL, OLLAMA.model, (Failure.MALFORMED, 404)),
    ],
)
async def test_what_a_server_refuses_is_told_once(served, server, dialect, model, expected):
    server, provider = await served(server, dialect)
    error = await failure(provider, FimRequest(model, PREFIX, SUFFIX, 16))

    assert (error.failure, error.status) == expected
    assert len(server.requests) == 1


NATIVE = pytest.mark.parametrize(
    ("make", "dialect", "request_"),
    [
        (CompletionsServer, Dialect.TEMPLATE_QWEN, FimRequest(MODEL, PREFIX, "", 16)),
        (LlamaCppServer, Dialect.LLAMA_CPP, FimRequest("any", PREFIX, "", 16)),
        (OllamaServer, Dialect.OLLAMA, FimRequest(OLLAMA.model, PREFIX, "", 16)),
    ],
    ids=["completions", "llama.cpp", "ollama"],
)


@NATIVE
async def test_a_stream_that_is_cut_is_a_broken_answer(served, make, dialect, request_):
    _, provider = await served(make(breaks_after=2), dialect)
    events = provider.stream(request_)
    seen = [await anext(events), await anext(events)]

    assert seen == [TextDelta("width"), TextDelta(" *")]
    assert (await failure(provider, request_)).failure is Failure.BROKEN
    await events.aclose()


async def test_another_kind_of_answer_is_malformed(served):
    server, provider = await served(LlamaCppServer(), Dialect.LLAMA_CPP)
    server.stream = lambda _media, _pieces: server.page({"content": "not a stream"})

    assert (await failure(provider, LLAMA)).failure is Failure.MALFORMED


# -- connections -----------------------------------------------------------------------------


@NATIVE
async def test_closing_early_closes_the_connection(served, make, dialect, request_):
    server, provider = await served(make(gap_s=60), dialect)
    async with aclosing(provider.stream(request_)) as events:
        assert await anext(events) == TextDelta("width")
        assert server.open_sockets == 1
    await server.wait_for(lambda: server.requests[0].outcome == "aborted")
    await server.wait_for(lambda: server.open_sockets == 0)


@NATIVE
async def test_cancelling_the_reader_closes_the_connection(served, make, dialect, request_):
    server, provider = await served(make(gap_s=60), dialect)
    first = asyncio.Event()

    async def reader() -> None:
        async with aclosing(provider.stream(request_)) as events:
            async for _ in events:
                first.set()

    task = asyncio.create_task(reader())
    await first.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.wait_for(lambda: server.open_sockets == 0)


@NATIVE
async def test_reading_to_the_end_keeps_the_connection_for_pages_too(
    served, make, dialect, request_
):
    server, provider = await served(make(), dialect)
    await provider.warm()
    await read(provider, request_)
    await read(provider, request_)

    assert server.requests[0].path == "/v1/models"
    # llama.cpp closes behind a stream without saying so: nothing may be sent into that connection.
    closed = dialect is Dialect.LLAMA_CPP
    assert [one.connection for one in server.requests] == ([1, 1, 2] if closed else [1, 1, 1])
    assert [exchange.outcome for exchange in server.requests] == ["done"] * 3


async def test_a_chat_goes_to_openais_path_in_every_dialect(served):
    for dialect in (Dialect.LLAMA_CPP, Dialect.TEMPLATE_DEEPSEEK):
        server, provider = await served(LlamaCppServer(), dialect)
        await failure(provider, chat())
        assert server.requests[0].path == "/v1/chat/completions"
