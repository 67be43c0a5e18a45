"""Whether a completion is worth asking for at this place, how long, and when. Pure and free.

What is already known is shown anyway; this decides about asking. Every refusal has a reason that a
person can read: "why nothing?" is a question with an answer.
"""

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Final

from tandem.features.inline.surroundings import Inside, Surroundings
from tandem.features.inline.typing_history import Recent
from tandem.workspace.documents import Document
from tandem.workspace.settings import Completion

_FINISHED: Final = ";}"
# Behind these the line goes on with a blank or ends: 92 of 94 answers there were never seen.
_AWKWARD: Final = ",:"
_BALANCED: Final = ")]\"'`"
_CLOSERS: Final = ")]}>;,:\"'` \t"
# Seconds before a model is asked. At a word's end people pause; inside a word the next key comes.
_AT_BOUNDARY_S: Final = 0.06
_NEXT_KEY: Final = 1.4  # of the usual gap: by then the next key of a burst has come
_IN_LIST_S: Final = 0.3  # before an argument: what comes is the least certain
# Of 165 answers asked for after 0.35-0.5 s in a word of code 29 were seen: who stops there for less
# than this is about to take a wrong key back.
_IN_WORD_S: Final = 0.6
_MOST_S: Final = 0.8
_KEYS: Final = 3.5  # of the usual gap between keys: nobody pauses inside a word without thinking
# Seconds by how many answers on this line were wrong: only a real pause is worth another one.
_WRONG_S: Final = (0.8, 1.2, 2.0)
_LATE_S: Final = 0.4  # a model that takes longer is asked that much earlier
_PATIENCE: Final = 5  # suggestions ignored before asking becomes rarer
_RAREST_S: Final = 2.0


class Trigger(Enum):
    """Who asks: the editor by itself, or a person who pressed a key."""

    AUTOMATIC = "automatic"
    INVOKED = "invoked"


class Shape(Enum):
    """How much is asked for: to the end of the line, or to the end of the block."""

    LINE = "line"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is asked; `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A completion is wanted here, after `pause_s` without typing before money is spent."""

    pause_s: float
    shape: Shape = Shape.LINE


def silenced(
    document: Document, offset: int, trigger: Trigger, settings: Completion
) -> Skip | None:
    """Return why nothing at all may be shown, what is known included; None if it may."""
    mode, origin = _mode(document, settings)
    following = document.text.slice(offset, offset + 1)
    if trigger is Trigger.AUTOMATIC and (following.isalnum() or following == "_"):
        return Skip("the cursor is inside a word")
    if mode == "off":
        return Skip(f"{origin} is off")
    if mode == "manual" and trigger is Trigger.AUTOMATIC:
        return Skip(f"{origin} is manual")
    return None


def _mode(document: Document, settings: Completion) -> tuple[str, str]:
    """Return the mode that holds for a document and the setting that says so; the last wins."""
    for entry in reversed(settings.modes):
        pattern, _, mode = entry.rpartition("=")
        path = document.uri.rpartition("://")[2]
        if pattern == document.language or fnmatchcase(path, f"*/{pattern}"):
            return mode.strip(), f"completion.modes for {pattern}"
    return settings.mode, "completion.mode"


def decide(
    seen: Surroundings, trigger: Trigger, settings: Completion, recent: Recent
) -> Ask | Skip:
    """Decide from the place, the trigger, the user's settings and what was typed last."""
    shape = _shape(seen, trigger, settings)
    if trigger is Trigger.INVOKED:
        return Ask(0.0, shape)
    reason = next((why for why, holds in _reasons(seen, settings, recent) if holds), "")
    return Skip(reason) if reason else Ask(_pause_s(seen, settings, recent), shape)


def _reasons(
    seen: Surroundings, settings: Completion, recent: Recent
) -> tuple[tuple[str, bool], ...]:
    """Return why not to ask by itself, each with whether it holds here."""
    comment, string = seen.inside is Inside.COMMENT, seen.inside is Inside.STRING
    code = not (comment or string)
    in_word = seen.before[-1:].isalnum() or seen.before[-1:] == "_"
    return (
        ("there is text behind the cursor", in_word and seen.after[:1] not in _CLOSERS),
        ("you have just deleted something", recent.deleted),
        ("you have just taken a suggestion", recent.accepted and bool(seen.before.strip())),
        ("completion.in_comments is off", comment and not settings.in_comments),
        ("completion.in_strings is off", string and not settings.in_strings),
        ("there is nothing around the cursor to go on", seen.desolate),
        ("the next key is a blank or a line end", code and seen.before[-1:] in {*_AWKWARD}),
        ("the line looks finished", code and _is_finished(seen)),
    )


def _is_finished(seen: Surroundings) -> bool:
    said = seen.before.rstrip()
    if not said or seen.after.strip() or seen.header:
        return False
    return said[-1] in _FINISHED or (said[-1] in _BALANCED and seen.open[-1:] in {"", "{"})


def _shape(seen: Surroundings, trigger: Trigger, settings: Completion) -> Shape:
    """Blocks where one begins, or where a whole line is asked for; never inside a call."""
    if settings.length == "line" or seen.inside is not Inside.CODE or seen.open[-1:] in {"(", "["}:
        return Shape.LINE
    if seen.after.strip(_CLOSERS):
        return Shape.LINE
    wanted = settings.length == "block" or trigger is Trigger.INVOKED
    return Shape.BLOCK if seen.header or (wanted and seen.blank) else Shape.LINE


def _pause_s(seen: Surroundings, settings: Completion, recent: Recent) -> float:
    """Return the pause: none at the start of a line, where nobody types into an answer."""
    if settings.delay_ms >= 0:
        return settings.delay_ms / 1000
    patience = min(2.0 ** max(0, recent.ignored - _PATIENCE), 64.0)
    pause = _unhurried_s(seen, recent)
    early = max(0.0, recent.latency_s - _LATE_S)
    return min(max(0.0 if patience == 1 else _AT_BOUNDARY_S, pause - early) * patience, _RAREST_S)


def _unhurried_s(seen: Surroundings, recent: Recent) -> float:
    """Return the pause for somebody who takes what is offered."""
    prose = seen.inside is not Inside.CODE
    in_list = seen.open[-1:] in {"(", "["} and not seen.before.endswith(("(", "["))
    if not seen.before.strip() and not prose:
        return _IN_LIST_S if in_list else 0.0
    wrong = recent.missed + prose
    if wrong:
        return _WRONG_S[min(wrong, len(_WRONG_S)) - 1]
    if seen.before[-1:].isalnum() or seen.before[-1:] == "_":
        return min(max(_IN_WORD_S, _KEYS * recent.interval_s), _MOST_S)
    if recent.hurried:
        return min(max(_AT_BOUNDARY_S, _NEXT_KEY * recent.interval_s), _IN_LIST_S)
    return _IN_LIST_S if in_list else _AT_BOUNDARY_S
