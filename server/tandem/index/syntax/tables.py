"""Which table a language has; each is imported when its first file comes.

Invariant: importing this module, or any table, does not import tree-sitter.
"""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from tandem.index.syntax.keywords import KEYWORDS

if TYPE_CHECKING:
    from tandem.index.syntax.rules import Syntax

_MODULES: Final = {
    "python": "python",
    "javascript": "javascript",
    "javascriptreact": "javascript",
    "typescript": "javascript",
    "typescriptreact": "javascript",
    "go": "go",
    "rust": "rust",
    "java": "java",
    "kotlin": "kotlin",
    "c": "c",
    "cpp": "c",
    "csharp": "csharp",
    "ruby": "ruby",
    "php": "php",
    "swift": "swift",
    "scala": "scala",
    "shellscript": "shell",
    "lua": "lua",
    "elixir": "elixir",
    "sql": "sql",
    "json": "data:JSON",
    "jsonc": "data:JSON",
    "yaml": "data:YAML",
    "toml": "data:TOML",
    "css": "data:CSS",
    "html": "data:HTML",
}


@cache
def syntax_of(language: str) -> "Syntax | None":
    """Return a language's own table; None where there is none."""
    module, _, name = _MODULES.get(language, "").partition(":")
    if not module:
        return None
    found: Syntax = getattr(import_module(f"tandem.index.syntax.{module}"), name or "SYNTAX")
    return found


def has_syntax(language: str) -> bool:
    """Tell whether a language has a table of its own, without importing it."""
    return language in _MODULES


def keywords_of(language: str) -> frozenset[str]:
    """Return the words that are never a name in a language, without importing its table."""
    return KEYWORDS.get(_MODULES.get(language, ""), frozenset())
