"""What a token costs, by model and by time: a dated table that is never edited, only extended.

The API's prices moved five times in 2026 and depend on the hour since August, so nothing here is a
constant of the code's: each era says since when it holds. An unknown model has no price; what it
costs then stays unknown instead of being made up. Source: the API's pricing page, copies of April
to November 2026. USD per million tokens = micro-dollars per token * 1e6 = pico-dollars per token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from tandem.core.model import Usage
from tandem.core.money import Usd

TABLE_DATE: Final = date(2026, 11, 1)
"""The newest copy of the pricing page that the table was compared with."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Pico-dollars per token: input that hit the prefix cache, input that missed it, output."""

    hit: int
    miss: int
    output: int

    def cost(self, usage: Usage) -> Usd:
        """Return what the tokens cost; reasoning is part of the output."""
        return Usd(usage.hit * self.hit + usage.miss * self.miss + usage.output * self.output)


@dataclass(frozen=True, slots=True)
class Era:
    """Prices of one model since an instant (UTC). Peak hours cost `peak_factor` times as much."""

    since: datetime
    rate: Rate
    peak_factor: int = 1


def _at(year: int, month: int, day: int, hour: int = 0) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


FLASH: Final = "deepseek-flash"
PRO: Final = "deepseek-v4-pro"

ALIASES: Final[Mapping[str, str]] = {
    "deepseek-v4-flash": FLASH,
    "deepseek-v4-flash-vision-exp": FLASH,
}
"""Retired ids that the API still routes and bills as their successor."""

_ERAS: Final[Mapping[str, Sequence[Era]]] = {
    FLASH: (
        Era(_at(2026, 4, 24), Rate(28_000, 140_000, 280_000)),
        Era(_at(2026, 4, 26), Rate(2_800, 140_000, 280_000)),
        Era(_at(2026, 8, 16, 16), Rate(7_000, 220_000, 660_000), peak_factor=2),
        Era(_at(2026, 9, 10, 4), Rate(3_000, 150_000, 600_000), peak_factor=2),
    ),
    PRO: (
        Era(_at(2026, 4, 24), Rate(36_250, 435_000, 870_000)),  # list price less 75%
        Era(_at(2026, 4, 26), Rate(3_625, 435_000, 870_000)),
        Era(_at(2026, 8, 16, 16), Rate(22_000, 660_000, 1_980_000), peak_factor=2),
    ),
}

_PEAK_HOURS: Final = frozenset([1, 2, 3, 6, 7, 8, 9])  # UTC, Monday to Friday
_SATURDAY: Final = 5
_MONTH: Final = 31 * 24  # hours: peak and off-peak both come in them, whatever the holidays
# Peak hours exclude Chinese public holidays: the State Council's calendar for 2026, and of 2027
# what is certain before that calendar is published.
_HOLIDAYS: Final = (
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
    (date(2027, 1, 1), date(2027, 1, 1)),
)


def is_peak(when: datetime) -> bool:
    """Tell whether an instant (aware) is in the API's peak hours."""
    utc = when.astimezone(UTC)
    day = utc.date()
    if utc.weekday() >= _SATURDAY or utc.hour not in _PEAK_HOURS:
        return False
    return not any(first <= day <= last for first, last in _HOLIDAYS)


def turn(when: datetime) -> datetime:
    """Return the next full hour (UTC) that is in the peak hours if this instant is not, or not."""
    hour = when.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for _ in range(_MONTH):
        hour += timedelta(hours=1)
        if is_peak(hour) is not is_peak(when):
            break
    return hour


@dataclass(frozen=True, slots=True)
class Prices:
    """The table the product uses: the published eras, and the user's own rates before them."""

    own: Mapping[str, Rate]

    def rate(self, model: str, when: datetime) -> Rate | None:
        """Return the rate of a model at an instant, or None where no price is known."""
        own = self.own.get(model)
        if own is not None:
            return own
        eras = [era for era in _ERAS.get(ALIASES.get(model, model), ()) if era.since <= when]
        if not eras:
            return None
        era = max(eras, key=lambda era: era.since)
        factor = era.peak_factor if is_peak(when) else 1
        return Rate(era.rate.hit * factor, era.rate.miss * factor, era.rate.output * factor)

    def cost(self, model: str, usage: Usage, when: datetime) -> Usd | None:
        """Return what a call cost, or None where no price is known."""
        rate = self.rate(model, when)
        return None if rate is None else rate.cost(usage)
