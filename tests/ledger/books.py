"""What the ledger's tests share: instants, settlements, ledgers that are closed again."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.ledger import Ledger, Settlement

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(**after: float) -> datetime:
    """Return an instant relative to noon: `at(minutes=5)`."""
    return NOON + timedelta(**after)


@contextmanager
def opened(path: Path, process: str = "one") -> Iterator[Ledger]:
    with closing(Ledger(path, process)) as ledger:
        yield ledger


def reserve(ledger: Ledger, pico: int | None = 1000, **changes: Any) -> int:
    """Reserve for a completion at noon, or as `changes` say."""
    amount = None if pico is None else Usd(pico)
    fields: dict[str, Any] = {
        "at": NOON,
        "purpose": "completion",
        "model": "deepseek-flash",
        "workspace": "w",
        "amount": amount,
    }
    return ledger.reserve(**(fields | changes))


def settlement(pico: int | None = 400, **changes: Any) -> Settlement:
    """Make a settlement of a call that went well, or as `changes` say."""
    fields: dict[str, Any] = {
        "outcome": "done",
        "model": "deepseek-flash",
        "usage": Usage(1, 2, 3, 0),
        "cost": None if pico is None else Usd(pico),
        "estimated": False,
        "first_event_ms": 80,
        "total_ms": 120,
    }
    return Settlement(**(fields | changes))
