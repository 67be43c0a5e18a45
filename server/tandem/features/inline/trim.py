"""Make a model's words fit the place: one line, nothing that is already there. Pure.

Over-trimming is as wrong as repeating: a single character that happens to equal the first one
after the cursor is not a repetition, so only a whole repeated rest of the line, or closing
brackets that the line already has, are taken away.
"""

from typing import Final

_CLOSERS: Final = {")": "(", "]": "[", "}": "{"}
_OPENERS: Final = frozenset(_CLOSERS.values())


def trim(completion: str, before: str, after: str, below: str) -> str:
    """Return what to insert, or an empty string.

    `before` and `after` are the cursor's line on either side, `below` the next line that is not
    blank.
    """
    line = completion.split("\n", 1)[0].rstrip("\r \t")
    line = _without_repeated_start(line, before)
    rest = after.strip()
    if rest:
        line = _without_surplus_closers(_without_repeated_end(line, rest), rest)
    whole = (before + line).strip()
    if not line.strip() or (not rest and whole == below.strip()):
        return ""
    return line


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
            cut = line[: -len(end)].rstrip()
            if _depth(cut) <= 0 or end == tail:
                return cut
    return line


def _without_surplus_closers(line: str, rest: str) -> str:
    """Drop trailing closers that nothing opened here and that follow the cursor anyway."""
    while line and line[-1] in _CLOSERS and line[-1] in rest and _depth(line) < 0:
        line = line[:-1].rstrip()
    return line


def _depth(line: str) -> int:
    """Count openers minus closers; strings are not parsed, a wrong guess only trims less."""
    return sum((char in _OPENERS) - (char in _CLOSERS) for char in line)
