"""The dated table: every era to the second, peak hours, aliases, and an independent transcript."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.api import prices as independent
from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.prices import FLASH, PRO, TABLE_DATE, Prices, Rate, is_peak

PUBLISHED = Prices({})
SECOND = timedelta(seconds=1)


def utc(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=UTC)


def per_million(hit: str, miss: str, output: str) -> Rate:
    """Return a rate from dollars per million tokens, as the pricing page has them."""
    return Rate(*(Usd.of(price).pico // 10**6 for price in (hit, miss, output)))


# Model, first instant, off-peak dollars per million of hit, miss and output; all off-peak instants.
ERAS = [
    (FLASH, utc(4, 24), per_million("0.028", "0.14", "0.28")),
    (FLASH, utc(4, 26), per_million("0.0028", "0.14", "0.28")),
    (FLASH, utc(8, 16, 16), per_million("0.007", "0.22", "0.66")),
    (PRO, utc(4, 24), per_million("0.03625", "0.435", "0.87")),
    (PRO, utc(4, 26), per_million("0.003625", "0.435", "0.87")),
    (PRO, utc(8, 16, 16), per_million("0.022", "0.66", "1.98")),
]


@pytest.mark.parametrize(("model", "since", "rate"), ERAS)
def test_an_era_begins_to_the_second(model, since, rate):
    before = PUBLISHED.rate(model, since - SECOND)

    assert PUBLISHED.rate(model, since) == rate
    assert PUBLISHED.rate(model, since + SECOND) == rate
    assert before != rate
    assert (before is None) == (since == utc(4, 24))


def test_the_cut_of_september_came_on_the_hour():
    """At 04:00 the morning's peak hours ended as well: half of a lower price."""
    assert PUBLISHED.rate(FLASH, utc(9, 10, 3, 59, 59)) == per_million("0.014", "0.44", "1.32")
    assert PUBLISHED.rate(FLASH, utc(9, 10, 4)) == per_million("0.003", "0.15", "0.60")
    assert PUBLISHED.rate(PRO, utc(9, 10, 4)) == per_million("0.022", "0.66", "1.98")


@pytest.mark.parametrize(
    ("when", "factor"),
    [
        (utc(11, 20, 0, 59, 59), 1),  # a Friday
        (utc(11, 20, 1), 2),
        (utc(11, 20, 3, 59, 59), 2),
        (utc(11, 20, 4), 1),
        (utc(11, 20, 5, 59, 59), 1),
        (utc(11, 20, 6), 2),
        (utc(11, 20, 9, 59, 59), 2),
        (utc(11, 20, 10), 1),
        (utc(11, 20, 17), 1),  # the old night discount is gone
        (utc(11, 21, 2), 1),  # Saturday
        (utc(11, 22, 2), 1),  # Sunday
        (utc(11, 23, 2), 2),  # Monday
        (utc(9, 24, 2), 2),
        (utc(9, 25, 2), 1),  # Mid-Autumn
        (utc(10, 1, 9), 1),  # National Day
        (utc(10, 7, 1), 1),
        (utc(10, 8, 1), 2),
        (utc(8, 17, 1), 2),  # the first peak hour there was
    ],
)
def test_peak_hours_double_the_price(when, factor):
    off_peak = PUBLISHED.rate(PRO, utc(11, 21, 12))
    assert off_peak is not None

    assert is_peak(when) == (factor == 2)
    assert PUBLISHED.rate(PRO, when) == Rate(
        off_peak.hit * factor, off_peak.miss * factor, off_peak.output * factor
    )


def test_before_august_no_hour_was_dear():
    assert is_peak(utc(7, 1, 2))
    assert PUBLISHED.rate(FLASH, utc(7, 1, 2)) == PUBLISHED.rate(FLASH, utc(7, 1, 12))


def test_thirty_five_hours_of_a_week_are_dear():
    monday = utc(11, 16)

    assert sum(is_peak(monday + timedelta(hours=hour)) for hour in range(168)) == 35


