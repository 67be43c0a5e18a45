"""Answers under way: typing along waits for them, typing away lets them go, none stays for ever."""

import asyncio

from tandem.core.errors import Failure, ModelError
from tandem.core.model import TextDelta
from tandem.features.inline.complete import Completion, Nothing, Ports, complete
from tandem.features.inline.flights import LEFT_S, Flights
from tandem.features.inline.gate import Trigger
from tandem.features.inline.memo import Memo
from tandem.features.inline.typing_history import TypingHistory
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings
from tests.features.test_inline_flow import _typed
from tests.support.clock import LoopClock, run_jumping
from tests.support.gateway import Bench, bench
from tests.support.markers import marked
from tests.support.script import Hang, answer


def ports(b: Bench) -> Ports:
    return Ports(Memo(), None, b.gateway, LoopClock(), Flights(), TypingHistory())


async def ask(document: Document, offset: int, with_: Ports) -> "Completion | Nothing":
    return await complete(document, offset, Trigger.AUTOMATIC, Settings(), with_)


async def leave(task: "asyncio.Task[object]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_typing_along_an_answer_under_way_asks_once(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("return"), hang, *answer(" total")]]
            document, offset = marked("def f(total):\n    $0\n")
            p = ports(b)
            task = asyncio.create_task(ask(document, offset, p))
            await hang.reached.wait()
            for key in "return":
                await leave(task)
                document, offset = _typed(document, offset, key)
                task = asyncio.create_task(ask(document, offset, p))
                await asyncio.sleep(0.05)
            hang.go.set()
            shown = await task
            assert isinstance(shown, Completion)
            assert shown.text == " total"
            assert len(b.provider.requests) == 1

    run_jumping(story)


def test_typing_another_way_lets_it_go_and_asks_anew(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("return"), hang], answer("ield total")]
            document, offset = marked("def f(total):\n    $0\n")
            p = ports(b)
            task = asyncio.create_task(ask(document, offset, p))
            await hang.reached.wait()
            await leave(task)
            document, offset = _typed(document, offset, "y")
            shown = await ask(document, offset, p)
            assert isinstance(shown, Completion)
            assert shown.text == "ield total"
            await b.settled()
            assert sorted(b.provider.ended) == ["closed", "read"]

    run_jumping(story)


def test_a_flight_that_nobody_waits_for_ends(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("x"), hang]]
            document, offset = marked("def f(total):\n    $0\n")
            task = asyncio.create_task(ask(document, offset, ports(b)))
            await hang.reached.wait()
            await leave(task)
            await asyncio.sleep(LEFT_S + 1)
            assert b.provider.ended == ["closed"]
            assert not b.gateway.running

    run_jumping(story)


def test_a_failure_is_told_once_and_then_tried_again(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [[ModelError(Failure.AUTHENTICATION)], answer("return 1")]
            document, offset = marked("def f(total):\n    $0\n")
            p = ports(b)
            failed = await ask(document, offset, p)
            assert isinstance(failed, Nothing)
            assert failed.error is not None
            shown = await ask(document, offset, p)
            assert isinstance(shown, Completion)

    run_jumping(story)


def test_a_block_is_not_bought_beyond_its_end(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            said = answer("return a + b\n\n\ndef sub(a, b):\n")[:-2]
            b.provider.scripts = [[*said, hang, TextDelta("never bought")]]
            document, offset = marked("def add(a, b):\n    $0\n\nx = 1\n")
            shown = await ask(document, offset, ports(b))
            assert isinstance(shown, Completion)
            assert shown.text == "return a + b"
            await b.settled()
            assert b.provider.ended == ["closed"]

    run_jumping(story)


def test_what_a_server_says_behind_a_line_is_kept(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("total = 1\ncount = 2\n")]
            document, offset = marked("x = 1\n$0\n")
            p = ports(b)
            shown = await ask(document, offset, p)
            assert isinstance(shown, Completion)
            assert shown.text == "total = 1"
            assert len(b.provider.requests) == 1

    run_jumping(story)
