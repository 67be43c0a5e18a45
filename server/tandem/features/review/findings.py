"""A finding as a value: what is wrong with a change, where, how one can tell, what would mend it.

Places are of the files as they are with the change. A finding is known again by its content (what
kind it is, the file, the line's words), so that one that was dismissed stays so when lines move.

Invariant: `quote` is the whole line that it stands on, without its line end.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tandem.core.diagnostics import Severity

EVIDENCE: Final = "evidence"
"""Who found it, if no model did."""

_KEY: Final = 8  # bytes
_NEAR: Final = 2  # lines between two findings that are of one matter
_ALIKE: Final = 0.5  # of the words of the shorter claim
_COMMON: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "has",
        "in",
        "is",
        "it",
        "its",
        "no",
        "not",
        "of",
        "on",
        "or",
        "the",
        "this",
        "to",
    ]
)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, zero-based, and why it is told."""

    path: str
    line: int
    said: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong on a line. `rule` is its kind, `by` who found it, `confidence` 0 to 1.

    `suggestion` is the text in the place of the quoted line, None if there is none; `check` tells
    how one can see that it is so. `effort` is how long that takes, by its places.
    """

    rule: str
    path: str
    line: int
    quote: str
    severity: Severity
    claim: str
    why: str = ""
    check: str = ""
    suggestion: str | None = None
    related: tuple[Place, ...] = ()
    by: str = EVIDENCE
    confidence: float = 0.9

    @property
    def key(self) -> str:
        """Return a name by its content: the same wherever the line moves in its file."""
        said = "\0".join((self.rule, self.path, " ".join(self.quote.split())))
        return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=_KEY).hexdigest()

    @property
    def effort(self) -> int:
        """Return how many places one has to look at to tell whether it is so."""
        return 1 + len(self.related)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in the order in which one would read them.

    The worst first; of those the surest, then those that are soonest looked at.
    """
    return tuple(
        sorted(
            findings,
            key=lambda f: (f.severity.value, -round(f.confidence, 1), f.effort, f.path, f.line),
        )
    )


def merged(findings: Sequence[Finding]) -> tuple[tuple[Finding, ...], int]:
    """Return the findings with those of one matter as one, and how many that made fewer.

    What the evidence proves stays; of two of a model's the surer. The other's places are kept, and
    its words where they say something else of the same line.
    """
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda f: (f.by != EVIDENCE, -f.confidence)):
        known = next((n for n, other in enumerate(kept) if _same(one, other)), None)
        if known is None:
            kept.append(one)
        else:
            kept[known] = _joined(kept[known], one)
    return tuple(kept), len(findings) - len(kept)


def _same(one: Finding, other: Finding) -> bool:
    if one.path != other.path or abs(one.line - other.line) > _NEAR:
        return False
    if one.key == other.key:
        return True
    if one.by == other.by == EVIDENCE:
        return False
    return one.line == other.line or _alike(one.claim, other.claim)


def _alike(one: str, other: str) -> bool:
    words, others = _words(one), _words(other)
    return len(words & others) >= _ALIKE * max(1, min(len(words), len(others)))


def _words(claim: str) -> set[str]:
    return {word.strip("`.,:;()'\"").lower() for word in claim.split()} - _COMMON - {""}


def _joined(kept: Finding, other: Finding) -> Finding:
    """Return what stays of two findings of one matter: with the words it lacks."""
    places = {(p.path, p.line): p for p in (*other.related, *kept.related)}
    why, severity = kept.why or other.why, kept.severity
    alike = _alike(kept.claim, other.claim)
    if not alike:
        why = " ".join(part for part in (kept.why, f"Also: {other.claim}", other.why) if part)
    if kept.by == other.by or not alike:
        severity = min(kept.severity, other.severity, key=lambda one: one.value)
    return replace(
        kept,
        severity=severity,
        why=why,
        check=kept.check or other.check,
        suggestion=kept.suggestion if kept.suggestion is not None else other.suggestion,
        related=tuple(places.values()),
        confidence=max(kept.confidence, other.confidence),
    )
