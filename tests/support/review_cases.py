"""The cases of reviews: projects, planted defects, clean changes (`fixtures/cases/review`)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from tandem.core import diff
from tandem.features.review.change import Change, change_of
from tandem.features.review.evidence.case import Case
from tandem.index.overlay import Overlay
from tests.support.code import codebase

FOLDER: Final = Path(__file__).parents[2] / "fixtures" / "cases" / "review"
NEAR: Final = 3
"""Lines between a finding and where a case has it, within which it is the same place."""

_FIELD: Final = re.compile(
    r"^- (class|static|at|severity|claim|suggest|clean): (.*)$", re.MULTILINE
)
_DIFF: Final = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_AT: Final = re.compile(r"^(\S+): `(.*)`$")


@dataclass(frozen=True, slots=True)
class Planted:
    """What is wrong with a change: its class, and the places (path, zero-based line) it is at."""

    kind: str
    static: bool
    at: tuple[tuple[str, int], ...]
    severity: str
    claim: str
    suggest: str = ""


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """A change of a project; `planted` is None where nothing is wrong with it."""

    language: str
    title: str
    before: Mapping[str, str] = field(repr=False)
    after: Mapping[str, str] = field(repr=False)
    planted: Planted | None

    @property
    def change(self) -> Change:
        """The change as a reviewer is given it."""
        paths = {
            p for p in {**self.before, **self.after} if self.before.get(p) != self.after.get(p)
        }
        return change_of(
            self.title,
            {path: self.before.get(path) for path in paths},
            {path: self.after.get(path) for path in paths},
        )

    def case(self) -> Case:
        """Return the change with the codebases around it, as the evidence looks at it."""
        code = codebase(self.after)
        change = self.change
        return Case(change, Overlay(code, change.before), code)


def cases(language: str | None = None, file: str = "*.md") -> Iterator[ReviewCase]:
    """Yield the cases of all languages, or of one; of all files, or of one."""
    for folder in sorted(FOLDER.iterdir()):
        if folder.is_dir() and language in {None, folder.name}:
            for path in sorted(folder.glob(file)):
                yield from _cases(path)


@cache
def base_of(folder: Path) -> Mapping[str, str]:
    """Return the files of a project."""
    base = folder / "base"
    return {
        path.relative_to(base).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(base.rglob("*"))
        if path.is_file()
    }


def _cases(path: Path) -> Iterator[ReviewCase]:
    folder, text = path.parent, path.read_text(encoding="utf-8")
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0].strip()
        found = _DIFF.search(section)
        assert found is not None, title
        before = base_of(folder)
        after = dict(before)
        for item in diff.parse(found[1]):
            old = after.pop(item.old) if item.old is not None else None
            text_now = diff.apply(old, item)
            if item.new is not None and text_now is not None:
                after[item.new] = text_now
        yield ReviewCase(folder.name, title, before, after, _planted(section, after, title))


def _planted(section: str, after: Mapping[str, str], title: str) -> Planted | None:
    said: dict[str, list[str]] = {}
    for name, value in _FIELD.findall(section.partition("```diff")[0]):
        said.setdefault(name, []).append(value.strip())
    if "clean" in said:
        return None
    places = []
    for at in said["at"]:
        match = _AT.match(at)
        assert match is not None, (title, at)
        lines = [line.strip() for line in after[match[1]].split("\n")]
        assert match[2].strip() in lines, (title, at)
        places.append((match[1], lines.index(match[2].strip())))
    suggest = said.get("suggest", [""])[0].strip("`")
    return Planted(
        said["class"][0], said["static"][0] == "yes", tuple(places), said["severity"][0],
        said["claim"][0], suggest,
    )  # fmt: skip
