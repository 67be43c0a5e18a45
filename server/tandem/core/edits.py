"""Edits as values: apply them, and carry a place or a completion over edits made meanwhile.

Does not know documents, versions or the protocol. Invariant: edits of one batch never overlap;
``apply`` refuses a batch that does instead of guessing an order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tandem.core.text import Span, Text


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


def rebase_completion(completion: str, typed: str) -> str | None:
    """Return what is left of a completion after `typed` was typed at its place, or None.

    None means the user went another way (or typed all of it): showing the rest would be stale.
    """
    if completion.startswith(typed) and len(typed) < len(completion):
        return completion[len(typed) :]
    return None
