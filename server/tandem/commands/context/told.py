"""What a plan or a review would be told, for people and for machines. Pure.

Money is written as dollars; the forecast's amounts are estimates of the input alone.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from tandem.commands.context.task import Told
from tandem.core.money import Usd
from tandem.index.pack.explain import Break
from tandem.index.pack.forecast import Forecast
from tandem.index.pack.layout import Kind, Level

_HOURS: Final = ("off-peak", "peak")
_GROUPS: Final = {
    Kind.SYSTEM: Kind.SYSTEM,
    Kind.OPENING: Kind.FILE,
    Kind.FILE: Kind.FILE,
    Kind.CLOSING: Kind.FILE,
    Kind.REPLY: Kind.REPLY,
    Kind.CHANGE: Kind.CHANGE,
    Kind.FOCUS: Kind.FOCUS,
    Kind.TASK: Kind.TASK,
}
_LEVELS: Final = {
    Level.FULL: "whole",
    Level.SKELETON: "by signatures",
    Level.LISTING: "by name",
    Level.OMITTED: "not at all",
}


def to_json(told: Told, *, explained: bool, prompt: bool) -> dict[str, Any]:
    """Return the JSON form; amounts are decimal dollars as text, None where no price is known."""
    return {
        "for": told.asked.task,
        "root": str(told.root),
        "model": told.moment.model,
        "pack": told.pack is not None,
        "origin": None if told.pack is None else told.pack.origin.name.lower(),
        "files": _levels(told),
        "sections": [
            {
                "kind": section.kind.value,
                "name": section.name,
                "tokens": section.tokens,
                "cached": number < told.held,
            }
            for number, section in enumerate(told.prompt.sections)
        ],
        "focus": [
            {"part": part.role.name.lower(), "path": part.path, "tokens": part.tokens}
            for part in told.parts
        ],
        "tokens": told.forecast.tokens,
        "cached_tokens": told.forecast.hit,
        "priming_calls": told.forecast.primes,
        "peak": told.peak,
        "first_request": _decimal(told.forecast.first),
        "next_request": _decimal(told.forecast.following),
        "last_sent": _last_sent(told),
        "explained": _explained(told) if explained else None,
        "prompt": [{"role": m.role, "content": m.content} for m in told.messages]
        if prompt
        else None,
    }


def to_text(told: Told, *, explained: bool, prompt: bool) -> str:
    """Return it for people: files summed up by turn, the rest part by part."""
    cost = told.forecast
    lines = [f"{'tokens':>9}  {'cached':>9}  part"]
    lines += [f"{tokens:>9,}  {hit:>9,}  {what}" for tokens, hit, what in _rows(told)]
    lines.append(f"{cost.tokens:>9,}  {cost.hit:>9,}  in all")
    if told.pack is None:
        lines.append("no pack: `context.pack` is false")
    else:
        files = ", ".join(f"{count:,} {how}" for how, count in _levels(told).items())
        lines.append(f"pack {told.pack.origin.value}; {_sent(told)}; files: {files or 'none'}")
    calls = f" ({cost.primes} priming calls included)" if cost.primes else ""
    prices = f"first request {_usd(cost.first)}{calls}, the next {_usd(cost.following)}"
    lines.append(f"{prices}; input only, {_HOURS[told.peak]}")
    if told.other is not None:
        lines.append(f"{_HOURS[not told.peak]} {_both(told.other)}")
    if explained:
        lines.append(_sentence(told))
    if prompt:
        lines += [f"--- {message.role}\n{message.content}" for message in told.messages]
    return "\n".join(lines)


def _rows(told: Told) -> Iterator[tuple[int, int, str]]:
    """Yield tokens, cached tokens and name of each turn, of the log, the focus and the task."""
    turn = 0
    numbered = enumerate(told.prompt.sections)
    for group, pairs in groupby(numbered, key=lambda pair: _GROUPS[pair[1].kind]):
        some = [(section, number < told.held) for number, section in pairs]
        size = sum(section.tokens for section, _ in some)
        hit = sum(section.tokens for section, held in some if held)
        count = sum(section.kind in {Kind.FILE, Kind.CHANGE} for section, _ in some)
        if group is Kind.FILE:
            turn += 1
            yield size, hit, f"snapshot, turn {turn}: {_counted(count, 'file')}"
        elif group is Kind.CHANGE:
            yield size, hit, f"log: {_counted(count, 'change')} since the snapshot"
        elif group is Kind.FOCUS:
            yield size, hit, f"focus: {_parts(told)}"
        elif group is not Kind.REPLY:
            yield size, hit, group.value


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _parts(told: Told) -> str:
    counted = Counter(part.role for part in told.parts)
    return ", ".join(f"{role.value.lower()} ({count})" for role, count in counted.items())


def _levels(told: Told) -> dict[str, int]:
    if told.pack is None:
        return {}
    counted = Counter(file.level for file in told.pack.state.shown.values())
    return {words: counted[level] for level, words in _LEVELS.items() if counted[level]}


def _last_sent(told: Told) -> str | None:
    before = None if told.pack is None else told.pack.before
    if before is None or before.sent_s is None:
        return None
    return datetime.fromtimestamp(before.sent_s, UTC).isoformat(timespec="seconds")


def _sent(told: Told) -> str:
    when = _last_sent(told)
    return "nothing was sent yet" if when is None else f"last sent {when}"


# -- why a prefix broke ------------------------------------------------------------------------


def _explained(told: Told) -> dict[str, Any]:
    broken = told.broken
    return {
        "compared": told.pack is not None and told.pack.before is not None,
        "sentence": _sentence(told),
        "broken": None
        if broken is None
        else {
            "byte": broken.byte,
            "kind": broken.section.kind.value,
            "name": broken.section.name,
            "byte_in_section": broken.byte_in_section,
            "cause": broken.cause.value,
            "tokens": broken.lost,
            "cost": _decimal(_cost(told, broken)),
            "cached": told.warm,
        },
    }


def _sentence(told: Told) -> str:
    """Say what the last prompt and this one have in common, and what a break costs."""
    if told.pack is None or told.pack.before is None:
        return "there is no earlier prompt to compare with"
    last = "shown" if told.pack.before.sent_s is None else "sent"
    broken = told.broken
    if broken is None:
        texts = [section.text for section in told.pack.before.prompt.prefix]
        size = len("".join(texts).encode("utf-8", "surrogatepass"))
        return f"the prefix that was {last} last is continued: all of its {size:,} bytes"
    where = f"byte {broken.byte_in_section:,} of {broken.section.kind.value} {broken.section.name}"
    cost = f"{broken.lost:,} tokens, {_usd(_cost(told, broken))}"
    lost = f"that loses {cost}" if told.warm else f"nothing of it is cached any more (else {cost})"
    return (
        f"the prefix that was {last} last is left at byte {broken.byte:,}, {where}: "
        f"{broken.cause.value}; {lost}"
    )


def _cost(told: Told, broken: Break) -> Usd | None:
    return None if told.forecast.first is None else broken.cost


# -- money -------------------------------------------------------------------------------------


def _both(cost: Forecast) -> str:
    return f"{_usd(cost.first)} and {_usd(cost.following)}"


def _usd(amount: Usd | None) -> str:
    return "at an unknown price" if amount is None else str(amount)


def _decimal(amount: Usd | None) -> str | None:
    return None if amount is None else amount.decimal()
