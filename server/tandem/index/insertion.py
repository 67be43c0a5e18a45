"""Whether an insertion leaves a file in worse order than it was, by its grammar.

Only the lines around the place are parsed, twice: 800 lines take 2 x 4 ms. Both readings are cut
at the same lines, so errors that the cut makes are in both.

Invariant: never raises; no grammar, or no time, proves nothing.
"""

from typing import Final

from tandem.core.text import Text
from tandem.index.languages import Language
from tandem.index.trees import deadline, error_count, never, parsed, spoken

_REACH: Final = 400  # lines on each side
_BUDGET_S: Final = 0.03


def worsens(text: Text, offset: int, inserted: str, language: Language) -> bool:
    """Tell whether there are more syntax errors with `inserted` at an offset than without."""
    line, _ = text.point_at(offset)
    start, end = text.line_start(max(0, line - _REACH)), text.line_end(line + _REACH)
    head, tail = text.slice(start, offset), text.slice(offset, end)
    before = _errors(head + tail, language)
    after = _errors(head + inserted + tail, language)
    return before is not None and after is not None and after > before


def _errors(code: str, language: Language) -> int | None:
    source = code.encode("utf-8", "replace")
    tree = parsed(source, spoken(language, source), None, deadline(_BUDGET_S, never, len(source)))
    return None if tree is None else error_count(tree.root_node)
