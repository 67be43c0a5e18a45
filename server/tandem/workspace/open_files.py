"""Facts of open documents: what the editor shows lies over what the disk has.

A keystroke only notes that a document is behind. Its tree follows once typing rests, in one go for
all keys since, with a limit on its time, because a parse blocks the loop. What the windows know of
it follows later still, when it is left alone.

Invariant: never behind by more than `_BEHIND_S` while somebody types, and never ahead.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tandem.core.clock import Clock
from tandem.core.text import Text
from tandem.index.codebase import Codebase
from tandem.index.languages import Language, id_of, language_of
from tandem.index.names import names
from tandem.index.open_tree import OpenTree

# A pause of typing; people type a key each 100-250 ms, so most pauses are at a word's end.
_QUIET_S: Final = 0.15
_BEHIND_S: Final = 0.5
_FIRST_S: Final = 0.2  # of blocking the loop once, at opening: 30,000 lines
_PARSE_S: Final = 0.05  # a tree that takes longer is given up, and made anew at the next pause
_SETTLED_S: Final = 2.0  # windows take 1 ms for 8 kB, so they wait for a longer pause
_LARGEST: Final = 1_000_000  # characters; more is data, as in the worker


@dataclass(slots=True, eq=False)
class _Open:
    text: Text
    language: Language | None
    tree: OpenTree | None = None
    behind_since: float | None = None
    changed_at: float = 0.0
    unsettled: bool = True


class OpenFiles:
    """The open documents of a workspace by their relative path. Event-loop thread only."""

    def __init__(self, codebase: Codebase, post: Callable[[str, str], None], clock: Clock) -> None:
        """Take what is to be kept in step; `post` puts a file's text into the windows."""
        self._codebase = codebase
        self._post = post
        self._clock = clock
        self._files: dict[str, _Open] = {}
        self._news = asyncio.Event()

    def __contains__(self, path: str) -> bool:
        """Tell whether a file is open."""
        return path in self._files

    @property
    def paths(self) -> list[str]:
        """The open files, in the order they were opened."""
        return list(self._files)

    def opened(self, path: str, text: Text) -> None:
        """Take in a document that was opened."""
        self._files[path] = _Open(text, language_of(path))
        self._touch(self._files[path])

    def changed(self, path: str, text: Text) -> None:
        """Note a document's new text. O(1): this is on the way of every keystroke."""
        opened = self._files.get(path)
        if opened is not None:
            opened.text = text
            self._touch(opened)

    def _touch(self, opened: _Open) -> None:
        opened.changed_at = self._clock.monotonic()
        opened.unsettled = True
        if opened.behind_since is None:
            opened.behind_since = opened.changed_at
        self._news.set()

    def post_again(self) -> None:
        """Put every open file into the windows once more: they are new."""
        for opened in self._files.values():
            opened.unsettled = True
        self._news.set()

    def closed(self, path: str) -> bool:
        """Let the file on disk speak for itself again; tell whether it was open."""
        opened = self._files.pop(path, None)
        self._codebase.close(path)
        return opened is not None

    async def follow(self) -> None:
        """Bring documents up to date whenever typing rests. Runs until cancelled."""
        while True:
            await self._news.wait()
            pause = self._next_pause()
            if pause is None:
                self._news.clear()
            elif pause > 0:
                # Not longer: what is typed meanwhile is due before what was waited for.
                await self._clock.sleep(min(pause, _QUIET_S))
            else:
                self._catch_up()
                await asyncio.sleep(0)

    def _next_pause(self) -> float | None:
        now = self._clock.monotonic()
        return min((due - now for o in self._files.values() if (due := _due(o))), default=None)

    def _catch_up(self) -> None:
        """Do one piece of what is due: the loop gets a turn between two of them."""
        now = self._clock.monotonic()
        for path, opened in self._files.items():
            due = _due(opened)
            if due is None or due > now:
                continue
            if opened.behind_since is not None:
                opened.behind_since = None
                self._refresh(path, opened)
            else:
                opened.unsettled = False
                self._settle(path, opened)
            return

    def _settle(self, path: str, opened: _Open) -> None:
        """Do what waits for a longer pause: parse all of a tree that followed edits, post words."""
        text = str(opened.text)
        tree = opened.tree.settled(budget_s=_FIRST_S) if opened.tree is not None else None
        if tree is not None and tree is not opened.tree:
            opened.tree = tree
            self._codebase.open(path, tree.facts(), text)
        self._post(path, text)

    def _refresh(self, path: str, opened: _Open) -> None:
        text = str(opened.text)
        if len(text) > _LARGEST:
            return
        data = text.encode("utf-8", "surrogatepass")
        language = opened.language
        if language is not None:
            opened.tree = _followed(opened.tree, data, language)
        if opened.tree is not None:
            self._codebase.open(path, opened.tree.facts(), text)
        else:
            self._codebase.open(path, names(data, id_of(path)), text)


def _due(opened: _Open) -> float | None:
    if opened.behind_since is not None:
        return min(opened.changed_at + _QUIET_S, opened.behind_since + _BEHIND_S)
    return opened.changed_at + _SETTLED_S if opened.unsettled else None


def _followed(tree: OpenTree | None, data: bytes, language: Language) -> OpenTree | None:
    if tree is None:
        return OpenTree.of(data, language, budget_s=_FIRST_S)
    return tree.updated(data, budget_s=_PARSE_S)
