"""Where an answer ends, found while it still streams, so that nothing behind it is bought. Pure.

A line ends at its end. A block ends where its scope does: at a line further left than its own, at
the line that already follows, where it closes a bracket it did not open, where it repeats itself.

Invariant: ``cut(a + b)`` keeps no less than what ``cut(a)`` kept for good.
"""

from dataclasses import dataclass
from typing import Final

from tandem.features.inline.gate import Shape
from tandem.features.inline.surroundings import Surroundings, indentation

_LONGEST: Final = 24  # lines of a block: 87 % of what people take is shorter by far
_REPEATED: Final = 3
_DISTINCT: Final = 4  # characters; shorter lines recur without meaning anything
_TAB: Final = 4
_STOPS: Final = 16  # that the API takes
_OPENERS: Final = "([{"
_CLOSERS: Final = ")]}"


@dataclass(frozen=True, slots=True)
class Cut:
    """What of an answer is kept; `enough` tells that whatever comes next is not."""

    text: str
    enough: bool


def stops(seen: Surroundings, shape: Shape) -> tuple[str, ...]:
    """Return stop sequences that end an answer on the server where they can: its bill is exact."""
    if shape is Shape.LINE:
        return ("\n",)
    found = ["\n\n\n"]
    below = seen.below.rstrip()
    if len(below.strip()) >= _DISTINCT:
        found.append(f"\n{below}")
    head = _header_indentation(seen)
    if seen.language == "python":
        edge = [f"\n{indent}" for indent in ({"", head[:4]} if head else {""})]
        found += [f"{e}{word}" for e in edge for word in ("def ", "class ", "@", "if __name__")]
    elif not seen.unclosed:
        found.append(f"\n{head}}}")
    return tuple(found[:_STOPS])


def _header_indentation(seen: Surroundings) -> str:
    return indentation(seen.above if not seen.before.strip() else seen.before)


def cut(text: str, seen: Surroundings, shape: Shape, *, whole: bool = False) -> Cut:
    """Return what to keep of an answer so far; with `whole` nothing more will come."""
    text = text.replace("\r\n", "\n")
    if shape is Shape.LINE:
        return _line(text, seen)
    lines = text.split("\n")
    end = _end(lines, seen, whole=whole)
    return Cut(text, enough=False) if end is None else Cut("\n".join(lines[:end]), enough=True)


def _line(text: str, seen: Surroundings) -> Cut:
    """Keep the first line; one that begins below a finished line is for a header only."""
    del seen
    first, newline, _ = text.partition("\n")
    return Cut(first, enough=bool(newline))


def _end(lines: list[str], seen: Surroundings, *, whole: bool) -> int | None:
    """Return the line at which a block is over, or None."""
    fresh = not seen.before.strip()
    base = _width(seen.before) if fresh else _width(seen.before) + 1
    depth = 0
    for number, line in enumerate(lines):
        complete = whole or number < len(lines) - 1
        if number and _leaves(line, base, depth, seen):
            return number + _closes_missing(line, depth, seen)
        if number >= _LONGEST or (complete and _goes_nowhere(lines, number, depth, seen)):
            return number
        depth += _depth(line) if complete else 0
        if depth < 0 and fresh:
            return max(1, number)
    return None


def _leaves(line: str, base: int, depth: int, seen: Surroundings) -> bool:
    """Tell whether a line stands further left than the block; a bracket of its own may."""
    said = line.strip()
    if not said or _width(line) >= base:
        return False
    return not (depth > 0 and said[0] in _CLOSERS) or _closes_missing(line, depth, seen)


def _closes_missing(line: str, depth: int, seen: Surroundings) -> bool:
    """Tell whether a line is the closing brace that the file lacks."""
    return depth == 0 and line.strip() == "}" and seen.unclosed


def _goes_nowhere(lines: list[str], number: int, depth: int, seen: Surroundings) -> bool:
    """Tell whether a line says what follows anyway, repeats, or is the second empty one."""
    line = lines[number]
    if not line.strip():
        return number > 1 and not lines[number - 1].strip()
    return (number > 0 and depth <= 0 and _is_below(line, seen)) or _repeats(lines, number)


def _is_below(line: str, seen: Surroundings) -> bool:
    said = seen.below.strip()
    return len(said) >= _DISTINCT and line.strip() == said and _width(line) == _width(seen.below)


def _repeats(lines: list[str], number: int) -> bool:
    """Tell whether a line comes for the third time in a row, alone or as one of a pair."""
    said = lines[number].strip()
    if len(said) < _DISTINCT:
        return False
    for step in (1, 2):
        earlier = [number - step * n for n in range(1, _REPEATED)]
        if earlier[-1] >= 0 and all(lines[n].strip() == said for n in earlier):
            return True
    return False


def _width(line: str) -> int:
    return len(indentation(line).expandtabs(_TAB))


def _depth(line: str) -> int:
    """Count openers minus closers; strings are not parsed, a wrong guess only keeps more."""
    return sum((char in _OPENERS) - (char in _CLOSERS) for char in line)
