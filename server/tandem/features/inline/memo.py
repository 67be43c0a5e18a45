"""What is already known costs nothing: completions that still fit what was typed since.

An entry remembers the text around the place it was made for. It answers when the user typed along
it, or came back to it, and nothing else near the cursor changed. Exact, bounded, in memory.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, replace
from typing import Final

from tandem.core.edits import rebase_completion
from tandem.core.text import Text

_TAIL: Final = 256  # characters before the place that must be the same
_HEAD: Final = 64  # and after it
_PER_DOCUMENT: Final = 32
_DOCUMENTS: Final = 64


@dataclass(frozen=True, slots=True)
class Known:
    """A completion that was computed: what to insert, who said it, and in which paid call."""

    text: str
    source: str
    model: str
    confidence: float | None = None
    reservation: int | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    tail: str
    from_start: bool  # the tail is all there is before the place
    head: str
    known: Known


class Memo:
    """The completions of the last minutes, by document."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._entries: OrderedDict[str, deque[_Entry]] = OrderedDict()

    def add(self, uri: str, text: Text, offset: int, known: Known) -> None:
        """Remember a completion for a place in a text."""
        entries = self._entries.setdefault(uri, deque(maxlen=_PER_DOCUMENT))
        tail = text.slice(offset - _TAIL, offset)
        head = text.slice(offset, offset + _HEAD)
        entries.appendleft(_Entry(tail, offset <= _TAIL, head, known))
        self._entries.move_to_end(uri)
        if len(self._entries) > _DOCUMENTS:
            self._entries.popitem(last=False)

    def find(self, uri: str, text: Text, offset: int) -> Known | None:
        """Return what is left of a remembered completion at this place, newest first."""
        entries = self._entries.get(uri)
        if not entries:
            return None
        longest = max(len(entry.known.text) for entry in entries)
        before = text.slice(offset - _TAIL - longest, offset)
        head = text.slice(offset, offset + _HEAD)
        for entry in entries:
            if entry.head == head:
                rest = _rest(before, entry)
                if rest is not None:
                    return replace(entry.known, text=rest)
        return None

    def ended(self, uri: str, text: Text, offset: int) -> bool:
        """Tell whether a remembered completion has just been written to its end, by whoever."""
        return any(
            text.slice(offset - len(entry.known.text), offset) == entry.known.text
            and text.slice(offset, offset + _HEAD) == entry.head
            and _same_place(_before(text, offset - len(entry.known.text)), entry)
            for entry in self._entries.get(uri, ())
        )

    def forget(self, uri: str) -> None:
        """Drop a document's completions."""
        self._entries.pop(uri, None)


def _rest(before: str, entry: _Entry) -> str | None:
    """Return the part of the entry's text that is not typed yet, if `before` ends along it."""
    text = entry.known.text
    for count in range(min(len(text), len(before) + 1)):
        typed = text[:count]
        if before.endswith(typed) and _same_place(before[: len(before) - count], entry):
            return rebase_completion(text, typed)
    return None


def _before(text: Text, offset: int) -> str:
    return text.slice(offset - _TAIL - 1, offset)


def _same_place(before: str, entry: _Entry) -> bool:
    return before == entry.tail if entry.from_start else before.endswith(entry.tail)
