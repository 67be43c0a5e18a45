"""What was answered once is not paid for again, also by the next process."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    Billed,
    ChatRequest,
    Message,
    ReasoningDelta,
    Request,
    Stop,
    Stopped,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolCallDelta,
    Usage,
)
from tandem.core.money import Usd
from tandem.core.reply import Reply, ReplyBuilder
from tandem.engine import recorded
from tandem.engine.asking import Asker
from tandem.engine.gateway import Receipt, Terms
from tandem.engine.recorded import Recorded
from tandem.ledger.ledger import Settlement
from tandem.workspace.plans import Plans
from tests.support.clock import run_jumping
from tests.support.gateway import REQUEST, TERMS, bench
from tests.support.script import Hang, Step, answer

PLAN = Terms("plan", 60.0)
CHAT = ChatRequest(
    "deepseek-v4-pro",
    (Message("system", "You plan.\udcff"), Message("user", "Do it: ü\ud83d")),
    1000,
    Thinking.HIGH,
    tools=(Tool("propose", "Hand it in", {"type": "object", "required": ["plan"]}, strict=True),),
)


class Answers:
    """A place for answers that holds them as a disk does: as JSON."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.full = False

    def answer(self, key: str) -> dict[str, Any] | None:
        value: dict[str, Any] | None = json.loads(self.kept.get(key, "null"))
        return value

    def keep(self, key: str, answer: dict[str, Any]) -> None:
        if self.full:
            raise OSError(28, "no space left")
        self.kept[key] = json.dumps(answer)


async def asked(
    asker: Asker, request: Request = REQUEST, terms: Terms = TERMS
) -> tuple[Reply, Receipt]:
    """Read an answer to its end; return it, and what it cost."""
    receipts: list[Receipt] = []
    async with asker.call(request, terms) as call:
        call.on_settled(receipts.append)
        async for _ in call:
            pass
        (receipt,) = receipts
        return call.builder.reply(), receipt


async def texts(asker: Asker, count: int) -> list[str]:
    return [(await asked(asker))[0].text for _ in range(count)]


# ------------------------------------------------------------------------------ kept and replayed


def test_what_was_answered_is_not_asked_again_by_the_next_process(tmp_path):
    async def story() -> None:
        plan = Plans(tmp_path / "plans").new()
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("return a + b")]
            first = await asked(Recorded(b.gateway, plan))
            again = await asked(Recorded(b.gateway, plan))
            await b.settled()

            assert first[0].text == again[0].text == "return a + b"
            assert first[0] == again[0]
            assert len(b.provider.requests) == 1
            assert (await b.totals()).calls == 1  # and paid for once

    run_jumping(story)


def test_all_of_an_answer_comes_back(tmp_path):
    async def story() -> None:
        script: list[Step] = [
            ReasoningDelta("hm, "),
            ReasoningDelta("ü\ud83d"),
            TextDelta("I "),
            ToolCallDelta(0, "call_0", "propose", '{"pl'),
            TextDelta("do"),
            ToolCallDelta(1, "call_1", "look", "{}"),
            ToolCallDelta(0, arguments='an": 1}'),
            Stopped(Stop.TOOL_CALLS, "deepseek-v4-pro"),
            Billed(Usage(hit=1000, miss=20, output=30, reasoning=12), "deepseek-v4-pro"),
        ]
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [script]
            reply, receipt = await asked(Recorded(b.gateway, answers), CHAT, PLAN)
            again, known = await asked(Recorded(b.gateway, answers), CHAT, PLAN)

        assert again == reply == receipt.reply == known.reply
        assert (again.text, again.reasoning) == ("I do", "hm, ü\ud83d")
        assert again.tool_calls == (
            ToolCall("call_0", "propose", '{"plan": 1}'),
            ToolCall("call_1", "look", "{}"),
        )
        assert (again.stop, again.usage) == (Stop.TOOL_CALLS, Usage(1000, 20, 30, 12))
        first, second = receipt.settlement, known.settlement
        assert second.cost == first.cost
        assert second.cost is not None
        assert second.cost > Usd()
        assert (second.outcome, second.model, second.usage) == ("done", first.model, first.usage)
        assert not second.estimated

    run_jumping(story)


def test_an_answer_without_a_price_has_none_when_it_comes_again(tmp_path):
    async def story() -> None:
        answers, request = Answers(), replace(CHAT, model="some/other")
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("yes", model="some/other")]
            for _ in range(2):
                _, receipt = await asked(Recorded(b.gateway, answers), request)
                assert receipt.settlement.cost is None

    run_jumping(story)


STOPS = st.sampled_from([stop for stop in Stop if stop is not Stop.NO_CAPACITY])
CALLS = st.lists(st.builds(ToolCall, st.text(), st.text(), st.text()), max_size=3).map(tuple)
COUNTS = st.integers(0, 10**6)
USAGES = st.builds(Usage, COUNTS, COUNTS, COUNTS, COUNTS)
REPLIES = st.builds(Reply, st.text(), st.text(), CALLS, STOPS, USAGES, st.text())


