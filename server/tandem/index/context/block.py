"""Text from elsewhere for a prompt, each piece with where it is from and why it was taken.

A section is a comment with the file's path and the text below it. Sizes are bytes while a block is
filled, since a sum of rounded tokens drifts; tokens are `core.tokens`' estimate.

Invariant: a block's tokens are at most the budget it was made for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from tandem.core.tokens import estimate
from tandem.index.languages import by_id

_SAMPLE: Final = 10_000


class Source(Enum):
    """What a section holds."""

    SIGNATURES = "signatures"
    WINDOW = "window"
    EDIT = "edit"
    TAIL = "tail"


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of a file: zero-based line ranges ``[first, last)``, and why it is there."""

    source: Source
    path: str
    lines: tuple[tuple[int, int], ...]
    why: str
    tokens: int
    text: str

    @classmethod
    def of(
        cls,
        source: Source,
        path: str,
        lines: tuple[tuple[int, int], ...],
        *,
        why: str,
        text: str,
        language: str,
    ) -> "Section":
        """Count the tokens."""
        return cls(source, path, lines, why, estimate(text, language), text)


@dataclass(frozen=True, slots=True)
class Block:
    """Sections in the order of the prompt, and their text joined."""

    sections: tuple[Section, ...] = ()
    text: str = ""
    tokens: int = 0

    @classmethod
    def of(cls, sections: Sequence[Section], language: str) -> "Block":
        """Join sections."""
        text = "".join([section.text for section in sections])
        return cls(tuple(sections), text, estimate(text, language) if text else 0)


def header(path: str, language: str) -> str:
    """Return the comment that names a file."""
    known = by_id(language)
    mark = (known.comment if known is not None else "") or "#"
    return f"{mark} {path}\n"


def size(text: str) -> int:
    """Return a text's bytes."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


@cache
def capacity(tokens: int, language: str) -> int:
    """Return how many bytes a number of tokens is, by the estimate."""
    return tokens * _SAMPLE // estimate("x" * _SAMPLE, language)
