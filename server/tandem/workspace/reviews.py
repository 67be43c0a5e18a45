"""What is kept of a workspace's reviews: which findings were dismissed, what was judged already.

    reviews/<workspace>/dismissed.json   findings by their content, until they are wanted again
                        judged.json      what Pro found in a file's diff, by the diff's digest

Below the user's state directory, for its owner only. Blocking. A file that is damaged is as if it
were not there. Last writer wins: two editors that dismiss at the same instant may lose one of both.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.index.pack.persist import swap

_MOST: Final = 2_000  # files judged that are remembered, the oldest forgotten first


@dataclass(frozen=True, slots=True)
class Reviews:
    """What is kept of one workspace's reviews."""

    folder: Path

    def dismissed(self) -> dict[str, dict[str, Any]]:
        """Return what was dismissed, by key, with what it said."""
        found = _read(self.folder / "dismissed.json")
        return {key: said for key, said in found.items() if isinstance(said, dict)}

    def dismiss(self, key: str, said: Mapping[str, Any]) -> None:
        """Keep a finding from being shown again. Raises OSError."""
        self._write("dismissed.json", {**self.dismissed(), key: dict(said)})

    def restore(self) -> int:
        """Let everything be shown again; return how many were dismissed. Raises OSError."""
        count = len(self.dismissed())
        self._write("dismissed.json", {})
        return count

    def judged(self) -> dict[str, list[Any]]:
        """Return what was found in files, by the digests of their diffs."""
        found = _read(self.folder / "judged.json")
        return {key: said for key, said in found.items() if isinstance(said, list)}

    def remember(self, found: Mapping[str, Any]) -> None:
        """Keep what was found. Raises OSError."""
        known = {key: value for key, value in self.judged().items() if key not in found}
        whole = list({**known, **found}.items())[-_MOST:]
        self._write("judged.json", dict(whole))

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        swap(self.folder / name, json.dumps(value).encode("ascii"))


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
