"""``tandem usage``: what was spent, by what and by which model, from the ledger alone."""

import argparse
import json
from datetime import timedelta

from tandem.app import World
from tandem.ledger.ledger import Ledger
from tandem.ledger.report import Report, report, to_json


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
    return "\n".join(lines)
