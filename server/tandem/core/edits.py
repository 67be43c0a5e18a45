"""Edits as values: apply them, and carry a place or a completion over edits made meanwhile.

Does not know documents, versions or the protocol. Invariant: edits of one batch never overlap;
``apply`` refuses a batch that does instead of guessing an order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from tandem.core.text import Span, Text

_NEAR: Final = 256


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters in ``span`` (offsets of the text it was made for) by ``new``."""

    span: Span
    new: str


class OverlappingEditsError(ValueError):
    """Two edits of one batch touch the same characters."""


def apply(text: Text, edits: Sequence[Edit]) -> Text:
    """Apply a batch whose spans all refer to `text`; raise OverlappingEditsError if they clash."""
    ordered = sorted(edits, key=lambda edit: edit.span)
    for before, after in pairwise(ordered):
        if after.span.start < before.span.end:
            raise OverlappingEditsError
    for edit in reversed(ordered):
        text = text.replace(edit.span, edit.new)
    return text


def typed_between(old: Text, new: Text, at: int) -> str | None:
    """Return what was typed at offset `at` if that is all that happened from `old` to `new`.

    None when the texts differ in any other way. Only the neighborhood that can have changed is
    compared, so the cost is that of the shared chunks' identity plus the edited ones.
    """
    grown = len(new) - len(old)
    if grown < 0 or at > len(old):
        return None
    typed = new.slice(at, at + grown)
    return typed if old.replace(Span(at, at), typed).same_as(new) else None


def least(text: Text, edit: Edit) -> Edit:
    """Return the smallest edit that makes the same of `text`.

    Editors replace a line by itself and more. Costs the edited characters, not the text.
    """
    start, end = edit.span
    old, new = text.slice(start, end), edit.new
    if not old or not new:
        return edit
    lead = _common(old, new)
    old, new = old[lead:], new[lead:]
    tail = _common(old[::-1], new[::-1])
    return Edit(Span(start + lead, end - tail), new[: len(new) - tail])


def _common(one: str, other: str) -> int:
    """Return how many characters two strings begin with alike."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def inserted_at(text: Text, edit: Edit, at: int) -> str | None:
    r"""Return what must be inserted at `at` to make the same of `text` as `edit`, or None.

    A new line behind ``a`` is ``\n    b`` there and ``    b\n`` one character later; editors that
    compare texts report either. Only for insertions, and only where both places are near.
    """
    start, end = edit.span
    if start != end or not edit.new or not -_NEAR <= at - start <= _NEAR:
        return None
    if at == start:
        return edit.new
    between = text.slice(min(at, start), max(at, start))
    if at < start:
        whole = between + edit.new
        return whole[: len(edit.new)] if whole.endswith(between) else None
    whole = edit.new + between
    return whole[-len(edit.new) :] if whole.startswith(between) else None


def rebase_completion(completion: str, typed: str) -> str | None:
    """Return what is left of a completion after `typed` was typed at its place, or None.

    None means the user went another way (or typed all of it): showing the rest would be stale.
    """
    if completion.startswith(typed) and len(typed) < len(completion):
        return completion[len(typed) :]
    return None
