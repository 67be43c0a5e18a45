"""The one path to a model: what is spent is known, also when everybody has gone."""

import asyncio

import pytest

from tandem.core.errors import BudgetError, Failure, ModelError
from tandem.core.model import Billed, Stop, Stopped, TextDelta, Usage
from tandem.core.money import Usd
from tandem.engine.gateway import Call, Terms
from tests.support.clock import run_jumping
from tests.support.gateway import REQUEST, TERMS, bench
from tests.support.script import Hang, answer

FLASH_COST = Usd(10 * 3_000 + 20 * 150_000 + 4 * 600_000)


def test_an_answer_is_settled_at_what_the_api_billed(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("return a + b")]
            assert await b.read() == "return a + b"
            await b.settled()
            totals = await b.totals()
            assert (totals.calls, totals.spent, totals.estimated) == (1, FLASH_COST, 0)
            assert b.provider.ended == ["read"]

    run_jumping(story)


def test_what_ends_within_the_grace_is_billed_exactly_and_its_text_is_not_lost(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("re"), hang, *answer("turn a + b")]]
            late: list[str] = []
            async with b.gateway.call(REQUEST, TERMS) as call:
                call.on_settled(lambda receipt: late.append(receipt.reply.text))
                await anext(call)
                await hang.reached.wait()
            hang.go.set()
            await b.settled()
            totals = await b.totals()
            assert late == ["return a + b"]
            assert (totals.estimated, b.provider.ended) == (0, ["read"])

    run_jumping(story)


def test_what_does_not_end_within_the_grace_is_closed_and_estimated(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("re"), hang]]
            async with b.gateway.call(REQUEST, TERMS) as call:
                await hang.reached.wait()
                left = asyncio.get_running_loop().time()
            assert isinstance(call, Call)
            await b.settled()
            totals = await b.totals()
            assert b.provider.ended == ["closed"]
            assert 0.4 <= asyncio.get_running_loop().time() - left < 1
            assert totals.estimated == 1
            assert totals.spent > Usd()

    run_jumping(story)


def test_without_a_grace_a_call_that_is_left_is_closed_at_once(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[hang]]
            async with b.gateway.call(REQUEST, Terms("plan", 60.0)):
                await hang.reached.wait()
            await b.settled()
            assert b.provider.ended == ["closed"]

    run_jumping(story)


def test_the_deadline_is_wall_clock_and_holds_over_keep_alives(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [[TextDelta("re"), Hang()]]
            with pytest.raises(ModelError) as caught:
                await b.read()
            assert caught.value.failure is Failure.TIMEOUT
            await b.settled()
            assert (await b.totals()).estimated == 1

    run_jumping(story)


@pytest.mark.parametrize("failure", [Failure.SERVER, Failure.RATE, Failure.NETWORK])
def test_a_passing_fault_is_tried_again_and_each_attempt_is_in_the_ledger(tmp_path, failure):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [[ModelError(failure, status=500)], answer("pass")]
            assert await b.read() == "pass"
            await b.settled()
            totals = await b.totals()
            assert (totals.calls, totals.estimated) == (2, 0)
            assert len(b.provider.requests) == 2

    run_jumping(story)


def test_a_lasting_fault_is_not_tried_again_and_costs_nothing(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [[ModelError(Failure.AUTHENTICATION, status=401)]]
            with pytest.raises(ModelError):
                await b.read()
            await b.settled()
            totals = await b.totals()
            assert (totals.calls, totals.spent, len(b.provider.requests)) == (1, Usd(), 1)

    run_jumping(story)


def test_a_fault_after_the_first_piece_is_not_tried_again(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [[TextDelta("re"), ModelError(Failure.BROKEN)], answer("never")]
            with pytest.raises(ModelError):
                await b.read()
            await b.settled()
            assert len(b.provider.requests) == 1
            assert (await b.totals()).estimated == 1

    run_jumping(story)


def test_nothing_is_sent_over_the_budget(tmp_path):
    async def story() -> None:
        async with bench(tmp_path, daily="0.00001") as b:
            with pytest.raises(BudgetError, match="daily_usd"):
                await b.read()
            assert b.provider.requests == []
            assert (await b.totals()).calls == 0

    run_jumping(story)


def test_calls_under_way_count_against_the_budget(tmp_path):
    async def story() -> None:
        async with bench(tmp_path, daily="0.00006") as b:
            hang = Hang()
            b.provider.scripts = [[hang, *answer("a")], answer("b")]
            async with b.gateway.call(REQUEST, TERMS) as call:
                await hang.reached.wait()
                with pytest.raises(BudgetError):
                    await b.read()
                hang.go.set()
                async for _ in call:
                    pass
            await b.settled()
            assert await b.read() == "b"

    run_jumping(story)


def test_an_empty_stream_is_a_failure_with_a_name(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [[]]
            with pytest.raises(ModelError) as caught:
                await b.read()
            assert caught.value.failure is Failure.EMPTY

    run_jumping(story)


def test_closing_down_settles_what_is_under_way(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            hang = Hang()
            b.provider.scripts = [[TextDelta("re"), hang]]
            async with b.gateway.call(REQUEST, TERMS):
                await hang.reached.wait()
                await b.gateway.aclose()
                totals = await b.totals()
                assert (totals.reserved, totals.estimated) == (Usd(), 1)
                assert b.provider.ended == ["closed"]

    run_jumping(story)


def test_the_limit_on_calls_at_once_holds(tmp_path):
    async def story() -> None:
        async with bench(tmp_path, concurrency=1) as b:
            first, second = Hang(), Hang()
            b.provider.scripts = [[first, *answer("a")], [second, *answer("b")]]
            readers = [asyncio.create_task(b.read()) for _ in range(2)]
            await first.reached.wait()
            await asyncio.sleep(0.1)
            assert not second.reached.is_set()
            first.go.set()
            second.go.set()
            assert sorted(await asyncio.gather(*readers)) == ["a", "b"]

    run_jumping(story)


def test_accounting_follows_the_model_that_answered(tmp_path):
    async def story() -> None:
        async with bench(tmp_path) as b:
            pro = Billed(Usage(miss=1000), "deepseek-v4-pro")
            b.provider.scripts = [[TextDelta("x"), Stopped(Stop.END, "deepseek-v4-pro"), pro]]
            await b.read()
            await b.settled()
            assert (await b.totals()).spent == Usd(1000 * 660_000)

    run_jumping(story)


@pytest.mark.parametrize("turn", range(40))
def test_a_cancellation_at_any_await_leaves_one_settlement_and_nothing_running(tmp_path, turn):
    """Cancel the reader after `turn` turns of the loop: wherever that is, the books balance."""

    async def story() -> None:
        async with bench(tmp_path) as b:
            b.provider.scripts = [answer("return a + b")]
            reader = asyncio.create_task(b.read())
            for _ in range(turn):
                await asyncio.sleep(0)
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await b.settled()
            totals = await b.totals()
            assert totals.reserved == Usd()
            assert totals.calls == len(b.provider.ended) or not b.provider.requests

    run_jumping(story)
