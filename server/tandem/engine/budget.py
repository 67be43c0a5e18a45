"""Whether a call may be made, given what was spent. Pure.

Caps hold over completions and actions together, and count what calls under way have reserved.
A cap of zero means "no cap".
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from tandem.core.errors import BudgetError
from tandem.core.money import Usd


@dataclass(frozen=True, slots=True)
class Caps:
    """What the user allows per day and per month (UTC)."""

    daily: Usd
    monthly: Usd


@dataclass(frozen=True, slots=True)
class Committed:
    """What is spent or reserved since the day and the month began."""

    today: Usd
    month: Usd


def day_start(now: datetime) -> datetime:
    """Return when the budget's day began: midnight UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def month_start(now: datetime) -> datetime:
    """Return when the budget's month began."""
    return day_start(now).replace(day=1)


def check(caps: Caps, committed: Committed, amount: Usd) -> None:
    """Raise BudgetError if `amount` more would go over a cap."""
    if caps.daily and committed.today + amount > caps.daily:
        raise BudgetError(
            f"today's budget of {caps.daily} is used up ({committed.today} spent or reserved): "
            "raise budget.daily_usd, or wait until midnight UTC"
        )
    if caps.monthly and committed.month + amount > caps.monthly:
        raise BudgetError(
            f"this month's budget of {caps.monthly} is used up ({committed.month} spent or "
            "reserved): raise budget.monthly_usd"
        )
