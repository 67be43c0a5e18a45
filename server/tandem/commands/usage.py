"""``tandem usage``: what was spent, and what of it was kept, from the ledger alone."""

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

from tandem.app import World
from tandem.ledger.ledger import Ledger
from tandem.ledger.report import Kept, Report, report, to_json
from tandem.ledger.suggestions import Share


def run(arguments: argparse.Namespace) -> int:
    """Print the report; status 0, also when nothing was spent."""
    world = World.real()
    now = world.clock.now()
    path = world.paths.ledger
    if not path.exists():
        print("{}" if arguments.json else "Nothing was spent: no model was ever called.")
        return 0
    ledger = Ledger(path, "usage")
    try:
        summary = report(ledger, now - timedelta(days=arguments.days), now)
    finally:
        ledger.close()
    print(json.dumps(to_json(summary)) if arguments.json else _table(summary))
    return 0


def _table(summary: Report) -> str:
    lines = [f"{'what for':<14}{'model':<22}{'calls':>7}{'hit':>11}{'miss':>11}{'out':>9}  cost"]
    lines += [
        f"{row.purpose:<14}{row.model:<22}{row.calls:>7}{row.usage.hit:>11,}"
        f"{row.usage.miss:>11,}{row.usage.output:>9,}  {row.cost}"
        for row in summary.rows
    ]
    totals = summary.totals
    lines.append(f"{totals.calls} calls, {totals.spent} spent, {totals.reserved} reserved now")
    if totals.estimated:
        lines.append(
            f"{totals.estimated} of them were cut off before the API said what they cost; "
            "they count at an upper estimate"
        )
    if totals.unpriced:
        lines.append(f"{totals.unpriced} calls went to models without a known price (see `prices`)")
    if summary.suggestions:
        lines += ["", *_kept_table(summary.suggestions)]
    return "\n".join(lines)


def _kept_table(suggestions: Sequence[Kept]) -> Iterator[str]:
    yield (
        f"{'suggested by':<14}{'model':<22}{'shown':>7}{'accepted':>10}{'partly':>8}"
        f"{'kept 30 s':>11}{'kept 5 min':>12}  cost of 1000 kept characters"
    )
    for kept in suggestions:
        fate, price = kept.fate, kept.per_thousand
        yield (
            f"{fate.source:<14}{fate.model or '-':<22}{fate.shown:>7}{fate.accepted:>10}"
            f"{fate.partly:>8}{_percent(fate.kept_30s):>11}{_percent(fate.kept_5m):>12}"
            f"  {'-' if price is None else price}"
        )
    yield "kept: of the accepted characters, those still there; typing a suggestion accepts nothing"


def _percent(share: Share) -> str:
    return f"{share.kept / share.of:.0%}" if share.of else "-"
