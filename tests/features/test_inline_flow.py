"""The story over several keystrokes: what is known is free, what is superseded costs nothing."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.model import FimRequest, TextDelta
from tandem.core.text import Span, Text
from tandem.features.inline.complete import Completion, Nothing, Ports, ahead, complete
from tandem.features.inline.flights import Flights
from tandem.features.inline.gate import Trigger
from tandem.features.inline.memo import Known, Memo
from tandem.features.inline.prompt import render
from tandem.features.inline.typing_history import TypingHistory
from tandem.workspace.documents import Document
from tandem.workspace.settings import Completion as CompletionSettings
from tandem.workspace.settings import Settings
from tests.support.clock import LoopClock, run_jumping
from tests.support.gateway import Bench, bench
from tests.support.markers import URI, marked
from tests.support.script import Hang, answer


def _ports(b: Bench, memo: Memo) -> Ports:
    return Ports(memo, None, b.gateway, LoopClock(), Flights(), TypingHistory())


def _typed(document: Document, offset: int, text: str) -> tuple[Document, int]:
    new = document.text.replace(Span(offset, offset), text)
    return Document(URI, document.language, document.version + 1, new), offset + len(text)


def test_typing_along_a_completion_asks_nobody_and_does_not_wait(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("return a + b")]
            ports = _ports(b, Memo())
            document, offset = marked("def add(a, b):\n    $0\n")
            await complete(document, offset, Trigger.AUTOMATIC, Settings(), ports)
            left = []
            for typed in ("r", "eturn ", "a +"):
                document, offset = _typed(document, offset, typed)
                began = asyncio.get_running_loop().time()
                known = await complete(document, offset, Trigger.AUTOMATIC, Settings(), ports)
                assert isinstance(known, Completion)
                assert known.remembered
                assert asyncio.get_running_loop().time() - began < 0.01
                left.append(known.text)
            assert left == ["eturn a + b", "a + b", " b"]
            assert len(b.provider.requests) == 1

    run_jumping(story)


def test_a_request_cancelled_during_the_pause_was_never_made(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            document, offset = marked("x = $0\n")
            settings = Settings(completion=CompletionSettings(delay_ms=120))
            ask = complete(document, offset, Trigger.AUTOMATIC, settings, _ports(b, Memo()))
            task = asyncio.create_task(ask)
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert b.provider.requests == []
            assert (await b.totals()).calls == 0

    run_jumping(story)


def test_what_a_superseded_request_still_brings_serves_the_next_keystroke(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("val"), hang, *answer("ue + 1")]]
            ports = _ports(b, Memo())
            document, offset = marked("x = $0\n")
            ask = complete(document, offset, Trigger.INVOKED, Settings(), ports)
            task = asyncio.create_task(ask)
            await hang.reached.wait()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            hang.go.set()
            await b.settled()
            document, offset = _typed(document, offset, "va")
            known = await complete(document, offset, Trigger.AUTOMATIC, Settings(), ports)
            assert isinstance(known, Completion)
            assert (known.text, known.remembered) == ("lue + 1", True)
            assert len(b.provider.requests) == 1

    run_jumping(story)


def test_off_and_manual_are_obeyed(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            document, offset = marked("x = $0\n")
            for mode in ("off", "manual"):
                settings = Settings(completion=CompletionSettings(mode=mode))
                ports = _ports(b, Memo())
                nothing = await complete(document, offset, Trigger.AUTOMATIC, settings, ports)
                assert isinstance(nothing, Nothing)
                assert mode in nothing.reason
            b.provider.scripts = [answer("1")]
            settings = Settings(completion=CompletionSettings(mode="manual"))
            shown = await complete(document, offset, Trigger.INVOKED, settings, _ports(b, Memo()))
            assert isinstance(shown, Completion)

    run_jumping(story)


@given(st.text(alphabet="ab \n", max_size=300), st.text(alphabet="abc", min_size=1, max_size=12))
def test_the_memo_answers_exactly_along_its_completion(before, completion):
    text = Text.of(before + "\nrest")
    memo = Memo()
    memo.add(URI, text, len(before), Known(completion, "flash", "m"))
    for typed in range(len(completion)):
        now = text.replace(Span(len(before), len(before)), completion[:typed])
        found = memo.find(URI, now, len(before) + typed)
        assert found is not None
        assert completion.endswith(found.text)
    away = text.replace(Span(len(before), len(before)), "Z")
    assert memo.find(URI, away, len(before) + 1) is None


@given(st.integers(0, 400), st.integers(200, 900))
def test_the_prompt_is_what_stands_around_the_cursor(line, window):
    text = Text.of("".join(f"line number {n} of a long file\n" for n in range(400)))
    offset = text.line_end(line)
    settings = CompletionSettings(prefix_chars=window, suffix_chars=100)
    request = render(Document(URI, "python", 1, text), offset, "deepseek-flash", settings)
    whole = str(text)
    assert whole[:offset].endswith(request.prompt)
    assert whole[offset:].startswith(request.suffix)
    assert window // 4 <= len(request.prompt) <= window or offset < window
    assert len(request.suffix) <= 100


def test_the_prefix_stays_byte_identical_while_typing_a_line():
    text = Text.of("".join(f"line number {n} of a long file\n" for n in range(2000)))
    offset = text.line_end(1000)
    settings = CompletionSettings()
    prompts = []
    for char in "value = compute(something)":
        text = text.replace(Span(offset, offset), char)
        offset += 1
        request = render(Document(URI, "python", 1, text), offset, "m", settings)
        prompts.append(request.prompt)
    moved = sum(not longer.startswith(shorter) for shorter, longer in pairwise(prompts))
    assert moved <= 1  # the window's start may pass one boundary, it must not slide


@pytest.mark.parametrize(
    ("source", "said", "asked"),
    [
        ("def add(a, b):\n    $0\n", "return a + b", "def add(a, b):\n    return a + b\n    "),
        ("x = 1\ny = $0\n", "2", "x = 1\ny = 2\n"),
        ("x = f($0)\n", "a, b", None),  # what comes next is in this line
    ],
)
def test_where_one_after_another_is_taken_the_line_below_is_asked_for(
    tmp_path, source, said, asked
):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer(said), answer("more")]
            ports = _ports(b, Memo())
            settings = Settings(completion=CompletionSettings(prefetch=True))
            document, offset = marked(source)
            for _ in range(2):
                ports.history.accepted(asyncio.get_running_loop().time())
            shown = await complete(document, offset, Trigger.INVOKED, settings, ports)
            assert isinstance(shown, Completion)
            ahead(document, offset, settings, ports, shown)
            await asyncio.sleep(3)
            await b.settled()
            later = [r.prompt for r in b.provider.requests[1:] if isinstance(r, FimRequest)]
            assert later == ([asked] if asked else [])
            ahead(document, offset, Settings(), ports, shown)
            await asyncio.sleep(3)
            assert len(b.provider.requests) == 1 + bool(asked)

    run_jumping(story)
