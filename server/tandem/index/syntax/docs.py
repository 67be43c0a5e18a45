"""The first sentence of a comment block or a docstring, without the marks around it.

Good enough for every language at once: the marks of comments are a small closed set. Deliberately
no markup, no parameters, no examples: a reader who wants those opens the file.

Invariant: the result is one line of at most `LONGEST` characters, without markers or tags.
"""

import re
from typing import Final

LONGEST: Final = 200
# Opening and closing marks of a line, in any of the languages' comments.
_OPEN: Final = re.compile(r"\s*(?:/\*+!?|//[/!]*<?|\*+/|\*+(?!\w)|#+|--\[=*\[|--+|%+|<!--|;+)?")
_CLOSING: Final = frozenset("/>]")
_CLOSE: Final = re.compile(r"\s*(?:\*+/|--+>|\]=*\])?\s*$")
_PREFIX: Final = "~abfrsuABFRSU"  # of string literals and sigils
_TAG: Final = re.compile(r"</?[a-zA-Z][^<>\n]*>")
_SUMMARY: Final = re.compile(r"[@\\](?:brief|summary|description|desc)\s+")
_PARAGRAPH: Final = re.compile(r"\{?[@\\:]\w|[-=*~#]{3,}$")  # where prose ends: a tag or a rule
# For tools, not for readers: `#!`, `// eslint-disable`, `//go:generate`, `noqa`, `@ts-ignore`.
_PRAGMA: Final = re.compile(
    r"!|noqa|type: ignore|pylint|mypy:|eslint|prettier|istanbul|go:|nolint|\+build|rubocop|@ts-"
    r"|shellcheck|clang-format|swiftlint|ktlint|region\b|endregion|frozen_string_literal|vim:|-\*-"
)
_BLANK_LINE: Final = re.compile(r"\n[ \t]*\n")
_END: Final = re.compile(r"[.!?](?=\s+[A-Z`\"'(<\[]|\s*$)")


def first_sentence(raw: str) -> str:
    """Return the first sentence of a comment, or of several in a row joined by line ends."""
    words: list[str] = []
    for line in raw.replace("\r", "\n").split("\n", 60)[:60]:
        inner = line[_mark(line) :].strip()
        if inner[-1:] in _CLOSING:
            inner = _CLOSE.sub("", inner).strip()
        if "<" in inner:
            inner = _TAG.sub("", inner).strip()
        if inner[:1] in {"@", "\\"}:
            inner = _SUMMARY.sub("", inner, count=1)
        if not inner or _PARAGRAPH.match(inner):
            if words:
                break
        elif not _PRAGMA.match(inner) and any(map(str.isalnum, inner)):
            words += inner.split()
    return _cut(" ".join(words))


def first_sentence_of_string(raw: str) -> str:
    """Return the first sentence of a string literal that documents."""
    body = raw.strip().lstrip(_PREFIX).strip("\"'").lstrip()[: 4 * LONGEST]
    if "\r" in body:
        body = body.replace("\r\n", "\n")
    blank = _BLANK_LINE.search(body)
    return _cut(" ".join((body[: blank.start()] if blank else body).split()))


def _mark(line: str) -> int:
    found = _OPEN.match(line)
    return found.end() if found else 0


def _cut(prose: str) -> str:
    end = _END.search(prose)
    return prose[: min(end.end(), LONGEST) if end else LONGEST].strip()
