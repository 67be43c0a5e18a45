"""Whether an edit has taken away the cause of a diagnostic, as far as syntax can tell. Pure.

The server that made the diagnostic answers seconds later; a proposal has to be judged before it is
shown. Deliberately no types: what needs them is None, neither gone nor there. A name counts as
bound if more places bind it than before, in whatever scope.

Invariant: never raises, whatever the texts; a parse takes half a second at most.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tandem.core.diagnostics import Diagnostic
from tandem.core.text import Span
from tandem.features.fixes.causes import Cause, CauseKind
from tandem.features.fixes.free.members import named
from tandem.features.fixes.free.statements import covering, statements
from tandem.index.facts import FileFacts
from tandem.index.languages import by_id
from tandem.index.lexical import bare_uses, blanked, uses
from tandem.index.parse import parse
from tandem.index.unbound import unbound_names

_BUDGET_S: Final = 0.5
_LONGEST: Final = 500_000  # characters of a text that is looked at
# Imports that bind names which they do not say: one more of them may have bound any name.
_INCLUDING: Final = frozenset(["c", "cpp", "objective-c", "objective-cpp", "csharp", "swift"])
_BINDING: Final = (
    r"(?<![\w$.]){name}\s*(?::[^=\n,)]{{1,80}}+)?(?::=|=(?![=>]))"  # an assignment, with its type
    r"|\b(?:as|for|let|var|val|const|mut|def|func|fn|fun|function|class|struct|enum|interface|type"
    r"|static|macro_rules!|import|#[ \t]*define)\s+(?:mut\s+)?{name}(?![\w$])"
    r"|\b(?:for|let|var|val|const)\s*[(\[{{][^)\]}}\n]{{0,300}}(?<![\w$]){name}(?![\w$])"
    r"|\bfor\s+[\w\s,]{{0,60}}(?<![\w$]){name}(?![\w$])[\w\s,]{{0,60}}\bin\b"
    r"|(?<![\w$]){name}(?:[ \t]*,[ \t]*\w+){{0,20}}[ \t]*:?=(?!=)"
    r"|(?<![\w$]){name}\s*=>|\|[^|\n]{{0,60}}(?<![\w$]){name}(?![\w$])[^|\n]{{0,60}}\|"
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question; `before` and `after` are the texts, `code` they without strings."""

    cause: Cause
    span: Span
    language: str
    before: str
    after: str
    code: tuple[str, str]


def gone(
    cause: Cause, diagnostic: Diagnostic, language: str, before: str, after: str
) -> bool | None:
    """Tell whether the cause is gone in `after`; the diagnostic is of `before`.

    None where syntax cannot tell.
    """
    judge = _JUDGES.get(cause.kind)
    if judge is None or by_id(language) is None or max(len(before), len(after)) > _LONGEST:
        return None
    if before == after:
        return False
    code = blanked(before, language), blanked(after, language)
    asked = _Asked(cause, diagnostic.span, language, before, after, code)
    said = judge(asked)
    # What else is said of a text that makes no sense may only follow from that.
    return None if said is False and _syntax(asked) else said


def _syntax(asked: _Asked) -> bool | None:
    had, has = _facts(asked.before, asked.language), _facts(asked.after, asked.language)
    if had is None or has is None or not had.errors:
        return None
    return has.errors < had.errors


def _undefined(asked: _Asked) -> bool | None:
    name = asked.cause.name
    if not name:
        return None
    if asked.language == "python":
        had, has = unbound_names(asked.before), unbound_names(asked.after)
        if had is not None and has is not None and name in had:
            return name not in has
    if _bindings(asked.after, asked.code[1], asked.language, name) > _bindings(
        asked.before, asked.code[0], asked.language, name
    ):
        return True
    if _open_imports(asked.after, asked.language) > _open_imports(asked.before, asked.language):
        return None
    return _place_gone(asked, bare_uses) or (None if _is_said_more(asked) else False)


def _is_said_more(asked: _Asked) -> bool:
    """Tell whether the name stands somewhere else now: a parameter, a pattern, a declaration."""
    before, after = (len(uses(code, asked.cause.name)) for code in asked.code)
    return after > before


def _bindings(source: str, code: str, language: str, name: str) -> int:
    imported = sum(
        name in {leaf.local, leaf.name}
        for statement in statements(source, language)
        for leaf in statement.leaves()
    )
    assigned = len(_binding(name).findall(code))
    facts = _facts(source, language)
    found = facts.definitions if facts is not None else ()
    defined = sum((d.name == name) + (name in named(d.signature)) for d in found)
    return imported + assigned + defined


@lru_cache(maxsize=64)
def _binding(name: str) -> re.Pattern[str]:
    return re.compile(_BINDING.format(name=re.escape(name)))


