"""Which table a language has; each is imported when its first file comes.

Invariant: importing this module, or any table, does not import tree-sitter.
"""

from functools import cache
from importlib import import_module
from typing import Final

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
def syntax_of(language: str) -> Syntax | None:
    """Return a language's own table; None where there is none."""
    module, _, name = _MODULES.get(language, "").partition(":")
    if not module:
        return None
    found = getattr(import_module(f"tandem.index.syntax.{module}"), name or "SYNTAX")
    return found if isinstance(found, Syntax) else None
