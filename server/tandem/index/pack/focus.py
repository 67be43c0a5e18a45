"""The focus block: what the task is about, what that uses, and who uses it.

Of a change: its diff, the definitions its new lines use, the lines that call what it touches. Of a
place: its source, its file's outline, and the same two.

Everything is asked of the index: by name and import, not by type. What does not fit is told, not
cut in silence. Deliberately no rank of the whole codebase: that is the pack's.

Invariant: the tokens of the parts never add up to more than the budget.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby
from typing import Final

from tandem.core import changed_lines, diff, tokens
from tandem.core.diff import FileDiff
from tandem.core.text import Span
from tandem.index.code import Code
from tandem.index.facts import Definition, skeleton
from tandem.index.graph import Place, Use, enclosing
from tandem.index.pack import changes
from tandem.index.pack.layout import Entry, Estimator, File, Level
from tandem.index.using import NAMED, called, callers_of, lines_at, touched_by, used

BUDGET: Final = 16_000
"""Tokens. More of anything made every measured review worse; the pack holds the rest."""

_DIFF: Final = 4  # the diff takes all but a quarter of the budget, so that there is room for uses
_SOURCE: Final = 2  # the source of a place takes at most half
_AROUND: Final = 3  # lines before and behind a call, as measured
_WINDOW: Final = 30  # lines around a place that is in no definition
_CALLS: Final = 6  # shown of one definition, each from another function
_LONG: Final = 100  # characters of a line that is shown by itself
_BARE_LINE: Final = 25  # tokens of one, as a rule
_CARDS: Final = 80  # definitions shown by their signature


class Role(Enum):
    """What a part of the block is; the value is its heading."""

    DIFF = "The change"
    TOUCHED = "Definitions that it touches, where it does not show their heads"
    SOURCE = "The place"
    OUTLINE = "The outline of its file"
    USED = "Definitions that it uses"
    CALLERS = "Who uses it"
    CALLS = "Further lines that use it"
    LEFT_OUT = "Not shown here, for its length"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the block about one file."""

    role: Role
    path: str
    text: str = field(repr=False)
    tokens: int


@dataclass(slots=True)
class _Block:
    """A block while it is filled."""

    budget: int
    estimate: Estimator
    parts: list[Part] = field(default_factory=list)
    used: int = 0

    def add(self, role: Role, path: str, text: str, limit: int | None = None) -> bool:
        """Take a part if it fits, with its heading if it is the first of its role."""
        first = all(part.role is not role for part in self.parts)
        size = self.estimate(f"{role.value}:\n{text}\n" if first else text, "")
        if self.used + size > (self.budget if limit is None else limit):
            return False
        self.parts.append(Part(role, path, text, size))
        self.used += size
        return True


def of_change(
    code: Code,
    diffs: Sequence[FileDiff],
    budget: int = BUDGET,
    estimate: Estimator = tokens.estimate,
) -> tuple[Part, ...]:
    """Return the focus of a change that the codebase already has."""
    block = _Block(budget, estimate)
    visible = _add_diffs(block, diffs)
    lines = {item.new: changed_lines.by_hunks(item) for item in diffs if item.new is not None}
    added = {item.new: _added(item) for item in diffs if item.new is not None}
    touched = [place for path in lines for place in touched_by(code, path, lines[path])]
    hidden = [p for p in touched if (p.path, p.definition.line) not in visible]
    _add_cards(block, Role.TOUCHED, hidden)
    _add_used(block, code, added, {(p.path, p.definition.at) for p in touched})
    heads_first = sorted(touched, key=lambda p: p.definition.line not in lines[p.path])
    _add_callers(block, code, heads_first, {(p, n) for p, some in lines.items() for n in some})
    return _in_order(block.parts)


