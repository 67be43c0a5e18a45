"""What one leaves behind while looking for a fault: prints, breakpoints, tests that run alone."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.core.diagnostics import Severity
from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding
from tandem.index.context.likely import is_test

_SCRIPT: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_STOPS: Final = {
    "python": re.compile(
        r"\bbreakpoint\(\)|\b(?:i?pdb|pudb)\.set_trace\(|^\s*(?:import|from) (?:i?pdb|pudb)\b|"
        r"\bembed\(\)\s*$"
    ),
    **dict.fromkeys(_SCRIPT, re.compile(r"^\s*debugger\b")),
    "ruby": re.compile(r"\bbinding\.(?:pry|irb)\b|\bbyebug\b"),
    "rust": re.compile(r"\bdbg!\("),
    "php": re.compile(r"\b(?:var_dump|dd)\("),
    "go": re.compile(r"\bruntime\.Breakpoint\(\)|\bspew\.Dump\("),
}
_ALONE: Final = re.compile(
    r"\b(?:describe|it|test|context|suite)\.only\s*\(|^\s*(?:fit|fdescribe)\s*\("
)
_PRINTS: Final = {
    "python": re.compile(r"^\s*print\("),
    **dict.fromkeys(_SCRIPT, re.compile(r"^\s*console\.(?:log|debug|dir|table|trace)\(")),
    "go": re.compile(r"^\s*fmt\.Print(?:ln|f)?\(|^\s*print(?:ln)?\("),
    "java": re.compile(r"^\s*System\.(?:out|err)\.print|\.printStackTrace\(\s*\)"),
    "kotlin": re.compile(r"^\s*println\("),
    "rust": re.compile(r"^\s*(?:e?println|eprint)!\("),
    "csharp": re.compile(r"^\s*Console\.Write"),
}
# A file that speaks to whoever runs it prints on purpose.
_SPEAKS: Final = re.compile(
    r"__main__|\bargparse\b|\bimport click\b|\btyper\b|\bsys\.argv\b|process\.argv|^#!|"
    r"\bpackage main\b|"
    r"\bvoid main\s*\(|\bfun main\s*\(|\bfn main\s*\(|\bcommander\b|\byargs\b",
    re.MULTILINE,
)
_SPEAKING: Final = re.compile(
    r"(?:^|/)(?:cli|cmd|bin|scripts?|tools?|examples?|commands?|console|__main__)(?:[/._]|$)",
    re.IGNORECASE,
)
_MEANT: Final = re.compile(r"noqa|eslint-disable|nolint|NOLINT|pylint: *disable")
_MARKED: Final = re.compile(r"(?i)debug|>>>|\bhere\b|!!!|xxx|\bwtf\b|f[\"'][^\"']*\{\w+=\}")


def left(case: Case) -> Iterator[Finding]:
    """Find debugging aids on added lines."""
    for changed in case.change.files:
        look = changed.look
        for line in look.added if not look.is_gone else ():
            said = _said(look, line)
            if said:
                yield case.finding(
                    "leftover",
                    look.path,
                    line,
                    said,
                    Severity.WARNING,
                    check="remove the line",
                    suggestion=None,
                    confidence=0.8,
                )


def _said(look: Look, line: int) -> str:
    code, text = look.code_lines[line], look.lines[line]
    if _MEANT.search(text):
        return ""
    stop = _STOPS.get(look.language)
    if stop is not None and stop.search(code):
        return "a breakpoint is left here"
    if look.language in _SCRIPT and _ALONE.search(code):
        return "only this test runs: `.only` is left here"
    prints = _PRINTS.get(look.language)
    if prints is None or not prints.search(code) or _speaks(look, prints):
        return ""
    if is_test(look.path) or look.is_new:
        return "a debug print is left here" if _MARKED.search(text) else ""
    return "a debug print is left here"


def _speaks(look: Look, prints: re.Pattern[str]) -> bool:
    """Tell whether a file printed before, or is one that does."""
    before = look.old_code if not look.is_new else ""
    if any(prints.search(line) for line in before.split("\n")):
        return True
    return bool(_SPEAKS.search(look.after)) or bool(_SPEAKING.search(look.path))
