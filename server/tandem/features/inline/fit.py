"""Make a model's words fit the place: nothing that is already there, nothing left open. Pure.

Over-trimming is as wrong as repeating: a single character that happens to equal the first one
after the cursor is not a repetition, so only a whole repeated rest of the line, or closing
brackets that the line already has, are taken away.
"""

import re
from itertools import accumulate
from typing import Final

from tandem.features.inline.cut import cut
from tandem.features.inline.gate import Shape
from tandem.features.inline.surroundings import (
    Inside,
    Surroundings,
    indentation,
    overclosed,
    scanned,
)

_CLOSERS: Final = {")": "(", "]": "[", "}": "{"}
_OPENERS: Final = frozenset(_CLOSERS.values())
_TAB: Final = 4


def fit(
    text: str,
    seen: Surroundings,
    shape: Shape,
    following: tuple[str, ...],
    *,
    partial: bool = False,
) -> str:
    """Return what to insert, with line feeds, or an empty string.

    `following` are the lines below the cursor's; `partial` tells that the answer hit its limit, so
    that its last line is not whole.
    """
    kept = cut(text, seen, shape, whole=not partial).text
    if shape is Shape.LINE or "\n" not in kept:
        return _fit_line(kept, seen, following)
    lines = _indented(kept.split("\n"), seen)
    if partial:
        lines = lines[:-1]
    lines[:1] = [_without_repeated_start(lines[0], seen.before)] if lines else []
    lines = _without_following(lines, following)
    lines = _balanced(lines, seen)
    inserted = "\n".join(lines).rstrip()
    return inserted if inserted.strip() else ""


# -- a line ------------------------------------------------------------------------------------


def _fit_line(kept: str, seen: Surroundings, following: tuple[str, ...]) -> str:
    line = _inside_string(_without_repeated_start(kept.rstrip(), seen.before), seen)
    rest = seen.after.strip()
    if rest:
        line = _without_surplus_closers(_without_repeated_end(line, rest), rest)
    line = _without_foreign_closers(line, seen)
    whole = (seen.before + line).strip()
    if not line.strip() or (not rest and whole == seen.below.strip()):
        return ""
    if not rest and any(whole == other.strip() for other in following[:1]):
        return ""
    if seen.inside is Inside.CODE and _leaves_string_open(line, seen):
        return ""
    return line


def _inside_string(line: str, seen: Surroundings) -> str:
    """Keep what stands inside the string that the cursor is in, where its end is there already."""
    if seen.inside is not Inside.STRING or not seen.quote or seen.quote not in seen.after:
        return line
    end = re.search(rf"(?<!\\){re.escape(seen.quote)}", line)
    return line[: end.start()] if end is not None else line


def _without_foreign_closers(line: str, seen: Surroundings) -> str:
    """Cut a line where it closes a bracket that is not the last one open."""
    if seen.inside is Inside.COMMENT:
        return line
    end = overclosed(seen.quote + line, seen.language, seen.open)
    return line if end is None else line[: end - len(seen.quote)].rstrip()


def _leaves_string_open(line: str, seen: Surroundings) -> bool:
    """Tell whether a quote that the line opens is closed neither in it nor behind the cursor."""
    if scanned(line, seen.language).inside is not Inside.STRING:
        return False
    behind = scanned(line + seen.after + "\n", seen.language).inside
    return behind is Inside.STRING or not seen.after


def _without_repeated_start(line: str, before: str) -> str:
    """Drop the line's own beginning where a model writes the whole line again."""
    start = before.strip()
    if len(start) <= 1 or not line.lstrip().startswith(start):
        return line
    rest = line.lstrip()[len(start) :]
    return rest.lstrip() if before[-1:].isspace() else rest


def _without_repeated_end(line: str, rest: str) -> str:
    """Drop the rest of the line where a model writes it again, but none of its own closers."""
    tail = rest.lstrip("".join(_CLOSERS))
    for end in (rest, tail):
        if end.strip("".join(_CLOSERS)) and line.endswith(end):
            cut_off = line[: -len(end)].rstrip()
            if _depth(cut_off) <= 0 or end == tail:
                return cut_off
    return line


def _without_surplus_closers(line: str, rest: str) -> str:
    """Drop trailing closers that nothing opened here and that follow the cursor anyway."""
    while line and line[-1] in _CLOSERS and line[-1] in rest and _depth(line) < 0:
        line = line[:-1].rstrip()
    return line


# -- a block -----------------------------------------------------------------------------------


def _indented(lines: list[str], seen: Surroundings) -> list[str]:
    """Write indentation as the file does: tabs where it has tabs, else spaces."""
    sample = indentation(seen.before) or indentation(seen.above) or indentation(seen.below)
    if "\t" in sample:
        return [_with_tabs(line) for line in lines]
    if sample:
        return [line.expandtabs(_TAB) if "\t" in indentation(line) else line for line in lines]
    return lines


def _with_tabs(line: str) -> str:
    width = len(indentation(line).expandtabs(_TAB))
    return "\t" * (width // _TAB) + " " * (width % _TAB) + line.lstrip(" \t")


def _without_following(lines: list[str], following: tuple[str, ...]) -> list[str]:
    """Drop the end of a block that says again what follows the cursor's line."""
    below = [line.strip() for line in following if line.strip()]
    for count in range(min(len(lines), len(below)), 0, -1):
        tail = [line.strip() for line in lines[-count:]]
        if tail == below[:count] and any(len(line) > 1 for line in tail):
            return lines[:-count]
    return lines


def _balanced(lines: list[str], seen: Surroundings) -> list[str]:
    """Drop lines from the end until no bracket and no string that was opened is left open."""
    least = -1 if seen.unclosed else 0
    while lines:
        inside, opened, _ = scanned("\n".join(lines) + "\n", seen.language)
        if inside is not Inside.STRING and not opened and _lowest(lines) >= least:
            return lines
        lines = lines[:-1]
    return lines


def _lowest(lines: list[str]) -> int:
    """Return how many more brackets are closed than were opened, at the worst place, negative."""
    depths = list(accumulate(map(_depth, lines)))
    return min(depths, default=0)


def _depth(line: str) -> int:
    """Count openers minus closers; strings are not parsed, a wrong guess only trims less."""
    return sum((char in _OPENERS) - (char in _CLOSERS) for char in line)
