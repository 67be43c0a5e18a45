"""The probe finds the hidden parameters of the simulated API's cache, whatever they are."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.api.cache import CacheRules
from fixtures.api.server import SimulatedApi
from tandem.core.model import ChatRequest, FimRequest, Request, Usage
from tandem.engine.probe.findings import Beginning, Bracket, Findings
from tandem.engine.probe.machine import Setup, State, advance, begin
from tandem.engine.probe.steps import Answered, Halted, Kind, Over, Pause, Refused, Send, Waited
from tests.engine.probe.simulated import MODEL, JumpingClock, Socketless, counts, drive

OPENING = 2
SETUP = Setup(MODEL, "seed", wait_s=600)
Spoil = Callable[[Usage], Usage]


def run(rules: CacheRules, setup: Setup = SETUP, spoil: Spoil | None = None) -> tuple[State, Over]:
    clock = JumpingClock()
    api = Socketless(SimulatedApi(cache=rules, replies=counts, monotonic=clock.monotonic))

    def ask(request: Request) -> tuple[str, Usage]:
        text, usage = api.ask(request)
        return text, usage if spoil is None else spoil(usage)

    return drive(ask, clock, setup)


def begins(rules: CacheRules) -> tuple[int | None, int | None, int | None]:
    """Return from which request on, in what steps, and from which on all of it must be found."""
    unit, step = rules.granularity, max(rules.granularity, rules.interval)
    if rules.common_from == 2:
        return 2, unit, None
    if rules.interval:
        return 2, step, 3 if rules.common_from and step > unit else None
    return (3, unit, None) if rules.common_from else (None, None, None)


def end(rules: CacheRules, *, on: bool) -> bool | None:
    """Return what must be found of a boundary: nothing where prompts that begin alike hit it."""
    at, step, _ = begins(rules)
    return None if at == 2 and step == rules.granularity else on


def repeats(rules: CacheRules) -> int | None:
    if rules.input_ends or rules.common_from == 2 or rules.interval:
        return 2
    return 3 if rules.common_from else None


def below(bracket: Bracket, value: float) -> bool:
    """Tell whether what hits begins at a value, as far as the bracket says."""
    assert bracket.hit is not None
    return (bracket.missed is None or bracket.missed < value) and value <= bracket.hit


def above(bracket: Bracket, value: float) -> bool:
    """Tell whether what hits ends at a value, as far as the bracket says."""
    assert bracket.hit is not None
    return bracket.hit <= value and (bracket.missed is None or value <= bracket.missed)


def check(rules: CacheRules, found: Findings) -> None:
    """Check all that must be the same for chat and FIM, exactly."""
    for kept in [found.chat, found.fim] if rules.fim else [found.chat]:
        beginning = kept.beginning
        whole = (beginning.from_request, beginning.step, beginning.whole_from)
        assert (kept.from_request, kept.unit) == (repeats(rules), rules.granularity)
        assert whole == begins(rules)
        least = -(-max(rules.granularity, rules.minimum) // rules.granularity) * rules.granularity
        # The opening of the answer is counted with a chat's prompt and is in no unit.
        assert below(kept.smallest, least + OPENING) or below(kept.smallest, least)
        assert (kept.smallest.hit or 0) - (kept.smallest.missed or 0) <= max(16, least / 20)
        assert below(kept.delay, rules.delay_s)
        assert above(kept.lifetime, rules.ttl_s)
    if not rules.fim:
        assert found.fim.from_request is None
        assert found.fim.tried


HIDDEN = {
    "as documented, in blocks of 128": CacheRules(granularity=128, delay_s=2),
    "blocks of 64 that hit at once": CacheRules(granularity=64, common_from=2),
    "blocks of 256, no FIM": CacheRules(granularity=256, fim=False, delay_s=5),
    "units at intervals": CacheRules(granularity=64, interval=256, output_ends=False),
    "only whole prompts": CacheRules(granularity=64, common_from=0, output_ends=False),
    "no ends, gone after 90 s": CacheRules(granularity=128, input_ends=False, ttl_s=90),
    "a minimum, gone after 4 min": CacheRules(granularity=64, minimum=1024, ttl_s=240),
    "to the token, FIM shares": CacheRules(fim_shares_chat=True, delay_s=0.7),
}


@pytest.mark.parametrize("rules", HIDDEN.values(), ids=HIDDEN)
def test_what_is_hidden_is_found(rules):
    state, over = run(rules)
    found = state.findings()

    assert over.why == ""
    assert state.waited_s <= SETUP.wait_s
    check(rules, found)
    assert found.input_end is end(rules, on=rules.input_ends)
    assert found.output_end is end(rules, on=rules.output_ends)
    shares = rules.fim_shares_chat if rules.fim and rules.common_from else None
    assert found.shared is shares


UNITS = st.sampled_from([64, 128, 256])
RULES = st.builds(
    lambda unit, times, **rest: CacheRules(granularity=unit, interval=unit * times, **rest),
    unit=UNITS,
    times=st.sampled_from([0, 0, 1, 2]),
    minimum=st.sampled_from([0, 0, 300, 1024]),
    output_ends=st.booleans(),
    common_from=st.sampled_from([0, 2, 3]),
    fim=st.booleans(),
    delay_s=st.sampled_from([0.0, 1.5, 4.0, 10.0]),
    ttl_s=st.sampled_from([float("inf"), 120.0]),
)


@settings(max_examples=3)
@given(RULES, st.text(max_size=4))
def test_nothing_that_is_said_is_wrong(rules, seed):
    state, over = run(rules, replace(SETUP, seed=seed))
    found = state.findings()

    assert over.why == ""
    check(rules, found)
    assert found.input_end in {None, rules.input_ends}
    assert found.output_end in {None, rules.output_ends}
    assert found.shared in {None, False}


def test_hits_that_fail_to_come_now_and_then_change_nothing_but_brackets():
    hits = [0]

    def forget_each_ninth(usage: Usage) -> Usage:
        hits[0] += usage.hit > 0
        return Usage(0, usage.prompt, usage.output) if usage.hit and hits[0] % 9 == 0 else usage

    rules = CacheRules(granularity=128)
    state, _ = run(rules, spoil=forget_each_ninth)
    found = state.findings()

    for kept in (found.chat, found.fim):
        assert (kept.from_request, kept.unit) == (2, 128)
        assert kept.beginning == Beginning(3, 128, None, 3)
    assert (found.input_end, found.output_end, found.shared) == (True, True, False)


def test_an_api_without_a_cache_is_asked_little_and_said_to_have_none():
    state, over = run(CacheRules(minimum=10**9))
    found = state.findings()

    assert (over.why, found.any_hit) == ("", False)
    assert found.chat.tried
    assert (found.chat.from_request, found.fim.from_request) == (None, None)
    assert len(state.seen) < 60


def test_what_keeps_answers_only_is_seen_by_going_on_with_a_chat():
    state, _ = run(CacheRules(granularity=64, input_ends=False, common_from=0))
    found = state.findings()

    assert (found.chat.from_request, found.input_end, found.output_end) == (None, False, True)


def test_less_time_measures_less_and_is_never_overdrawn():
    state, over = run(CacheRules(granularity=128, delay_s=5), replace(SETUP, wait_s=60))

    assert "--wait" in over.why
    assert state.waited_s <= 60
    assert state.findings().chat.unit == 128


def test_equal_seeds_send_equal_prompts_and_others_share_nothing():
    def prompts(seed: str) -> list[str]:
        state, step = begin(replace(SETUP, seed=seed), 0.0)
        sent: list[str] = []
        while len(sent) < 7:
            match step:
                case Send(ChatRequest(messages=(message,))):
                    sent.append(message.content)
                    event = Answered(Usage(0, 900, 1), "x", state.at, state.at)
                    state, step = advance(state, event)
                case Pause(seconds):
                    state, step = advance(state, Waited(state.at + seconds))
                case _:
                    raise AssertionError(step)
        return sent

    once, again, other = prompts("a"), prompts("a"), prompts("b")
    assert once == again
    assert len({text[:40] for text in [*once, *other]}) == 2 * len({text[:40] for text in once})


def first_fim(state: State, step: object) -> State:
    """Advance a probe whose every request misses to its first FIM request."""
    while True:
        match step:
            case Send(FimRequest()):
                return state
            case Send():
                event = Answered(Usage(0, 900, 1), "x", state.at, state.at)
                state, step = advance(state, event)
            case Pause(seconds):
                state, step = advance(state, Waited(state.at + seconds))
            case _:
                raise AssertionError(step)


def test_without_fim_the_chats_go_on():
    state = first_fim(*begin(SETUP, 0.0))
    state, step = advance(state, Refused("the API refused the request as invalid"))

    assert isinstance(step, Pause | Send)
    assert Kind.FIM not in {ask.kind for ask in state.todo}
    assert state.no_fim.startswith("the API refused")


@pytest.mark.parametrize("event", [Halted("no network"), Refused("no such model")])
def test_what_ends_the_probe_is_said_and_what_was_learned_stays(event):
    state, _ = begin(SETUP, 0.0)
    state, _ = advance(state, Answered(Usage(0, 114, 1), "one", 0.0, 0.5))
    after, step = advance(state, event)

    assert step == Over(event.why)
    assert after.seen == state.seen


def test_an_answer_without_counts_ends_the_probe():
    state, _ = begin(SETUP, 0.0)
    _, step = advance(state, Answered(Usage(), "one", 0.0, 0.5))

    assert isinstance(step, Over)
    assert "how many tokens" in step.why
