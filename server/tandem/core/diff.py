r"""Unified diffs of two texts as values: made, printed, parsed, applied.

A line ends at ``\n`` alone, as git has it, so ``\r`` is content and every text survives. Printed
diffs are what ``git apply`` takes: plain headers, git's extended ones only for renames and empty
files. Deliberately no fuzz, no modes, no binary files, and nothing lenient towards a model's
patches: a hunk applies exactly or not at all.

Invariants: ``apply(old, between(old, new)) == new`` and ``parse(render(diffs)) == diffs``.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CONTEXT: Final = 3
"""Unchanged lines around a change, as every tool shows them."""

_MOST_EDITS: Final = 200
"""Inserted and deleted lines up to which a block without unique lines is compared by line: 20,000
steps, 10 ms. Beyond, the whole block is replaced, which is as right and somewhat longer."""

Block = tuple[int, int, int, int]
"""Old lines ``[a, b)`` that became new lines ``[c, d)``."""

_NO_NEWLINE: Final = "\\ No newline at end of file"
_HUNK: Final = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_MODE: Final = " file mode 100644\n"
_ODD: Final = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPED: Final = re.compile(r"\\(?:([0-7]{3})|(.))", re.DOTALL)
_LETTERS: Final = {"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
_CODES: Final = {char: letter for letter, char in _LETTERS.items()} | {'"': '"', "\\": "\\"}


class MalformedDiffError(ValueError):
    """A text is not a unified diff; the message names the line."""


class DoesNotApplyError(ValueError):
    """A diff was made for another text; the message names the place."""


@dataclass(frozen=True, slots=True)
class Hunk:
    r"""Lines from `old_at` and `new_at` (zero-based), each with its tag: `` ``, ``-`` or ``+``.

    A line carries its ``\n``; only the last line of a text may lack it.
    """

    old_at: int
    new_at: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What happened to one file; `old` is None for an added one, `new` for a deleted one.

    A deletion without hunks removes the file whatever it holds (git wants it to be empty).
    """

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...] = ()


def lines_of(text: str) -> list[str]:
    r"""Cut a text behind each ``\n``; joined, the lines give it back."""
    *whole, rest = text.split("\n")
    lines = [line + "\n" for line in whole]
    if rest:
        lines.append(rest)
    return lines


def between(
    old: str | None,
    new: str | None,
    old_path: str,
    new_path: str | None = None,
    context: int = CONTEXT,
) -> FileDiff:
    """Return what makes `new` of `old`; None is a file that is not there."""
    before, after = lines_of(old or ""), lines_of(new or "")
    return FileDiff(
        old_path if old is not None else None,
        (old_path if new_path is None else new_path) if new is not None else None,
        tuple(_hunks(before, after, context)),
    )


def apply(text: str | None, change: FileDiff) -> str | None:
    """Apply a diff to the text it was made for; raise DoesNotApplyError for any other."""
    if (text is None) != (change.old is None):
        raise DoesNotApplyError("the file is there, or not, against what the diff says")
    if change.new is None and not change.hunks:
        return None
    old = lines_of(text or "")
    out: list[str] = []
    at = 0
    for hunk in change.hunks:
        if hunk.old_at < at:
            raise DoesNotApplyError(f"hunks overlap at line {hunk.old_at + 1}")
        out += old[at : hunk.old_at]
        kept = [line[1:] for line in hunk.lines if line[0] != "+"]
        at = hunk.old_at + len(kept)
        if old[hunk.old_at : at] != kept or len(out) != hunk.new_at:
            raise DoesNotApplyError(f"the hunk at line {hunk.old_at + 1} was made for other lines")
        out += [line[1:] for line in hunk.lines if line[0] != "-"]
    out += old[at:]
    if change.new is None:
        if out:
            raise DoesNotApplyError("a deletion leaves lines behind")
        return None
    return "".join(out)


def render(diffs: Sequence[FileDiff]) -> str:
    """Print diffs so that ``parse`` and ``git apply`` read them."""
    return "".join([part for change in diffs for part in _printed(change)])


def parse(text: str) -> tuple[FileDiff, ...]:
    """Read diffs, also git's own; raise MalformedDiffError at what cannot be one."""
    return tuple(_Reader(text).files())


# -- making ------------------------------------------------------------------------------------


def _hunks(old: Sequence[str], new: Sequence[str], context: int) -> Iterator[Hunk]:
    group: list[Block] = []
    for block in changed_blocks(old, new):
        if group and block[0] - group[-1][1] > 2 * context:
            yield _hunk(old, new, group, context)
            group = []
        group.append(block)
    if group:
        yield _hunk(old, new, group, context)


