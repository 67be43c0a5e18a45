"""The prompt of one stay in a file, laid out so that the next request repeats most of it.

A block is frozen when the file is entered: context from other files, and what follows the place
where editing began. Where editing goes on elsewhere in the file, a little context is appended and
nothing is ranked anew. Then comes the open file from an anchor that rarely moves, and last, as what
changes with each keystroke, a suffix of a dozen lines.

Replayed on typed commits (tests/bench/session.csv) this hits the prefix cache for 0.9 of its
tokens, where windows that slide hit 0.3 and context that is ranked anew for each line 0.4-0.6.
Deliberately no asking: blocks come with the events. `Visit` is a value, `advance` and `render` are
pure.

Invariant: while no event comes but `Moved` inside the anchor's reach, a prompt begins with the
block and the anchor's text of the prompt before it.
"""

from dataclasses import dataclass, replace
from typing import Final

from tandem.core.text import Text
from tandem.core.tokens import estimate
from tandem.index.context.block import Block, Section, Source, capacity, header
from tandem.index.languages import id_of

# How a prompt's tokens are shared out. Cached tokens cost a fiftieth, so the frozen part is large.
FROZEN: Final = 2400  # context from other files at entry: names 0.75-0.9, unseen ones 0.56-0.86
APPENDED: Final = 600  # context for each further place; gave back 8 of the 11 points frozen loses
TAIL: Final = 500  # of the open file behind the suffix, as it was at entry
SHORTEST: Final = 1200  # open file before the cursor: from here when the anchor is set ...
LONGEST: Final = 2400  # ... to here before it is set anew
SUFFIX: Final = 12  # lines behind the cursor's
ELSEWHERE: Final = 60  # lines from the last place: 20 costs 1 point of hits and gains no names
_ROOM: Final = 2400  # tokens of appended context after which the file is entered anew
_LEAST: Final = 200  # tokens: a shorter prefix is worth a new anchor, if there is more above


@dataclass(frozen=True, slots=True)
class Entered:
    """A file was entered: its text, the offset of the cursor, and the context for there."""

    path: str
    text: Text
    offset: int
    block: Block


@dataclass(frozen=True, slots=True)
class Moved:
    """The cursor is elsewhere or text was typed; the context of the place, if it was asked for."""

    text: Text
    offset: int
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay in a file: the frozen text, what was appended, where the prefix begins."""

    path: str
    language: str
    blocks: tuple[Block, ...]
    anchor: int
    line: int

    @property
    def shown(self) -> Block:
        """All context so far, as one block."""
        sections = [section for block in self.blocks for section in block.sections]
        return Block.of(sections, self.language)

    @property
    def full(self) -> bool:
        """Whether so much was appended that the file should be entered anew."""
        return sum(block.tokens for block in self.blocks[1:]) >= _ROOM

    def elsewhere(self, line: int) -> bool:
        """Tell whether a line is so far from the last place that it deserves context of its own."""
        return abs(line - self.line) > ELSEWHERE


def enter(event: Entered) -> Visit:
    """Begin a stay."""
    language = id_of(event.path)
    line, _ = event.text.point_at(event.offset)
    tail = _tail(event.path, event.text, line, language)
    frozen = Block.of([*event.block.sections, *tail], language)
    anchor = _anchored(event.text, event.offset, language)
    return Visit(event.path, language, (frozen,), anchor, line)


def advance(visit: Visit, event: Entered | Moved) -> Visit:
    """Return the stay after an event."""
    if isinstance(event, Entered):
        return enter(event)
    line, _ = event.text.point_at(event.offset)
    anchor = _anchored(event.text, event.offset, visit.language)
    if event.block is not None and event.block.sections:
        # What is behind an appended block misses the cache anyway: the anchor moves for free.
        return replace(visit, blocks=(*visit.blocks, event.block), anchor=anchor, line=line)
    if event.block is not None:
        visit = replace(visit, line=line)
    return visit if _holds(visit, event.text, event.offset) else replace(visit, anchor=anchor)


def render(visit: Visit, text: Text, offset: int) -> tuple[str, str]:
    """Return the prompt and the suffix of a request at an offset."""
    start = visit.anchor
    if not _holds(visit, text, offset):
        start = _anchored(text, offset, visit.language)
    context = "".join([block.text for block in visit.blocks])
    own = header(visit.path, visit.language) if context else ""
    line, _ = text.point_at(offset)
    end = text.line_end(line + SUFFIX)
    return (
        (context + own + text.slice(start, offset)).replace("\r\n", "\n"),
        text.slice(offset, end).replace("\r\n", "\n"),
    )


def _tail(path: str, text: Text, line: int, language: str) -> list[Section]:
    """Return what follows the suffix, up to `TAIL` tokens."""
    first = line + SUFFIX + 1
    start = text.line_start(first)
    most = start + capacity(TAIL, language)
    last, _ = text.point_at(min(most, len(text)))
    if most >= len(text):
        last = text.line_count
    if last <= first:
        return []
    said = text.slice(start, text.line_end(last - 1)) + "\n"
    if not said.strip():
        return []
    named = header(f"{path} (further down)", language)
    why = "follows the cursor"
    lines = ((first, last),)
    return [Section.of(Source.TAIL, path, lines, why=why, text=named + said, language=language)]


def _holds(visit: Visit, text: Text, offset: int) -> bool:
    """Tell whether the anchor still serves a place."""
    start = visit.anchor
    if start > offset or text.line_start(text.point_at(start)[0]) != start:
        return False
    length = estimate(text.slice(start, offset), visit.language)
    return length <= LONGEST and (start == 0 or length >= _LEAST)


def _anchored(text: Text, offset: int, language: str) -> int:
    """Return the start of the line from which there are about `SHORTEST` tokens."""
    line, _ = text.point_at(max(0, offset - capacity(SHORTEST, language)))
    return text.line_start(line)
