"""Findings as JSON and back, for what is kept of reviews; the name of a file's change. Pure."""

import hashlib
from dataclasses import asdict
from typing import Any, Final

from tandem.core import diff
from tandem.core.diagnostics import Severity
from tandem.features.review.change import Changed
from tandem.features.review.findings import Finding, Place

_DIGEST: Final = 16
_FORM: Final = "1"  # of the task and the claims: another is another judgement


def digest(one: Changed, model: str) -> str:
    """Return the name of a file's change: the same diff, for the same model, is judged once."""
    item = diff.between(one.before, one.after, one.old or one.path, one.path)
    said = "\0".join((_FORM, model, diff.render([item])))
    return hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=_DIGEST).hexdigest()


def to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain values."""
    return {**asdict(finding), "severity": finding.severity.value}


def from_json(value: Any) -> Finding | None:
    """Return a finding; None of what is none, or of another version."""
    try:
        related = tuple(Place(**place) for place in value["related"])
        return Finding(**{**value, "severity": Severity(value["severity"]), "related": related})
    except (KeyError, TypeError, ValueError):
        return None
