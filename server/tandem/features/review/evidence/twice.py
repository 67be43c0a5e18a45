"""What is there twice after a bad merge: entries of an object, labels of a switch."""

import re
from collections.abc import Iterator
from typing import Final

from tandem.features.review.change import Look
from tandem.features.review.evidence.case import Case
from tandem.features.review.findings import Finding, Place

_SCRIPT: Final = frozenset(["javascript", "javascriptreact", "typescript", "typescriptreact"])
_LABEL: Final = re.compile(r"^(\s*)case\s+([^:>{]+?)\s*(?:->|:(?!:))")
_ENTRY: Final = re.compile(r"^(\s+)([\w$]+|\"[^\"\n]+\"|'[^'\n]+')\s*:\s*[^;{]*,\s*$")
_KEY: Final = re.compile(r"^(\s+)(\"[^\"\n]+\"|'[^'\n]+')\s*:\s*\S.*,\s*$")
_SWITCHES: Final = frozenset(["java", "go", "csharp", "c", "cpp"]) | _SCRIPT


def repeated(case: Case) -> Iterator[Finding]:
    """Find entries and labels that stand twice in one block, one of them new."""
    for changed in case.change.files:
        look = changed.look
        if look.is_gone:
            continue
        if look.language in _SWITCHES:
            yield from _twice(case, look, _LABEL, "label")
        if look.language in _SCRIPT:
            yield from _twice(case, look, _ENTRY, "entry")
        elif look.language == "python":
            yield from _twice(case, look, _KEY, "entry")


def _twice(case: Case, look: Look, form: re.Pattern[str], what: str) -> Iterator[Finding]:
    """Follow the blocks by their indentation: a line further out ends those inside."""
    blocks: dict[int, dict[str, int]] = {}
    for number, code in enumerate(look.code_lines):
        if not code.strip():
            continue
        indent = len(code) - len(code.lstrip())
        for inner in [depth for depth in blocks if depth > indent]:
            del blocks[inner]
        if form is not _LABEL and code.strip().startswith(("}", "]", ")")):
            blocks.pop(indent + 2, None)
        match = form.match(look.lines[number]) if form.match(code) else None
        if match is None:
            continue
        known = blocks.setdefault(indent, {})
        first = known.setdefault(match[2], number)
        if first != number and {first, number} & set(look.added):
            yield case.finding(
                "duplicate-definition",
                look.path,
                number,
                f"the {what} `{match[2]}` stands here a second time",
                check="compare both",
                related=(Place(look.path, first, "the first one"),),
                confidence=0.85,
            )
