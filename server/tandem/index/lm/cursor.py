"""Read the place of the cursor: what stands before it, half typed at it, and behind it.

It deliberately looks at a bounded window only (6,000 characters before, 3,000 behind): the lines
nearby are indexed on every new line, which at that size costs 3 to 4 ms.

Invariant: nothing here depends on the other half of a line: `right` never changes the context,
`left` never changes what follows.
"""

from dataclasses import dataclass
from functools import lru_cache

from tandem.index.lm import lexer

_BEFORE = 6_000
_BEHIND = 3_000
# A longer line is data; without this bound each key in one cost a millisecond per 3,000 letters.
_LINE = 1_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The lines above and below the cursor's line, as tokens."""

    above: tuple[str, ...]
    below: tuple[str, ...]
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place to complete at.

    `context` are the tokens before the cursor but for `pending`, the start of a token that may
    go on; `rest` the tokens behind it on its line.  `line_before`, `rest_text` and `below_text`
    are the text of the line up to the cursor, behind it, and of the next line not blank.
    """

    around: Surroundings
    context: tuple[str, ...]
    pending: str
    rest: tuple[str, ...]
    line_before: str
    rest_text: str
    below_text: str


def read(left: str, right: str) -> Cursor:
    """Return the place between `left` and `right`."""
    above, _, line = lexer.normalize(left).rpartition("\n")
    rest_text, _, below = lexer.normalize(right).partition("\n")
    line, rest_text = line[-_LINE:], rest_text[:_LINE].rstrip()
    around = _surroundings(_tail(above), _head(below))
    body = line.lstrip(" \t")
    gap = above[len(above.rstrip()) :]
    blanks = "\n" + "\n" * gap.count("\n") + line[: len(line) - len(body)]
    start = lexer.Indentation(list(around.levels)).newline(blanks)
    tokens, pending = _split(body)
    return Cursor(
        around=around,
        context=(*around.above, start, *tokens),
        pending=pending,
        rest=tuple(lexer.canonical(token) for token in lexer.lex_line(rest_text)),
        line_before=body,
        rest_text=rest_text,
        below_text=below.lstrip().partition("\n")[0].rstrip(),
    )


@lru_cache(maxsize=8)
def _surroundings(above: str, below: str) -> Surroundings:
    """Return the tokens of the lines above and below, the same objects while they stay."""
    indentation = lexer.Indentation()
    before = [lexer.canonical(token) for token in lexer.lex(above, indentation)]
    levels = tuple(indentation.levels)
    behind = [lexer.canonical(token) for token in lexer.lex(below, indentation)]
    return Surroundings(tuple(before), tuple(behind), levels)


def _tail(text: str) -> str:
    """Return the last whole lines of `text` within the window."""
    if len(text) <= _BEFORE:
        return text
    tail = text[-_BEFORE:]
    return tail.partition("\n")[2] or tail


def _head(text: str) -> str:
    """Return the first whole lines of `text` within the window."""
    if len(text) <= _BEHIND:
        return text
    head = text[:_BEHIND]
    return head.rpartition("\n")[0] or head


def _split(body: str) -> tuple[list[str], str]:
    """Return the finished tokens of a line's start, and the text of the one that may go on."""
    tokens = [lexer.canonical(token) for token in lexer.lex_line(body)]
    if not tokens:
        return [], ""
    last = tokens[-1]
    if body[-1] in " \t":
        return tokens, "" if last[-1] == " " else " "
    return tokens[:-1], last
