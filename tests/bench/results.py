"""How every bench reports: a table for people, one JSON object for machines, a CSV in the tree."""

import csv
import json
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

FIELDS = ("date", "python", "corpus", "metric", "value")


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def report(bench: str, metrics: Mapping[str, float], *, as_json: bool, path: Path) -> None:
    """Print the metrics and record them; rows of the same metric are replaced."""
    rounded = {name: round(value, 6) for name, value in metrics.items()}
    if as_json:
        print(json.dumps({"bench": bench, "metrics": rounded}))
    else:
        width = max(map(len, rounded))
        for name, value in rounded.items():
            print(f"{name:<{width}}  {value:g}")
    record(path, {("", name): value for name, value in rounded.items()})


def record(path: Path, values: Mapping[tuple[str, str], float]) -> None:
    """Write values by (corpus, metric) into a bench's CSV; rows of others are kept."""
    rows: dict[tuple[str, str], list[str]] = {}
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            rows = {
                (row["corpus"], row["metric"]): list(row.values()) for row in csv.DictReader(file)
            }
    today = datetime.now(UTC).date().isoformat()  # noqa: TID251 - a bench may know the day
    for (corpus, metric), value in values.items():
        row = [today, platform.python_version(), corpus, metric, f"{value:.4g}"]
        rows[corpus, metric] = row
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(rows[key] for key in sorted(rows))
