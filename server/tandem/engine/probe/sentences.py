"""The findings of a probe in plain words."""

from collections.abc import Iterator
from typing import Final

from tandem.engine.probe.findings import Beginning, Findings, Kept

_ORDINALS: Final = {2: "second", 3: "third", 4: "fourth"}
_MINUTE_S: Final = 60
_SOON_S: Final = 0.1
NO_CACHE: Final = (
    "no request hit: either this API keeps no prefix cache, or it does not say so (in `usage`, as "
    "prompt_cache_hit_tokens or prompt_tokens_details.cached_tokens)"
)


def sentences(findings: Findings, no_fim: str = "") -> Iterator[str]:
    """Yield one sentence for each thing known; `no_fim` says why FIM was refused, if it was."""
    if no_fim:
        yield f"FIM: refused ({no_fim})"
    if not findings.any_hit:
        if findings.chat.tried:
            yield NO_CACHE
        return
    yield from _kept("chat", findings.chat)
    yield from _kept("FIM", findings.fim)
    yield from _ends(findings)
    if findings.shared is not None:
        verb = "share" if findings.shared else "do not share"
        yield f"chat and FIM {verb} what they keep"


def _kept(name: str, kept: Kept) -> Iterator[str]:
    if kept.from_request is None:
        if kept.tried:
            yield f"{name}: a repeated prompt never hits"
    else:
        yield f"{name}: a repeated prompt hits from the {_ORDINALS[kept.from_request]} request on"
        short, missed = kept.smallest.hit, kept.smallest.missed
        other = f"; one of {missed:g} did not" if missed else ""
        yield f"{name}: the shortest prompt that hit has {short:g} tokens{other}"
    if kept.unit is not None:
        yield f"{name}: hits {_steps(kept.unit)}"
    yield from _beginning(name, kept.beginning)
    yield from _times(name, kept)


def _steps(unit: int) -> str:
    return "are exact to the token" if unit == 1 else f"come in steps of {unit} tokens"


def _beginning(name: str, beginning: Beginning) -> Iterator[str]:
    if beginning.from_request is None:
        if beginning.tried > 1:
            yield f"{name}: prompts that only begin alike do not hit, in {beginning.tried} requests"
        return
    ordinal, step = _ORDINALS[beginning.from_request], beginning.step or 1
    text = (
        f"{name}: prompts that begin alike hit from the {ordinal} request on; hits {_steps(step)}"
    )
    if beginning.whole_from is not None:
        text += f", and reach all of what is alike from the {_ORDINALS[beginning.whole_from]} on"
    yield text


def _times(name: str, kept: Kept) -> Iterator[str]:
    delay, life = kept.delay, kept.lifetime
    if delay.hit is not None:
        after = f"{_time(delay.hit)} after it was sent" if delay.hit >= _SOON_S else "at once"
        not_yet = "" if delay.missed is None else f", not yet after {_time(delay.missed)}"
        yield f"{name}: a prompt hits {after}{not_yet}"
    if life.hit is not None:
        gone = "its end was not seen" if life.missed is None else f"not for {_time(life.missed)}"
        yield f"{name}: an unused prompt is kept for {_time(life.hit)} at least, {gone}"


def _ends(findings: Findings) -> Iterator[str]:
    for name, kept in (("input", findings.input_end), ("answer", findings.output_end)):
        if kept is not None:
            yield f"chat: the end of an {name} {'is kept' if kept else 'is not kept'}"
        elif findings.chat.beginning.from_request == 2:  # noqa: PLR2004 - the second request
            yield f"chat: the end of an {name} needs no unit of its own: what begins alike hits"
        else:
            yield f"chat: whether the end of an {name} is kept was not seen"


def _time(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), _MINUTE_S)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"
