"""Literate cases: a Markdown file is a suite, a heading a test, its fences the files and the facts.

Fences are ```` ```KIND attribute=value ````, with more backticks around text that has fences. What
a kind means is the suite's business; this only reads. Prose between them is for people.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parents[2] / "fixtures" / "cases"
_HEADING = re.compile(r"^#+ (.+)$")
_FENCE = re.compile(r"^(`{3,})([\w-]+)(.*)$")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its first word, its attributes, its text without the last line end."""

    kind: str
    attributes: dict[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a suite."""

    name: str
    fences: tuple[Fence, ...]

    def one(self, kind: str) -> Fence | None:
        """Return the fence of a kind, or None."""
        return next(iter(self.all(kind)), None)

    def all(self, kind: str) -> list[Fence]:
        """Return the fences of a kind, in order."""
        return [fence for fence in self.fences if fence.kind == kind]


def cases(feature: str) -> Iterator[tuple[str, Case]]:
    """Yield (id, case) of every Markdown file of a feature, in order."""
    for path in sorted((CASES / feature).glob("*.md")):
        for case in _read(path.read_text("utf-8")):
            yield f"{path.stem}: {case.name}", case


def _read(text: str) -> Iterator[Case]:
    name, fences = "", list[Fence]()
    lines = iter(text.split("\n"))
    for line in lines:
        heading, fence = _HEADING.match(line), _FENCE.match(line)
        if heading:
            if fences:
                yield Case(name, tuple(fences))
            name, fences = heading[1], []
        elif fence:
            attributes = dict(part.split("=", 1) for part in fence[3].split())
            fences.append(Fence(fence[2], attributes, _until_fence(lines, fence[1])))
    if fences:
        yield Case(name, tuple(fences))


def _until_fence(lines: Iterator[str], closing: str) -> str:
    inside: list[str] = []
    for line in lines:
        if line == closing:
            return "\n".join(inside)
        inside.append(line)
    raise ValueError("a fence is never closed")
