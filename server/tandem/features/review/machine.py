"""A review for machines: JSON of its own, and SARIF 2.1.0 for code hosts and editors. Pure."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from tandem.core.diagnostics import Severity
from tandem.features.review.findings import Finding, Place
from tandem.features.review.report import WORDS
from tandem.features.review.result import Review

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def to_json(review: Review) -> dict[str, Any]:
    """Return a review as one JSON object; lines are one-based."""
    return {
        "title": review.title,
        "files": review.files,
        "findings": [finding(one) for one in review.findings],
        "dropped": [{**finding(one.finding), "dropped": one.why} for one in review.dropped],
        "changed": [
            {"path": t.path, "line": t.line + 1, "name": t.name, "what": t.what,
             "used": list(t.used), "tests": list(t.tests)}
            for t in review.notes.touched
        ],
        "did_not_change_along": [{"path": p, "why": why} for p, why in review.notes.along],
        "unread": [{"path": path, "what": what} for path, what in review.notes.unread],
        "not_judged": [{"path": path, "why": why} for path, why in review.left],
        "asked": review.asked,
        "kept": review.kept,
        "cost_usd": review.cost.decimal(),
    }  # fmt: skip


def finding(one: Finding) -> dict[str, Any]:
    """Return a finding as JSON."""
    return {
        "key": one.key,
        "rule": one.rule,
        "path": one.path,
        "line": one.line + 1,
        "quote": one.quote,
        "severity": WORDS[one.severity],
        "claim": one.claim,
        "why": one.why,
        "check": one.check,
        "suggestion": one.suggestion,
        "related": [{"path": p.path, "line": p.line + 1, "said": p.said} for p in one.related],
        "by": one.by,
        "confidence": round(one.confidence, 2),
    }


def to_sarif(review: Review, version: str) -> dict[str, Any]:
    """Return a review as a SARIF log; paths are relative to the root of the sources."""
    rules = sorted({one.rule for one in review.findings})
    driver = {
        "name": "tandem",
        "version": version,
        "rules": [{"id": rule, "name": rule} for rule in rules],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, rules) for one in review.findings],
            }
        ],
    }


def _result(one: Finding, rules: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": one.rule,
        "ruleIndex": rules.index(one.rule),
        "level": _LEVELS.get(one.severity, "note"),
        "message": {"text": ". ".join(part.rstrip(".") for part in (one.claim, one.why) if part)},
        "locations": [_location(Place(one.path, one.line))],
        "partialFingerprints": {"tandem/v1": one.key},
        "rank": round(one.confidence * 100, 1),
    }
    if one.related:
        found["relatedLocations"] = [_location(place) for place in one.related]
    if one.suggestion is not None:
        found["fixes"] = [_fix(one)]
    return found


def _location(place: Place) -> dict[str, Any]:
    found: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(place.path), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place.line + 1},
        }
    }
    if place.said:
        found["message"] = {"text": place.said}
    return found


def _fix(one: Finding) -> dict[str, Any]:
    region = {
        "startLine": one.line + 1,
        "startColumn": 1,
        "endLine": one.line + 1,
        "endColumn": len(one.quote) + 1,
    }
    change = {"deletedRegion": region, "insertedContent": {"text": one.suggestion}}
    location = {"uri": _uri(one.path), "uriBaseId": "%SRCROOT%"}
    return {
        "description": {"text": "What the reviewer suggests"},
        "artifactChanges": [{"artifactLocation": location, "replacements": [change]}],
    }


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
