"""The requests of a probe, stage by stage: each stage is planned from what is known by then.

The most useful questions come first, because money and time may end the probe at any point.
Sizes and waits adapt to what was found; nothing here sends or waits.
Invariant: a stage names no trial that an earlier one named, unless it goes on with it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Final

from tandem.engine.probe.findings import Findings, Kept
from tandem.engine.probe.prompts import words_for
from tandem.engine.probe.steps import Ask, Block, Kind, Seen, Topic

_USUAL: Final = 1200  # tokens; 1024 is the largest minimum that was reported
_LARGE: Final = 4500  # for an API that keeps nothing smaller than 4096
# 224 is 3.5 blocks of 64 tokens, 448 of 128, 896 of 256: an odd number hits, also if some are lost.
_SIZES: Final = (48, 100, 150, 224, 290, 448, 640, 896)
_SHORT: Final = 16  # so few tokens hit or miss by chance
_LARGE_SIZES: Final = (1500, 2000, 2600, 3300, 4000)
# A little less than a power of two, so that the number of blocks in them is odd whatever power of
# two a block is: the greatest common divisor of hits is then the block itself, not twice that.
_HEADS: Final = (256 - 16, 512 - 19, 1024 - 13, 2048 - 21)
_ROUND: Final = 512
_A_LITTLE: Final = (16, 19, 13, 21)
_TAILS: Final = ("alpha", "bravo", "delta", "gamma")  # other first letters, so no common token
_LONGER: Final = 1.4
_TAIL_WORDS: Final = 48
_QUICK_S: Final = (0.0, 1.0, 3.0)
_SLOW_S: Final = (8.0, 20.0, 45.0)
_PATIENT_S: Final = 30.0
_UNKNOWN_S: Final = 20.0
_RUNGS: Final = (0.05, 0.1, 0.2, 0.4, 1.0)  # of the time that may be waited
_LONGEST_ANSWER: Final = 700


@dataclass(frozen=True, slots=True)
class Sofar:
    """What is known when a stage is planned; `left_s` is how much may still be waited."""

    seen: Sequence[Seen]
    findings: Findings
    at: float
    wait_s: float
    left_s: float

    @property
    def hitting(self) -> list[Kind]:
        """The kinds whose repeated prompts hit."""
        return [kind for kind in Kind if self.findings.of(kind).from_request]

    @property
    def settle_s(self) -> float:
        """How long after a request its units are surely there."""
        known = [self.findings.of(kind).delay.hit for kind in self.hitting]
        return max((1.5 * delay + 2 for delay in known if delay is not None), default=_UNKNOWN_S)

    def block(self, label: str, tokens: float, kind: Kind) -> Block:
        """Return a block of about so many tokens."""
        return Block(label, words_for(tokens, kind, self.seen))

    def least(self, kind: Kind) -> float:
        """Return the shortest prompt that hit, in tokens."""
        return self.findings.of(kind).smallest.hit or 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the probe: what it finds out, and its requests."""

    title: str
    plan: Callable[[Sofar], Iterable[Ask]]


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A prompt to be sent until it can hit, and once more after a time."""

    kind: Kind
    tokens: float
    age_s: float


def _calibrate(_: Sofar) -> Iterable[Ask]:
    yield Ask(Topic.CALIBRATE, Kind.CHAT, "calibrate", 1, (Block("calibrate", 100),))


def _turns(name: str, repeat: _Repeat, sofar: Sofar) -> list[Ask]:
    """Return all turns of a repeated prompt; the last one is read at its age."""
    last = sofar.findings.of(repeat.kind).from_request or 2
    trial = f"{name}/{repeat.kind.value}"
    block = sofar.block(trial, repeat.tokens, repeat.kind)
    waits = [0.0] + [sofar.settle_s] * (last - 2) + [repeat.age_s]
    return [
        Ask(Topic.REPEAT, repeat.kind, trial, turn, (block,), wait)
        for turn, wait in enumerate(waits, 1)
    ]


def _one_by_one(name: str, repeats: Sequence[_Repeat], sofar: Sofar) -> Iterable[Ask]:
    """Finish each prompt before the next, so that short ages are as short as they say."""
    trials = [_turns(f"{name}/{number}", repeat, sofar) for number, repeat in enumerate(repeats)]
    yield from (ask for trial in trials for ask in trial[:-2])
    yield from (ask for trial in trials for ask in trial[-2:])


def _together(name: str, repeats: Sequence[_Repeat], sofar: Sofar) -> Iterable[Ask]:
    """Send all prompts, then all again: they wait at the same time."""
    ordered = sorted(repeats, key=lambda repeat: repeat.age_s)
    trials = [_turns(f"{name}/{number}", repeat, sofar) for number, repeat in enumerate(ordered)]
    for turn in range(max(map(len, trials), default=0)):
        yield from (trial[turn] for trial in trials if turn < len(trial) - 1)
    yield from (trial[-1] for trial in trials)


def _soon(sofar: Sofar) -> Iterable[Ask]:
    repeats = [_Repeat(kind, _USUAL, age) for kind in Kind for age in _QUICK_S]
    return _one_by_one("soon", repeats, sofar)


def _later(sofar: Sofar) -> Iterable[Ask]:
    ages = [age for age in _SLOW_S if age <= sofar.wait_s / 5]
    return _together("later", [_Repeat(k, _USUAL, age) for age in ages for k in Kind], sofar)


def _harder(sofar: Sofar) -> Iterable[Ask]:
    """Where nothing hits: send more, and more often."""
    silent = [kind for kind in Kind if kind not in sofar.hitting]
    pairs = [(kind, tokens) for kind in silent for tokens in (_USUAL, _LARGE)]
    for turn in (1, 2, 3):
        for kind, tokens in pairs:
            trial = f"harder/{tokens}/{kind.value}"
            block = sofar.block(trial, tokens, kind)
            yield Ask(Topic.REPEAT, kind, trial, turn, (block,), _PATIENT_S)


def _again(sofar: Sofar) -> Iterable[Ask]:
    """Measure the delay of what only hit when sent more or more often."""
    kinds = [kind for kind in sofar.hitting if _is_hard(sofar.findings.of(kind))]
    quick = [_Repeat(kind, sofar.least(kind), age) for kind in kinds for age in _QUICK_S]
    yield from _one_by_one("again", quick, sofar)
    ages = [age for age in _SLOW_S if age <= sofar.wait_s / 5]
    slow = [_Repeat(kind, sofar.least(kind), age) for kind in kinds for age in ages]
    yield from _together("again later", slow, sofar)


def _is_hard(kept: Kept) -> bool:
    return (kept.from_request or 0) > 2 or (kept.smallest.hit or 0) > 2 * _USUAL  # noqa: PLR2004


def _delays(sofar: Sofar) -> Iterable[Ask]:
    """Look more closely at when prompts begin to hit."""
    for kind in sofar.hitting[:1]:
        delay = sofar.findings.of(kind).delay
        if delay.hit is None or delay.missed is None or delay.hit - delay.missed <= 0.5:  # noqa: PLR2004
            return
        tokens = max(_USUAL, sofar.least(kind))
        repeats = [_Repeat(kind, tokens, age) for age in _between(delay.missed, delay.hit)]
        together = delay.hit > 2 * _QUICK_S[-1]
        yield from (_together if together else _one_by_one)("delay", repeats, sofar)


def _between(low: float, high: float) -> list[float]:
    return [low + (high - low) * part / 4 for part in (1, 2, 3)]


def _beginnings(sofar: Sofar) -> Iterable[Ask]:
    """Send prompts of which only the beginning is the same."""
    for turn in (1, 2, 3):
        for kind in sofar.hitting:
            for number, tokens in enumerate(_heads(sofar.least(kind))):
                yield _begins_alike(f"{number}/{kind.value}", turn, tokens, kind, sofar)


def _heads(least: float) -> Sequence[float]:
    """Return how long beginnings should be where shorter prompts than `least` do not hit."""
    usual = [tokens for tokens in _HEADS if tokens >= _LONGER * least]
    if len(usual) > 2:  # noqa: PLR2004 - three tell a divisor from chance
        return usual
    longest = max(_HEADS[-1], 2 * _LONGER * least if least < 2 * _USUAL else 0.0)
    wanted = (ceil(part * least / _ROUND) * _ROUND for part in (_LONGER, 1.9, 2.7, 3.9))
    heads = [tokens - little for tokens, little in zip(wanted, _A_LITTLE, strict=True)]
    return [tokens for tokens in heads if tokens <= longest] or heads[:1]


def _begins_alike(name: str, turn: int, tokens: float, kind: Kind, sofar: Sofar) -> Ask:
    head = sofar.block(f"head/{name}", tokens, kind)
    tail = Block(f"tail/{turn}/{name}", _TAIL_WORDS, _TAILS[turn - 1])
    wait = sofar.settle_s
    return Ask(Topic.BEGINNING, kind, f"alike/{name}", turn, (head, tail), wait)


def _fourth(sofar: Sofar) -> Iterable[Ask]:
    """Try once more where three requests that begin alike did not hit."""
    for one in sofar.seen:
        ask = one.ask
        silent = sofar.findings.of(ask.kind).beginning.from_request is None
        if silent and ask.topic is Topic.BEGINNING and ask.turn == 1:
            tail = Block(f"tail/4/{ask.trial}", _TAIL_WORDS, _TAILS[3])
            blocks = (ask.blocks[0], tail)
            yield Ask(ask.topic, ask.kind, ask.trial, 4, blocks, sofar.settle_s)


def _sizes(sofar: Sofar) -> Iterable[Ask]:
    repeats = [
        _Repeat(kind, tokens, sofar.settle_s)
        for kind in sofar.hitting
        for tokens in (_SIZES if sofar.least(kind) <= 2 * _USUAL else _LARGE_SIZES)
    ]
    return _together("size", repeats, sofar)


def _narrow(name: str, sofar: Sofar) -> Iterable[Ask]:
    """Look more closely at what the shortest prompt is that hits."""
    repeats: list[_Repeat] = []
    for kind in sofar.hitting:
        smallest = sofar.findings.of(kind).smallest
        low, high = smallest.missed or 0.0, smallest.hit or 0.0
        if high > _SIZES[-1] and name == "closer":  # no size but this one hit: its step is open
            repeats += [_Repeat(kind, part * high, sofar.settle_s) for part in (1.15, 1.4)]
        if high > _SHORT and high - low > max(2.0, high / 50):
            repeats += [_Repeat(kind, size, sofar.settle_s) for size in _between(low, high)]
    return _together(name, repeats, sofar)


def _ends(sofar: Sofar) -> Iterable[Ask]:
    """Go on with chats: after an answer that was never given, and after the one that was."""
    unit = sofar.findings.chat.unit or 128
    answer = min(_LONGEST_ANSWER, 2 * unit + 40)
    base = max(400.0, _LONGER * sofar.least(Kind.CHAT))
    for turn in (1, 2):
        # At least one of them ends in the second half of a step of 64, 128, 256 or 512 tokens.
        for number, tokens in enumerate((base, base + 100)):
            for topic, forged in ((Topic.INPUT_END, True), (Topic.OUTPUT_END, False)):
                trial = f"{topic.value}/{number}"
                block = sofar.block(trial, tokens, Kind.CHAT)
                ask = Ask(topic, Kind.CHAT, trial, turn, (block,), sofar.settle_s)
                if turn > 1:
                    yield replace(ask, follow="forged" if forged else "said")
                else:
                    yield ask if forged else replace(ask, max_tokens=answer)


def _shared(sofar: Sofar) -> Iterable[Ask]:
    """Send by FIM what two chats began with."""
    if len(sofar.hitting) < len(Kind):
        return
    for turn, kind in enumerate((Kind.CHAT, Kind.CHAT, Kind.FIM), 1):
        for number in range(2):
            tokens = max(_HEADS[1], _LONGER * sofar.least(Kind.FIM))
            head = sofar.block(f"shared/{number}", tokens, Kind.CHAT)
            tail = Block(f"shared/{number}/{turn}", _TAIL_WORDS, _TAILS[turn - 1])
            yield Ask(Topic.SHARED, kind, f"shared/{number}", turn, (head, tail), sofar.settle_s)


def _sleep(sofar: Sofar) -> Iterable[Ask]:
    """Send what will be asked for again much later."""
    for kind in sofar.hitting[:1]:
        if sofar.findings.of(kind).lifetime.missed is None:
            repeats = [_Repeat(kind, _sleeper(kind, sofar), 0.0) for _ in _RUNGS]
            trials = [_turns(f"sleep/{n}", one, sofar)[:-1] for n, one in enumerate(repeats)]
            yield from (ask for turn in zip(*trials, strict=True) for ask in turn)


def _sleeper(kind: Kind, sofar: Sofar) -> float:
    return max(200.0, 1.3 * sofar.least(kind))


def _wake(rung: int, sofar: Sofar) -> Iterable[Ask]:
    """Ask for one of them again, unless it is known that they are gone by then."""
    for kind in sofar.hitting[:1]:
        turns = [one for one in sofar.seen if one.ask.trial == f"sleep/{rung}/{kind.value}"]
        if not turns or sofar.findings.of(kind).lifetime.missed is not None:
            return
        last = turns[-1]
        longest = sofar.at - last.ended_at + sofar.left_s
        age = min(sofar.wait_s * _RUNGS[rung], longest - 1)
        yield Ask(Topic.REPEAT, kind, last.ask.trial, last.ask.turn + 1, last.ask.blocks, age)


def _lifetimes(name: str, sofar: Sofar) -> Iterable[Ask]:
    """Look more closely at when prompts are gone; the shortest time that missed is tried again."""
    for kind in sofar.hitting[:1]:
        kept = sofar.findings.of(kind)
        low, high = kept.lifetime.hit or 0.0, kept.lifetime.missed
        if high is None or high - low < max(2.0, high / 10):
            return
        needed = high + sofar.settle_s * (kept.from_request or 2)
        if needed < sofar.left_s:
            ages = [*_between(low, high), high]
            tokens = _sleeper(kind, sofar)
            yield from _together(name, [_Repeat(kind, tokens, age) for age in ages], sofar)


STAGES: Final = (
    Stage("how many tokens a word is", _calibrate),
    Stage("whether a repeated prompt hits, and how soon", _soon),
    Stage("whether it hits later", _later),
    Stage("whether more of it, or more often, hits", _harder),
    Stage("how soon that hits", _again),
    Stage("how soon, more closely", _delays),
    Stage("from what size on, and in what steps", _sizes),
    Stage("whether prompts that begin alike hit", _beginnings),
    Stage("whether a fourth one does", _fourth),
    Stage("from what size on, more closely", partial(_narrow, "closer")),
    Stage("from what size on, more closely still", partial(_narrow, "closest")),
    Stage("whether inputs and answers are kept to their ends", _ends),
    Stage("whether chat and FIM share what they keep", _shared),
    Stage("how long it is kept", _sleep),
    *(Stage("how long it is kept", partial(_wake, rung)) for rung in range(len(_RUNGS))),
    Stage("how long, more closely", partial(_lifetimes, "gone")),
    Stage("how long, more closely still", partial(_lifetimes, "surely gone")),
)
