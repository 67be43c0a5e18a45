"""What becomes of suggestions: shown, accepted, partly accepted, kept, ignored. Pure but for time.

Told, where the editor tells: the item's command, and the notifications that Copilot's clients
send. Otherwise inferred from the edits, and in doubt it is not acceptance:

* Typing along is not. Only several characters of the suggestion's rest, inserted at its place at
  once, are: all of the rest, or a beginning of it (word by word). Not blanks (a key that indents),
  not a pair of brackets (a key that closes them), not after the suggestion went out of sight
  because something else was typed, and not a few characters right after a key: editors send what
  was typed in pieces (Neovim every 150 ms, so fingers fill a piece with two or three).
* Characters typed by hand are never counted, and each character of a suggestion at most once:
  told and seen, or deleted and accepted again, is once.
* Told and not seen counts as accepted, but nothing is known of how long it was kept.
* The same words picked from another menu, or pasted, look like acceptance. They count.
* An item shown again while its words are typed is the same suggestion. Of several items the first
  is shown; another one counts once the editor shows or takes it.

Kept is what is left of the accepted characters 30 s and 5 min later: its place is shifted through
all edits, and what stands there then is compared by words. A word that was changed is lost whole.
At the end of a document it is looked at for the last time, and the record says that it was early.

Invariants: accepted <= shown and kept <= accepted, in characters; an edit costs no more in a
longer file.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tandem.core.clock import Clock
from tandem.core.diff import changed_blocks
from tandem.core.edits import Edit, inserted_at, least
from tandem.core.suggestion import Happened, Offer, What
from tandem.core.text import Text
from tandem.features.inline.complete import Completion
from tandem.workspace.documents import Document

MARKS: Final[tuple[tuple[What, float], ...]] = (("kept_30s", 30.0), ("kept_5m", 300.0))
"""When what was accepted is looked at again, in seconds."""

_TOGETHER_S: Final = 0.25  # after a key: what comes then may have been typed with it
_FINGERS: Final = 6  # characters that can be typed in that time, at 20 a second
_PAIRS: Final = frozenset(("()", "[]", "{}", "<>", '""', "''", "``"))
_REMEMBERED: Final = 64  # suggestions that an editor may still tell of
_PIECES: Final = 128  # accepted pieces that are followed, five minutes each: 30 µs of a key
_WINDOW: Final = 20_000  # characters that are searched for a piece after a whole file was replaced
_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(slots=True, eq=False)
class _Live:
    """A suggestion that may be on the screen, at its place in a document."""

    offer: Offer
    text: str
    lead: int  # UTF-16 units of its line before it: there its item begins
    place: int
    whole: bool  # a menu's entry: taken whole or not at all
    along: int = 0  # characters of it that stand in the document
    counted: int = 0  # how far it was counted as accepted
    followed: int = 0  # how far it was seen: less where it was told before
    hand: int = 0  # where in it the last insertion began that was taken for typing
    recorded: bool = False
    displayed: bool = False
    away: bool = False  # something else was typed since it was shown
    over: bool = False

    @property
    def at(self) -> int:
        """The offset at which its rest would stand."""
        return self.place + self.along

    @property
    def rest(self) -> str:
        """What of it does not stand in the document."""
        return self.text[self.along :]


@dataclass(slots=True, eq=False)
class _Piece:
    """Accepted characters and the span of the document that holds what became of them."""

    number: int
    text: str
    start: int
    end: int
    since: float
    marks: int = 0

    def shift(self, edit: Edit) -> None:
        """Follow an edit."""
        (start, end), new = edit.span, edit.new
        delta = len(new) - (end - start)
        if end <= self.start:
            redone = self.start == self.end == start and new == self.text
            self.start += 0 if redone else delta
            self.end += delta
        elif start < self.end:
            self.end = start + len(new) + max(0, self.end - end)
            self.start = min(self.start, start)


class Suggestions:
    """The suggestions of one connection. Event-loop thread only."""

    def __init__(self, clock: Clock, record: Callable[[Offer | Happened], None]) -> None:
        """Begin with none; `record` is told what happens, as it happens."""
        self._clock = clock
        self._record = record
        self._numbers = 0
        self._live: dict[str, list[_Live]] = {}
        self._recent: OrderedDict[int, tuple[str, _Live]] = OrderedDict()
        self._pieces: dict[str, list[_Piece]] = {}
        self._typed_at = float("-inf")

    # -- what is shown -------------------------------------------------------------------------

    def shown(
        self, document: Document, offset: int, items: Sequence[Completion], *, menu: bool = False
    ) -> list[int]:
        """Note what is being shown at an offset instead of what was; return the items' numbers."""
        before = self._live.pop(document.uri, [])
        live = [
            next((old for old in before if old.at == offset and old.rest == item.text), None)
            or self._begin(document, offset, item, menu=menu)
            for item in items
        ]
        for old in before:
            if old not in live:
                self._end(old)
        for one in live:
            one.away = False
        if live:
            self._live[document.uri] = live
            self._offer(live[0])
        return [one.offer.number for one in live]

    def _begin(self, document: Document, offset: int, item: Completion, *, menu: bool) -> _Live:
        self._numbers += 1
        self._typed_at = self._clock.monotonic()  # a key has just asked for it
        start = document.text.line_start(document.text.point_at(offset)[0])
        lead = len(_utf16(document.text.slice(start, offset))) // 2
        offer = Offer(
            self._numbers,
            self._clock.now(),
            document.language,
            item.source,
            item.model,
            len(item.text),
            item.text.count("\n") + 1,
            item.reservation,
        )
        live = _Live(offer, item.text, lead, offset, menu)
        self._recent[offer.number] = (document.uri, live)
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)
        return live

    def _offer(self, live: _Live) -> None:
        if not live.recorded:
            live.recorded = True
            self._record(live.offer)

    def _say(self, live: _Live, what: What, characters: int) -> None:
        self._offer(live)
        now = self._clock.now()
        self._record(Happened(live.offer.number, now, what, characters))

    def _end(self, live: _Live) -> None:
        live.over = True
        if live.recorded and not live.counted:
            self._say(live, "ignored", live.along)

    # -- what the editor tells -----------------------------------------------------------------

    def displayed(self, number: int) -> None:
        """Note that the editor has really shown a suggestion."""
        _, live = self._recent.get(number, ("", None))
        if live is not None and not live.displayed:
            live.displayed = True
            self._say(live, "displayed", 0)

    def accepted(self, number: int) -> None:
        """Note that the editor has inserted, or is about to insert, all of a suggestion."""
        uri, live = self._recent.get(number, ("", None))
        if live is not None:
            self._told(uri, live, len(live.text))

    def partly(self, number: int, length: int, item: str | None = None) -> None:
        """Note that `length` UTF-16 units of a suggestion's item stand in the document now.

        They are counted from where the item begins: from the text of `item`, its line's beginning
        and the suggestion, if that came with the news.
        """
        uri, live = self._recent.get(number, ("", None))
        if live is None:
            return
        units = _utf16(live.text)
        lead = live.lead if item is None else (len(_utf16(item)) - len(units)) // 2
        there = units[: 2 * max(0, length - lead)].decode("utf-16-le", "ignore")
        self._told(uri, live, len(there))

    def _told(self, uri: str, live: _Live, upto: int) -> None:
        if upto <= live.counted:
            return  # it was seen
        if upto <= live.along:  # seen too, but taken for typing
            self._count(uri, live, min(live.hand, upto), upto)
            return
        begin = max(live.counted, live.along)
        live.counted, live.followed = upto, begin
        self._say(live, "accepted" if upto == len(live.text) else "partly", upto - begin)

    # -- what the edits tell -------------------------------------------------------------------

    def follows(self, uri: str) -> bool:
        """Tell whether the edits of a document matter."""
        return uri in self._live or uri in self._pieces

    def edited(self, uri: str, before: Text, edit: Edit) -> None:
        """Follow one edit of a document, made of the text as it was before."""
        edit = least(before, edit)
        if edit.span.start == edit.span.end and not edit.new:
            return
        for piece in self._pieces.get(uri, ()):
            piece.shift(edit)
        for live in self._live.get(uri, ()):
            self._advance(uri, live, before, edit)

    def _advance(self, uri: str, live: _Live, before: Text, edit: Edit) -> None:
        (start, end), new = edit.span, edit.new
        inserted = inserted_at(before, edit, live.at)
        if inserted and live.rest.startswith(inserted):
            self._grow(uri, live, len(inserted))
        elif inserted or start >= live.at:
            live.away = True
        elif end <= live.place:
            live.place += len(new) - (end - start)
            live.away = True
        elif start >= live.place:
            live.away |= bool(new) or end != live.at  # else taken back by the backspace key
            live.along = start - live.place
        else:
            live.place, live.along, live.away = start + len(new), 0, True

    def _grow(self, uri: str, live: _Live, count: int) -> None:
        begin, end = live.along, live.along + count
        live.along = end
        if begin < live.counted:
            self._follow(uri, live, begin, min(end, live.counted))
            begin = live.counted
        if begin >= end:
            return
        if self._by_hand(live, live.text[begin:end]):
            live.hand = begin
            self._typed_at = self._clock.monotonic()
        else:
            self._count(uri, live, begin, end)

    def _by_hand(self, live: _Live, inserted: str) -> bool:
        if live.away or len(inserted) == 1 or not inserted.strip() or inserted in _PAIRS:
            return True
        if live.whole and live.rest:
            return True
        together = self._clock.monotonic() - self._typed_at < _TOGETHER_S
        return together and len(inserted) <= _FINGERS

    def _count(self, uri: str, live: _Live, begin: int, end: int) -> None:
        """Count what stands in the document between two of a suggestion's characters."""
        begin = max(begin, live.counted)
        if begin < end:
            live.counted = end
            self._say(live, "accepted" if end == len(live.text) else "partly", end - begin)
            self._follow(uri, live, begin, end)

    # -- what is kept --------------------------------------------------------------------------

    def _follow(self, uri: str, live: _Live, begin: int, end: int) -> None:
        begin = max(begin, live.followed)
        if begin >= end or live.over or sum(map(len, self._pieces.values())) >= _PIECES:
            return
        live.followed = end
        start, now = live.place, self._clock.monotonic()
        text = live.text[begin:end]
        piece = _Piece(live.offer.number, text, start + begin, start + end, now)
        self._pieces.setdefault(uri, []).append(piece)

    def due_in(self) -> float | None:
        """Return the seconds until `look` has something to do; None if it has nothing to wait for.

        Never negative.
        """
        pieces = [piece for pieces in self._pieces.values() for piece in pieces]
        if not pieces:
            return None
        next_at = min(piece.since + MARKS[piece.marks][1] for piece in pieces)
        return max(0.0, next_at - self._clock.monotonic())

    def look(self, text_of: Callable[[str], Text | None]) -> None:
        """Look at what was accepted 30 s or 5 min ago, in the documents as they are now."""
        now = self._clock.monotonic()
        for uri, pieces in list(self._pieces.items()):
            text = text_of(uri) or Text.of("")
            for piece in pieces:
                while piece.marks < len(MARKS) and now - piece.since >= MARKS[piece.marks][1]:
                    self._mark(piece, text)
            self._pieces[uri] = [piece for piece in pieces if piece.marks < len(MARKS)]
            if not self._pieces[uri]:
                del self._pieces[uri]

    def _mark(self, piece: _Piece, text: Text, *, closed: bool = False) -> None:
        what, _ = MARKS[piece.marks]
        piece.marks += 1
        now = text.slice(piece.start, min(piece.end, piece.start + _WINDOW))
        kept, of = still_there(piece.text, now), len(piece.text)
        self._record(Happened(piece.number, self._clock.now(), what, kept, of, closed))

    def closed(self, uri: str, text: Text) -> None:
        """Look for the last time at a document, `text` as it was when it was closed."""
        for live in self._live.pop(uri, ()):
            self._end(live)
        for piece in self._pieces.pop(uri, ()):
            while piece.marks < len(MARKS):
                self._mark(piece, text, closed=True)

    def stop(self, text_of: Callable[[str], Text | None]) -> None:
        """Look for the last time at all documents."""
        for uri in {*self._live, *self._pieces}:
            self.closed(uri, text_of(uri) or Text.of(""))


def still_there(accepted: str, now: str) -> int:
    """Return how many accepted characters are left in what stands at their place now."""
    if accepted in now:
        return len(accepted)
    words = _WORD.findall(accepted)
    blocks = changed_blocks(words, _WORD.findall(now))
    return len(accepted) - sum(len(word) for a, b, _, _ in blocks for word in words[a:b])


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")
