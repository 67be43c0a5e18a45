"""`python -m tests.editors.schema [--check]`: VS Code's settings from the server's table."""

import json
import sys
from pathlib import Path
from typing import Any

from tandem.workspace.settings import Option, options

MANIFEST = Path(__file__).resolve().parents[2] / "editors" / "vscode" / "package.json"
KEPT = "tandem.path"  # The extension's own setting; the server does not know it.
TYPES: dict[type, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    dict: {"type": "object"},
    tuple: {"type": "array", "items": {"type": "string"}},
}


def main(arguments: list[str]) -> int:
    """Rewrite the manifest; with --check, say whether that would change it."""
    written = MANIFEST.read_text(encoding="utf-8")
    wanted = manifest(written)
    if "--check" in arguments:
        if written != wanted:
            print(f"{MANIFEST} is out of step: run python -m tests.editors.schema")
        return int(written != wanted)
    MANIFEST.write_text(wanted, encoding="utf-8")
    return 0


def manifest(written: str) -> str:
    """Return the manifest with a property for each of the server's settings."""
    content = json.loads(written)
    configuration = content["contributes"]["configuration"]
    configuration["properties"] = {
        KEPT: configuration["properties"][KEPT],
        **{f"tandem.{option.key}": _property(option) for option in options()},
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _property(option: Option) -> dict[str, Any]:
    shape = dict(TYPES[type(option.default)])
    bounds = option.metadata
    if "choices" in bounds:
        shape["enum"] = list(bounds["choices"])
    if "least" in bounds:
        shape |= {"minimum": bounds["least"], "maximum": bounds["most"]}
    # A private setting is the user's alone: a repository's `.vscode` may not redirect the key.
    scope = "machine" if bounds.get("private") else "window"
    return {
        **shape,
        "default": option.default,
        "scope": scope,
        "markdownDescription": bounds["doc"],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
