"""A review as people read it: in a terminal, as Markdown, as annotations of a CI job. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.findings import EVIDENCE, Finding
from tandem.features.review.notes import told
from tandem.features.review.result import Review

WORDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFORMATION: "information",
    Severity.HINT: "hint",
}
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning"}


def text(review: Review) -> str:
    """Return the findings as compilers print them, and a line that sums up."""
    return "\n".join([*(_line(one) for one in review.findings), summary(review)]) + "\n"


def _line(one: Finding) -> str:
    said = f"{one.path}:{one.line + 1}: {WORDS[one.severity]}: {one.claim} [{one.rule}]"
    quote = f"\n    {one.quote.strip()}"
    more = "".join(f"\n    {p.path}:{p.line + 1}: {p.said}" for p in one.related if p.said)
    fix = f"\n    → {one.suggestion.strip()}" if one.suggestion and one.suggestion.strip() else ""
    return said + quote + more + fix


def summary(review: Review) -> str:
    """Return what came of it in one line."""
    found = len(review.findings)
    what = f"{found or 'no'} {'finding' if found == 1 else 'findings'}"
    parts = [f"{review.title}: {_files(review.files)}, {what}"]
    if review.dropped:
        parts.append(f"{len(review.dropped)} not shown")
    if review.left:
        parts.append(f"{_files(len(review.left))} not judged: {review.left[0][1]}")
    if review.kept:
        parts.append(f"{_files(review.kept)} as judged before")
    parts.append(str(review.cost) if review.asked else "evidence alone, nothing was asked")
    return "; ".join(parts)


def _files(count: int) -> str:
    return f"{count} {'file' if count == 1 else 'files'}"


def github(review: Review) -> str:
    """Return the findings as workflow commands, which GitHub shows at their lines."""
    lines = [
        f"::{_COMMANDS.get(one.severity, 'notice')} file={_property(one.path)},line={one.line + 1},"
        f"title={_property(f'tandem: {one.rule}')}::{_message(_said(one))}"
        for one in review.findings
    ]
    return "\n".join([*lines, summary(review)]) + "\n"


def _said(one: Finding) -> str:
    return ". ".join(part.rstrip(".") for part in (one.claim, one.why) if part)


def _message(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _message(value).replace(":", "%3A").replace(",", "%2C")


def markdown(review: Review) -> str:
    """Return the whole review as Markdown, with what is known and what was not shown."""
    return "\n".join(_markdown(review)) + "\n"


def _markdown(review: Review) -> Iterator[str]:
    yield f"# Review of {review.title}"
    yield ""
    yield f"{summary(review)}."
    for one in review.findings:
        yield from ("", f"## {WORDS[one.severity].capitalize()}: {_heading(one.claim)}", "")
        yield from explained(one)
    facts = list(told(review.notes))
    if facts:
        yield from ("", "## What changed", "", *facts)
    if review.left:
        yield from ("", "## Not judged", "")
        yield from (f"- {path}: {why}" for path, why in review.left)
    if review.dropped:
        yield from ("", "## Not shown", "")
        for gone in review.dropped:
            one = gone.finding
            yield f"- {one.path}:{one.line + 1}: {one.claim} — {gone.why}"


def _heading(claim: str) -> str:
    return " ".join(claim.split())


def explained(one: Finding) -> Iterator[str]:
    """Yield a finding as lines of Markdown: the place, the words, how to see it, what mends it."""
    yield f"`{one.path}:{one.line + 1}` · {one.rule} · {_by(one)}"
    yield from ("", *_fenced([one.quote]))
    if one.why:
        yield from ("", f"Why: {one.why}")
    if one.check:
        yield from ("", f"How to tell: {one.check}")
    if one.suggestion is not None:
        yield from ("", "In its place:", "", *_fenced(one.suggestion.split("\n")))
    places = [place for place in one.related if place.said]
    if places:
        yield from ("", *(f"- `{p.path}:{p.line + 1}`: {p.said}" for p in places))


def _by(one: Finding) -> str:
    if one.by == EVIDENCE:
        return "proven by the index"
    return f"{one.by}, {one.confidence:.0%} sure"


def _fenced(lines: Sequence[str]) -> Iterator[str]:
    runs = [len(run) for line in lines for run in re.findall("`+", line)]
    fence = "`" * max(3, *(length + 1 for length in (0, *runs)))
    yield fence
    yield from lines
    yield fence
