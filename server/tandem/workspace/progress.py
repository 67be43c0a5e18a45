"""News of work that goes on behind the editor, for a bar in its status line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is.

    `work` names it; `share` is 0 to 1, None where nobody knows; `cancel` ends it, if it can be.
    """

    work: str
    message: str
    share: float | None = None
    ended: bool = False
    cancel: Callable[[], object] | None = None


Report = Callable[[Progress], Awaitable[None]]
