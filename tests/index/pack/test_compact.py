"""The rule: what is due, and that paying until it has cost as much is never worse than twice."""

import math
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from tandem.index.pack import compact
from tandem.index.pack.compact import Cut, Load, Options, Rate, Reason

RATE = Rate(22_000, 660_000)
OPTIONS = Options()


def due(load: Load, *, cold: bool = False) -> Reason | None:
    return compact.verdict(load, RATE, OPTIONS, cold=cold)


def test_each_reason_at_its_edge():
    cost = (RATE.miss - RATE.hit) * 600_000
    assert due(Load(700_000, 64_000, 700_000, 600_000, cost - 1)) is None
    assert due(Load(700_000, 64_000, 700_000, 600_000, cost)) is Reason.PRICE
    assert due(Load(700_000, 64_001, 700_000, 600_000, 0)) is Reason.QUALITY
    assert due(Load(100_000, 33_000, 100_000, 90_000, 0)) is None
    assert due(Load(100_000, 33_001, 100_000, 90_000, 0)) is Reason.QUALITY
    assert due(Load(860_000, 8_001, 700_000, 600_000, 0)) is Reason.CONTEXT
    assert due(Load(700_000, 1, 700_000, 600_000, 0), cold=True) is Reason.COLD
    assert due(Load(700_000, 0, 700_000, 0, 0), cold=True) is None
    assert due(Load(869_000, 0, 700_000, 0, 0)) is Reason.CONTEXT


@given(st.lists(st.integers(0, 9_000), min_size=1, max_size=400), st.integers(1, 200_000))
def test_the_price_rule_costs_at_most_twice_the_best_moment(growth, rewritten):
    """One cycle against the clairvoyant who compacts before it starts to cost, or never."""
    rate, options = Rate(20, 600), Options(window=10**9, log_most=10**9, log_percent=10**6)
    excess = carried = paid = 0
    for grown in growth:
        excess += grown
        load = Load(rewritten, excess, rewritten, rewritten, carried)
        if compact.verdict(load, rate, options, cold=False) is not None:
            paid += (rate.miss - rate.hit) * rewritten
            break
        carried += rate.hit * excess
    best = min((rate.miss - rate.hit) * rewritten, sum(rate.hit * n for n in running(growth)))

    assert carried + paid <= 2 * best + rate.hit * sum(growth)


def running(values: list[int]) -> Iterator[int]:
    total = 0
    for value in values:
        total += value
        yield total


def test_linear_growth_is_cut_where_the_derivation_says():
    """At n* = sqrt(2(m/h - 1)W/g) calls, D* = n* g."""
    rate, options = Rate(20, 600), Options(window=10**9, log_most=10**9, log_percent=10**6)
    written, growth = 680_000, 1_700
    calls = carried = 0
    while True:
        calls += 1
        load = Load(written, growth * calls, written, written, carried)
        if compact.verdict(load, rate, options, cold=False) is Reason.PRICE:
            break
        carried += rate.hit * load.excess
    expected = math.sqrt(2 * (rate.miss / rate.hit - 1) * written / growth)

    assert abs(calls - expected) <= 2
    assert 255_000 < growth * calls < 265_000


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 10**6), st.integers(0, 50_000)), max_size=5
    ),
    st.integers(0, 50_000),
    st.integers(0, 50),
)
def test_the_cheapest_cut_is_the_least_of_the_formula(cuts, grown, calls):
    options = [Cut(0, 700_000, 0, 56_000), *(Cut(k, w, d, 56_000) for k, w, d in cuts)]

    def cost(cut: Cut) -> float:
        per_call = max(1, grown) / max(1, calls)
        rewriting = (RATE.miss - RATE.hit) * cut.rewritten * per_call / (56_000 - cut.residue)
        return float(rewriting + RATE.hit * (56_000 + cut.residue) / 2)

    best = compact.cheapest(options, grown, max(1, calls), RATE)

    assert cost(best) <= min(map(cost, options)) + 2


def test_a_cut_that_leaves_no_room_is_not_taken():
    full, none = Cut(0, 700_000, 0, 56_000), Cut(2, 60_000, 56_000, 56_000)

    assert compact.cheapest([full, none], 100, 10, RATE) == full
    assert compact.cheapest([Cut(0, 9, 0, 0)], 100, 10, RATE).kept == 0
