from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fixtures.api.bill import Bill, Usage, cost_pico
from fixtures.api.options import OFF_PEAK
from fixtures.api.prices import FLASH, PICO_PER_DOLLAR, PRO, Price, is_peak, price_at


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("model", "when", "price"),
    [
        (FLASH, "2026-04-24T12:00", Price(28_000, 140_000, 280_000)),
        (FLASH, "2026-08-16T15:59", Price(2_800, 140_000, 280_000)),
        (FLASH, "2026-08-16T16:00", Price(7_000, 220_000, 660_000)),
        (FLASH, "2026-08-17T06:00", Price(14_000, 440_000, 1_320_000)),
        (FLASH, "2026-09-10T03:59", Price(14_000, 440_000, 1_320_000)),
        (FLASH, "2026-09-10T04:00", Price(3_000, 150_000, 600_000)),
        (FLASH, "2026-11-20T09:59", Price(6_000, 300_000, 1_200_000)),
        (FLASH, "2026-11-20T10:00", Price(3_000, 150_000, 600_000)),
        (FLASH, "2026-10-05T02:00", Price(3_000, 150_000, 600_000)),
        (PRO, "2026-06-01T02:00", Price(3_625, 435_000, 870_000)),
        (PRO, "2026-11-21T02:00", Price(22_000, 660_000, 1_980_000)),
        (PRO, "2026-11-23T03:30", Price(44_000, 1_320_000, 3_960_000)),
    ],
)
def test_prices_of_their_day(model, when, price):
    assert price_at(model, at(when)) == price


def test_nothing_was_sold_before_the_launch():
    with pytest.raises(ValueError, match="no price"):
        price_at(FLASH, at("2026-04-23T23:59"))


def test_35_of_168_hours_are_peak():
    monday = at("2026-11-16T00:00")
    hours = [monday + timedelta(hours=hour) for hour in range(168)]
    assert sum(map(is_peak, hours)) == 35


def test_the_published_example_costs_what_is_published():
    # "4000 prompt tokens all missed + 40 out on flash off-peak = $0.00062 [sic: 0.000624]".
    price = price_at(FLASH, OFF_PEAK)
    assert cost_pico(Usage(hit=0, miss=4000, completion=40), price) == 624_000_000
    assert cost_pico(Usage(hit=4000, miss=0, completion=40), price) == 36_000_000


def test_granted_money_is_spent_first_and_amounts_are_strings():
    bill = Bill(granted_pico=1 * PICO_PER_DOLLAR, topped_up_pico=2 * PICO_PER_DOLLAR)
    bill.settle(0, FLASH, Usage(0, 1_500_000, 0), Price(0, 1_000_000, 0))
    assert bill.balance_body() == {
        "is_available": True,
        "balance_infos": [
            {
                "currency": "USD",
                "total_balance": "1.50",
                "granted_balance": "0.00",
                "topped_up_balance": "1.50",
            }
        ],
    }
    bill.settle(1, FLASH, Usage(0, 1_500_000, 0), Price(0, 1_000_000, 0))
    assert bill.balance_body()["is_available"] is False