@given(REPLIES, st.none() | st.integers(0, 10**13).map(Usd))
def test_any_answer_is_the_same_after_the_disk(reply, cost):
    settlement = Settlement("done", reply.model, reply.usage, cost, False, 1, 2)
    record = recorded._record(Receipt(reply, settlement))
    kept = recorded._kept(json.loads(json.dumps(record)))

    assert kept is not None
    assert kept.cost == cost
    builder = ReplyBuilder()
    for event in kept.events:
        builder.feed(event)
    assert builder.reply() == reply


def test_an_answer_is_kept_before_its_reader_knows_that_it_is_whole(tmp_path):
    async def story() -> None:
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("return a + b")]
            async with Recorded(b.gateway, answers).call(REQUEST, TERMS) as call:
                async for _ in call:
                    pass
                assert len(answers.kept) == 1  # the process may die here

    run_jumping(story)


@pytest.mark.parametrize(
    "other",
    [
        replace(CHAT, model="deepseek-flash"),
        replace(CHAT, max_tokens=1001),
        replace(CHAT, thinking=Thinking.MAX),
        replace(CHAT, json=True),
        replace(CHAT, tools=()),
        replace(CHAT, tools=(replace(CHAT.tools[0], schema={"type": "object"}),)),
        replace(CHAT, messages=CHAT.messages[:1]),
        replace(CHAT, messages=CHAT.messages[::-1]),
        replace(CHAT, temperature=1.0),
        REQUEST,
    ],
)
def test_another_request_is_asked(tmp_path, other):
    async def story() -> None:
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("one"), answer("two")]
            one, _ = await asked(Recorded(b.gateway, answers), CHAT)
            two, _ = await asked(Recorded(b.gateway, answers), other)
            assert (one.text, two.text) == ("one", "two")
            assert b.provider.requests == [CHAT, other]

    run_jumping(story)


def test_prices_are_those_of_who_is_asked(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            usage = Usage(miss=1000)
            known = Recorded(b.gateway, Answers()).estimate("deepseek-v4-pro", usage)
            assert known == b.gateway.estimate("deepseek-v4-pro", usage)
            assert known is not None

    run_jumping(story)


# ------------------------------------------------------------------------- asked again on purpose


def test_what_is_asked_twice_is_answered_twice_and_replayed_in_order(tmp_path):
    async def story() -> None:
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("one"), answer("two"), answer("three")]
            assert await texts(Recorded(b.gateway, answers), 2) == ["one", "two"]
            assert len(b.provider.requests) == 2
            assert await texts(Recorded(b.gateway, answers), 3) == ["one", "two", "three"]
            assert len(b.provider.requests) == 3
            assert await texts(Recorded(b.gateway, answers), 3) == ["one", "two", "three"]
            assert len(b.provider.requests) == 3

    run_jumping(story)


def test_what_is_asked_twice_at_once_is_answered_twice(tmp_path):
    async def story() -> None:
        answers, hang = Answers(), Hang()
        async with bench(tmp_path) as b:
            b.provider.scripts = [[hang, *answer("slow")], answer("quick")]
            asker = Recorded(b.gateway, answers)
            slow = asyncio.create_task(asked(asker))
            await hang.reached.wait()
            quick, _ = await asked(asker)
            hang.go.set()
            assert (quick.text, (await slow)[0].text) == ("quick", "slow")

            assert sorted(await texts(Recorded(b.gateway, answers), 2)) == ["quick", "slow"]
            assert len(b.provider.requests) == 2

    run_jumping(story)


# ------------------------------------------------------------------------------------- not kept


@pytest.mark.parametrize(
    "script",
    [
        [TextDelta("re"), ModelError(Failure.BROKEN)],
        [TextDelta("re")],  # the stream just ends
        [ModelError(Failure.BALANCE, status=402)],
        [],
    ],
)
def test_an_answer_that_broke_off_is_not_kept(tmp_path, script):
    async def story() -> None:
        answers, once = Answers(), replace(TERMS, attempts=1)
        async with bench(tmp_path) as b:
            b.provider.scripts = [script, answer("return")]
            with pytest.raises(ModelError):
                await asked(Recorded(b.gateway, answers), REQUEST, once)
            await b.settled()
            assert answers.kept == {}
            assert (await asked(Recorded(b.gateway, answers)))[0].text == "return"

    run_jumping(story)


def test_an_answer_after_one_that_broke_off_is_found_again(tmp_path):
    async def story() -> None:
        answers, once = Answers(), replace(TERMS, attempts=1)
        async with bench(tmp_path) as b:
            b.provider.scripts = [[TextDelta("re"), ModelError(Failure.BROKEN)], answer("return")]
            asker = Recorded(b.gateway, answers)
            with pytest.raises(ModelError):
                await asked(asker, REQUEST, once)
            assert (await asked(asker))[0].text == "return"

            assert await texts(Recorded(b.gateway, answers), 1) == ["return"]
            assert len(b.provider.requests) == 2

    run_jumping(story)


