"""Names that surely hold a value of a type, as declarations in a text say. By syntax, no inference.

Pure. Invariant: a name that is declared with two types in one text holds neither, surely.
"""

import re
from functools import lru_cache
from typing import Final

_TYPES_FIRST: Final = frozenset(["java", "csharp", "c", "cpp"])
_NOT_TYPES: Final = frozenset(
    ["return", "new", "throw", "else", "case", "final", "static", "await", "yield", "import",
     "package", "public", "private", "protected", "var", "const", "let", "in", "instanceof",
     "goto", "def", "class"]
)  # fmt: skip
_BEFORE: Final = re.compile(
    r"\b(?:[\w]+\.)*([A-Za-z_]\w*)(?:<[^<>;()]*>)?(?:\[\])?\s+([a-z_]\w*)\s*(?=[;=,):])"
)
_BEHIND: Final = re.compile(
    r"\b([A-Za-z_$][\w$]*)\s*[?!]?\s*:\s*(?:[\w]+\.)*([A-Z]\w*)(?:\s*\|\s*None)?\b"
)
_GO: Final = re.compile(r"\b([a-z_]\w*)\s+\*?(?:\w+\.)?([A-Z]\w*)\b")
_GO_GIVEN: Final = re.compile(r"[(,]\s*([a-z_]\w*)\s+\*?([a-z]\w*)\s*(?=[,)])")
_MADE: Final = re.compile(
    r"([A-Za-z_$][\w$]*)\s*(?::=|=)\s*(?:await\s+)?(?:new\s+)?&?(?:\w+\.)?(?:New)?([A-Z]\w*)\s*[({]"
)


@lru_cache(maxsize=64)
def declared(code: str, language: str) -> dict[str, frozenset[str]]:
    """Return the types that names are declared with in blanked code, by name."""
    found: dict[str, set[str]] = {}
    if language in _TYPES_FIRST:
        pairs = [(name, kind) for kind, name in _BEFORE.findall(code) if kind not in _NOT_TYPES]
    elif language == "go":
        pairs = [*_GO.findall(code), *_GO_GIVEN.findall(code)]
    else:
        pairs = _BEHIND.findall(code)
    for name, kind in (*pairs, *_MADE.findall(code)):
        found.setdefault(name, set()).add(kind)
    return {name: frozenset(kinds) for name, kinds in found.items()}


def holds(code: str, language: str, name: str, kind: str) -> bool:
    """Tell whether a name surely holds a value of a type."""
    return declared(code, language).get(name, frozenset()) == {kind}
