"""Edits out of whatever a model answered: which file, symbol and lines it means, within bounds.

Understood are search/replace blocks, unified diffs, code for a symbol that is named, and bare code
for a file that says what it replaces, with any prose around. What is not certain is not guessed:
it becomes a sentence that can go back to the model. `blocks` reads, `matching` finds; no syntax of
any language is known here.

Invariant: never raises, whatever the text; every edit lies inside one of its file's allowed spans.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, TypeVarTuple, Unpack

from tandem.core.blocks import Broken, Change, Code, Piece, Where, lines_from, pieces
from tandem.core.edits import Edit
from tandem.core.lines import RefusedError, quoted
from tandem.core.matching import Lines
from tandem.core.text import Span

_MOST_PROBLEMS: Final = 8
_TOKEN: Final = re.compile(r"[^\s`'\"*,;()<>\[\]{}]+")
_TICKED: Final = re.compile(r"`([^`\s]+)`")
_LIKE_A_PATH: Final = re.compile(r"[^\s]*[/\\][^\s]*|[^\s.:]*(?:\.[^\s.:]+)*\.[A-Za-z]\w{0,7}")
_A_PATH: Final = re.compile(
    r"(?:~|\.{0,2})/[\w.-]+\S*|[A-Za-z]:\\\S+|[^\s:]*[/\\][^\s:]*\.[A-Za-z]\w{0,7}"
)
_Part = TypeVarTuple("_Part")
_CUT_OFF: Final = "the answer was cut off before its end"


@dataclass(frozen=True, slots=True)
class Editable:
    """A file that may be edited, and where: `allowed` is sorted and disjoint.

    `symbols` are the spans that whole symbols have, by name (``Cart.total``; also ``total`` where
    that is unique). `whole` is what bare code replaces; None: bare code is refused.
    """

    path: str
    text: str = field(repr=False)
    allowed: tuple[Span, ...]
    symbols: Mapping[str, Span] = field(default_factory=dict)
    whole: Span | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """What a reply comes to.

    `edits` by path are minimal, sorted and disjoint, and never empty; they refer to the files'
    texts as they were. `problems` are sentences that can go back to the model.
    """

    edits: Mapping[str, tuple[Edit, ...]]
    problems: tuple[str, ...]


_Found = dict[tuple[str, Span], tuple[Editable, Span]]
"""Symbols that may be meant, each once however many names it has."""


class _Use(Enum):
    """What a fence of code that names no symbol can be, as a sentence where it is not clear."""

    ALONE = "it is not said what the code replaces; answer with SEARCH/REPLACE blocks"
    SEVERAL = "there are several pieces of code and it is not said what each replaces"
    BESIDE = "an illustration beside blocks"


def read(reply: str, files: Sequence[Editable], *, partial: bool = False) -> Patch:
    """Return the edits that a reply asks for; `partial` if the model was cut off.

    All parts refer to the texts as they are. A part is used whole or refused with a problem.
    """
    work = _Work(files)
    parts = pieces(reply)
    for part in parts:
        if partial and not _complete(part):
            continue
        if isinstance(part, Broken):
            work.problems.append(part.problem)
        elif isinstance(part, Change):
            work.attempt(work.change, part)
    codes = [part for part in parts if isinstance(part, Code)]
    use = _Use.BESIDE if len(codes) < len(parts) else _Use.SEVERAL if len(codes) > 1 else _Use.ALONE
    for code in codes:
        if not partial or _complete(code):
            work.attempt(work.code, code, use)
    if partial:
        work.problems.append(_CUT_OFF)
    return work.patch()


def replaced(file: Editable, replacements: Sequence[tuple[str, str]]) -> Patch:
    """Return the edits of (search, replace) pairs that came as data, not as text.

    Beside whole lines, a search may be part of a line if it stands in the file only once.
    """
    work = _Work([file])
    for search, replace in replacements:
        work.attempt(work.pair, file, search, replace)
    return work.patch()


def _complete(part: Piece) -> bool:
    return part.ended and (not isinstance(part, Code) or part.fenced)


class _Work:
    """What was read so far of one reply about some files."""

    def __init__(self, files: Sequence[Editable]) -> None:
        self.problems: list[str] = []
        self._files = files
        self._lines: dict[str, Lines] = {}
        self._edits: dict[str, list[Edit]] = {}
        self._current: Editable | str | None = None  # what was named last

    def patch(self) -> Patch:
        """Return what it all comes to."""
        edits = {path: tuple(edits) for path, edits in self._edits.items() if edits}
        problems = list(dict.fromkeys(self.problems))
        if not edits and not problems:
            problems = ["the answer changes nothing"]
        if len(problems) > _MOST_PROBLEMS:
            more = len(problems) - _MOST_PROBLEMS + 1
            problems[_MOST_PROBLEMS - 1 :] = [f"and {more} more problems like these"]
        return Patch(edits, tuple(problems))

    def attempt(self, take_in: Callable[[Unpack[_Part]], None], *part: *_Part) -> None:
        """Take in a part, or note why it cannot be."""
        try:
            take_in(*part)
        except RefusedError as error:
            self.problems.append(str(error))

    # -- parts ---------------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        """Take in a block or hunk."""
        self._current = self._named(change.where) or self._current
        file = self._file(self._current)
        lines, unwrapped = self._of(file), change.unwrapped()
        if unwrapped is not None and not lines.has(change.old):
            change = unwrapped
        self._accept(file, lines.changed(change.old, change.new))

    def pair(self, file: Editable, search: str, replace: str) -> None:
        """Take in a replacement that came as data."""
        old, new = list(lines_from(search)), list(lines_from(replace))
        self._accept(file, self._of(file).part(old, new))

    def code(self, code: Code, use: _Use) -> None:
        """Take in a piece of code."""
        named = self._named(code.where)
        if isinstance(named, str) and (use is not _Use.BESIDE or "symbol=" in code.where.info):
            self._file(named)
        files = [named] if isinstance(named, Editable) else self._files
        target = _symbol(code, use, files)
        if target is None and use is _Use.ALONE:
            wholes = [(file, file.whole) for file in files if file.whole is not None]
            target = wholes[0] if len(wholes) == 1 else None
        if target is not None:
            file, span = target
            self._accept(file, self._of(file).code(span, code.lines))
        elif use is not _Use.BESIDE:
            raise RefusedError(use.value)

    def _accept(self, file: Editable, edits: Sequence[Edit]) -> None:
        there = self._edits.setdefault(file.path, [])
        if not set(there).issuperset(edits):  # else the model said it twice
            both = sorted([*there, *edits], key=lambda edit: edit.span)
            if any(_clash(both[n], both[n + 1]) for n in range(len(both) - 1)):
                raise RefusedError(f"two parts of the answer change the same lines of {file.path}")
            self._edits[file.path] = both

    def _of(self, file: Editable) -> Lines:
        if file.path not in self._lines:
            self._lines[file.path] = Lines(file.path, file.text, file.allowed)
        return self._lines[file.path]

    # -- names ---------------------------------------------------------------------------------

    def _file(self, said: Editable | str | None) -> Editable:
        if isinstance(said, Editable):
            return said
        if said is None and len(self._files) == 1:
            return self._files[0]
        names = ", ".join(file.path for file in self._files[:_MOST_PROBLEMS]) or "nothing"
        if said is None:
            raise RefusedError(f"say before each part which file it changes: {names}")
        raise RefusedError(f"only {names} may be changed, not {quoted(said)}")

    def _named(self, where: Where) -> Editable | str | None:
        """Return the file that is meant, or the path if it is none of them, or None."""
        if where.path is not None:
            return self._known(where.path) or where.path or None
        infos = [word for word in where.info.split() if not word.startswith("symbol=")]
        words = [value for word in infos for value in _values(word)]
        for known in map(self._known, words):
            if known is not None:
                return known
        strange = [word for word in words if _LIKE_A_PATH.fullmatch(word)]
        if strange:
            return strange[-1]
        return next((found for line in where.above if (found := self._in_line(line))), None)

    def _in_line(self, line: str) -> Editable | str | None:
        words = [value for word in _TOKEN.findall(line) for value in _values(word)]
        known = {file.path: file for file in map(self._known, words) if file is not None}
        if known:
            return next(iter(known.values())) if len(known) == 1 else None
        said = _alone(line)
        symbol = any(said in file.symbols for file in self._files)
        if said and not symbol and _LIKE_A_PATH.fullmatch(said):
            return said
        bare = [word.strip("`'\"*,;:()[]{}") for word in line.split()]
        return next((word for word in bare if _A_PATH.fullmatch(word)), None)

    def _known(self, said: str) -> Editable | None:
        """Return the file that a path names, whole or from some folder on."""
        said = said.replace("\\", "/").removeprefix("./")
        for path in (said, said[2:] if said.startswith(("a/", "b/")) else said):
            for file in self._files:
                if file.path == path:
                    return file
        ends = [file for file in self._files if said and file.path.endswith("/" + said)]
        return ends[0] if len(ends) == 1 else None


def _symbol(code: Code, use: _Use, files: Sequence[Editable]) -> tuple[Editable, Span] | None:
    """Return the symbol that code is for: named in so many words, or by its first line."""
    words = code.where.info.split()
    for word in words:
        if word.startswith("symbol="):
            return _one(word.removeprefix("symbol=").strip("\"'`"), files)
    found = _spans(words[1:] + [_alone(line) for line in code.where.above], files)
    if not found and use is not _Use.BESIDE and all(file.whole is None for file in files):
        ticked = [name for line in code.where.above for name in _TICKED.findall(line)]
        found = _spans(ticked, files) or _begun(code, files)
    return next(iter(found.values())) if len(found) == 1 else None


def _one(name: str, files: Sequence[Editable]) -> tuple[Editable, Span]:
    found = _spans([name], files)
    if len(found) != 1:
        there = "is in several files; name the file" if found else "is not known"
        raise RefusedError(f"the symbol {quoted(name)} {there}")
    return next(iter(found.values()))


def _spans(names: Iterable[str], files: Sequence[Editable]) -> _Found:
    return {
        (file.path, file.symbols[name]): (file, file.symbols[name])
        for name in names
        for file in files
        if name in file.symbols
    }


def _begun(code: Code, files: Sequence[Editable]) -> _Found:
    """Return the symbols that begin with the same line as the code."""
    first = next((line.split() for line in code.lines if line.strip()), None)
    return {
        (file.path, span): (file, span)
        for file in files
        for span in file.symbols.values()
        if file.text[span.start : span.end].strip().partition("\n")[0].split() == first
    }


def _values(word: str) -> Iterator[str]:
    """Yield what a word may hold of a path: ``python:a.py``, ``title=a.py``, ``a.py:``."""
    word = word.strip(":!?#").rstrip(".")
    yield word
    for mark in "=:":
        behind = word.partition(mark)[2].strip("\"'`")
        if behind:
            yield behind


def _alone(line: str) -> str:
    """Return the word that a line consists of, a label and ornaments aside, or an empty string."""
    words = _TOKEN.findall(line)
    words = [word for word in words if word.strip(":#-/")]
    if len(words) > 1 and words[0].rstrip(":").lower() in {"file", "path", "filename", "in"}:
        words = words[1:]
    return words[0].strip("#").rstrip(":") if len(words) == 1 else ""


def _clash(one: Edit, other: Edit) -> bool:
    return other.span.start < one.span.end or one.span == other.span
