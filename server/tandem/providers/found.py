"""What ``tandem doctor --probe-fim`` found out: dialects by the API's root, in a small file.

The file may be deleted or damaged at any time: what it does not say was not found out.
"""

import json
from pathlib import Path
from typing import Final

from tandem.core.model import Dialect
from tandem.providers.codec import api_root

_FILE: Final = "fim.json"


def look_up(folder: Path, base_url: str) -> Dialect | None:
    """Return what was found out about an address, or None."""
    try:
        return Dialect(_read(folder).get(api_root(base_url)))
    except ValueError:  # nothing, or something that a later version knows
        return None


def remember(folder: Path, base_url: str, dialect: Dialect) -> None:
    """Add a finding. Raises OSError."""
    found = _read(folder) | {api_root(base_url): dialect.value}
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{_FILE}.new"
    new.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    new.replace(folder / _FILE)


def _read(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / _FILE).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
