"""Evidence: what the index alone proves of a change. Facts, each with its place; nobody is asked.

Each look at a change is a function from the case to findings. What is not sure is not said: a
reviewer that cries wolf is switched off.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.evidence import (
    awaits,
    contracts,
    face,
    handlers,
    injection,
    leftovers,
    references,
    releases,
    secrets,
    syntax,
    twice,
)
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding, merged, ordered

_BY_LINE: Final = frozenset(["syntax-error", "leftover", "secret", "sql-injection"])

LOOKS: Final[Sequence[Callable[[Case], Iterator[Finding]]]] = (
    syntax.conflicts,
    syntax.broken,
    references.stale_calls,
    references.stale_references,
    references.stale_members,
    references.lost,
    contracts.stale_overrides,
    contracts.missing_members,
    contracts.duplicates,
    twice.repeated,
    awaits.dropped,
    releases.lost,
    handlers.swallowed,
    injection.injected,
    secrets.leaked,
    leftovers.left,
    face.api_breaks,
    face.faces,
)


def proven(case: Case) -> tuple[Finding, ...]:
    """Return what is wrong with a change as far as it can be proven, the worst first."""
    found = [one for look in LOOKS for one in look(case)]
    # Of what is not understood, that it is not is all to say, beside what a line alone shows.
    broken = {one.path for one in found if one.rule == "syntax-error" or _is_conflict(one)}
    sure = [one for one in found if one.path not in broken or one.rule in _BY_LINE]
    return ordered(merged(sure)[0])


def _is_conflict(one: Finding) -> bool:
    return one.rule == "leftover" and one.severity is Severity.ERROR
