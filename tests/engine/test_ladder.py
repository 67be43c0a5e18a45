"""Which model is asked next, as a function of what failed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tandem.core.money import Usd
from tandem.engine.ladder import RUNGS, Halt, Limits, Odds, Rung, Step, Try, advance, chance

CHEAP = {
    Rung.FLASH: Usd.of("0.001"),
    Rung.FLASH_THINKING: Usd.of("0.004"),
    Rung.PRO: Usd.of("0.01"),
    Rung.PRO_MAX: Usd.of("0.03"),
}
FREE = Limits(Rung.PRO_MAX, Usd())


def climbed(limits: Limits = FREE, odds: dict[Rung, Odds] | None = None) -> list[Step]:
    """Return every step of a task at which everything fails."""
    tried: list[Try] = []
    steps: list[Step] = []
    while isinstance(step := advance(tried, odds or {}, CHEAP, limits), Step):
        steps.append(step)
        tried.append(Try(step.rung, step.candidates, step.estimate or Usd()))
        assert len(steps) < 20
    return steps


def test_a_task_at_which_everything_fails_goes_through_all_rungs() -> None:
    rungs = [(step.rung, step.candidates) for step in climbed()]
    assert rungs == [
        (Rung.FLASH, 1),
        (Rung.FLASH, 1),
        (Rung.FLASH, 3),
        (Rung.FLASH_THINKING, 1),
        (Rung.PRO, 1),
        (Rung.PRO, 1),
        (Rung.PRO_MAX, 1),
    ]


def test_several_candidates_cost_as_much() -> None:
    assert climbed()[2].estimate == Usd.of("0.003")


def test_flash_that_hardly_ever_succeeds_is_tried_once() -> None:
    odds = {Rung.FLASH: Odds(1, 60)}
    assert [step.rung for step in climbed(odds=odds)][:2] == [Rung.FLASH, Rung.FLASH_THINKING]


def test_flash_is_tried_again_only_while_its_chance_beats_the_ratio_of_the_prices() -> None:
    dear = CHEAP | {Rung.FLASH: Usd.of("0.0039")}  # nearly as dear as thinking
    tried = [Try(Rung.FLASH, 1, Usd())]
    again = advance(tried, {}, CHEAP, FREE)
    up = advance(tried, {}, dear, FREE)
    assert isinstance(again, Step)
    assert isinstance(up, Step)
    assert (again.rung, up.rung) == (Rung.FLASH, Rung.FLASH_THINKING)


def test_the_top_is_the_users() -> None:
    steps = climbed(replace(FREE, top=Rung.FLASH))
    assert {step.rung for step in steps} == {Rung.FLASH}
    halt = advance([Try(Rung.FLASH, 1, Usd())] * 3, {}, CHEAP, replace(FREE, top=Rung.FLASH))
    assert halt == Halt("every model that may be asked has failed")


def test_work_that_decides_begins_higher() -> None:
    step = advance((), {}, CHEAP, FREE, first=Rung.PRO)
    assert isinstance(step, Step)
    assert step.rung is Rung.PRO


def test_the_cap_of_an_action_holds_before_the_step_and_names_its_price() -> None:
    halt = advance(
        [Try(Rung.FLASH, 1, Usd.of("0.001"))], {}, CHEAP, replace(FREE, most=Usd.of("0.0015"))
    )
    assert isinstance(halt, Halt)
    assert "$0.0010" in halt.reason
    assert "$0.0015" in halt.reason


def test_a_model_without_a_price_is_climbed_like_any_other() -> None:
    none = dict.fromkeys(RUNGS)
    tried = [Try(Rung.FLASH, 1, Usd())]
    assert isinstance(advance(tried, {}, none, FREE), Step)


COUNTS = st.builds(Odds, st.integers(0, 500), st.integers(0, 500))
PRICES = st.fixed_dictionaries(
    {rung: st.none() | st.integers(0, 10**11).map(Usd) for rung in RUNGS}
)


@given(st.dictionaries(st.sampled_from(RUNGS), COUNTS), PRICES, st.sampled_from(RUNGS))
def test_it_always_ends_never_goes_down_and_never_past_the_top(odds, prices, top) -> None:
    tried: list[Try] = []
    while isinstance(step := advance(tried, odds, prices, Limits(top, Usd())), Step):
        assert not tried or RUNGS.index(step.rung) >= RUNGS.index(tried[-1].rung)
        assert RUNGS.index(step.rung) <= RUNGS.index(top)
        tried.append(Try(step.rung, step.candidates, Usd()))
        assert len(tried) <= 8


@given(st.sampled_from(RUNGS), COUNTS, st.integers(0, 5))
def test_a_chance_is_one_and_falls_with_failures(rung, odds, failures) -> None:
    here = chance(rung, odds, failures)
    assert 0 < here < 1
    assert chance(rung, odds, failures + 1) < here
    assert chance(rung, replace(odds, failures=odds.failures + 1), failures) < here
    assert chance(rung, replace(odds, successes=odds.successes + 1), failures) > here
