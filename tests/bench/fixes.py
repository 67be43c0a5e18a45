"""Quick fixes: what an offer takes, what patches can touch, what the gates let through, the bill.

    ./dev bench fixes [--part offers|patches|corpus|spend] [--replies N] [--json]

*offers*: a real server and ruff's, beside each other, over stdio, asked for the code actions of the
same places of a file of 5,000 lines with 500 diagnostics; no call may reach the simulated API.
*patches*: generated hostile replies; an escape is an exception or a byte changed outside of what is
allowed. *corpus*: the literate cases; every text that is shown is parsed and compared. *spend*: the
same cases over the simulated API with models that fail two times of five, against Pro for all.
"""

import argparse
import asyncio
from pathlib import Path

from tests.bench import fixes_corpus, fixes_offers, fixes_spend
from tests.bench.patches import escapes
from tests.bench.results import report

PARTS = ("offers", "patches", "corpus", "spend")


def main(argv: list[str]) -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(prog="./dev bench fixes")
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--replies", type=int, default=100_000, help="hostile ones (100,000)")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    metrics: dict[str, float] = {}
    parts = [options.part] if options.part else PARTS
    if "offers" in parts:
        metrics |= asyncio.run(fixes_offers.measure())
    if "patches" in parts:
        metrics |= escapes(options.replies, seed=1)
    if "corpus" in parts:
        metrics |= fixes_corpus.measure()
    if "spend" in parts:
        metrics |= asyncio.run(fixes_spend.measure())
    report("fixes", metrics, as_json=options.json, path=Path(__file__).with_suffix(".csv"))
    return 0
