"""Errors that are caught and forgotten, or returned and not looked at any more."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.context.likely import is_test
from tandem.index.graph import resolve
from tandem.index.syntax.calling import COMMON

_NOTHING: Final = (
    r"(?:None|null|undefined|0|-1|\"\"|''|\[\]|\(\)|\{\}|List\.of\(\)|"
    r"Optional\.empty\(\)|nil)"
)
_PASSED_OVER: Final = {
    "python": re.compile(
        rf"^([ \t]*)except\b[^\n]*:[ \t]*\n\s*(?:continue|return(?:[ \t]+{_NOTHING})?)[ \t]*$",
        re.MULTILINE,
    ),
    "java": re.compile(
        rf"\bcatch\s*\([^()]*\)\s*\{{\s*(?:continue|return(?:\s+{_NOTHING})?)\s*;\s*\}}"
    ),
}
_SUPPRESSED: Final = re.compile(r"\bsuppress\(\s*(?:Base)?Exception\s*\)")
_FORGIVEN: Final = re.compile(rf"\.catch\s*\(\s*\(\s*\w*\s*\)\s*=>\s*{_NOTHING}\s*\)")
_PYTHON: Final = re.compile(
    r"^([ \t]*)except\b[^\n]*:[ \t]*(?:\n\s*)?(pass|\.\.\.)[ \t]*$", re.MULTILINE
)
_BRACES: Final = re.compile(r"\bcatch\s*(?:\([^()]*\))?\s*\{\s*\}")
_CALLBACK: Final = re.compile(
    r"\.catch\s*\(\s*(?:\(\s*\w*\s*\)|\w+|function\s*\([^)]*\))\s*(?:=>)?\s*\{\s*\}\s*\)"
)
_GO_DROPPED: Final = re.compile(r"^\s*(?:[\w, ]*\b_\s*:?=|_\s*=)\s*[\w.]+\(")
_GO_USED: Final = re.compile(r"(?:\berr\s*:?=|\breturn\b(?:[^\n]*,)?)\s*([\w.]+)\(")
_GIVEN_AWAY: Final = re.compile(r"^\s*(?:[\w, ]+,\s*)?_\s*:?=\s*(?:\w+\.)*(\w+)\(")
_EXPECTED: Final = re.compile(
    r"ImportError|ModuleNotFoundError|CancelledError|KeyboardInterrupt|StopIteration|QueueEmpty"
)
_CLEANS: Final = re.compile(
    r"[Cc]lose|[Cc]ancel|[Rr]elease|[Rr]emove|[Dd]estroy|[Rr]ollback|[Ff]lush|[Uu]nlink"
)
_GO_SET: Final = re.compile(r"\berr\s*:?=[^=]")
_GO_CHECK: Final = re.compile(r"\berr\b")
_SCRIPTS: Final = frozenset(
    ["javascript", "javascriptreact", "typescript", "typescriptreact", "java", "kotlin", "csharp"]
)


def swallowed(case: Case) -> Iterator[Finding]:
    """Find new handlers that do nothing, and error values of Go that nobody looks at any more."""
    for changed in case.change.files:
        look = changed.look
        if look.is_gone:
            continue
        passed = _PASSED_OVER.get("java" if look.language in _SCRIPTS else look.language)
        if passed is not None and not is_test(look.path):
            yield from _empty(case, look, passed)
        if look.language == "python":
            yield from _empty(case, look, _PYTHON)
            yield from _empty(case, look, _SUPPRESSED)
        elif look.language in _SCRIPTS:
            yield from _empty(case, look, _BRACES)
            yield from _empty(case, look, _CALLBACK)
            yield from _empty(case, look, _FORGIVEN)
        elif look.language == "go":
            yield from _unchecked(case, look)
            yield from _blank(case, look)
            yield from _ignored(case, look)


def _empty(case: Case, look: Look, pattern: re.Pattern[str]) -> Iterator[Finding]:
    """Find empty handlers that were not there before, and that no comment explains."""
    known = Counter(_folded(m[0]) for m in pattern.finditer(look.old_code))
    for match in pattern.finditer(look.code):
        if known[_folded(match[0])] > 0:
            known[_folded(match[0])] -= 1
            continue
        text = look.after[match.start() : match.end()]
        first = look.line_of(match.start())
        last = look.line_of(match.end())
        behind = look.lines[last][len(look.code_lines[last].rstrip()) :]
        if _has_comment(text) or _has_comment(behind):
            continue
        lead = len(match[0]) - len(match[0].lstrip())
        line = look.line_of(match.start() + lead)
        if not any(n in look.changed for n in range(first, last + 1)):
            continue
        if _EXPECTED.search(match[0]):
            continue  # what may be missing is looked for so; a cancelled task ends so
        if pattern in _PASSED_OVER.values() and not _was_open(look, match):
            continue  # whether it may fail in silence was decided before
        if pattern is _FORGIVEN and _CLEANS.search(look.code_lines[line]):
            continue  # what is given up need not succeed
        yield _finding(
            case, look, line, "an error that is caught here is forgotten: nothing is done with it"
        )


def _was_open(look: Look, match: re.Match[str]) -> bool:
    """Tell whether something that is tried here stood elsewhere before, without this handler."""
    head = look.code[: match.start()]
    tried = head[max(head.rfind("try:"), head.rfind("try {"), head.rfind("try (")) :]
    names = {name for name in re.findall(r"(\w+)\s*\(", tried) if name not in COMMON}
    gone = {name for line in look.removed for name in re.findall(r"(\w+)\s*\(", line)}
    return not names.isdisjoint(gone)


def _folded(text: str) -> str:
    return " ".join(text.split())


def _has_comment(text: str) -> bool:
    return any(mark in text for mark in ("#", "//", "/*"))


def _unchecked(case: Case, look: Look) -> Iterator[Finding]:
    """Find assignments to ``err`` that nobody looks at before the next."""
    for found, code, _was, old in look.functions().values():
        first = look.line_of(found.span.start)
        now = _forgotten(code)
        if now and (not old or len(now) > len(_forgotten(old))):
            before = Counter(text for _, text in _forgotten(old))
            for number, text in now:
                if before[text] > 0:
                    before[text] -= 1
                    continue
                yield _finding(case, look, first + number, "nobody looks at `err` after this call")


def _forgotten(code: str) -> list[tuple[int, str]]:
    lines = code.split("\n")
    if re.search(r"\berr\s+error\b", lines[0]):
        return []  # a named result is looked at by whoever calls
    found: list[tuple[int, str]] = []
    open_at: int | None = None
    for number, line in enumerate(lines):
        is_set = _GO_SET.search(line) is not None
        looked_at = _GO_CHECK.search(_GO_SET.sub(" ", line)) is not None or re.search(
            r"\breturn\s*$", line
        )
        if open_at is not None and looked_at:
            open_at = None
        if is_set and not looked_at:
            if open_at is not None:
                found.append((open_at, lines[open_at].strip()))
            open_at = number
    if open_at is not None:
        found.append((open_at, lines[open_at].strip()))
    return found


def _blank(case: Case, look: Look) -> Iterator[Finding]:
    """Find calls whose error was looked at, and is given to ``_`` now."""
    checked = {call for line in look.removed for call in _GO_USED.findall(line)}
    for line in look.added:
        code = look.code_lines[line]
        call = re.search(r"=\s*([\w.]+)\(", code)
        if _GO_DROPPED.match(code) and call is not None and call[1] in checked:
            yield _finding(case, look, line, f"the error of `{call[1]}` is no longer looked at")
    for line in look.added:
        bare = re.match(r"^\s*([\w.]+)\(.*\)\s*$", look.code_lines[line])
        if bare is not None and bare[1] in checked:
            yield _finding(case, look, line, f"the error of `{bare[1]}` is no longer looked at")


def _ignored(case: Case, look: Look) -> Iterator[Finding]:
    """Find new calls of the codebase's own functions whose error is given to ``_``."""
    for line in look.added:
        match = _GIVEN_AWAY.match(look.code_lines[line])
        if match is None or is_test(look.path) or _has_comment(look.lines[line]):
            continue
        if _CLEANS.fullmatch(match[1]):
            continue
        places = resolve(case.after, look.path, match[1])
        if places and all(re.search(r"\berror\)?\s*$", p.definition.signature) for p in places):
            yield _finding(case, look, line, f"the error of `{match[1]}` is not looked at")


def _finding(case: Case, look: Look, line: int, claim: str) -> Finding:
    return case.finding(
        "swallowed-error",
        look.path,
        line,
        claim,
        Severity.WARNING,
        check="ask what should happen when this fails; if nothing, a comment says so",
        confidence=0.8,
    )
