"""What is asked of the free fixes, a fix as a value, and how several become one offer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from tandem.core.diagnostics import Diagnostic
from tandem.core.edits import Edit
from tandem.features.fixes.causes import Cause
from tandem.index.code import Code

MOST: Final = 8  # fixes of one diagnostic


@dataclass(frozen=True, slots=True)
class Asked:
    """One diagnostic and all around it; `source` is the text that its span is of."""

    code: Code
    path: str
    source: str
    language: str
    diagnostic: Diagnostic
    cause: Cause


@dataclass(frozen=True, slots=True)
class FreeFix:
    """A fix; `edits` are of the diagnosed file, in offsets of the text that was looked at.

    `sure`: the only candidate, and proven.
    """

    title: str
    edits: tuple[Edit, ...]
    sure: bool


def offered(fixes: Iterable[FreeFix]) -> list[FreeFix]:
    """Return at most eight fixes that differ in what they do; one among others is not sure."""
    distinct: dict[Sequence[Edit], FreeFix] = {}
    for fix in fixes:
        distinct.setdefault(fix.edits, fix)
        if len(distinct) == MOST:
            break
    if len(distinct) == 1:
        return list(distinct.values())
    return [replace(fix, sure=False) for fix in distinct.values()]
