"""Whether an insertion leaves a file in worse order than it was, by its grammar.

Only the lines around the place are parsed, from a line at the left edge on, and the second reading
follows the edit: 2 ms for 300 lines. Where that finds errors, which can hide others, the whole file
is read.

Invariant: never raises; no grammar, or no time, proves nothing.
"""

from typing import Final

from tandem.core.text import Text
from tandem.index.languages import Language
from tandem.index.trees import deadline, error_count, never, parsed, spoken

_ABOVE: Final = 200  # lines; a larger definition is read from its middle
_BELOW: Final = 60
_BUDGET_S: Final = 0.03
_LARGE: Final = 40_000  # bytes, which take 4 ms: for more the interruptible parse is worth its 9 %


def worsens(text: Text, offset: int, inserted: str, language: Language) -> bool:
    """Tell whether there are more syntax errors with `inserted` at an offset than without."""
    line, _ = text.point_at(offset)
    near = text.line_start(_first(text, line)), text.line_end(line + _BELOW)
    for start, end in (near, (0, len(text))):
        head = text.slice(start, offset).encode("utf-8", "replace")
        tail = text.slice(offset, end).encode("utf-8", "replace")
        counts = _counts(head, inserted.encode("utf-8", "replace"), tail, language)
        if counts is None:
            return False
        before, after = counts
        if after > before or not before:
            return after > before
    return False


def _counts(head: bytes, added: bytes, tail: bytes, language: Language) -> tuple[int, int] | None:
    """Count the errors without and with what is added; None without a grammar or time."""
    before, after = head + tail, head + added + tail
    grammar = spoken(language, before)
    over = deadline(_BUDGET_S, never, len(after)) if len(after) > _LARGE else None
    old = parsed(before, grammar, None, over)
    if old is None:
        return None
    known = error_count(old.root_node)
    here, behind = _point(after, len(head)), _point(after, len(head) + len(added))
    old.edit(len(head), len(head), len(head) + len(added), here, here, behind)
    new = parsed(after, grammar, old, over)
    return None if new is None else (known, error_count(new.root_node))


def _first(text: Text, line: int) -> int:
    """Return the nearest line above that begins at the left edge, where definitions do."""
    least = max(0, line - _ABOVE)
    for number in range(line - 1, least, -1):
        said = text.line(number)
        if said[:1].isalpha() or said[:1] in {"@", "#"}:
            return number
    return least


def _point(data: bytes, at: int) -> tuple[int, int]:
    return data.count(b"\n", 0, at), at - (data.rfind(b"\n", 0, at) + 1)
