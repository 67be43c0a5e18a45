"""The pure rules of spending: caps, retries, how many at once."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.core.errors import BudgetError, Failure, ModelError
from tandem.core.money import Usd
from tandem.engine.budget import Caps, Committed, check, day_start, month_start
from tandem.engine.limiter import Limiter
from tandem.engine.retry import delay

AMOUNTS = st.integers(0, 10**13).map(Usd)


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_call_is_allowed_exactly_when_no_cap_would_be_passed(daily, monthly, today, month, more):
    over_day = daily and today + more > daily
    over_month = monthly and month + more > monthly
    try:
        check(Caps(daily, monthly), Committed(today, month), more)
    except BudgetError:
        assert over_day or over_month
    else:
        assert not over_day
        assert not over_month


def test_days_and_months_begin_at_midnight_utc():
    late = datetime(2026, 11, 21, 23, 59, tzinfo=UTC)
    assert day_start(late) == datetime(2026, 11, 21, tzinfo=UTC)
    assert month_start(late) == datetime(2026, 11, 1, tzinfo=UTC)


@given(st.sampled_from(Failure), st.integers(1, 6), st.integers(1, 6), st.floats(0, 20))
def test_a_retry_never_waits_longer_than_what_is_left(failure, attempt, attempts, left):
    wait = delay(ModelError(failure), attempt=attempt, attempts=attempts, left_s=left)
    assert wait is None or (0 < wait < left and attempt < attempts)


def test_waits_double_and_retry_after_is_obeyed():
    error = ModelError(Failure.SERVER)
    waits = [delay(error, attempt=n, attempts=9, left_s=99) for n in range(1, 8)]
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 8.0]
    told = ModelError(Failure.RATE, retry_after_s=5)
    assert delay(told, attempt=1, attempts=2, left_s=99) == 5
    assert delay(told, attempt=1, attempts=2, left_s=4) is None


@pytest.mark.parametrize("failure", [Failure.AUTHENTICATION, Failure.BALANCE, Failure.REQUEST])
def test_what_will_not_get_better_is_not_tried_again(failure):
    assert delay(ModelError(failure), attempt=1, attempts=5, left_s=99) is None


def test_the_limit_halves_on_a_refusal_and_grows_back_to_where_it_was():
    limiter = Limiter(16)
    limiter.refused()
    limiter.refused()
    assert limiter.limit == 4
    for _ in range(200):
        limiter.succeeded()
    assert limiter.limit == 16
    for _ in range(20):
        limiter.refused()
    assert limiter.limit == 1


async def test_a_cancelled_waiter_does_not_keep_a_place():
    limiter = Limiter(1)
    async with limiter.place():
        waiter = asyncio.create_task(limiter.place().__aenter__())
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
    async with asyncio.timeout(1), limiter.place():
        pass
