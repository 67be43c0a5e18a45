"""What every look at a change is given: the change, and the codebase before and with it."""

from dataclasses import dataclass, field

from tandem.core.diagnostics import Severity
from tandem.features.review.change import Change, Changed, Look
from tandem.features.review.findings import Finding, Place
from tandem.index.code import Code


@dataclass(frozen=True, slots=True)
class Case:
    """A change with the codebases around it."""

    change: Change
    before: Code = field(repr=False)
    after: Code = field(repr=False)

    def look(self, path: str) -> Look:
        """Return a file of the codebase as the evidence looks at it, changed or not."""
        text = self.after.text(path)
        found = next((one for one in self.change.files if one.path == path), None)
        return (found or Changed(path, text, text)).look

    def finding(
        self,
        rule: str,
        path: str,
        line: int,
        claim: str,
        severity: Severity = Severity.ERROR,
        *,
        why: str = "",
        check: str = "",
        suggestion: str | None = None,
        related: tuple[Place, ...] = (),
        confidence: float = 0.9,
    ) -> Finding:
        """Return a finding on a line of a file as it is with the change."""
        lines = (self.after.text(path) or "").split("\n")
        line = max(0, min(line, len(lines) - 1))
        quote = lines[line].rstrip("\r")
        return Finding(
            rule, path, line, quote, severity, claim, why, check, suggestion, related,
            confidence=confidence,
        )  # fmt: skip
