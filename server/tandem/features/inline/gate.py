"""Whether a completion is worth asking for at this place. Pure, free, decided on every keystroke.

Every refusal has a reason that a person can read: "why nothing?" is a question with an answer.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tandem.workspace.documents import Document
from tandem.workspace.settings import Completion

_NEAR: Final = 200  # characters looked at around the cursor


class Trigger(Enum):
    """Who asks: the editor by itself, or a person who pressed a key."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is asked; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A completion is wanted here, after `pause_s` without typing before money is spent."""

    pause_s: float


def decide(document: Document, offset: int, trigger: Trigger, settings: Completion) -> Ask | Skip:
    """Decide from the place, the trigger and the user's settings."""
    if settings.mode == "off":
        return Skip("completion.mode is off")
    if trigger is Trigger.INVOKED:
        return Ask(0.0)
    if settings.mode == "manual":
        return Skip("completion.mode is manual")
    after = document.text.slice(offset, offset + 1)
    if after and (after.isalnum() or after == "_"):
        return Skip("the cursor is inside a word")
    if not document.text.slice(offset - _NEAR, offset + _NEAR).strip():
        return Skip("there is nothing around the cursor to go on")
    return Ask(settings.debounce_ms / 1000)
