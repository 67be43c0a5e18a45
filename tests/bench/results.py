"""How every bench reports: a table for people, one JSON object for machines, a CSV in the tree."""

import csv
import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

FIELDS = ("date", "python", "subject", "metric", "value")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def report(bench: str, metrics: Mapping[str, float], *, as_json: bool, record: Path) -> None:
    """Print the metrics and record them; rows of the same metric are replaced."""
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    if as_json:
        print(json.dumps({"bench": bench, "metrics": rounded}))
    else:
        width = max(map(len, rounded))
        for name, value in rounded.items():
            print(f"{name:<{width}}  {value:g}")
    _record(record, {("", name): value for name, value in rounded.items()})


def _record(path: Path, values: Mapping[tuple[str, str], float]) -> None:
    rows: dict[tuple[str, str], list[str]] = {}
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            rows = {
                (row["subject"], row["metric"]): list(row.values()) for row in csv.DictReader(file)
            }
    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 - a bench may know the day
    for (subject, metric), value in values.items():
        row = [today, platform.python_version(), subject, metric, f"{value:g}"]
        rows[subject, metric] = row
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(rows.values())
