"""Prompts that know the codebase: one visit per open document, advanced with each request.

Entering a file gathers its context once (10 ms), and so does the first request far from the last
one; all other requests only lay out what is there. Whatever takes longer than the deadline goes
without what is missing.

What was gathered for the first file of a language comes first in the next ones too, and less is
gathered for them: the first two requests of a stay are read cold, which was 59 % of all that missed
the cache in replayed commits. What the files share is warm, and tells more than it costs.

Invariant: two requests of one stay begin with the same bytes, so the second hits the prefix cache.
No prompt tells of the open file what it does not say itself any more.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tandem.core.clock import Clock
from tandem.core.text import Text
from tandem.index.code import Code
from tandem.index.context.assemble import context_for
from tandem.index.context.block import Block
from tandem.index.context.ring import Edit, Ring
from tandem.index.context.visit import (
    APPENDED,
    FROZEN,
    Entered,
    Moved,
    Visit,
    advance,
    enter,
    render,
)
from tandem.index.context.windows import Windows
from tandem.index.languages import id_of
from tandem.workspace.documents import Document

DEADLINE_S: Final = 0.05
OWN: Final = 600
"""Tokens of context for a file that comes behind what is shared."""

_SHARED_S: Final = 3600.0  # seconds: then files have changed, and who begins again begins anew
_WORTH: Final = FROZEN // 2  # tokens: an index that is still being read has less to share
_MOST: Final = 64  # visits kept: 20 kB each


class Index(Protocol):
    """What a prompt asks of the index of a workspace."""

    ring: Ring

    @property
    def windows(self) -> Windows:
        """The words of all files by the lines they stand in."""
        ...

    @property
    def codebase(self) -> Code:
        """The files of the workspace as they are now."""
        ...

    def path_of(self, uri: str) -> str | None:
        """Return a document's path relative to the workspace; None for one outside of it."""
        ...


@dataclass(frozen=True, slots=True)
class _Stay:
    visit: Visit
    elsewhere: tuple[Edit, ...]  # the edits in other files that the visit knows of


@dataclass(frozen=True, slots=True)
class _Shared:
    """The context that the prompts of a language begin with, and when it was gathered.

    `states` are those of its files, to know which of them have changed since.
    """

    block: Block
    since: float
    states: Mapping[str, tuple[int, int] | None]


class Visits:
    """The stays in open documents. Event-loop thread only."""

    def __init__(self, index: Index, clock: Clock) -> None:
        """Take the index that answers."""
        self._index = index
        self._clock = clock
        self._stays: OrderedDict[str, _Stay] = OrderedDict()
        self._shared: dict[str, _Shared] = {}

    def prompt(self, document: Document, offset: int) -> tuple[str, str] | None:
        """Return prompt and suffix for a place; None for a document outside of the workspace."""
        path = self._index.path_of(document.uri)
        if path is None:
            return None
        stay = self._advanced(self._stays.get(document.uri), path, document.text, offset)
        self._stays[document.uri] = stay
        self._stays.move_to_end(document.uri)
        if len(self._stays) > _MOST:
            self._stays.popitem(last=False)
        return render(stay.visit, document.text, offset)

    def _advanced(self, stay: _Stay | None, path: str, text: Text, offset: int) -> _Stay:
        edits = self._index.ring.without(path)
        if stay is None or stay.visit.full:
            block = self._entering(path, text, offset)
            return _Stay(enter(Entered(path, text, offset, block)), edits)
        visit = stay.visit
        line, _ = text.point_at(offset)
        # Whoever comes back from another file has just edited what this one may need.
        if not visit.elsewhere(line) and _newest(edits) == _newest(stay.elsewhere):
            return _Stay(advance(visit, Moved(text, offset)), stay.elsewhere)
        block = self._context(path, text, offset, APPENDED, visit.shown)
        return _Stay(advance(visit, Moved(text, offset, block)), edits)

    def _entering(self, path: str, text: Text, offset: int) -> Block:
        """Return the context of a file that is entered: what is shared, then its own."""
        language = id_of(path)
        now = self._clock.monotonic()
        shared = self._shared.get(language)
        if shared is None or now - shared.since > _SHARED_S:
            block = self._context(path, text, offset, FROZEN, Block())
            if block.tokens >= _WORTH:
                states = {one.path: self._index.codebase.state(one.path) for one in block.sections}
                self._shared[language] = _Shared(block, now, states)
            return block
        fresh = [one for one in shared.block.sections if self._is_fresh(shared, one.path)]
        others = [section for section in fresh if section.path != path]
        own = self._context(path, text, offset, OWN, Block.of(others, language))
        return Block.of([*others, *own.sections], language)

    def _is_fresh(self, shared: _Shared, path: str) -> bool:
        """Tell whether a file is as it was: what was shared of it may be told of it still."""
        return self._index.codebase.state(path) == shared.states.get(path)

    def _context(self, path: str, text: Text, offset: int, budget: int, already: Block) -> Block:
        end = self._clock.monotonic() + DEADLINE_S
        return context_for(
            self._index.codebase,
            path,
            text,
            offset,
            self._index.ring,
            windows=self._index.windows,
            budget_tokens=budget,
            already=already,
            stop=lambda: self._clock.monotonic() > end,
        )

    def forget(self, uri: str) -> None:
        """Drop the visit of a document that was closed."""
        self._stays.pop(uri, None)


def _newest(edits: tuple[Edit, ...]) -> tuple[str, int] | None:
    """Return about where the last edit was: going on next to it is no news."""
    return (edits[0].path, edits[0].line // 16) if edits else None
