"""What a plan will cost, told before anything is spent."""

from datetime import UTC, datetime

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.engine.estimate import Estimate, Quote
from tandem.features.refactor.estimate import of_plan, of_run
from tandem.features.refactor.plan import Plan, Step
from tandem.workspace.settings import Models

MODELS = Models("flash", "pro")
TURN = datetime(2026, 11, 23, 4, tzinfo=UTC)
PLAN = Plan("x", (Step("s1", "a", ("a.py",)), Step("s2", "b", ("b.py",), ("c.py",))))


def test_a_plan_is_asked_of_pro_and_carried_out_by_flash():
    ((model, usage),) = of_plan(MODELS, tokens=100_000, hit=90_000).usages
    assert (model, usage.hit, usage.miss) == ("pro", 90_000, 10_000)
    (flash, work), (pro, judging) = of_run(PLAN, MODELS, lambda _: 1_000, judged=True).usages
    assert (flash, pro) == ("flash", "pro")
    assert work.miss > 2_000
    assert judging.hit == 0
    assert len(of_run(PLAN, MODELS, lambda _: 1_000, judged=False).usages) == 1


def test_a_price_that_is_not_known_is_none():
    estimate = Estimate((("flash", Usage(miss=5)), ("pro", Usage(miss=5))))
    assert estimate.cost(lambda _, usage: Usd(usage.miss)) == Usd(10)
    assert estimate.cost(lambda model, _: Usd(1) if model == "flash" else None) is None


def test_a_quote_says_what_waiting_would_save():
    estimate = Estimate((("pro", Usage(hit=90_000, miss=10_000, output=400)),))
    peak = Quote(estimate, Usd.of("0.02"), Usd.of("0.01"), TURN)
    assert str(peak) == (
        "about $0.02: pro reads 100,000 tokens (90,000 of them cached) and writes 400; "
        "peak hours until 04:00 UTC, then about $0.01"
    )
    calm = Quote(estimate, Usd.of("0.01"), Usd.of("0.02"), TURN)
    assert str(calm).endswith("; off-peak until 04:00 UTC, then about $0.02")
    assert str(Quote(estimate, None, None, TURN)).startswith("at a price that is not known: pro")
    assert "until" not in str(Quote(estimate, Usd(5), Usd(5), TURN))
