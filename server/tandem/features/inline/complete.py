"""The story of one completion: gate, memo, repository engine, pause, model, trim.

Cheapest first. What is known is answered without a pause. The repository engine thinks while the
pause runs, so it costs no time; where it is sure, no model is asked. Whatever a model answers after
its request was superseded still goes into the memo, for the next keystroke.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from tandem.core.clock import Clock
from tandem.core.errors import TandemError
from tandem.core.model import Stopped, TextDelta
from tandem.features.inline.gate import Ask, Skip, Trigger, decide
from tandem.features.inline.memo import Known, Memo
from tandem.features.inline.prompt import render
from tandem.features.inline.trim import trim
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings

if TYPE_CHECKING:  # neither is needed before somebody completes: 40 ms of the start-up
    from tandem.engine.gateway import Call, Gateway, Receipt
    from tandem.features.inline.visits import Visits
    from tandem.index.lm.model import Suggestion

# A line of 20 tokens at the API's 200-270 tokens/s has ended 0.1 s after its first token; this is
# that and the time to a first token.
_GRACE_S: Final = 0.4
_LINES_BELOW: Final = 8


class LocalEngine(Protocol):
    """What a completion needs of the repository engine."""

    async def suggest(self, document: Document, offset: int) -> "Suggestion | None":
        """Return the best line completion at an offset, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Who helps with a completion. `gateway` is None without a key, `visits` without an index."""

    memo: Memo
    local: LocalEngine | None
    gateway: "Gateway | None"
    clock: Clock
    visits: "Visits | None" = None


@dataclass(frozen=True, slots=True)
class Completion:
    """What to insert at the place that was asked about, and where it comes from.

    `source` is "local" (the repository engine), "flash" or any model's role; `remembered` tells
    that nothing had to be computed.
    """

    text: str
    source: str
    model: str
    confidence: float | None
    remembered: bool

    def with_text(self, text: str) -> "Completion":
        """Return the same completion with another (usually shorter) text."""
        return replace(self, text=text)


@dataclass(frozen=True, slots=True)
class Nothing:
    """No completion; `reason` is for people, `error` is set where the outside world failed."""

    reason: str
    error: TandemError | None = None


async def complete(
    document: Document, offset: int, trigger: Trigger, settings: Settings, ports: Ports
) -> Completion | Nothing:
    """Complete the line at an offset of a document."""
    verdict = decide(document, offset, trigger, settings.completion)
    if isinstance(verdict, Skip):
        return Nothing(verdict.reason)
    known = ports.memo.find(document.uri, document.text, offset)
    if known is not None:
        return _shown(known, remembered=True)
    asked = ports.clock.monotonic()
    suggestion = await _ask_locally(document, offset, settings, ports)
    bar = settings.local.sure if ports.gateway else settings.local.threshold
    if suggestion is not None and suggestion.confidence >= bar:
        fitting = _fit(document, offset, suggestion.text)
        if fitting:
            known = Known(fitting, "local", "", suggestion.confidence)
            ports.memo.add(document.uri, document.text, offset, known)
            return _shown(known, remembered=False)
    if ports.gateway is None:
        return Nothing(_why_not_local(suggestion, bar, settings))
    await ports.clock.sleep(_left(verdict, asked, ports.clock))
    return await _ask_model(document, offset, settings, ports, ports.gateway)


def quickly(document: Document, offset: int, ports: Ports) -> Completion | None:
    """Return what is known without computing or waiting, for menus that must not be delayed."""
    known = ports.memo.find(document.uri, document.text, offset)
    return None if known is None else _shown(known, remembered=True)


async def _ask_locally(
    document: Document, offset: int, settings: Settings, ports: Ports
) -> "Suggestion | None":
    if ports.local is None or not settings.local.enabled:
        return None
    return await ports.local.suggest(document, offset)


async def _ask_model(
    document: Document, offset: int, settings: Settings, ports: Ports, gateway: "Gateway"
) -> Completion | Nothing:
    from tandem.engine.gateway import Terms  # noqa: PLC0415 - loaded with the first key

    laid_out = ports.visits.prompt(document, offset) if ports.visits is not None else None
    request = render(document, offset, settings.models.flash, settings.completion, laid_out)
    terms = Terms("completion", settings.completion.timeout_ms / 1000, grace_s=_GRACE_S)

    def remember(text: str, model: str) -> Known | None:
        fitting = _fit(document, offset, text)
        if not fitting:
            return None
        known = Known(fitting, "flash", model or request.model)
        ports.memo.add(document.uri, document.text, offset, known)
        return known

    def remember_late(receipt: "Receipt") -> None:
        if receipt.settlement.outcome == "done" and not read:
            remember(receipt.reply.text, receipt.reply.model)

    read = False
    try:
        async with gateway.call(request, terms) as call:
            call.on_settled(remember_late)
            text, model = await _read(call)
            read = True
    except TandemError as error:
        return Nothing(str(error), error)
    known = remember(text, model)
    if known is None:
        return Nothing("the model had nothing to add here")
    return _shown(known, remembered=False)


async def _read(call: "Call") -> tuple[str, str]:
    """Read until the model stops: the bill that follows is the gateway's business."""
    parts: list[str] = []
    async for event in call:
        match event:
            case TextDelta(text):
                parts.append(text)
            case Stopped(_, model):
                return "".join(parts), model
            case _:
                pass
    return "".join(parts), ""


def _fit(document: Document, offset: int, text: str) -> str:
    line, _ = document.text.point_at(offset)
    before = document.text.slice(document.text.line_start(line), offset)
    after = document.text.slice(offset, document.text.line_end(line))
    below = document.text.lines(line + 1, line + 1 + _LINES_BELOW)
    return trim(text, before, after, next((text for text in below if text.strip()), ""))


def _left(verdict: Ask, asked: float, clock: Clock) -> float:
    return max(0.0, verdict.pause_s - (clock.monotonic() - asked))


def _why_not_local(suggestion: "Suggestion | None", bar: float, settings: Settings) -> str:
    if not settings.local.enabled:
        return "there is no API key, and local.enabled is false"
    if suggestion is None:
        return "the repository engine knows nothing like this place, and there is no API key"
    return (
        f"the repository engine is not sure enough ({suggestion.confidence:.2f} < {bar:.2f}), "
        "and there is no API key"
    )


def _shown(known: Known, *, remembered: bool) -> Completion:
    return Completion(known.text, known.source, known.model, known.confidence, remembered)
