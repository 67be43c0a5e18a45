"""What a prompt will cost: the hits that are expected, the calls that prime, the prices."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.money import Usd
from tandem.index.pack import state
from tandem.index.pack.compact import Options, Rate
from tandem.index.pack.explain import Prompt, explain
from tandem.index.pack.forecast import Forecast, alive, forecast, shared
from tandem.index.pack.layout import Kind, Section
from tandem.index.pack.record import Record
from tests.index.pack import worlds
from tests.index.pack.worlds import moment


def parts(*kinds: Kind) -> list[Section]:
    """Return sections of 1, 10, 100 ... tokens."""
    return [Section(kind, f"{n}", f"{n}", 10**n) for n, kind in enumerate(kinds)]


TWO_TURNS = parts(
    Kind.OPENING, Kind.CLOSING, Kind.REPLY, Kind.FILE, Kind.CLOSING, Kind.FOCUS, Kind.TASK
)  # 1, 11 | 111, 1111, 11111 | 1111111


def test_a_first_request_pays_for_each_turn_once_and_for_the_repeats_as_hits():
    found = forecast(TWO_TURNS, 0, Rate(1, 1000))
    misses, repeats = 1_111_111, 11 + 11_111

    assert found == Forecast(1_111_111, 0, 2, Usd(misses * 1000 + repeats), found.following)
    assert found.following == Usd(11_111 + 1_100_000 * 1000)


def test_what_is_cached_needs_no_priming():
    found = forecast(TWO_TURNS, 3, Rate(1, 1000))
    # One call primes the second turn: it hits the first. The request hits both.
    expected = 111 + 11_000 * 1000 + 11_111 + 1_100_000 * 1000

    assert (found.hit, found.primes, found.first) == (111, 1, Usd(expected))
    whole = forecast(TWO_TURNS, 5, Rate(1, 1000))
    assert (whole.primes, whole.first) == (0, whole.following)


def test_without_a_price_there_are_tokens_only():
    found = forecast(TWO_TURNS, 1, None)

    assert (found.tokens, found.hit, found.first, found.following) == (1_111_111, 1, None, None)


def test_without_a_pack_only_the_instructions_hit():
    found = forecast(parts(Kind.SYSTEM, Kind.FOCUS, Kind.TASK), 0, Rate(1, 1000))

    assert (found.primes, found.first) == (0, Usd(111_000))
    assert found.following == Usd(1 + 110_000)


@pytest.mark.parametrize(
    ("sent_s", "model", "now_s", "expected"),
    [
        (None, "pro", 0, False),
        (5, "flash", 6, False),
        (5, "pro", 6, True),
        (5, "pro", 10**6, False),
    ],
)
def test_only_a_prompt_that_was_sent_to_the_model_of_late_is_alive(sent_s, model, now_s, expected):
    before = Record(model, Prompt(()), sent_s)

    assert alive(before, moment(now_s), Options()) is expected


@given(st.lists(worlds.trees, min_size=2, max_size=2), worlds.options)
def test_all_of_a_prefix_is_shared_if_and_only_if_it_is_continued(trees, options):
    first = state.begin(trees[0], moment(), options)
    second = state.advance(first, trees[1], moment(), options)
    before, after = (
        Prompt(state.sections(s, "f", "t", options.estimate), len(s.history))
        for s in (first, second)
    )
    found = shared(before, after)

    assert (found == len(before.prefix)) == (explain(before, after, worlds.RATE) is None)
    texts = [tuple(accumulate(part.text for part in p.prefix))[:found] for p in (before, after)]
    assert texts[0] == texts[1]
