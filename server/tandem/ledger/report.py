"""Sums over the ledger, as values: for the command line, the status line and the demo."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.ledger import Ledger, Totals
from tandem.ledger.suggestions import Fate, completion_costs, fates


@dataclass(frozen=True, slots=True)
class Row:
    """Calls of one purpose to one model."""

    purpose: str
    model: str
    calls: int
    usage: Usage
    cost: Usd


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one model's suggestions, and what all its completions cost.

    Those that nobody saw are in the cost too. None: a price is missing.
    """

    fate: Fate
    cost: Usd | None

    @property
    def per_thousand(self) -> Usd | None:
        """The cost of 1000 characters that were still there after five minutes, if any were."""
        kept = self.fate.kept_5m.kept
        return Usd(self.cost.pico * 1000 // kept) if self.cost is not None and kept else None


@dataclass(frozen=True, slots=True)
class Report:
    """What was spent between two instants, dearest first, and what of it was kept."""

    since: datetime
    until: datetime
    rows: tuple[Row, ...]
    totals: Totals
    suggestions: tuple[Kept, ...]


def report(ledger: Ledger, since: datetime, now: datetime) -> Report:
    """Sum up what was reserved since an instant."""
    rows = tuple(Row(*row) for row in ledger.by_purpose(since))
    costs = completion_costs(ledger, since)
    kept = tuple(Kept(fate, costs.get(fate.model, Usd())) for fate in fates(ledger, since))
    return Report(since, now, rows, ledger.totals(since), kept)


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
        "suggestions": [_kept_to_json(kept) for kept in summary.suggestions],
    }


def _kept_to_json(kept: Kept) -> dict[str, Any]:
    fate, price = kept.fate, kept.per_thousand
    return {
        "source": fate.source,
        "model": fate.model,
        "shown": fate.shown,
        "displayed": fate.displayed,
        "accepted": fate.accepted,
        "partly": fate.partly,
        "ignored": fate.ignored,
        "shown_characters": fate.shown_characters,
        "accepted_characters": fate.accepted_characters,
        "kept_30s": {"characters": fate.kept_30s.kept, "of": fate.kept_30s.of},
        "kept_5m": {"characters": fate.kept_5m.kept, "of": fate.kept_5m.of},
        "cost_usd": None if kept.cost is None else kept.cost.decimal(),
        "usd_per_1000_kept": None if price is None else price.decimal(),
    }