def _hunk(old: Sequence[str], new: Sequence[str], group: Sequence[Block], context: int) -> Hunk:
    lead = min(context, group[0][0])
    at, new_at = group[0][0] - lead, group[0][2] - lead
    end = min(len(old), group[-1][1] + context)
    lines: list[str] = []
    start = at
    for old_from, old_to, new_from, new_to in group:
        lines += [" " + line for line in old[start:old_from]]
        lines += ["-" + line for line in old[old_from:old_to]]
        lines += ["+" + line for line in new[new_from:new_to]]
        start = old_to
    lines += [" " + line for line in old[start:end]]
    return Hunk(at, new_at, tuple(lines))


# -- matching lines ----------------------------------------------------------------------------


def changed_blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """Yield the blocks that differ, in order: old lines ``[a, b)`` became new lines ``[c, d)``.

    Words do as well as lines.

    Patience: split at the lines that both sides have exactly once, which keeps functions whole;
    what has no such line is compared line by line, up to a bound.
    """
    todo = [(0, len(old), 0, len(new))]
    while todo:
        a, b, c, d = _trimmed(old, new, todo.pop())
        if a == b or c == d:
            if a != b or c != d:
                yield a, b, c, d
            continue
        anchors = _anchors(old, new, (a, b, c, d))
        if not anchors:
            yield from _by_line(old, new, (a, b, c, d))
            continue
        parts = []
        for x, y in anchors:
            parts.append((a, x, c, y))
            a, c = x + 1, y + 1
        todo += reversed([*parts, (a, b, c, d)])


def _trimmed(old: Sequence[str], new: Sequence[str], block: Block) -> Block:
    a, b, c, d = block
    while a < b and c < d and old[a] == new[c]:
        a, c = a + 1, c + 1
    while a < b and c < d and old[b - 1] == new[d - 1]:
        b, d = b - 1, d - 1
    return a, b, c, d


def _anchors(old: Sequence[str], new: Sequence[str], block: Block) -> list[tuple[int, int]]:
    """Return the longest rising run of lines that are unique on both sides."""
    a, b, c, d = block
    olds, news = Counter(old[a:b]), Counter(new[c:d])
    places = {new[y]: y for y in range(c, d) if news[new[y]] == 1}
    pairs = [(x, places[old[x]]) for x in range(a, b) if olds[old[x]] == 1 and old[x] in places]
    tails: list[int] = []  # smallest end in `new` of a run of each length
    ends: list[int] = []  # the pair that this end belongs to
    before: list[int] = []
    for n, (_, y) in enumerate(pairs):
        length = bisect_left(tails, y)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [y]
        ends[length : length + 1] = [n]
    run, n = [], ends[-1] if ends else -1
    while n >= 0:
        run.append(pairs[n])
        n = before[n]
    return run[::-1]


def _by_line(old: Sequence[str], new: Sequence[str], block: Block) -> Iterator[Block]:
    """Compare greedily by Myers's O(nd), or give the block whole where d is past the bound."""
    a, b, c, d = block
    trace: list[dict[int, int]] = []
    reach = {1: 0}
    for edits in range(min(_MOST_EDITS, b - a + d - c) + 1):
        trace.append(dict(reach))
        for k in range(-edits, edits + 1, 2):
            down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
            x = reach[k + 1] if down else reach[k - 1] + 1
            while a + x < b and 0 <= x - k < d - c and old[a + x] == new[c + x - k]:
                x += 1
            reach[k] = x
            if a + x >= b and c + x - k >= d:
                yield from _walked_back(trace, block)
                return
    yield block


def _walked_back(trace: Sequence[dict[int, int]], block: Block) -> Iterator[Block]:
    a, b, c, d = block
    steps: list[Block] = []
    x, y = b - a, d - c
    for edits in range(len(trace) - 1, 0, -1):
        reach, k = trace[edits], x - y
        down = k == -edits or (k != edits and reach[k - 1] < reach[k + 1])
        k += 1 if down else -1
        from_x = reach[k]
        from_y = from_x - k
        to_x, to_y = (from_x, from_y + 1) if down else (from_x + 1, from_y)
        steps.append((a + from_x, a + to_x, c + from_y, c + to_y))
        x, y = from_x, from_y
    whole: list[Block] = []
    for step in reversed(steps):
        if whole and whole[-1][1] == step[0] and whole[-1][3] == step[2]:
            whole[-1] = (whole[-1][0], step[1], whole[-1][2], step[3])
        else:
            whole.append(step)
    yield from whole


# -- printing ----------------------------------------------------------------------------------