@pytest.mark.parametrize(
    ("stop", "is_kept"),
    [
        (Stop.END, True),
        (Stop.LENGTH, True),
        (Stop.FILTERED, True),
        (Stop.NO_CAPACITY, False),  # the API gave up in the middle
    ],
)
def test_only_what_the_api_calls_complete_is_kept(tmp_path, stop, is_kept):
    async def story() -> None:
        answers = Answers()
        bill = Billed(Usage(miss=10, output=1), "deepseek-flash")
        async with bench(tmp_path) as b:
            b.provider.scripts = [[TextDelta("re"), Stopped(stop, "deepseek-flash"), bill]]
            reply, _ = await asked(Recorded(b.gateway, answers))
            assert reply.stop is stop
            assert bool(answers.kept) is is_kept

    run_jumping(story)


@pytest.mark.parametrize(
    "script",
    [
        [TextDelta("re"), Billed(Usage(miss=10, output=1), "deepseek-flash")],
        [TextDelta("re"), Stopped(Stop.END, "deepseek-flash")],
    ],
)
def test_without_its_end_or_its_bill_an_answer_is_not_kept(tmp_path, script):
    async def story() -> None:
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [script]
            reply, _ = await asked(Recorded(b.gateway, answers))
            assert (reply.text, answers.kept) == ("re", {})

    run_jumping(story)


def test_a_call_that_is_cancelled_is_not_kept(tmp_path):
    async def story() -> None:
        answers, hang = Answers(), Hang()
        async with bench(tmp_path) as b:
            b.provider.scripts = [[TextDelta("re"), hang, *answer("turn")], answer("return")]
            asker = Recorded(b.gateway, answers)
            reader = asyncio.create_task(asked(asker, REQUEST, replace(TERMS, grace_s=0.0)))
            await hang.reached.wait()
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await b.settled()
            assert (answers.kept, b.provider.ended) == ({}, ["closed"])

            assert await texts(asker, 1) == ["return"]
            assert await texts(Recorded(b.gateway, answers), 1) == ["return"]

    run_jumping(story)


def test_a_call_that_is_left_is_kept_if_it_ends_well_in_its_grace(tmp_path):
    async def story() -> None:
        answers, hang = Answers(), Hang()
        async with bench(tmp_path) as b:
            b.provider.scripts = [[TextDelta("re"), hang, *answer("turn")]]
            async with Recorded(b.gateway, answers).call(REQUEST, TERMS):
                await hang.reached.wait()
            hang.go.set()
            await b.settled()
            assert await texts(Recorded(b.gateway, answers), 1) == ["return"]

    run_jumping(story)


@pytest.mark.parametrize("turn", range(20))
def test_wherever_a_reader_is_cancelled_only_whole_answers_are_kept(tmp_path, turn):
    async def story() -> None:
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("return a + b"), answer("return a + b")]
            reader = asyncio.create_task(asked(Recorded(b.gateway, answers)))
            for _ in range(turn):
                await asyncio.sleep(0)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await b.settled()
            bought = len(answers.kept)
            b.provider.requests.clear()
            assert await texts(Recorded(b.gateway, answers), 1) == ["return a + b"]
            assert len(b.provider.requests) == 1 - bought

    run_jumping(story)


# -------------------------------------------------------------------------------- a bad disk


def test_a_disk_that_keeps_nothing_disturbs_nobody(tmp_path):
    async def story() -> None:
        answers = Answers()
        answers.full = True
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("one"), answer("two"), answer("three")]
            asker = Recorded(b.gateway, answers)
            reply, receipt = await asked(asker)
            assert (reply.text, receipt.settlement.outcome) == ("one", "done")
            answers.full = False
            assert await texts(asker, 1) == ["two"]

            assert await texts(Recorded(b.gateway, answers), 2) == ["two", "three"]

    run_jumping(story)


@pytest.mark.parametrize(
    "damage",
    [
        {"text": None},  # taken away
        {"cost": None},
        {"stop": "because"},
        {"usage": {"tokens": 3}},
        {"tool_calls": ["call"]},
        {"tool_calls": [{"id": "1"}]},
        {"tool_calls": 3},
    ],
)
def test_an_answer_that_makes_no_sense_is_asked_for_again(tmp_path, damage):
    async def story() -> None:
        answers = Answers()
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("one"), answer("two")]
            await asked(Recorded(b.gateway, answers))
            ((key, text),) = answers.kept.items()
            record = {**json.loads(text), **damage}
            answers.kept[key] = json.dumps({k: v for k, v in record.items() if v is not None})

            assert await texts(Recorded(b.gateway, answers), 1) == ["two"]
            assert await texts(Recorded(b.gateway, answers), 1) == ["two"]

    run_jumping(story)
