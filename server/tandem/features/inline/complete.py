"""The story of one completion: known, under way, gate, repository engine, pause, model, trim.

Cheapest first. What is known is answered without a pause, and so is the rest of an answer that is
under way. The repository engine thinks while the pause runs, so it costs no time; where it is sure,
no model is asked. Whatever a model says after nobody waits for it still goes into the memo.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from tandem.core.clock import Clock
from tandem.core.errors import TandemError
from tandem.core.text import Span
from tandem.features.inline.asking import Query, ask, fitted
from tandem.features.inline.flights import Flight, Flights
from tandem.features.inline.gate import Ask, Shape, Skip, Trigger, decide, silenced
from tandem.features.inline.memo import Known, Memo
from tandem.features.inline.surroundings import Surroundings, indentation, look
from tandem.features.inline.typing_history import Recent, TypingHistory
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings

if TYPE_CHECKING:  # neither is needed before somebody completes: 40 ms of the start-up
    from tandem.engine.gateway import Gateway
    from tandem.features.inline.visits import Visits
    from tandem.index.lm.model import Suggestion

_LOOKED_AT_S: Final = 0.3  # people who take a suggestion take 0.35 s and more to
_ALTERNATIVE: Final = 0.2  # confidence of the repository engine that is worth cycling to


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
    flights: Flights
    history: TypingHistory
    visits: "Visits | None" = None


@dataclass(frozen=True, slots=True)
class Completion:
    """What to insert at the place that was asked about, and where it comes from.

    `source` is "local" (the repository engine), "local model" or "flash"; `remembered` tells
    that nothing had to be computed, `reservation` which call in the ledger paid for it.
    """

    text: str
    source: str
    model: str
    confidence: float | None
    remembered: bool
    reservation: int | None = None

    def with_text(self, text: str) -> "Completion":
        """Return the same completion with another (usually shorter) text."""
        return replace(self, text=text)


@dataclass(frozen=True, slots=True)
class Nothing:
    """No completion; `reason` is for people, `error` is set where the outside world failed.

    `stage` is "gate", "local", "model" or "filter": how far it came.
    """

    reason: str
    error: TandemError | None = None
    stage: str = "gate"


async def complete(
    document: Document, offset: int, trigger: Trigger, settings: Settings, ports: Ports
) -> Completion | Nothing:
    """Complete at an offset of a document."""
    off = silenced(document, offset, trigger, settings.completion)
    if off is not None:
        return Nothing(off.reason)
    asked = ports.clock.monotonic()
    recent = ports.history.recent(document.uri, asked)
    ready = _ready(document, offset, trigger, recent, ports)
    if ready is not None:
        return ready
    flight = await ports.flights.join(document.uri, document.text, offset)
    if flight is not None:
        return _landed(flight, document, offset, ports)
    seen = look(document.text, offset, document.language)
    verdict = decide(seen, trigger, settings.completion, recent)
    if isinstance(verdict, Skip):
        return Nothing(verdict.reason)
    here = _Place(document, offset, seen, settings, ports)
    local = await _locally(here, verdict)
    if isinstance(local, Completion) or ports.gateway is None:
        return local
    await ports.clock.sleep(max(0.0, verdict.pause_s - (ports.clock.monotonic() - asked)))
    return await _by_model(here, verdict.shape, ports.gateway)


def _ready(
    document: Document, offset: int, trigger: Trigger, recent: Recent, ports: Ports
) -> Completion | Nothing | None:
    """Return what is known of a place without asking anybody, if anything is."""
    automatic = trigger is Trigger.AUTOMATIC
    known = ports.memo.find(document.uri, document.text, offset)
    if known is not None and not (recent.deleted and automatic):
        return _shown(known, remembered=True)
    if automatic and ports.memo.ended(document.uri, document.text, offset):
        return Nothing("what was suggested here is written")
    return None


def quickly(document: Document, offset: int, ports: Ports) -> Completion | None:
    """Return what is known without computing or waiting, for menus that must not be delayed."""
    known = ports.memo.find(document.uri, document.text, offset)
    return None if known is None else _shown(known, remembered=True)


async def alternatives(
    document: Document, offset: int, settings: Settings, ports: Ports, first: Completion
) -> list[Completion]:
    """Return what else may stand here, for somebody who asked by hand.

    The repository engine's answer is free. A second opinion of the model is bought when somebody
    asks again at a place where the first is known already.
    """
    seen = look(document.text, offset, document.language)
    here = _Place(document, offset, seen, settings, ports)
    found = [first]
    suggestion = await _suggestion(here)
    if suggestion is not None and suggestion.confidence >= _ALTERNATIVE:
        known = Known(fitted(here.query(Shape.LINE), suggestion.text), "local", "")
        found.append(_shown(replace(known, confidence=suggestion.confidence), remembered=False))
    if first.remembered and ports.gateway is not None:
        shape = Shape.BLOCK if "\n" in first.text else Shape.LINE
        flight = Flight(document.text, offset)
        await ask(flight, here.query(shape, warm=True), ports.gateway, ports.clock)
        if flight.known is not None:
            found.append(_shown(flight.known, remembered=False))
    texts = dict[str, Completion]()
    for one in found:
        if one.text:
            texts.setdefault(one.text, one)
    return list(texts.values())


def ahead(
    document: Document, offset: int, settings: Settings, ports: Ports, shown: Completion
) -> None:
    """Ask for the line below a shown completion, where somebody takes one after another.

    Not before it has been looked at for a while: who types on does not want it. Not for the place
    right behind it, where Enter is pressed next: of 119 answers for there none was ever seen.
    """
    recent = ports.history.recent(document.uri, ports.clock.monotonic())
    wanted = settings.completion.prefetch and recent.streak > 1 and not shown.remembered
    if not wanted or ports.gateway is None or "\n" in shown.text:
        return
    below = _line_below(document, offset, shown.text)
    if below is None:
        return
    after, at = below
    keys, gateway = ports.history.keys, ports.gateway

    def begin() -> None:
        known = ports.memo.find(document.uri, after.text, at) is not None
        if known or ports.history.keys != keys:
            return
        seen = look(after.text, at, after.language)
        calm = replace(recent, accepted=False)
        verdict = decide(seen, Trigger.AUTOMATIC, settings.completion, calm)
        if isinstance(verdict, Ask):
            _fly(_Place(after, at, seen, settings, ports), verdict.shape, gateway)

    asyncio.get_running_loop().call_later(_LOOKED_AT_S, begin)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a completion is wanted, with what was seen there."""

    document: Document
    offset: int
    seen: Surroundings
    settings: Settings
    ports: Ports

    def query(self, shape: Shape, *, warm: bool = False) -> Query:
        """Return what is asked of a model here."""
        return Query(
            self.document, self.offset, self.seen, shape, self.settings,
            self.ports.memo, self.ports.history, self.ports.visits, warm=warm,
        )  # fmt: skip


