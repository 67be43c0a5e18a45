"""Why two consecutive prompts share less than they should: which byte, which file, what it cost.

It compares what the cache may keep (everything before focus and task). Deliberately no guess at
the API's cache rules: tokens behind the first difference count as lost, which is what every
published rule says at least. Invariant: no report if and only if the earlier prefix is continued.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tandem.core.money import Usd
from tandem.index.pack.compact import Rate
from tandem.index.pack.layout import Kind, Section


class Cause(Enum):
    """What a prefix broke at."""

    COMPACTION = "a new snapshot was cut"
    ORDER = "files changed places"
    CONTENT = "the text changed"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt in parts; `cuts` counts the compactions before it was made."""

    sections: tuple[Section, ...]
    cuts: int = 0

    @property
    def prefix(self) -> tuple[Section, ...]:
        """The parts that the cache may keep."""
        tail = {Kind.FOCUS, Kind.TASK}
        return tuple(section for section in self.sections if section.kind not in tail)


@dataclass(frozen=True, slots=True)
class Break:
    """The first difference: UTF-8 bytes into the prompt and into the section; tokens lost."""

    byte: int
    section: Section
    byte_in_section: int
    cause: Cause
    lost: int
    cost: Usd


def explain(before: Prompt, after: Prompt, rate: Rate) -> Break | None:
    """Say where and why the cache lost the earlier prompt's prefix; None if it did not."""
    old, new = before.prefix, after.prefix
    was, now = _joined(old), _joined(new)
    if now.startswith(was):
        return None
    shared = _shared(was, now)
    at, start = _place(new if shared < len(now) else old, shared)
    section = new[at] if shared < len(now) else old[at]
    other = old[min(_place(old, shared)[0], len(old) - 1)]
    lost = min(_tokens_behind(old, shared), max(_tokens_behind(new, shared), 0))
    return Break(
        byte=_bytes(now[:shared]),
        section=section,
        byte_in_section=_bytes(section.text[: shared - start]),
        cause=_cause(before, after, other, section),
        lost=lost,
        cost=Usd(lost * (rate.miss - rate.hit)),
    )


def _cause(before: Prompt, after: Prompt, old: Section, new: Section) -> Cause:
    if before.cuts != after.cuts:
        return Cause.COMPACTION
    names = {(s.kind, s.name) for s in before.sections} & {(s.kind, s.name) for s in after.sections}
    places = {(old.kind, old.name), (new.kind, new.name)}
    return Cause.ORDER if len(places) == 2 and places <= names else Cause.CONTENT  # noqa: PLR2004


def _joined(sections: Sequence[Section]) -> str:
    return "".join([section.text for section in sections])


def _shared(one: str, other: str) -> int:
    """Count the characters that two texts share, by bisection."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one.startswith(other[low:middle], low):
            low = middle
        else:
            high = middle - 1
    return low


def _place(sections: Sequence[Section], offset: int) -> tuple[int, int]:
    """Return which section holds a character, and where that section starts."""
    start = 0
    for number, section in enumerate(sections):
        if offset < start + len(section.text):
            return number, start
        start += len(section.text)
    return len(sections), start


def _tokens_behind(sections: Sequence[Section], offset: int) -> int:
    at, start = _place(sections, offset)
    if at == len(sections):
        return 0
    section = sections[at]
    left = len(section.text) - (offset - start)
    inside = section.tokens * left // max(1, len(section.text))
    return inside + sum(later.tokens for later in sections[at + 1 :])


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
