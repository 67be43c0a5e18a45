"""A review as a value: what was found, what was dropped and why, what was left, the bill."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tandem.core.diagnostics import Severity
from tandem.core.money import Usd
from tandem.features.review.findings import Finding
from tandem.features.review.notes import Notes


@dataclass(frozen=True, slots=True)
class Dropped:
    """A finding that is not shown, and why not."""

    finding: Finding
    why: str


@dataclass(frozen=True, slots=True)
class Review:
    """What came of a review.

    `asked` tells whether Pro was; `left` are files that it was not asked about, each with the
    reason; `kept` counts the files whose findings are of an earlier review.
    """

    title: str
    files: int
    findings: tuple[Finding, ...]
    notes: Notes = field(repr=False)
    dropped: tuple[Dropped, ...] = ()
    left: tuple[tuple[str, str], ...] = ()
    asked: bool = False
    kept: int = 0
    cost: Usd = field(default_factory=Usd)

    def worst(self) -> Severity | None:
        """Return how bad the worst finding is."""
        return min((one.severity for one in self.findings), key=_rank, default=None)


def _rank(severity: Severity) -> int:
    return severity.value


def fails(findings: Sequence[Finding], threshold: Severity | None) -> bool:
    """Tell whether one of the findings is as bad as a threshold; None is never reached."""
    return threshold is not None and any(f.severity.value <= threshold.value for f in findings)