def _printed(change: FileDiff) -> Iterator[str]:
    old, new = change.old, change.new
    if old is None and new is None:
        return
    source, target = _name("a/", old), _name("b/", new)
    if old is not None and new is not None and old != new:
        yield f"diff --git {source} {target}\n"
        yield f"rename from {_name('', old)}\nrename to {_name('', new)}\n"
    elif not change.hunks:
        path = old if old is not None else new
        yield f"diff --git {_name('a/', path)} {_name('b/', path)}\n"
        if old is None or new is None:
            yield ("new" if old is None else "deleted") + _MODE
    if change.hunks:
        yield f"--- {source}\n+++ {target}\n"
    for hunk in change.hunks:
        yield from _printed_hunk(hunk)


def _printed_hunk(hunk: Hunk) -> Iterator[str]:
    olds = sum(line[0] != "+" for line in hunk.lines)
    news = sum(line[0] != "-" for line in hunk.lines)
    yield f"@@ -{_range(hunk.old_at, olds)} +{_range(hunk.new_at, news)} @@\n"
    for line in hunk.lines:
        yield line if line.endswith("\n") else f"{line}\n{_NO_NEWLINE}\n"


def _range(at: int, count: int) -> str:
    start = at + 1 if count else at
    return str(start) if count == 1 else f"{start},{count}"


def _name(side: str, path: str | None) -> str:
    if path is None:
        return "/dev/null"
    if _ODD.search(path) is None:
        return side + path
    return f'"{_ODD.sub(_escape, side + path)}"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return "\\" + (_CODES[char] if char in _CODES else f"{ord(char):03o}")


# -- parsing -----------------------------------------------------------------------------------


class _Reader:
    """The lines of a printed diff and how far they are read."""

    def __init__(self, text: str) -> None:
        self._lines = lines_of(text)
        self._at = 0

    def files(self) -> Iterator[FileDiff]:
        while self._at < len(self._lines):
            line = self._peek()
            if line.startswith("diff --git "):
                yield self._extended()
            elif line.startswith("--- "):
                yield FileDiff(*self._sides(), tuple(self._hunks()))
            else:
                raise MalformedDiffError(f"line {self._at + 1} begins no file: {line[:40]!r}")

    def _peek(self) -> str:
        return self._lines[self._at] if self._at < len(self._lines) else ""

    def _next(self) -> str:
        line = self._peek()
        self._at += 1
        return line

    def _extended(self) -> FileDiff:
        names = self._next()[len("diff --git ") :].rstrip("\n")
        old = new = _path(names[len(names) // 2 + 1 :])  # one path twice, unless a line says more
        while (line := self._peek()) and not line.startswith(("diff --git ", "--- ", "@@ ")):
            line = self._next().rstrip("\n")
            if line.startswith("rename from "):
                old = _unquoted(line[len("rename from ") :])
            elif line.startswith("rename to "):
                new = _unquoted(line[len("rename to ") :])
            elif line.startswith("new file mode "):
                old = None
            elif line.startswith("deleted file mode "):
                new = None
        at = self._at
        if self._peek().startswith("--- ") and self._sides() != (old, new):
            self._at = at  # the next file's, without a header of its own
        return FileDiff(old, new, tuple(self._hunks()) if self._at > at else ())

    def _sides(self) -> tuple[str | None, str | None]:
        old, new = self._next(), self._next()
        if not new.startswith("+++ "):
            raise MalformedDiffError(f"line {self._at}: +++ was expected, not {new[:40]!r}")
        return _path(old[4:].rstrip("\n")), _path(new[4:].rstrip("\n"))

    def _hunks(self) -> Iterator[Hunk]:
        while self._peek().startswith("@@ "):
            header = _HUNK.match(self._next())
            if header is None:
                raise MalformedDiffError(f"line {self._at} is no hunk header")
            old_at, olds, new_at, news = (int(n) if n is not None else 1 for n in header.groups())
            lines = tuple(self._body(olds, news))
            yield Hunk(old_at - (olds > 0), new_at - (news > 0), lines)

    def _body(self, olds: int, news: int) -> Iterator[str]:
        while olds > 0 or news > 0:
            line = self._next()
            tag = line[:1]
            if tag not in {" ", "-", "+"} or not line.endswith("\n"):
                raise MalformedDiffError(f"line {self._at} does not belong to a hunk")
            olds -= tag != "+"
            news -= tag != "-"
            if self._peek().startswith("\\"):
                self._at += 1
                line = line[:-1]
            yield line


def _path(name: str) -> str | None:
    if name == "/dev/null":
        return None
    plain = _unquoted(name if name.startswith('"') else name.partition("\t")[0])
    return plain[2:] if plain[:2] in {"a/", "b/"} else plain


def _unquoted(name: str) -> str:
    if not (name.startswith('"') and name.endswith('"')):
        return name
    return _ESCAPED.sub(_unescape, name[1:-1])


def _unescape(match: re.Match[str]) -> str:
    octal, char = match.groups()
    return chr(int(octal, 8)) if octal else _LETTERS.get(char, char)
