"""A small repository whose change leaves a caller behind, for the reviews; beside the project.

The index proves the caller, Pro (see `replies`) says what is wrong with the change itself.
"""

import subprocess
from pathlib import Path
from typing import Final

from tests.editors.scene import Scene

TOTAL: Final = "total.py"  # What is changed. It ends with the line that Pro's finding is about.
KIOSK: Final = "kiosk.py"  # What is not: its last line is the call that no longer fits.
SCOPE: Final = "what is not committed"
CHANGED: Final = "    return sum(prices) * rate"
CALL: Final = "    return total(prices)"
MENDED: Final = "    return round(sum(prices) * rate, 2)"
NOTE: Final = "# Sums and rates."
"""What is typed above the findings."""

STALE: Final = "`total` takes (prices, rate) now, which this call does not give"
CLAIM: Final = "The total has parts of a cent."
SURE: Final = " (deepseek-v4-pro, 80% sure)"  # Who says so stands behind it.
TAKE: Final = f"Take the suggestion: {MENDED.strip()}"
EXPLAIN: Final = "Explain the finding: "
DISMISS: Final = "Dismiss: "
OFFER: Final = "Review what is not committed"
REPORT: Final = "Show the report"
"""The question after a review."""
STOPPED: Final = "the review was stopped"
NOTHING_RUNS: Final = "no review is under way"
UNKNOWN: Final = "there is no commit 'nowhere'"
NOTHING_STAGED: Final = "what is staged: 0 files, no findings"
RESTORED: Final = "the next review may show 1 dismissed finding again"

FINDING: Final = {
    "file": TOTAL,
    "quote": CHANGED.strip(),
    "severity": "warning",
    "category": "data",
    "claim": CLAIM,
    "why": "a rate of 1.175 makes parts of a cent",
    "check": f"pay with a rate of 1.175 and look at what {KIOSK} shows",
    "symbols": ["total"],
    "places": [],
    "suggestion": MENDED.strip(),
    "confidence": 0.8,
}

_TOTAL: Final = '''"""Totals."""


def total(prices):
    return sum(prices)
'''
_CHANGED: Final = f'''"""Totals."""


def total(prices, rate):
{CHANGED}
'''
_KIOSK: Final = f'''"""What is paid at the kiosk."""

from total import total


def pay(prices):
{CALL}
'''


def write(scene: Scene) -> Path:
    """Make the repository, commit it, change one file of it; return its folder."""
    folder = scene.workspace.with_name("kiosk")
    folder.mkdir()
    (folder / TOTAL).write_text(_TOTAL, encoding="utf-8")
    (folder / KIOSK).write_text(_KIOSK, encoding="utf-8")
    for words in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        ("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "Begin"),
    ):
        subprocess.run(
            ["git", "-C", str(folder), *words],
            env=dict(scene.environment),
            capture_output=True,
            timeout=20,
            check=True,
        )
    (folder / TOTAL).write_text(_CHANGED, encoding="utf-8")
    return folder
