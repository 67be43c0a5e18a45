"""What the answers of a probe tell about the cache: a pure function of all of them.

A hit is proof, a miss only an absence: caches of this kind are best effort. So every "yes" here
rests on a hit and every "no" on several trials without one, and a single miss between hits
changes nothing. Invariant: infer(some answers) never fails, whatever was answered by then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import gcd
from typing import Final

from tandem.engine.probe.steps import Kind, Seen, Topic

# The opening of a template may hit everywhere, and so may a word or two that texts begin with.
_NOTHING: Final = 6
_ALIKE: Final = 2
# What a template puts between an input and its answer.
_BETWEEN: Final = 4
_ROUGH: Final = 12  # tokens; how well a part of a prompt is known
_CHANCE: Final = 8
_BLOCK: Final = 64  # tokens; for smaller ones the lengths were not chosen well enough
_ABOUT: Final = 0.9
_PRECISE_S: Final = 0.01
_SECOND: Final = 2
_THIRD: Final = 3


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where a limit lies: the nearest value that hit and the nearest that missed, if any did."""

    hit: float | None = None
    missed: float | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """Prompts that only begin alike: from which request on they hit, and in what steps.

    `whole_from` is the later request from which on all of the common part hits, where that is
    more than before; `tried` is how many requests the longest trial had.
    """

    from_request: int | None = None
    step: int | None = None
    whole_from: int | None = None
    tried: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """How prompts of one kind are kept. Sizes and steps in tokens, times in seconds.

    `from_request` is the first request with an identical prompt that hits, None if none ever did;
    `unit` divides all hits, once several differ. `smallest` is about the length of prompts, `delay`
    and `lifetime` about the time since a prompt was last sent.
    """

    tried: bool = False
    from_request: int | None = None
    unit: int | None = None
    smallest: Bracket = field(default_factory=Bracket)
    delay: Bracket = field(default_factory=Bracket)
    lifetime: Bracket = field(default_factory=Bracket)
    beginning: Beginning = field(default_factory=Beginning)


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known. `None` is "not known", also where two rules cannot be told apart."""

    chat: Kept = field(default_factory=Kept)
    fim: Kept = field(default_factory=Kept)
    input_end: bool | None = None
    output_end: bool | None = None
    shared: bool | None = None
    any_hit: bool = False

    def of(self, kind: Kind) -> Kept:
        """Return what is known of one kind."""
        return self.chat if kind is Kind.CHAT else self.fim


@dataclass(frozen=True, slots=True)
class _Reading:
    """An identical prompt sent again: how long, how old, and whether it hit."""

    tokens: int
    age_s: float
    hit: bool


def infer(seen: Sequence[Seen]) -> Findings:
    """Draw the conclusions."""
    noise = {kind: _noise(seen, kind) for kind in Kind}
    clean = [_missed(one) if 0 < one.usage.hit <= noise[one.ask.kind] else one for one in seen]
    chat, fim = (_kept(clean, kind) for kind in Kind)
    return Findings(
        chat,
        fim,
        _input_end(clean, chat),
        _output_end(clean, chat),
        _shared(clean, chat, fim),
        any(one.usage.hit for one in clean),
    )


def _noise(seen: Iterable[Seen], kind: Kind) -> int:
    """Return what a text that nobody sent before may hit at most."""
    first = (one.usage.hit for one in seen if one.ask.kind is kind and one.ask.turn == 1)
    return max(_NOTHING, max(first, default=0) + _ALIKE)


def _missed(one: Seen) -> Seen:
    return replace(one, usage=replace(one.usage, hit=0, miss=one.usage.prompt))


def _trials(seen: Iterable[Seen], topic: Topic, kind: Kind | None = None) -> list[list[Seen]]:
    """Return the trials about one question, each with its turns in order."""
    found: dict[str, list[Seen]] = {}
    for one in seen:
        if one.ask.topic is topic and kind in {None, one.ask.kind}:
            found.setdefault(one.ask.trial, []).append(one)
    return list(found.values())


def _kept(seen: Sequence[Seen], kind: Kind) -> Kept:
    trials = _trials(seen, Topic.REPEAT, kind)
    turns = [one.ask.turn for trial in trials for one in trial if one.usage.hit]
    hits = {one.usage.hit for one in seen if one.ask.kind is kind and one.usage.hit}
    unit = _unit(hits) if len(hits) > 1 else None
    beginning = _beginning(_trials(seen, Topic.BEGINNING, kind), unit or 1)
    if not turns:
        return Kept(bool(trials), unit=unit, beginning=beginning)
    at = min(turns)
    readings = [_reading(trial[at - 2], trial[at - 1]) for trial in trials if len(trial) >= at]
    return Kept(
        tried=True,
        from_request=at,
        unit=unit,
        smallest=_smallest(readings),
        delay=_delay(readings),
        lifetime=_lifetime(readings),
        beginning=beginning,
    )


def _unit(hits: Iterable[int]) -> int:
    """Return what divides all hits, unless it is so little that chance may have done it."""
    unit = gcd(*hits)
    return unit if unit >= _CHANCE else 1


def _reading(before: Seen, one: Seen) -> _Reading:
    return _Reading(one.usage.prompt, one.sent_at - before.ended_at, one.usage.hit > 0)


def _smallest(readings: Sequence[_Reading]) -> Bracket:
    """Return the shortest prompt that hit, and the longest below it that had the time to."""
    hit, ready = _least_hits(readings)
    missed = [
        one.tokens
        for one in readings
        if not one.hit and one.tokens < hit and one.age_s >= ready - _PRECISE_S
    ]
    return Bracket(hit, max(missed, default=None))


def _delay(readings: Sequence[_Reading]) -> Bracket:
    """Return the shortest time after which a prompt hit, and the longest below it that missed."""
    hit, ready = _least_hits(readings)
    missed = [
        one.age_s
        for one in readings
        if not one.hit and one.age_s < ready and one.tokens >= hit * _ABOUT
    ]
    return Bracket(ready, max(missed, default=None))


def _lifetime(readings: Sequence[_Reading]) -> Bracket:
    """Return the longest time after which a prompt hit, and the shortest above it that missed."""
    least, _ = _least_hits(readings)
    hit = max(one.age_s for one in readings if one.hit)
    missed = [
        one.age_s for one in readings if not one.hit and one.age_s > hit and one.tokens >= least
    ]
    return Bracket(hit, min(missed, default=None))


def _least_hits(readings: Sequence[_Reading]) -> tuple[int, float]:
    hits = [one for one in readings if one.hit]
    return min(one.tokens for one in hits), min(one.age_s for one in hits)


def _beginning(trials: Sequence[Sequence[Seen]], unit: int) -> Beginning:
    tried = max(map(len, trials), default=0)
    later = [one for trial in trials for one in trial if one.usage.hit]
    if not later:
        return Beginning(tried=tried)
    first = min(one.ask.turn for one in later)
    reached = [one for one in later if one.ask.turn == first]
    grown = [
        one.ask.turn
        for trial in trials
        for before, one in pairwise(trial)
        if 0 < before.usage.hit < one.usage.hit
    ]
    return Beginning(first, _step(reached, unit), min(grown, default=None), tried)


def _step(reached: Sequence[Seen], unit: int) -> int:
    """Return in what steps beginnings hit, a multiple of the unit.

    A few numbers may have a larger common divisor by chance. It counts if hits fall short by as
    much, or if it is the unit doubled: the lengths were chosen so that chance does not do that.
    """
    step = gcd(*(one.usage.hit for one in reached))
    short = max(_common(one) - one.usage.hit for one in reached)
    doubled = unit >= _BLOCK and (step // unit).bit_count() == 1
    return step if doubled or short > unit + _ROUGH else unit


def _common(one: Seen) -> float:
    """Return about how many tokens a request has in common with the others of its trial."""
    return one.usage.prompt * one.ask.blocks[0].words / one.ask.words


def _explained(tokens: int, beginning: Beginning) -> int:
    """Return what a second request hits of so many common tokens just because it begins alike."""
    if beginning.from_request != _SECOND or not beginning.step:
        return 0
    return tokens // beginning.step * beginning.step


def _input_end(seen: Sequence[Seen], chat: Kept) -> bool | None:
    """Tell whether a chat that went on hit its first input, beyond what beginning alike does."""
    unit, told = chat.unit or 1, False
    for first, *later in _trials(seen, Topic.INPUT_END):
        tokens = first.usage.prompt
        explained = _explained(tokens + _BETWEEN, chat.beginning)
        if any(one.usage.hit > explained for one in later):
            return True
        told = told or (bool(later) and (tokens - _BETWEEN) // unit * unit > explained)
    return False if told else None


def _output_end(seen: Sequence[Seen], chat: Kept) -> bool | None:
    """Tell whether a hit went on into the answer, where the answer was long enough to show it."""
    unit, told = chat.unit or 1, False
    for first, *later in _trials(seen, Topic.OUTPUT_END):
        tokens, output = first.usage.prompt, first.usage.output
        explained = _explained(tokens + output + _BETWEEN, chat.beginning)
        bar = max(tokens + _BETWEEN, explained)
        if any(one.usage.hit > bar for one in later):
            return True
        told = told or (bool(later) and (tokens + output) // unit * unit > bar)
    return False if told else None


def _shared(seen: Sequence[Seen], chat: Kept, fim: Kept) -> bool | None:
    """Tell whether a FIM request hit what only chats had sent."""
    last = [one for one in seen if one.ask.topic is Topic.SHARED and one.ask.kind is Kind.FIM]
    if any(one.usage.hit for one in last):
        return True
    early = chat.beginning.from_request is not None and chat.beginning.from_request <= _THIRD
    return False if last and early and fim.from_request else None
