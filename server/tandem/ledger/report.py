"""Sums over the ledger, as values: for the command line, the status line and the demo."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.ledger import Ledger, Totals


@dataclass(frozen=True, slots=True)
class Row:
    """Calls of one purpose to one model."""

    purpose: str
    model: str
    calls: int
    usage: Usage
    cost: Usd


@dataclass(frozen=True, slots=True)
class Report:
    """What was spent between two instants, dearest first."""

    since: datetime
    until: datetime
    rows: tuple[Row, ...]
    totals: Totals


def report(ledger: Ledger, since: datetime, now: datetime) -> Report:
    """Sum up what was reserved since an instant."""
    rows = tuple(Row(*row) for row in ledger.by_purpose(since))
    return Report(since, now, rows, ledger.totals(since))


def to_json(summary: Report) -> dict[str, Any]:
    """Return the report for machines; amounts are exact decimal strings of dollars."""
    return {
        "since": summary.since.isoformat(timespec="seconds"),
        "until": summary.until.isoformat(timespec="seconds"),
        "rows": [
            {
                "purpose": row.purpose,
                "model": row.model,
                "calls": row.calls,
                "hit": row.usage.hit,
                "miss": row.usage.miss,
                "output": row.usage.output,
                "cost_usd": row.cost.decimal(),
            }
            for row in summary.rows
        ],
        "calls": summary.totals.calls,
        "spent_usd": summary.totals.spent.decimal(),
        "reserved_usd": summary.totals.reserved.decimal(),
        "estimated": summary.totals.estimated,
        "unpriced": summary.totals.unpriced,
    }
