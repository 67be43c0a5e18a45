"""Where to ask for completions in a repository: real lines, cut where a person would pause.

Deterministic for a given tree: the choice hangs on hashes of names, not on chance, so that two runs
show the same places. The rest of a chosen line is hidden from the server, and its whole file is
held out of the training.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.workspace.files import language_of, source_files

_FEWEST_LINES: Final = 30
_LARGEST: Final = 200_000  # characters
_SHORTEST_REST: Final = 4
_TOKEN_END: Final = re.compile(r"(?<=[.(\[=,{ ])(?=[\w\"'(\[{])")
COMMENTS: Final = ("#", "//", "/*", "*", "--", '"""', "'''")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, cut in two: the server sees `before` and everything around the line."""

    path: Path
    language: str
    line: int
    before: str
    rest: str


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A file that is not learned from, with the places to ask about in it."""

    path: Path
    text: str
    places: tuple[Place, ...]


def choose(root: Path, files: int, per_file: int) -> list[HeldOut]:
    """Return up to `files` held-out files with up to `per_file` places each.

    Never more than a third of the files (but one): what is held out cannot be learned from.
    """
    candidates = sorted(source_files(root), key=lambda path: _rank(path.relative_to(root)))
    files = min(files, max(1, len(candidates) // 3))
    chosen: list[HeldOut] = []
    for path in candidates:
        if len(chosen) == files:
            break
        held = _hold_out(path, per_file)
        if held is not None:
            chosen.append(held)
    return sorted(chosen, key=lambda held: held.path)


def _rank(name: object) -> bytes:
    return hashlib.blake2b(str(name).encode("utf-8", "surrogateescape"), digest_size=8).digest()


def _hold_out(path: Path, per_file: int) -> HeldOut | None:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if len(text) > _LARGEST or text.count("\n") < _FEWEST_LINES or "\r" in text:
        return None
    lines = text.split("\n")
    places = list(_places(path, lines))
    places.sort(key=lambda place: _rank(f"{path.name}:{place.line}:{place.rest}"))
    picked = sorted(places[:per_file], key=lambda place: place.line)
    return HeldOut(path, text, tuple(picked)) if picked else None


def _places(path: Path, lines: Sequence[str]) -> Iterator[Place]:
    """Yield every line that is code as far as one can see, cut at a token boundary."""
    language = language_of(path.name)
    quoted = False
    for number, line in enumerate(lines):
        body = line.strip()
        fences = body.count('"""') + body.count("'''")
        if quoted or fences:
            quoted ^= fences % 2 == 1
            continue
        if number < _FEWEST_LINES // 2 or body.startswith(COMMENTS):
            continue
        indent = len(line) - len(line.lstrip())
        cuts = [
            match.start()
            for match in _TOKEN_END.finditer(line)
            if match.start() > indent and len(line.rstrip()) - match.start() >= _SHORTEST_REST
        ]
        if cuts:
            cut = cuts[int.from_bytes(_rank(f"{number}{line}")[:4]) % len(cuts)]
            yield Place(path, language, number, line[:cut], line[cut:].rstrip())