def of_place(
    code: Code,
    path: str,
    offset: int | None = None,
    budget: int = BUDGET,
    estimate: Estimator = tokens.estimate,
) -> tuple[Part, ...]:
    """Return the focus of a place in a file, or of a file as a whole."""
    facts, text = code.facts(path), code.text(path)
    if text is None:
        return ()
    block = _Block(budget, estimate)
    definitions = facts.definitions if facts is not None else ()
    span = _around(definitions, text, offset)
    if offset is not None:
        source = _fitting(text[span.start : span.end], budget // _SOURCE, estimate)
        first = text.count("\n", 0, span.start) + 1
        block.add(Role.SOURCE, path, f"{path}:{first}\n{_closed(source)}")
    if facts is not None and (outline := skeleton(facts)):
        block.add(Role.OUTLINE, path, _closed(outline))
    inside = [d for d in definitions if span.start <= d.at < span.end and d.kind in NAMED]
    known = {(path, d.at) for d in (inside if offset is not None else definitions)}
    _add_used(block, code, {path: text[span.start : span.end]}, known)
    outermost = [Place(path, d, certain=True) for d in inside if _top(d, inside, definitions)]
    own = range(text.count("\n", 0, span.start), text.count("\n", 0, span.end) + 1)
    _add_callers(block, code, outermost, {(path, line) for line in own})
    return _in_order(block.parts)


def joined(parts: Sequence[Part]) -> str:
    """Return the block's text: each role once under its heading."""
    text = []
    for role, some in groupby(parts, key=lambda part: part.role):
        text += [f"{role.value}:\n", *(part.text for part in some), "\n"]
    return "".join(text[:-1])


def diffs_of(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[FileDiff, ...]:
    """Return what happened between texts by path, sorted; a moved file is one diff."""
    old = {path: File(path, Level.FULL, text, 0) for path, text in before.items()}
    moved = changes.renames(old, {path: Entry(text) for path, text in now.items()})
    gone = before.keys() - now.keys() - set(moved.values())
    found = [FileDiff(path, None) for path in gone]
    for path, text in now.items():
        source = moved.get(path, path)
        item = diff.between(before.get(source), text, source, path)
        if item.hunks or item.old != item.new:
            found.append(item)
    return tuple(sorted(found, key=lambda item: item.new or item.old or ""))


# -- the change --------------------------------------------------------------------------------


def _add_diffs(block: _Block, diffs: Sequence[FileDiff]) -> set[tuple[str, int]]:
    """Show as many files whole as fit, then what fits of the long ones; name the rest.

    The lines of the new files that are shown are returned.
    """
    limit = block.budget - block.budget // _DIFF
    whole = [(item, diff.render([item])) for item in diffs]
    long: list[FileDiff] = []
    visible: set[tuple[str, int]] = set()
    for item, text in sorted(whole, key=lambda pair: len(pair[1])):
        if block.add(Role.DIFF, _path(item), text, limit):
            visible.update(_visible(item, len(item.hunks)))
        else:
            long.append(item)
    rest: list[str] = []
    for item in long:
        shown = _first_hunks(block, item, limit)
        visible.update(_visible(item, shown))
        if shown < len(item.hunks):
            rest.append(f"{_path(item)}: {len(item.hunks) - shown} of {len(item.hunks)} hunks\n")
    named = len(rest)
    while rest:
        others = "and others\n" if named < len(rest) else ""
        if block.add(Role.LEFT_OUT, "", "".join(rest[:named]) + others) or not named:
            break
        named //= 2
    return visible


def _first_hunks(block: _Block, item: FileDiff, limit: int) -> int:
    """Show the hunks of a file that fit; return how many do."""
    low, high = 0, len(item.hunks)
    while low < high:
        middle = (low + high + 1) // 2
        text = diff.render([replace(item, hunks=item.hunks[:middle])])
        if block.used + block.estimate(text, "") + 16 <= limit:
            low = middle
        else:
            high = middle - 1
    if low:
        block.add(Role.DIFF, _path(item), diff.render([replace(item, hunks=item.hunks[:low])]))
    return low


def _path(item: FileDiff) -> str:
    return item.new or item.old or ""


def _visible(item: FileDiff, hunks: int) -> Iterator[tuple[str, int]]:
    """Yield the new file's zero-based lines that the first hunks of a diff have."""
    for hunk in item.hunks[:hunks] if item.new is not None else ():
        count = sum(line[0] != "-" for line in hunk.lines)
        for line in range(hunk.new_at, hunk.new_at + count):
            yield item.new or "", line


def _added(item: FileDiff) -> str:
    return "".join([line[1:] for h in item.hunks for line in h.lines if line[0] == "+"])


# -- a place -----------------------------------------------------------------------------------


def _around(definitions: Sequence[Definition], text: str, offset: int | None) -> Span:
    """Return the definition around an offset, or the lines around it, or the file."""
    if offset is None:
        return Span(0, len(text))
    inner = enclosing([d for d in definitions if d.kind in NAMED], offset)
    if inner is not None:
        start = text.rfind("\n", 0, inner.span.start) + 1
        return Span(start, inner.span.end)
    starts = _line_starts(text)
    line = text.count("\n", 0, offset)
    last = min(line + _WINDOW + 1, len(starts) - 1)
    return Span(starts[max(0, line - _WINDOW)], starts[last])


def _top(
    definition: Definition, inside: Sequence[Definition], all_of_file: Sequence[Definition]
) -> bool:
    """Tell whether no function or class of those in focus is around a definition."""
    parent = all_of_file[definition.parent] if definition.parent >= 0 else None
    return parent is None or parent not in inside


def _fitting(text: str, most: int, estimate: Estimator) -> str:
    """Cut a text behind the last line that fits."""
    size = estimate(text, "")
    if size <= most:
        return text
    cut = text.rfind("\n", 0, len(text) * most // size) + 1
    return f"{text[:cut]}(cut here: {size:,} tokens in all)\n"


# -- what is used, and by whom -----------------------------------------------------------------


def _add_used(
    block: _Block, code: Code, sources: Mapping[str, str], known: set[tuple[str, int]]
) -> None:
    """Show the signatures of what texts use: what imports or scope prove, and unique names."""
    places = [p for path, text in sources.items() for p in used(code, path, text)]
    shown = set(known)
    fresh: list[Place] = []
    for place in sorted(places, key=lambda place: not place.certain):
        mark = (place.path, place.definition.at)
        if mark not in shown and len(fresh) < _CARDS:
            shown.add(mark)
            fresh.append(place)
    _add_cards(block, Role.USED, fresh)


def _add_cards(block: _Block, role: Role, places: Sequence[Place]) -> None:
    cards: dict[str, list[str]] = {}
    limit = block.used + (block.budget - block.used) // (2 if role is Role.USED else 1)
    for place in places:
        documented = place.certain and role is Role.USED
        cards.setdefault(place.path, []).append(_card(place.definition, documented=documented))
    for path, some in cards.items():
        block.add(role, path, f"{path}\n{''.join(some)}", limit)


def _card(definition: Definition, *, documented: bool) -> str:
    doc = f"  -- {definition.doc}" if definition.doc and documented else ""
    return f"  {definition.line + 1}: {definition.signature}{doc}\n"


def _add_callers(
    block: _Block, code: Code, places: Iterable[Place], shown: set[tuple[str, int]]
) -> None:
    """Show the lines around some calls of each definition, then as many others as fit, bare."""
    found = [(called(code, p).definition.name, callers_of(code, p)) for p in places]
    left = block.budget - block.used
    bare = _BARE_LINE * sum([len(some) for _, some in found])
    limit = block.used + min(left // 2, max(left - bare, left // 8))
    rest: list[tuple[str, Use]] = []
    for name, some in sorted(found, key=lambda pair: len(pair[1])):
        met: set[tuple[str, int]] = set()
        for use in some:
            around = (use.path, use.inside.at if use.inside is not None else -1)
            if around in met or len(met) >= _CALLS or (use.path, use.line) in shown:
                rest.append((name, use))
                continue
            met.add(around)
            first, text = lines_at(code, use, _AROUND)
            inside = f" in {use.inside.name}" if use.inside is not None else ""
            said = f"{use.path}:{first + 1}{inside}, uses {name}\n{_closed(text)}"
            if block.add(Role.CALLERS, use.path, said, limit):
                shown |= {(use.path, first + n) for n in range(text.count("\n") + 1)}
            else:
                rest.append((name, use))
    _add_lines(block, code, rest, shown)


def _add_lines(
    block: _Block, code: Code, uses: Iterable[tuple[str, Use]], shown: set[tuple[str, int]]
) -> None:
    """Show the lines of calls that are not shown yet, file by file, while they fit."""
    lines: dict[str, dict[int, str]] = {}
    for name, use in uses:
        if (use.path, use.line) not in shown:
            shown.add((use.path, use.line))
            lines.setdefault(use.path, {})[use.line] = name
    for path, some in lines.items():
        texts = (code.text(path) or "").split("\n")
        said = "".join([f"  {n + 1}: {texts[n].strip()[:_LONG]}\n" for n in sorted(some)])
        if not block.add(Role.CALLS, path, f"{path}\n{said}"):
            for line in said.split("\n")[:-1]:
                if not block.add(Role.CALLS, path, f"{path}\n{line}\n"):
                    return


# -- text --------------------------------------------------------------------------------------


def _in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Return the parts by role; diffs by path, the rest as they were chosen."""
    order = list(Role)
    found = sorted(parts, key=lambda part: order.index(part.role))
    diffs = sorted((p for p in found if p.role is Role.DIFF), key=lambda part: part.path)
    return (*diffs, *(part for part in found if part.role is not Role.DIFF))


def _line_starts(text: str) -> list[int]:
    """Return where each line starts, and where the text ends."""
    return [0, *(match.end() for match in re.finditer("\n", text)), len(text)]


def _closed(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"
