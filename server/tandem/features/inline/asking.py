"""One question to a model: render it, read the answer while it is worth reading, make it fit.

Ends early where the answer leaves its scope: what is not read is not bought. What was read goes
into the memo, also when it comes after everybody has left.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tandem.core.clock import Clock
from tandem.core.errors import TandemError
from tandem.core.model import LOCAL, FimRequest, Stop, Stopped, TextDelta
from tandem.core.text import Span
from tandem.features.inline.cut import cut, stops
from tandem.features.inline.fit import fit
from tandem.features.inline.flights import Flight
from tandem.features.inline.gate import Shape
from tandem.features.inline.memo import Known, Memo
from tandem.features.inline.prompt import render
from tandem.features.inline.surroundings import Inside, Surroundings, look
from tandem.features.inline.typing_history import TypingHistory
from tandem.index.languages import by_id
from tandem.workspace.documents import Document
from tandem.workspace.settings import Settings

if TYPE_CHECKING:
    from tandem.engine.gateway import Call, Gateway, Receipt
    from tandem.features.inline.visits import Visits

# The longest line, 64 tokens at 200 tokens/s, and the time to a first token: what is let go within
# it ends by itself and has an exact bill.
_GRACE_S: Final = 0.6
_LINES_BELOW: Final = 8
_TRIES: Final = 6  # lines dropped from a block's end before it is given up
_CLOSERS: Final = frozenset(")]}")
_WARM: Final = 0.7  # temperature of a second opinion


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked, where, and who is told; `warm` asks for another answer than the likeliest."""

    document: Document
    offset: int
    seen: Surroundings
    shape: Shape
    settings: Settings
    memo: Memo
    history: TypingHistory
    visits: "Visits | None"
    warm: bool = False


async def ask(flight: Flight, query: Query, gateway: "Gateway", clock: Clock) -> None:
    """Ask the model; the flight tells what it says, and in the end what of it is shown."""
    from tandem.engine.gateway import Terms  # noqa: PLC0415 - loaded with the first key

    request = _request(query)
    source = "local model" if request.model.startswith(LOCAL) else "flash"
    timeout_s = query.settings.completion.timeout_ms / 1000
    terms = Terms("completion", timeout_s, grace_s=_GRACE_S)
    read = False
    asked = clock.monotonic()
    try:
        async with gateway.call(request, terms) as call:

            def keep_late(receipt: "Receipt") -> None:
                if receipt.settlement.outcome == "done" and not read:
                    late = Known("", source, receipt.reply.model or request.model)
                    _keep(query, receipt.reply.text, _paid(late, call), partial=True)

            call.on_settled(keep_late)
            model, partial = await _read(call, flight, query, asked, clock)
            read = True
    except TandemError as error:
        flight.error = error
        return
    known = _paid(Known("", source, model or request.model), call)
    flight.known = _keep(query, flight.said, known, partial=partial)


def _paid(known: Known, call: "Call") -> Known:
    return replace(known, reservation=call.reservation)


def fitted(query: Query, text: str, *, partial: bool = False) -> str:
    """Return what to insert of an answer, in the file's own line ends; empty if nothing is left."""
    document, offset, seen = query.document, query.offset, query.seen
    line, _ = document.text.point_at(offset)
    following = tuple(document.text.lines(line + 1, line + 1 + _LINES_BELOW))
    kept = _sound(query, fit(text, seen, query.shape, following, partial=partial))
    if "\n" in kept and document.text.slice(0, document.text.line_start(1)).endswith("\r\n"):
        kept = kept.replace("\n", "\r\n")
    return kept


def _request(query: Query) -> FimRequest:
    document, offset = query.document, query.offset
    laid_out = query.visits.prompt(document, offset) if query.visits is not None else None
    request = render(
        document,
        offset,
        query.settings.models.flash,
        query.settings.completion,
        laid_out,
        stop=stops(query.seen, query.shape),
        block=query.shape is Shape.BLOCK,
    )
    return replace(request, temperature=_WARM) if query.warm else request


async def _read(
    call: "Call", flight: Flight, query: Query, asked: float, clock: Clock
) -> tuple[str, bool]:
    """Read until the model stops or its answer is over; return who said it and if it was cut."""
    async for event in call:
        match event:
            case TextDelta(text):
                if not flight.said:
                    query.history.answered(clock.monotonic() - asked)
                flight.say(flight.said + text)
                if cut(flight.said, query.seen, query.shape).enough:
                    call.hang_up()
                    return "", False
            case Stopped(stop, model):
                return model, stop is Stop.LENGTH
            case _:
                pass
    return "", True


def _keep(query: Query, text: str, known: Known, *, partial: bool) -> Known | None:
    """Remember what of an answer fits; `known` tells who said it."""
    kept = fitted(query, text, partial=partial)
    if not kept:
        return None
    known = replace(known, text=kept)
    uri, before, offset = query.document.uri, query.document.text, query.offset
    query.memo.add(uri, before, offset, known)
    _keep_tail(query, text, known)
    return known


def _keep_tail(query: Query, text: str, known: Known) -> None:
    """Remember what a server went on to say behind a line: it is paid for."""
    first, _, tail = text.replace("\r\n", "\n").partition("\n")
    if query.shape is not Shape.LINE or not tail.strip() or first.rstrip() != known.text:
        return
    end = query.offset + len(known.text)
    after = query.document.text.replace(Span(query.offset, query.offset), known.text)
    document = replace(query.document, text=after)
    seen = look(after, end, document.language)
    behind = replace(query, document=document, offset=end, seen=seen, shape=Shape.BLOCK)
    rest = fitted(behind, f"\n{tail}", partial=True)
    if rest:
        query.memo.add(document.uri, after, end, replace(known, text=rest))


def _sound(query: Query, text: str) -> str:
    """Return the first reading of an answer that adds no syntax error; empty if each does."""
    language = by_id(query.document.language)
    seen = query.seen
    prose = seen.inside is Inside.COMMENT or (bool(seen.quote) and seen.quote not in text)
    if not text or language is None or language.listing or prose:
        return text
    from tandem.index.insertion import worsens  # noqa: PLC0415 - loads tree-sitter

    text_before, offset = query.document.text, query.offset
    for proposed in _readings(text, query):
        if not worsens(text_before, offset, _with_body(proposed, query), language):
            return proposed
    return ""


def _readings(text: str, query: Query) -> Iterator[str]:
    """Yield an answer, then what is left without its last lines, or without what follows anyway."""
    yield text
    lines = text.split("\n")
    for end in range(len(lines) - 1, max(0, len(lines) - _TRIES), -1):
        if "".join(lines[:end]).strip():
            yield "\n".join(lines[:end]).rstrip()
    for length in range(min(len(text), len(query.seen.after)) - 1, 0, -1):
        if len(lines) == 1 and text.endswith(query.seen.after[:length]):
            yield text[:-length]
    while text[-1:] in _CLOSERS and (text := text[:-1].rstrip()):
        yield text  # the brackets it closes are closed below


def _with_body(text: str, query: Query) -> str:
    """Return a line with the body it wants in Python: whoever takes it writes that next."""
    if query.shape is Shape.BLOCK or query.seen.language != "python" or query.seen.after.strip():
        return text
    if not text.rstrip().endswith(":"):
        return text
    return f"{text} pass"
