"""Ask, judge, tell why not, climb: with a task that is right about the number 42."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tandem.core.errors import Failure, ModelError
from tandem.core.model import (
    Billed,
    ChatRequest,
    Message,
    ReasoningDelta,
    Stop,
    Stopped,
    TextDelta,
    Thinking,
    Usage,
)
from tandem.core.money import Usd
from tandem.core.reply import Reply
from tandem.engine.harness import Experience, Failed, Outcome, Verdict, carry_out
from tandem.engine.ladder import Limits, Odds, Rung, Step
from tests.support.clock import run_jumping
from tests.support.gateway import Bench, bench
from tests.support.script import Hang, answer

LIMITS = Limits(Rung.PRO_MAX, Usd())


@dataclass
class Sum:
    """Wants the answer 42."""

    purpose: str = "sum"
    told: list[tuple[Rung, tuple[str, ...], bool]] = field(default_factory=list)

    def request(self, rung: Rung, failed: Sequence[Failed], *, vary: bool) -> ChatRequest:
        problems = failed[-1].problems if failed else ()
        self.told.append((rung, problems, vary))
        model = "deepseek-flash" if rung in {Rung.FLASH, Rung.FLASH_THINKING} else "deepseek-v4-pro"
        return ChatRequest(model, (Message("user", "6 * 7?"),), 64, Thinking.OFF)

    async def judge(self, _request: ChatRequest, reply: Reply) -> Verdict[int]:
        if reply.text != "42":
            return Verdict(None, (f"{reply.text} is wrong",))
        return Verdict(42)


def run(tmp_path: Path, scripts, task=None, limits=LIMITS, experience=None):
    """Return the outcome, what was announced, and the bench."""
    announced: list[tuple[Step, tuple[str, ...]]] = []

    async def announce(step: Step, failed: Sequence[Failed]) -> None:
        announced.append((step, failed[-1].problems if failed else ()))

    async def main() -> tuple[Outcome[int], Bench, Usd]:
        async with bench(tmp_path, daily="10") as made:
            made.provider.scripts += scripts
            known = experience or Experience()
            outcome = await carry_out(task or Sum(), made.gateway, limits, known, announce)
            await made.settled()
            return outcome, made, (await made.totals()).spent

    return (*run_jumping(main), announced)


def test_the_first_good_answer_is_the_value(tmp_path) -> None:
    outcome, made, spent, announced = run(tmp_path, [answer("42")])

    assert (outcome.value, outcome.rung, outcome.answers) == (42, Rung.FLASH, 1)
    assert outcome.cost == spent
    assert len(made.provider.requests) == 1
    assert [step.rung for step, _ in announced] == [Rung.FLASH]
    assert announced[0][0].estimate is not None


def test_a_refusal_goes_back_to_the_model_as_a_sentence(tmp_path) -> None:
    outcome, _made, _spent, announced = run(tmp_path, [answer("41"), answer("42")])

    assert outcome.value == 42
    assert announced[1] == (announced[1][0], ("41 is wrong",))
    assert outcome.failed[0].text == "41"


def test_several_candidates_are_bought_at_once_and_the_first_good_one_ends_the_others(
    tmp_path,
) -> None:
    hang = Hang()
    scripts = [answer("40"), answer("41"), answer("43"), answer("42"), [TextDelta("4"), hang]]
    outcome, made, spent, announced = run(tmp_path, scripts)

    assert outcome.value == 42
    assert announced[-1][0].candidates == 3
    assert made.provider.ended == ["read", "read", "read", "read", "closed"]
    assert outcome.cost == spent  # the one that was closed is paid for, and counted


def test_it_climbs_when_a_rung_has_failed_enough(tmp_path) -> None:
    wrong = [answer("41") for _ in range(6)]
    outcome, made, _spent, announced = run(tmp_path, [*wrong, answer("42")])

    assert outcome.rung is Rung.PRO
    assert [step.rung for step, _ in announced][-2:] == [Rung.FLASH_THINKING, Rung.PRO]
    assert made.provider.requests[-1].model == "deepseek-v4-pro"


def test_when_everything_fails_the_reason_names_the_last_refusal(tmp_path) -> None:
    outcome, _made, _spent, _announced = run(
        tmp_path, [answer("41") for _ in range(5)], limits=Limits(Rung.FLASH, Usd())
    )

    assert outcome.value is None
    assert outcome.reason == (
        "every model that may be asked has failed; the last answer was refused: 41 is wrong"
    )


def test_the_cap_of_an_action_stops_the_climb(tmp_path) -> None:
    outcome, made, spent, _ = run(
        tmp_path, [answer("41") for _ in range(9)], limits=Limits(Rung.PRO_MAX, Usd.of("0.0005"))
    )

    assert outcome.value is None
    assert "may cost" in outcome.reason
    assert spent < Usd.of("0.0005")
    assert len(made.provider.requests) < 9


EMPTY = [Stopped(Stop.END, "deepseek-flash"), Billed(Usage(miss=5), "deepseek-flash")]
THOUGHT = [ReasoningDelta("hm"), Stopped(Stop.LENGTH, ""), Billed(Usage(miss=5, output=1), "")]
FILTERED = [TextDelta("4"), Stopped(Stop.FILTERED, ""), Billed(Usage(miss=5, output=1), "")]
NO_CAPACITY = [TextDelta("4"), Stopped(Stop.NO_CAPACITY, ""), Billed(Usage(miss=5, output=1), "")]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (EMPTY, "the answer was empty"),
        (THOUGHT, "it thought until it was cut off"),
        (FILTERED, "content filter"),
        (NO_CAPACITY, "overloaded"),
        ([TextDelta("4"), ModelError(Failure.BROKEN)], "the connection broke"),
    ],
)
def test_what_the_api_is_documented_to_do_is_a_failed_try(tmp_path, script, said) -> None:
    outcome, _made, _spent, announced = run(tmp_path, [script, answer("42")])

    assert outcome.value == 42
    assert said in announced[1][1][0]


@pytest.mark.parametrize("failure", [Failure.AUTHENTICATION, Failure.BALANCE, Failure.MODEL])
def test_what_no_rung_can_mend_ends_it_at_once(tmp_path, failure) -> None:
    outcome, made, _spent, _ = run(tmp_path, [[ModelError(failure, status=401)]])

    assert outcome.value is None
    assert outcome.reason == failure.value
    assert len(made.provider.requests) == 1


def test_the_budget_ends_it_with_its_own_sentence(tmp_path) -> None:
    async def main() -> Outcome[int]:
        async def announce(*_: object) -> None:
            return

        async with bench(tmp_path, daily="0.000001") as made:
            return await carry_out(Sum(), made.gateway, LIMITS, Experience(), announce)

    assert "today's budget" in run_jumping(main).reason


def test_experience_counts_successes_and_failures(tmp_path) -> None:
    experience = Experience()
    _ = run(tmp_path, [answer("41"), answer("42")], experience=experience)

    assert experience.odds("sum") == {Rung.FLASH: Odds(1, 1)}


@pytest.mark.parametrize("turns", range(1, 12))
def test_a_cancel_at_any_turn_spends_nothing_more_and_settles_what_was_sent(
    tmp_path, turns
) -> None:
    async def main() -> None:
        async def announce(*_: object) -> None:
            return

        async with bench(tmp_path) as made:
            made.provider.scripts += [answer("41"), [TextDelta("4"), Hang()], answer("42")]
            task = asyncio.create_task(
                carry_out(Sum(), made.gateway, LIMITS, Experience(), announce)
            )
            for _ in range(turns * 3):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            asked = len(made.provider.requests)
            await made.settled()
            totals = await made.totals()
            assert len(made.provider.requests) == asked
            assert len(made.provider.ended) == asked
            assert totals.reserved == Usd()

    run_jumping(main)
