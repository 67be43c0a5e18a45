"""The report: what the ledger says, as values and as JSON with exact amounts."""

import json

from tandem.core.model import Usage
from tandem.core.money import Usd
from tandem.ledger.report import Row, report, to_json
from tests.ledger.books import LONG_AGO, NOON, at, opened, reserve, settlement


def test_a_report_sums_rows_and_totals(tmp_path):
    with opened(tmp_path / "ledger.db") as ledger:
        for purpose, cost in [("completion", 620_000_000), ("completion", 1), ("plan", None)]:
            usage = Usage(10, 20, 30, 5)
            ledger.settle(
                reserve(ledger, 5, purpose=purpose),
                NOON,
                settlement(cost, usage=usage, estimated=cost == 1),
            )
        reserve(ledger, 7, at=at(minutes=1))
        summary = report(ledger, LONG_AGO, at(hours=1))

    assert (summary.since, summary.until) == (LONG_AGO, at(hours=1))
    assert summary.rows == (
        Row("completion", "deepseek-flash", 2, Usage(20, 40, 60, 10), Usd(620_000_001)),
        Row("plan", "deepseek-flash", 1, Usage(10, 20, 30, 5), Usd()),
    )
    assert json.loads(json.dumps(to_json(summary))) == {
        "since": "2020-01-01T00:00:00+00:00",
        "until": "2026-11-21T13:00:00+00:00",
        "rows": [
            {
                "purpose": "completion",
                "model": "deepseek-flash",
                "calls": 2,
                "hit": 20,
                "miss": 40,
                "output": 60,
                "cost_usd": "0.000620000001",
            },
            {
                "purpose": "plan",
                "model": "deepseek-flash",
                "calls": 1,
                "hit": 10,
                "miss": 20,
                "output": 30,
                "cost_usd": "0",
            },
        ],
        "calls": 4,
        "spent_usd": "0.000620000001",
        "reserved_usd": "0.000000000007",
        "estimated": 1,
        "unpriced": 1,
        "suggestions": [],
    }


def test_a_report_of_nothing(tmp_path):
    with opened(tmp_path / "ledger.db") as ledger:
        reserve(ledger, at=at(hours=-2))
        summary = report(ledger, NOON, at(hours=1))

    assert summary.rows == ()
    assert to_json(summary)["calls"] == 0
    assert to_json(summary)["spent_usd"] == "0"
