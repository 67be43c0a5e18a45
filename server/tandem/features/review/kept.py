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
        said: dict[str, Any] = dict(value)
        said |= {"severity": Severity(value["severity"]), "related": related}
        made = Finding(**said)
    except (KeyError, TypeError, ValueError):
        return None
    return made if _is_sound(made) else None


def all_from_json(value: Any) -> tuple[Finding, ...] | None:
    """Return the findings of a file; None if they cannot be read, so that it is judged again."""
    found = [from_json(one) for one in value] if isinstance(value, list) else [None]
    known = tuple(one for one in found if one is not None)
    return known if len(known) == len(found) else None


def _is_sound(one: Finding) -> bool:
    """Tell whether the fields are of their types: JSON may hold anything."""
    texts = [one.rule, one.path, one.quote, one.claim, one.why, one.check, one.by]
    texts += ["" if one.suggestion is None else one.suggestion]
    texts += [text for place in one.related for text in (place.path, place.said)]
    lines = [one.line, *(place.line for place in one.related)]
    return (
        all(isinstance(text, str) for text in texts)
        and all(type(line) is int and line >= 0 for line in lines)
        and isinstance(one.confidence, float | int)
    )
