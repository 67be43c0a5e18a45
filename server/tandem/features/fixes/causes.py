"""What a diagnostic is about, read from the words of the server that made it. Pure.

The patterns are in `wordings`; what a message does not quote is the text at its place. A
diagnostic's `source` is not asked: editors and bridges rename it, and within a language no two
servers mean different things by the same words. Deliberately only causes for which a fix or a check
exists; everything else is None.

Invariant: never raises, whatever the message and the span; looks at 2,000 characters of a message.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span, Text
from tandem.features.fixes.free.statements import covering
from tandem.features.fixes.wordings import HOLES, TABLES, CauseKind

__all__ = ["Cause", "CauseKind", "cause_of"]


@dataclass(frozen=True, slots=True)
class Cause:
    """What is wrong with what.

    `name` is the name at fault (of an unresolved module, the module), `module` the one it was
    looked for in, `owner` the type or function, `suggestion` what the server would have instead.
    An unused import without a name is a whole statement.
    """

    kind: CauseKind
    name: str
    module: str = ""
    owner: str = ""
    suggestion: str = ""


_SUGGESTED: Final = re.compile(
    r"(?:did you mean(?: to write)?|maybe|a \w+ with a similar name exists|help: a local variable "
    r"with a similar name exists|perhaps you meant)[: ]*[`'\"](?:this\.|self\.)?([\w$.:]+)",
    re.IGNORECASE,
)
_CURLY: Final = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"")
_SYMBOL: Final = re.compile(r"^\[[\w-]+\] ")  # pylsp says pylint's in front
_LONGEST: Final = 2_000
_LONGEST_NAME: Final = 200
_WORD: Final = re.compile(r"[^\W\d][\w$]*")
_OWNER: Final = re.compile(r"[A-Za-z_$][\w$]*(?=[^\w$]*$)")
# What is about a name: without one, neither said nor written at the place, there is no cause.
_OF_NAMES: Final = frozenset(
    [
        CauseKind.UNDEFINED_NAME,
        CauseKind.UNRESOLVED_MODULE,
        CauseKind.MISSING_EXPORT,
        CauseKind.UNKNOWN_MEMBER,
        CauseKind.UNKNOWN_ARGUMENT,
    ]
)


def cause_of(diagnostic: Diagnostic, text: Text, language: str) -> Cause | None:
    """Return what a diagnostic of `text` is about, None where that is not known."""
    message = _SYMBOL.sub("", diagnostic.message[:_LONGEST].translate(_CURLY))
    for kind, pattern in _compiled(language):
        found = pattern.search(message)
        if found is not None:
            return _cause(kind, found, diagnostic.span, text, language)
    return Cause(CauseKind.SYNTAX, "") if diagnostic.code == "invalid-syntax" else None


@cache
def _compiled(language: str) -> Sequence[tuple[CauseKind, re.Pattern[str]]]:
    rows = []
    for kind, written in TABLES.get(language, ()):
        for hole, group in HOLES.items():
            written = written.replace(hole, group)  # noqa: PLW2901 - a template being filled
        rows.append((kind, re.compile(written, re.IGNORECASE)))
    return tuple(rows)


def _cause(
    kind: CauseKind, found: re.Match[str], span: Span, text: Text, language: str
) -> Cause | None:
    groups = {key: value or "" for key, value in found.groupdict().items()}
    name = groups.get("local") or groups.get("name") or groups.get("also", "")
    module, owner = groups.get("module", ""), _owner(groups.get("owner", ""))
    if kind is CauseKind.UNUSED_IMPORT:
        if covering(str(text), language, span) is None:
            kind = CauseKind.UNUSED_VARIABLE
        elif groups.get("second") or "All imports" in found[0]:
            name = ""
        else:
            name = name or module or _written(text, span, language)
    elif not name and kind in _OF_NAMES:
        name = _written(text, span, language)
        if not name:
            return None
    suggested = _SUGGESTED.search(found.string)
    suggestion = suggested[1].strip(".:") if suggested is not None else ""
    return Cause(kind, name[:_LONGEST_NAME], module, owner, suggestion[:_LONGEST_NAME])


def _owner(written: str) -> str:
    """Return the bare name of a type as a server writes it: `type[A]`, `*pkg.T`, `A<B>`."""
    plain = re.sub(r"(?:\[|<).*", "", written[-_LONGEST_NAME:].strip("&*' "))
    if plain == "type" or not plain:
        plain = written.partition("[")[2].rstrip("]>")
    found = _OWNER.search(plain)
    return found[0] if found is not None else ""


def _written(text: Text, span: Span, language: str) -> str:
    """Return the name that stands at a place, of a path its last part."""
    written = text.slice(span.start, min(span.end, span.start + _LONGEST_NAME)).strip()
    if language in {"c", "cpp"} and written[:1] in {"<", '"'}:
        return written.strip('"<>')
    if not written:  # an empty span: the word that it is in or before
        line, column = text.point_at(span.start)
        content = text.line(line)[: column + _LONGEST_NAME]
        words = [m[0] for m in _WORD.finditer(content) if m.start() <= column <= m.end()]
        return words[0] if words else ""
    words = _WORD.findall(written.partition("(")[0].partition("\n")[0])
    return words[-1] if words else ""
