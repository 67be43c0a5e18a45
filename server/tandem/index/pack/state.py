"""The pack over time: a frozen snapshot, the log of changes behind it, and when to cut anew.

``begin`` cuts a snapshot, ``advance`` brings a new state of the codebase (an entry of the log, or
a compaction), ``called`` counts what a call cost to carry. A compaction keeps whole turns from the
front, so the cache unit at the end of the last one kept still hits under every published rule.

It deliberately reads no file, asks no clock and calls no model; ``persist`` brings a state over a
restart. Invariants: the prefix of a state begins with that of the state before unless the
compaction log grew; it never exceeds the budget as estimated; the log applied to the snapshot
gives what is shown of the current tree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile

from tandem.core.model import Message
from tandem.index.pack import changes, compact, cutting, layout, levels
from tandem.index.pack.changes import Change
from tandem.index.pack.compact import Cut, Load, Options, Rate, Reason
from tandem.index.pack.cutting import Shape
from tandem.index.pack.layout import Estimator, File, Section, Tree, Turn


@dataclass(frozen=True, slots=True)
class Moment:
    """The circumstances of the next call: to whom, with which instructions, at what price, when."""

    model: str
    system: str
    rate: Rate
    now_s: int


@dataclass(frozen=True, slots=True)
class Compaction:
    """An entry of the compaction log; the first tells how the pack began."""

    reason: Reason
    kept: int
    rewritten: int
    residue: int


@dataclass(frozen=True, slots=True)
class State:
    """A pack. `carried` (pico-dollars) and `calls` count since the last compaction."""

    model: str
    system: str
    turns: tuple[Turn, ...]
    log: tuple[Change, ...]
    shown: Mapping[str, File] = field(repr=False)
    carried: int = 0
    calls: int = 0
    used_s: int = 0
    history: tuple[Compaction, ...] = ()


def begin(tree: Tree, moment: Moment, options: Options) -> State:
    """Cut the first snapshot."""
    empty = State(moment.model, moment.system, (), (), {}, used_s=moment.now_s)
    return _cut(empty, tree, moment, options, Reason.COLD)


def advance(state: State, tree: Tree, moment: Moment, options: Options) -> State:
    """Follow the codebase to its new state, with a compaction where one is due."""
    most = options.longest_addition(load(state, options).snapshot)
    number = len(state.log) + 1
    change = changes.between(state.shown, tree, number, most, options.estimate)
    if change is not None:
        shown = changes.applied(state.shown, change)
        state = replace(state, log=(*state.log, change), shown=shown)
    cold = moment.model != state.model or moment.now_s - state.used_s > options.ttl_s
    reason = compact.verdict(load(state, options), moment.rate, options, cold=cold)
    if moment.system != state.system:
        reason = Reason.COLD
    if reason is None:
        return replace(state, model=moment.model)
    return _cut(state, tree, moment, options, reason)


def called(state: State, moment: Moment, options: Options) -> State:
    """Count a call that was made with this pack."""
    excess = load(state, options).excess
    return replace(
        state,
        carried=state.carried + moment.rate.hit * excess,
        calls=state.calls + 1,
        used_s=moment.now_s,
    )


def messages(state: State, focus: str, task: str) -> tuple[Message, ...]:
    """Return the prompt of a call."""
    log = [change.text for change in state.log]
    last = Message("user", layout.last_turn(log, focus, task))
    return (*layout.snapshot_messages(state.system, state.turns), last)


def primes(state: State) -> tuple[tuple[Message, ...], ...]:
    """Return the calls that leave a cache unit at the end of each new turn, in sending order.

    Each is answered with a word, and a later one hits what an earlier one left. They only help if
    model, tools, effort and user id are those of the calls that follow.
    """
    sent = layout.snapshot_messages(state.system, state.turns)
    head = len(sent) - 2 * len(state.turns)
    kept = state.history[-1].kept if state.history else 0
    return tuple(sent[: head + 2 * n + 1] for n in range(kept, len(state.turns)))


def prefix(state: State) -> str:
    """Return all that the cache may keep, as the contents of the messages joined."""
    sent = layout.snapshot_messages(state.system, state.turns)
    return "".join([*(m.content for m in sent), *(change.text for change in state.log)])


def sections(state: State, focus: str, task: str, estimate: Estimator) -> tuple[Section, ...]:
    """Return the parts of the prompt with their tokens; joined they are the messages' contents."""
    log = [
        Section(layout.Kind.CHANGE, f"change {number}", change.text, change.tokens)
        for number, change in enumerate(state.log, 1)
    ]
    head = layout.snapshot_sections(state.system, state.turns, estimate)
    return (*head, *log, *layout.tail_sections(focus, task, estimate))


def load(state: State, options: Options) -> Load:
    """Return what a pack carries."""
    fixed = options.estimate(state.system, "") if state.system else 0
    fixed += sum(turn.tokens - sum(file.tokens for file in turn.files) for turn in state.turns)
    stale = dropwhile(lambda turn: not _stale(turn, state.shown), state.turns)
    log = sum(change.tokens for change in state.log)
    return Load(
        snapshot=fixed + sum(file.tokens for turn in state.turns for file in turn.files),
        log=log,
        fresh=fixed + sum(file.tokens for file in state.shown.values()),
        stale=log + sum(turn.tokens for turn in stale),
        carried=state.carried,
    )


# -- cutting -----------------------------------------------------------------------------------


def _cut(state: State, tree: Tree, moment: Moment, options: Options, reason: Reason) -> State:
    fixed = _fixed(moment.system, options)
    shape = Shape(state.turns, state.shown, fixed)
    fresh = levels.choose(tree, options.snapshot_budget - fixed, options.estimate)
    cut = _chosen(state, cutting.candidates(shape, tree, fresh, options), moment, reason)
    kept = state.turns[: cut.kept]
    if kept and cut.kept == len(state.turns):
        turns, shown = kept, cutting.base(shape)
    else:
        shown = {file.path: file for turn in kept for file in turn.files}
        tail = cutting.in_order(tree, fresh, shown)
        shown |= {file.path: file for file in tail}
        turns = (*kept, *cutting.split(tail, options, len(kept)))
    most = options.longest_addition(load(state, options).snapshot)
    residue = changes.between(shown, tree, 1, most, options.estimate)
    left = 0 if residue is None else residue.tokens
    return State(
        moment.model,
        moment.system,
        turns,
        () if residue is None else (residue,),
        shown if residue is None else changes.applied(shown, residue),
        used_s=state.used_s,
        history=(*state.history, Compaction(reason, cut.kept, cut.rewritten, left)),
    )


def _chosen(state: State, cuts: Sequence[Cut], moment: Moment, reason: Reason) -> Cut:
    """Return the cheapest cut; where the cache is cold nothing is worth keeping."""
    if reason is Reason.COLD:
        return cuts[0]
    log = sum(change.tokens for change in state.log)
    grown = log - (state.history[-1].residue if state.history else 0)
    return compact.cheapest(cuts, grown, state.calls, moment.rate)


def _fixed(system: str, options: Options) -> int:
    """Return the tokens of everything in a snapshot but its files, at the most."""
    first = layout.turn((), options.estimate, first=True).tokens
    later = layout.turn((), options.estimate, first=False).tokens
    instructions = options.estimate(system, "") if system else 0
    return instructions + first + max(0, options.turns - 1) * later


def _stale(turn: Turn, shown: Mapping[str, File]) -> bool:
    return any(shown.get(file.path) != file for file in turn.files)