def test_peak_hours_are_those_of_utc_wherever_one_is():
    shanghai = timezone(timedelta(hours=8))
    new_york = timezone(timedelta(hours=-5))

    assert is_peak(datetime(2026, 11, 23, 9, 0, tzinfo=shanghai))
    assert is_peak(datetime(2026, 11, 22, 20, 0, tzinfo=new_york))  # still Sunday there
    assert not is_peak(datetime(2026, 11, 20, 20, 0, tzinfo=new_york))  # Saturday in UTC


@pytest.mark.parametrize("alias", ["deepseek-v4-flash", "deepseek-v4-flash-vision-exp"])
def test_retired_names_cost_what_their_successor_costs(alias):
    for when in (utc(5, 1), utc(9, 1, 2), utc(11, 20, 2), utc(11, 21)):
        assert PUBLISHED.rate(alias, when) == PUBLISHED.rate(FLASH, when)


@pytest.mark.parametrize(
    "model", ["", "gpt-5", "DeepSeek-Flash", "deepseek-chat", "deepseek-flash "]
)
def test_an_unknown_model_has_no_price(model):
    assert PUBLISHED.rate(model, utc(11, 21)) is None
    assert PUBLISHED.cost(model, Usage(1, 1, 1), utc(11, 21)) is None


def test_before_a_model_was_sold_it_has_no_price():
    assert PUBLISHED.rate(FLASH, datetime(2025, 1, 1, tzinfo=UTC)) is None


def test_own_rates_replace_the_table_at_every_hour():
    own = Prices({FLASH: Rate(1, 2, 3), "my-model": Rate(0, 0, 0)})

    assert own.rate(FLASH, utc(11, 20, 2)) == Rate(1, 2, 3)
    assert own.rate(FLASH, datetime(2020, 1, 1, tzinfo=UTC)) == Rate(1, 2, 3)
    assert own.cost("my-model", Usage(5, 5, 5), utc(11, 20, 2)) == Usd(0)
    assert own.rate(PRO, utc(11, 21)) == PUBLISHED.rate(PRO, utc(11, 21))


def test_the_example_of_the_documentation():
    """4,000 prompt tokens that missed and 40 of output, off-peak: $0.00062."""
    cost = PUBLISHED.cost(FLASH, Usage(miss=4000, output=40), utc(11, 21, 12))

    assert cost == Usd.of("0.000624")
    assert str(cost) == "$0.00062"


@given(
    st.builds(Usage, *[st.integers(0, 10**7)] * 4),
    st.builds(Rate, *[st.integers(0, 10**8)] * 3),
)
def test_a_cost_is_exact_and_reasoning_is_paid_once(usage, rate):
    without = Usage(usage.hit, usage.miss, usage.output)

    assert rate.cost(usage) == rate.cost(without)
    assert rate.cost(usage).pico == (
        usage.hit * rate.hit + usage.miss * rate.miss + usage.output * rate.output
    )


def transcript(model: str, when: datetime) -> Rate:
    price = independent.price_at(model, when)
    return Rate(price.hit, price.miss, price.output)


@pytest.mark.parametrize("model", independent.ERAS)
def test_the_independent_table_agrees_in_every_era(model):
    for era in independent.ERAS[model]:
        for hours in range(170):
            when = era.since + timedelta(hours=hours)
            assert PUBLISHED.rate(model, when) == transcript(model, when)


@given(
    st.sampled_from(sorted(independent.ERAS)),
    st.datetimes(datetime(2026, 4, 25), datetime(2026, 12, 31)),  # noqa: DTZ001 - see timezones
    st.integers(-12, 14),
)
def test_the_independent_table_agrees_at_any_instant_of_the_year(model, when, hours):
    aware = when.replace(tzinfo=timezone(timedelta(hours=hours)))

    assert PUBLISHED.rate(model, aware) == transcript(model, aware)


def test_new_years_day_of_2027_is_a_holiday():
    when = datetime(2027, 1, 1, 2, tzinfo=UTC)

    assert PUBLISHED.rate(FLASH, when) == transcript(FLASH, when)


def test_the_table_was_compared_after_its_newest_era():
    newest = max(era.since for eras in independent.ERAS.values() for era in eras)

    assert date(2027, 1, 1) > TABLE_DATE >= newest.date()