async def _locally(here: _Place, verdict: Ask) -> Completion | Nothing:
    """Ask the repository engine; a confident answer is the answer."""
    settings, ports = here.settings, here.ports
    suggestion = await _suggestion(here)
    bar = settings.local.sure if ports.gateway else settings.local.threshold
    if suggestion is not None and suggestion.confidence >= bar:
        text = fitted(here.query(Shape.LINE), suggestion.text)
        # Where a block begins its first line alone is not worth keeping a model from the whole.
        if text and not (verdict.shape is Shape.BLOCK and ports.gateway):
            known = Known(text, "local", "", suggestion.confidence)
            ports.memo.add(here.document.uri, here.document.text, here.offset, known)
            ports.history.shown(known.text, ports.clock.monotonic())
            return _shown(known, remembered=False)
    return Nothing(_why_not_local(suggestion, bar, settings), stage="local")


async def _suggestion(here: _Place) -> "Suggestion | None":
    if here.ports.local is None or not here.settings.local.enabled:
        return None
    return await here.ports.local.suggest(here.document, here.offset)


async def _by_model(here: _Place, shape: Shape, gateway: "Gateway") -> Completion | Nothing:
    document, offset, ports = here.document, here.offset, here.ports
    _fly(here, shape, gateway)
    flight = await ports.flights.join(document.uri, document.text, offset)
    if flight is None:
        return Nothing("the answer was not awaited", stage="model")
    return _landed(flight, document, offset, ports)


def _fly(here: _Place, shape: Shape, gateway: "Gateway") -> None:
    query = here.query(shape)
    document = here.document

    async def run(flight: Flight) -> None:
        await ask(flight, query, gateway, here.ports.clock)

    here.ports.flights.begin(document.uri, document.text, here.offset, run)


def _landed(flight: Flight, document: Document, offset: int, ports: Ports) -> Completion | Nothing:
    if flight.error is not None:
        return Nothing(str(flight.error), flight.error, "model")
    known = ports.memo.find(document.uri, document.text, offset)
    if known is None:
        return Nothing("the model had nothing to add here", stage="filter")
    if flight.fresh:
        flight.fresh = False
        ports.history.shown(known.text, ports.clock.monotonic())
        return _shown(known, remembered=False)
    return _shown(known, remembered=True)


def _line_below(document: Document, offset: int, text: str) -> tuple[Document, int] | None:
    """Return the document with a line's rest taken and Enter pressed; None in mid-line."""
    number, _ = document.text.point_at(offset)
    start, end = document.text.line_start(number), document.text.line_end(number)
    if document.text.slice(offset, end).strip():
        return None
    line = document.text.slice(start, offset) + text
    enter = "\r\n" if document.text.slice(end, end + 1) == "\r" else "\n"
    entered = f"{text}{enter}{indentation(line)}"
    after = document.text.replace(Span(offset, end), entered)
    return replace(document, text=after), offset + len(entered)


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
    return Completion(
        known.text, known.source, known.model, known.confidence, remembered, known.reservation
    )
