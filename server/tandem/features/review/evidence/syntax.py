"""Files that are no valid code any more, and marks that a merge left behind."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.engine import gates
from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.languages import language_of
from tandem.index.parse import error_lines
from tandem.index.unbound import error_line

_CONFLICT: Final = re.compile(r"^(?:<{7} \S|>{7} \S|\|{7} \S)")
_SEPARATOR: Final = "======="


def broken(case: Case) -> Iterator[Finding]:
    """Find what the grammar understands less of than before."""
    for changed in case.change.files:
        look = changed.look
        if look.is_gone or any(_CONFLICT.match(look.lines[line]) for line in look.added):
            continue  # of a file in conflict, that it is one is all to say
        said = gates.new_errors(look.read)
        if said is not None:
            yield case.finding(
                "syntax-error",
                look.path,
                _line(look),
                f"this is no longer valid {look.language}",
                check="compile the file",
                confidence=0.95,
            )


def _line(look: Look) -> int:
    """Return where the first new error is: on a changed line, if one is."""
    if look.language == "python":
        line = error_line(look.after)
        if line is not None:
            return line
    unbalanced = _unbalanced(look)
    if unbalanced is not None:
        return unbalanced
    language = language_of(look.path)
    known = error_lines(look.after, language) if language is not None else ()
    near = [n for n in known if n in look.changed or n - 1 in look.changed]
    if near:
        return near[0]
    changed = sorted(look.changed)
    return changed[0] if changed else 0


def _unbalanced(look: Look) -> int | None:
    """Return the added line whose bracket is not closed, or closes too much, with the change."""
    if _balance(look.old_code) == _balance(look.code):
        return None
    for a, b, c, d in look.blocks:
        was = "".join(look.old_code.split("\n")[a:b])
        opened: list[int] = []
        for number in range(c, min(d, len(look.lines))):
            for char in look.code_lines[number]:
                if char in "([{":
                    opened.append(number)
                elif char in ")]}":
                    if not opened and _balance(was) >= 0:
                        return number
                    opened = opened[:-1]
        if opened and len(opened) > max(_balance(was), 0):
            return opened[-1]
        if not opened and _balance(was) < 0 and d > c:
            return c
    return None


def _balance(code: str) -> int:
    return sum((char in "([{") - (char in ")]}") for char in code)


def conflicts(case: Case) -> Iterator[Finding]:
    """Find the marks of a merge that is not finished."""
    for changed in case.change.files:
        look = changed.look
        marks = [line for line in look.added if _CONFLICT.match(look.lines[line])]
        if marks:
            yield case.finding(
                "leftover",
                look.path,
                marks[0],
                "the mark of a merge conflict is left here",
                Severity.ERROR,
                check=f"search for `{_SEPARATOR}`",
                confidence=0.98,
            )
