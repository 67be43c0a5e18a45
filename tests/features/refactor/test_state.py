"""The run as a value: every transition, what is due, and that the journal is the run."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.core.money import Usd
from tandem.engine.harness import Failed
from tandem.engine.ladder import Rung
from tandem.features.refactor import journal
from tandem.features.refactor.events import (
    Applied,
    Applying,
    Asking,
    Begun,
    Checked,
    Discarded,
    Done,
    Edited,
    Event,
    GaveUp,
    Halted,
    Judged,
    NotApplied,
    Proposed,
    Refused,
    SetAside,
    Started,
    Wanted,
)
from tandem.features.refactor.plan import Plan, Step
from tandem.features.refactor.state import (
    ENDED,
    Phase,
    Run,
    Status,
    TransitionError,
    advance,
    begun,
    fold,
    ready,
)

PLAN = Plan(
    "Currencies",
    (
        Step("s1", "Cart", ("cart.py",)),
        Step("s2", "Till", ("till.py",), after=("s1",)),
        Step("s3", "Shelf", ("shelf.py",)),
        Step("s4", "Cart again", ("cart.py",)),
    ),
)
WANTED = Wanted("Add currencies", "cart.py:1", "2026-11-22T05:00:00+00:00")
PROPOSED = Proposed(PLAN, (), Usd(5))
START = (WANTED, PROPOSED, Begun(Usd.of("1")))


def run_of(*events: Event) -> Run:
    return fold([*START, *events])


def started(name: str) -> Started:
    step = next(one for one in PLAN.steps if one.id == name)
    return Started(name, dict.fromkeys(step.touches, "old\n"))


def done(name: str, text: str = "new\n") -> Done:
    step = next(one for one in PLAN.steps if one.id == name)
    return Done(name, dict.fromkeys(step.touches, text), Rung.FLASH, Usd(10))


ALL = [e for name in ("s1", "s3", "s4", "s2") for e in (started(name), done(name, f"{name}\n"))]
REACHED: dict[Phase, tuple[Event, ...]] = {
    Phase.WANTED: (WANTED,),
    Phase.PROPOSED: (WANTED, PROPOSED),
    Phase.RUNNING: START,
    Phase.CHECKING: (*START, *ALL),
    Phase.ACCEPTING: (*START, *ALL, Checked()),
    Phase.READY: (*START, *ALL, Checked(), Judged(accepted=True)),
    Phase.APPLYING: (*START, *ALL, Checked(), Judged(accepted=True), Applying("files")),
    Phase.APPLIED: (*START, *ALL, Checked(), Judged(accepted=True), Applying("files"), Applied()),
    Phase.FAILED: (*START, GaveUp("no")),
    Phase.DISCARDED: (*START, Discarded()),
}
WORKING = {Phase.RUNNING, Phase.CHECKING, Phase.ACCEPTING}
FITS: list[tuple[Event, set[Phase]]] = [
    (WANTED, set()),
    (PROPOSED, {Phase.WANTED}),
    (Edited(PLAN), {Phase.PROPOSED}),
    (Begun(), {Phase.PROPOSED}),
    (started("s1"), {Phase.RUNNING}),
    (Checked(), {Phase.CHECKING}),
    (Judged(accepted=True), {Phase.ACCEPTING}),
    (Halted("no network"), WORKING),
    (GaveUp("no"), WORKING),
    (Applying("files"), {Phase.READY}),
    (Applied(), {Phase.APPLYING}),
    (NotApplied("changed"), {Phase.APPLYING}),
    (Discarded(), set(Phase) - {Phase.APPLYING, Phase.APPLIED, Phase.DISCARDED}),
]


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_is_reached(phase):
    assert fold(REACHED[phase]).phase is phase


@pytest.mark.parametrize(
    ("phase", "event", "fits"),
    [(phase, event, phase in phases) for event, phases in FITS for phase in Phase],
)
def test_an_event_fits_or_is_refused(phase, event, fits):
    run = fold(REACHED[phase])
    if fits:
        advance(run, event)
    else:
        with pytest.raises(TransitionError):
            advance(run, event)


@pytest.mark.parametrize(
    "event",
    [Asking("s1", Rung.FLASH), Refused("s1", Rung.FLASH, 1, Usd(1)), done("s1"),
     SetAside("s1", "no")],
)  # fmt: skip
def test_what_happens_to_a_step_happens_while_it_runs(event):
    advance(run_of(started("s1")), event)
    with pytest.raises(TransitionError, match="s1 is not running"):
        advance(run_of(), event)


def test_a_journal_begins_with_a_wish():
    with pytest.raises(TransitionError, match="before anything was wanted"):
        begun(PROPOSED)


def test_steps_begin_when_what_they_wait_for_is_done_and_their_files_are_free():
    assert ready(run_of()) == ("s1", "s3")
    assert ready(run_of(started("s1"))) == ("s3",)
    assert ready(run_of(started("s1"), done("s1"))) == ("s2", "s3", "s4")
    with pytest.raises(TransitionError, match="s4 cannot begin now"):
        run_of(started("s1"), started("s4"))


def test_a_step_sees_what_was_done_when_it_began():
    run = run_of(started("s1"), started("s3"), done("s1"), started("s2"))
    assert run.steps["s2"].view == {"cart.py": "new\n", "shelf.py": "old\n", "till.py": "old\n"}
    assert run.steps["s3"].view == {"cart.py": "old\n", "shelf.py": "old\n"}


def test_a_step_changes_its_own_files_only():
    with pytest.raises(TransitionError, match=r"s1 does not own till\.py"):
        run_of(started("s1"), Done("s1", {"till.py": "x"}))


def test_what_is_as_it_was_is_not_changed():
    run = run_of(*ALL[:-1], Done("s2", {"till.py": "old\n"}))
    assert set(run.now) == {"cart.py", "shelf.py"}


def test_what_waits_for_a_step_that_was_set_aside_is_set_aside_too():
    run = run_of(started("s1"), SetAside("s1", "nobody can", Usd(3)))
    assert run.steps["s2"].status is Status.ASIDE
    assert run.steps["s2"].reason == "it comes after s1, which was set aside"
    assert ready(run) == ("s3", "s4")
    assert run.cost == Usd(8)


def test_a_plan_of_which_nothing_was_done_failed_with_the_reason():
    steps = (PLAN.steps[0], PLAN.steps[1])
    plan = replace(PLAN, steps=steps)
    run = fold([WANTED, Proposed(plan), Begun(), started("s1"), SetAside("s1", "nobody can")])
    assert (run.phase, run.reason) == (Phase.FAILED, "nobody can")


PROBLEM = Checked({"s1": ("`total` is gone",)}, {"s1": ("other.py", "cart.py")}, "gates")


def test_what_the_checks_refuse_is_mended_by_its_step_on_top():
    run = run_of(*ALL, PROBLEM)
    state = run.steps["s1"]
    assert (run.phase, ready(run)) == (Phase.RUNNING, ("s1",))
    assert (state.why, state.wider) == (("`total` is gone",), ("other.py",))

    run = advance(run, Started("s1", {"other.py": "x\n"}))
    assert run.steps["s1"].view["cart.py"] == "s4\n"
    run = advance(run, Done("s1", {"other.py": "y\n"}))
    assert (run.phase, run.now["other.py"]) == (Phase.CHECKING, "y\n")


def test_what_cannot_be_mended_fails_the_whole_once_the_others_have_ended():
    problems = Checked({"s1": ("gone",), "s3": ("gone too",)})
    run = run_of(*ALL, problems, started("s1"), started("s3"), SetAside("s1", "nobody can"))
    assert (run.phase, ready(run)) == (Phase.RUNNING, ())
    run = advance(run, done("s3"))
    assert (run.phase, run.reason) == (Phase.FAILED, "s1 could not be mended: nobody can")


def test_checks_have_the_last_word_after_three_rounds():
    rounds = [e for _ in range(3) for e in (PROBLEM, started("s1"), done("s1", "again\n"))]
    assert run_of(*ALL, *rounds).phase is Phase.CHECKING
    run = run_of(*ALL, *rounds, PROBLEM)
    assert (run.phase, run.reason) == (
        Phase.FAILED,
        "the checks refuse the result: `total` is gone",
    )


def test_what_no_step_can_mend_fails():
    assert run_of(*ALL, Checked({"": ("a mystery",)})).phase is Phase.FAILED


def test_pro_has_steps_done_again_twice_at_most():
    doubt = Judged(accepted=False, said="not all of it", redo={"s3": "the shelf is missing"})
    rounds = [e for _ in range(2) for e in (Checked(), doubt, started("s3"), done("s3", "more\n"))]
    run = run_of(*ALL, *rounds)
    assert run.steps["s3"].doubted
    run = fold([*START, *ALL, *rounds, Checked(), doubt])
    assert (run.phase, run.reason) == (
        Phase.FAILED,
        "Pro does not accept the result: not all of it",
    )


def test_money_is_what_the_events_say():
    tries = Refused("s1", Rung.FLASH, 1, Usd(7), (Failed(Rung.FLASH, "x", ("no",)),))
    run = run_of(started("s1"), tries, done("s1"), Halted("no network", Usd(2)))
    assert run.cost == Usd(5 + 7 + 10 + 2)
    assert (run.odds[Rung.FLASH].successes, run.odds[Rung.FLASH].failures) == (1, 1)


def test_a_halt_is_forgotten_when_it_goes_on():
    run = run_of(Halted("no network"))
    assert run.halted == "no network"
    assert advance(run, started("s1")).halted == ""


# -- any history -------------------------------------------------------------------------------

NAMES = ["s1", "s2", "s3", "s4"]
PATHS = ["cart.py", "till.py", "shelf.py", "other.py"]
STEPS = st.sampled_from(NAMES)
TEXTS = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(["a\n", "b\n", None]), max_size=2)
COSTS = st.integers(0, 9).map(Usd)
RUNGS = st.sampled_from(Rung)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Started, STEPS, TEXTS),
    st.builds(Asking, STEPS, RUNGS, st.none() | COSTS),
    st.builds(Refused, STEPS, RUNGS, st.just(1), COSTS),
    st.builds(Done, STEPS, TEXTS, st.none() | RUNGS, COSTS),
    st.builds(SetAside, STEPS, st.just("no"), COSTS),
    st.builds(Checked, st.dictionaries(STEPS, st.just(("bad",)), max_size=2)),
    st.builds(Judged, st.booleans(), st.just("hm"), st.dictionaries(STEPS, st.just("why"))),
    st.builds(Halted, st.just("no network")),
    st.just(Applying("files")),
    st.just(Applied()),
    st.just(NotApplied("changed")),
    st.just(Discarded()),
)


@settings(max_examples=300)
@given(st.lists(EVENTS, max_size=60))
def test_whatever_happens_the_journal_is_the_run(events):
    run = fold(START)
    happened: list[Event] = list(START)
    for event in events:
        before = run
        try:
            run = advance(run, event)
        except TransitionError:
            assert run is before
            continue
        happened.append(event)
        assert run.cost.pico >= before.cost.pico
        assert isinstance(event, Done) or run.now == before.now
        assert before.phase not in ENDED or isinstance(event, Discarded)
        assert set(ready(run)) <= {step.id for step in PLAN.steps}
        busy = [run.step(name).touches for name in run.named(Status.RUNNING)]
        assert all(a.isdisjoint(b) for a, b in itertools.combinations(busy, 2))
    assert fold(journal.events([journal.line(event) for event in happened])) == run
