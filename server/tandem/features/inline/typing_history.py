"""How the user types and what became of suggestions: why the gate is neither eager nor late.

Fed by every change, O(1); asked on every request. Event-loop thread only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tandem.workspace.documents import Change

_BURST_S: Final = 0.6  # a longer gap is a pause to think, not typing
_HURRY_S: Final = 0.25
_SMOOTH: Final = 0.2
_USUAL_S: Final = 0.14  # between two keys, until measured
_USUAL_LATENCY_S: Final = 0.3
_STREAK_S: Final = 20.0
_READ_S: Final = 0.5  # what was shown for less was not read, so it was not refused
_TAKEN_S: Final = 0.5  # the editor asks again by itself within 0.1 s of a suggestion being taken


@dataclass(frozen=True, slots=True)
class Recent:
    """The last moments: seconds between keys and to a first token, what the last change was.

    `ignored` counts suggestions that were read and typed away from since one was taken, `streak`
    those taken one after another, `missed` answers on this line that were typed away from;
    `hurried` tells that the last key came right after another.
    """

    interval_s: float = _USUAL_S
    latency_s: float = _USUAL_LATENCY_S
    deleted: bool = False
    accepted: bool = False
    ignored: int = 0
    streak: int = 0
    missed: int = 0
    hurried: bool = False


@dataclass(slots=True, eq=False)
class TypingHistory:
    """One user's typing, in all documents."""

    _interval: float = _USUAL_S
    _latency: float = _USUAL_LATENCY_S
    _last_key: float = float("-inf")
    _deleted: dict[str, bool] = field(default_factory=dict)
    _accepted: bool = False
    _accepted_at: float = float("-inf")
    _ignored: int = 0
    _streak: int = 0
    _missed: int = 0
    _hurried: bool = False
    _showing: tuple[str, float] = ("", 0.0)
    keys: int = 0  # changes of any document so far

    def changed(self, uri: str, changes: Sequence[Change], now: float) -> None:
        """Note a change of a document."""
        self.keys += 1
        keys = sum(len(change.text) for change in changes)
        self._deleted[uri] = bool(changes) and keys == 0
        if any("\n" in change.text for change in changes):
            self._missed = 0
        if keys != len(changes) or not keys:
            self._showing = ("", now)
            return
        self._compare("".join(change.text for change in changes), now)
        # Neovim tells of the keys of 150 ms at once.
        gap = (now - self._last_key) / keys
        self._hurried = gap < _HURRY_S
        self._last_key = now
        self._accepted = False
        if gap < _BURST_S:
            self._interval += _SMOOTH * (gap - self._interval)

    def _compare(self, key: str, now: float) -> None:
        """Look at what is shown when a key is typed: along it, or away from it."""
        text, since = self._showing
        if text.startswith(key):
            self._showing = (text[len(key) :], since)
            return
        self._ignored += bool(text) and now - since >= _READ_S
        self._missed += bool(text)
        self._showing = ("", now)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._deleted.pop(uri, None)

    def answered(self, seconds: float) -> None:
        """Note how long a model took to begin its answer."""
        self._latency += _SMOOTH * (seconds - self._latency)

    def missed(self) -> None:
        """Note that an answer under way was typed away from."""
        self._missed += 1

    def shown(self, text: str, now: float) -> None:
        """Note that something new is shown."""
        self._showing = (text, now)

    def accepted(self, now: float) -> None:
        """Note that a suggestion was taken."""
        self._streak = self._streak + 1 if now - self._accepted_at < _STREAK_S else 1
        self._accepted_at = now
        self._accepted = True
        self._ignored = self._missed = 0
        self._showing = ("", now)

    def recent(self, uri: str, now: float) -> Recent:
        """Return what matters for a request in a document."""
        return Recent(
            self._interval,
            self._latency,
            self._deleted.get(uri, False),
            self._accepted and now - self._accepted_at < _TAKEN_S,
            self._ignored,
            self._streak if now - self._accepted_at < _STREAK_S else 0,
            self._missed,
            self._hurried,
        )
