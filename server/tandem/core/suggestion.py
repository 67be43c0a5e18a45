"""Suggestions as the ledger knows them: what was shown and what became of it, in numbers.

No text, no path, no file name. What counts as accepted and as kept is decided by
``features.inline.acceptance``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

What = Literal["displayed", "accepted", "partly", "ignored", "kept_30s", "kept_5m"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion that was shown; `number` names it among those of this server."""

    number: int
    at: datetime
    language: str
    source: str
    model: str
    characters: int
    lines: int
    reservation: int | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a suggestion.

    `characters` are those accepted just now, or kept; of an ignored one, those that were typed by
    hand all the same. `accepted` tells of how many characters some were kept, `closed` that the
    document was closed before the time was over.
    """

    number: int
    at: datetime
    what: What
    characters: int = 0
    accepted: int | None = None
    closed: bool = False
