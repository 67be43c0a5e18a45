"""Code without its strings and comments, by their marks: no parser, no tree.

What an import statement or a use of a name looks like is only meant where it is code. Deliberately
approximate: a regular expression literal with a quote in it hides the rest of its line.

Invariant: ``blanked`` keeps every offset and every line end, and never raises.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

_SLASHES: Final = r"//[^\n]*|/\*[\s\S]*?(?:\*/|\Z)"
_DOUBLE: Final = r'"(?:\\[\s\S]|[^"\\\n])*+"?'
_SINGLE: Final = r"'(?:\\[\s\S]|[^'\\\n])*+'?"
_TRIPLE: Final = r'"""[\s\S]*?(?:"""|\Z)'
_CHARACTER: Final = r"'(?:\\[^\n']{1,8}|[^'\\\n])'"  # not Rust's lifetimes
_BACKTICK: Final = r"`(?:\\[\s\S]|[^`\\])*+(?:`|\Z)"
_PYTHON: Final = (
    rf"#[^\n]*|(?:\b[rbufRBUF]{{1,2}})?(?:{_TRIPLE}|'''[\s\S]*?(?:'''|\Z)|{_DOUBLE}|{_SINGLE})"
)
_SCRIPT: Final = f"{_SLASHES}|{_DOUBLE}|{_SINGLE}|{_BACKTICK}"
_C: Final = rf"{_SLASHES}|(?:R\"(?P<mark>\w*)\([\s\S]*?(?:\)(?P=mark)\"|\Z)|{_DOUBLE})|{_CHARACTER}"
_JVM: Final = f"{_SLASHES}|{_TRIPLE}|{_DOUBLE}|{_CHARACTER}"
_RAW: Final = r"r(?P<mark>#*)\"[\s\S]*?(?:\"(?P=mark)|\Z)"
_RUST: Final = rf"{_SLASHES}|{_RAW}|\"(?:\\[\s\S]|[^\"\\])*+\"?|{_CHARACTER}"
_PATTERNS: Final = {
    "python": _PYTHON,
    **dict.fromkeys(("javascript", "javascriptreact", "typescript", "typescriptreact"), _SCRIPT),
    "go": f"{_SLASHES}|{_DOUBLE}|{_CHARACTER}|{_BACKTICK}",
    "rust": _RUST,
    **dict.fromkeys(("java", "kotlin", "scala", "swift"), _JVM),
    "csharp": rf"{_SLASHES}|@\"[^\"]*+\"?|{_DOUBLE}|{_CHARACTER}",
    "php": rf"#(?!\[)[^\n]*|{_SLASHES}|{_DOUBLE}|{_SINGLE}",
}
_LETTER: Final = re.compile(r"[^\n\r]")
_HOLE: Final = re.compile(r"\$?\{[^{}]*\}")
_WORD_BEFORE: Final = re.compile(r"[rbuRBU]*[fF][rbuRBU]*[\"']")


@lru_cache(maxsize=32)
def _pattern(language: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS.get(language, _C))


@lru_cache(maxsize=8)  # several diagnostics of one text come together
def blanked(source: str, language: str) -> str:
    """Return a text with comments and the insides of strings blank; quotes stay.

    The code inside of an f-string or a template stays, since names are used there.
    """
    return _pattern(language).sub(_blank, source)


@lru_cache(maxsize=8)
def uncommented(source: str, language: str) -> str:
    """Return a text with its comments blank and its strings as they are."""
    return _pattern(language).sub(_blank_comment, source)


def _blank_comment(found: re.Match[str]) -> str:
    whole = found[0]
    return _LETTER.sub(" ", whole) if whole[0] in "#/" else whole


def _blank(found: re.Match[str]) -> str:
    whole = found[0]
    if whole[0] in "#/":
        return _LETTER.sub(" ", whole)
    if whole[0] == "`" or _WORD_BEFORE.match(whole):
        return _around_holes(whole)
    if len(whole) > 1 and whole[0] == whole[-1]:
        return whole[0] + _LETTER.sub(" ", whole[1:-1]) + whole[-1]
    return _LETTER.sub(" ", whole)


def _around_holes(whole: str) -> str:
    kept: list[str] = []
    at = 0
    for hole in _HOLE.finditer(whole):
        kept += (_LETTER.sub(" ", whole[at : hole.start()]), hole[0])
        at = hole.end()
    return "".join([*kept, _LETTER.sub(" ", whole[at:])])


_WORD: Final[Callable[[str], re.Pattern[str]]] = lru_cache(maxsize=64)(
    lambda name: re.compile(rf"(?<![\w$]){re.escape(name)}(?![\w$])")
)


def uses(code: str, name: str) -> list[int]:
    """Return where a name stands in blanked code."""
    return [found.start() for found in _WORD(name).finditer(code)] if name else []


def bare_uses(code: str, name: str) -> list[int]:
    """Return where a name stands by itself: not behind a dot, an arrow or a namespace."""
    return [
        at
        for at in uses(code, name)
        if not code[max(at - 2, 0) : at].endswith((".", "->", "::", "\\"))
        or code[max(at - 3, 0) : at] == "..."
    ]