def _facts(source: str, language: str) -> FileFacts | None:
    known = by_id(language)
    data = source.encode("utf-8", "replace")
    return parse(data, known, budget_s=_BUDGET_S) if known is not None else None


def _open_imports(source: str, language: str) -> int:
    """Count the imports that bind what they do not name."""
    found = statements(source, language)
    if language in _INCLUDING:
        return len(found)
    return sum(leaf.local in {"*", "_", "."} for s in found for leaf in s.leaves())


def _place_gone(asked: _Asked, find: Callable[[str, str], list[int]]) -> bool:
    """Tell whether what is found by the name has gone from where the diagnostic was.

    A place that the edit left alone is looked at again; in what was edited there must be less.
    """
    before, after = (find(code, asked.cause.name) for code in asked.code)
    start, end = asked.span
    at = next((place for place in before if start <= place < max(end, start + 1)), None)
    lead, tail = _common(asked.before, asked.after)
    if at is not None and at + len(asked.cause.name) <= lead:
        return at not in after
    if at is not None and at >= len(asked.before) - tail:
        return at + len(asked.after) - len(asked.before) not in after
    return len(after) < len(before)


def _common(before: str, after: str) -> tuple[int, int]:
    """Return how many characters two texts begin, and end, with alike."""
    most = min(len(before), len(after))
    lead = _alike(lambda size: before[:size] == after[:size], most)
    most -= lead
    tail = _alike(lambda size: before[len(before) - size :] == after[len(after) - size :], most)
    return lead, tail


def _alike(same: Callable[[int], bool], most: int) -> int:
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if same(middle) else (low, middle - 1)
    return low


def _unused_import(asked: _Asked) -> bool | None:
    name = asked.cause.name
    if not name:
        statement = covering(asked.before, asked.language, asked.span)
        if statement is None:
            return None
        written = asked.before[slice(*statement.span)]
        return asked.after.count(written) < asked.before.count(written)
    if _imported(asked.after, asked.language, name) < _imported(asked.before, asked.language, name):
        return True
    return len(uses(asked.code[1], name)) > len(uses(asked.code[0], name))


def _imported(source: str, language: str, name: str) -> int:
    """Count the imports of a name, or of a module whose last part it is."""
    return sum(
        name in {leaf.local, leaf.name, statement.module} or _ends(leaf.name, name)
        for statement in statements(source, language)
        for leaf in statement.leaves()
    )


def _ends(path: str, name: str) -> bool:
    bare = path.strip('<>"')
    return bare == name or bare.endswith((f".{name}", f"/{name}", f"::{name}", f"\\{name}"))


def _unused_variable(asked: _Asked) -> bool | None:
    name = asked.cause.name
    had, has = len(uses(asked.code[0], name)), len(uses(asked.code[1], name))
    return has != had if name and had else None


def _module(asked: _Asked) -> bool | None:
    name = asked.cause.name
    had, has = (
        sum(_ends(s.module, name) or any(_ends(e.name, name) for e in s.leaves()) for s in found)
        for found in (
            statements(asked.before, asked.language),
            statements(asked.after, asked.language),
        )
    )
    return has < had if had else None


def _export(asked: _Asked) -> bool | None:
    statement = covering(asked.before, asked.language, asked.span)
    if statement is None:
        return _member(asked)
    name = asked.cause.name
    for other in statements(asked.after, asked.language):
        if other.module == statement.module and any(_ends(e.name, name) for e in other.leaves()):
            return False
    return True


def _member(asked: _Asked) -> bool | None:
    name = asked.cause.name
    if not name:
        return None
    if _defined(asked.after, asked.language, name) > _defined(asked.before, asked.language, name):
        return True
    if _place_gone(asked, uses):
        return True
    return None if asked.cause.kind is CauseKind.UNKNOWN_MEMBER else False  # types would tell


def _defined(source: str, language: str, name: str) -> int:
    facts = _facts(source, language)
    found = facts.definitions if facts is not None else ()
    members = len(
        re.findall(rf"\b(?:self|this)\.{re.escape(name)}\s*(?::[^=\n]{{1,80}}+)?=(?!=)", source)
    )
    return members + sum((d.name == name) + (name in named(d.signature)) for d in found)


_JUDGES: Final[Mapping[CauseKind, Callable[[_Asked], bool | None]]] = {
    CauseKind.SYNTAX: _syntax,
    CauseKind.UNDEFINED_NAME: _undefined,
    CauseKind.UNUSED_IMPORT: _unused_import,
    CauseKind.UNUSED_VARIABLE: _unused_variable,
    CauseKind.UNRESOLVED_MODULE: _module,
    CauseKind.MISSING_EXPORT: _export,
    CauseKind.UNKNOWN_MEMBER: _member,
    CauseKind.UNKNOWN_ARGUMENT: _member,
}
