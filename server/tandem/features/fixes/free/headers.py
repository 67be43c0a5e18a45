"""What stands at the top of a file before its first import: where one goes if there is none.

A shebang, licence comments, a documentation of the file, directives, the package clause. Pure.

Invariant: the offset is a line's beginning, or the end of a text without a last line end.
"""

import re
from functools import cache
from typing import Final

_BLANK: Final = r"[ \t\f]*\r?\n"
_SLASHES: Final = rf"[ \t]*//[^\n]*\n|[ \t]*/\*[\s\S]*?\*/{_BLANK}"
_PYTHON_DOC: Final = (
    r"[rRuU]?(?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}|\"[^\"\n]*\"|'[^'\n]*')[ \t;]*\n"
)
_SCRIPT: Final = rf"#![^\n]*\n|[\"']use [a-z]+[\"'];?{_BLANK}"
_PACKAGE: Final = r"package[ \t]+[^\n]*\n"
# Comments at the top belong to the file if a blank line follows; else to what they stand above.
_OWN_COMMENTS: Final = r"(?:(?:{comment})+(?={blank}|\Z))"
_PARTS: Final = {
    "python": (r"[ \t]*#[^\n]*\n", rf"(?:[ \t]*#[^\n]*\n|{_BLANK})*{_PYTHON_DOC}"),
    **dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact"), (_SLASHES, _SCRIPT)
    ),
    "go": (_SLASHES, rf"(?:{_SLASHES})*{_PACKAGE}"),
    "rust": (_SLASHES, r"(?:[ \t]*//![^\n]*\n)+|#!\[[^\n]*\n|extern crate [^\n]*\n|#![^\n]*\n"),
    **dict.fromkeys(("java", "kotlin", "scala"), (_SLASHES, rf"(?:{_SLASHES})*{_PACKAGE}")),
    "csharp": (_SLASHES, r"extern alias [^\n]*\n|#nullable[^\n]*\n"),
    "php": (
        rf"{_SLASHES}|[ \t]*#[^\n]*\n",
        r"<\?php[^\n]*\n|declare\([^)\n]*\);[^\n]*\n|namespace [^;{\n]*;[^\n]*\n",
    ),
}
_GUARD: Final = (
    r"#[ \t]*ifndef[ \t]+(?P<guard>\w+)[^\n]*\n[ \t]*#[ \t]*define[ \t]+(?P=guard)[^\n]*\n"
)
_C: Final = (_SLASHES, rf"(?:{_SLASHES})*(?:#[ \t]*pragma once[^\n]*\n|{_GUARD})")
_LONGEST: Final = 20_000  # characters


@cache
def _header(language: str) -> re.Pattern[str]:
    comment, part = _PARTS.get(language, _C)
    own = _OWN_COMMENTS.format(comment=comment, blank=_BLANK)
    always = r"|#![^\n]*\n|[ \t]*#[^\n]*coding[:=][^\n]*\n" if language == "python" else ""
    return re.compile(rf"\ufeff?(?:{_BLANK})*(?:{part}{always}|{own})")


def header_end(source: str, language: str) -> int:
    """Return the offset behind the header of a file."""
    at = 0
    header = _header(language)
    while True:
        found = header.match(source, at, _LONGEST)
        if found is None or found.end() == at:
            return at
        at = found.end()
