"""Other programs' rules, over the same keys: when they ask, what they send, what they keep.

Re-expressed from each program's defaults and its own description; nothing of them runs here. What
is left out is left out in their favor: minuet's second and third request for the same prompt (its
default asks three times; `copies` says so), Continue's shuffled snippets in front of the prefix and
Tabby's of other files, llama.vim's ring buffer. Answers come from the same model in FIM order
(prefix, hole, suffix); all of them drop what the model repeats of the suffix, in the same way.

    minuet     16,000 characters at 0.75 that slide; 400 ms pause, at most one request a second;
               an answer is shown when it is complete; typing along it asks nothing
    tabby      20 and 20 lines; an adaptive pause of 100 to 1,000 ms, also before what is known;
               answers are known for 50 characters of typing along; a newer request closes the older
    continue   1,024 tokens (30% before, 20% behind); 350 ms pause, then what is known by prefix;
               a stream is kept while one types along it
    llama.vim  256 and 64 lines; no pause, one request at a time, tried again every 100 ms;
               known by place, 128 characters back; asks for what follows a shown text
    lsp-ai     1,024 tokens, half and half, sliding; one request a second, the newest, never closed
    pauses     the baseline: a request at each pause of 300 ms, nothing kept; 8,000 characters
               before, anchored, 1,000 behind
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tandem.core.model import FimRequest, TextDelta
from tandem.core.text import Span
from tandem.workspace.documents import Document
from tests.bench.completion_model import Model
from tests.bench.completion_play import Ghost
from tests.bench.peers_windows import (
    Window,
    anchored,
    continued,
    half_and_half,
    lines,
    sliding,
)
from tests.bench.typing import Stay

_KNOWN: Final = 250
_LEAST: Final = 4  # characters worth showing (Tabby)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is asked, as the program sees it."""

    before: str
    after: str

    @property
    def mid_line(self) -> bool:
        """Whether something stands behind the cursor."""
        return bool(self.after.partition("\n")[0].strip())


class Job:
    """A request that goes on by itself until it ends or is closed."""

    def __init__(self, model: Model, request: FimRequest) -> None:
        """Send it."""
        self.said = ""
        self._task = asyncio.create_task(self._read(model, request))

    async def _read(self, model: Model, request: FimRequest) -> None:
        async for event in model.stream(request):
            if isinstance(event, TextDelta):
                self.said += event.text

    @property
    def running(self) -> bool:
        """Whether more may come."""
        return not self._task.done()

    async def wait(self, seconds: float | None = None) -> str:
        """Wait for its end, or so long; return what it said by then."""
        await asyncio.wait({self._task}, timeout=seconds)
        return self.said

    def close(self) -> None:
        """Close the connection: what was produced by now is billed."""
        self._task.cancel()


class Known:
    """Answers by the text around them, the oldest forgotten."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()

    def put(self, before: str, after: str, text: str) -> None:
        """Keep an answer."""
        self._texts[before[-300:], after[:100]] = text
        if len(self._texts) > _KNOWN * 50:
            self._texts.popitem(last=False)

    def get(self, before: str, after: str) -> str | None:
        """Return the answer for exactly this place."""
        return self._texts.get((before[-300:], after[:100]))


@dataclass(slots=True)
class Peer:
    """What all rules share: the window, the request, what is shown of an answer."""

    model: Model
    window: Window
    max_tokens: int = 256
    copies: int = 1
    jobs: list[Job] = field(default_factory=list)
    known: Known = field(default_factory=Known)

    def arrived(self, stay: Stay, document: Document, offset: int) -> None:
        """Have no index."""

    def changed(self, before: Document, span: Span, text: str) -> None:
        """Note the time of a key, for rules that adapt to it."""

    def accepted(self) -> None:
        """Learn nothing from it."""

    async def left(self, stay: Stay) -> None:  # noqa: ARG002 - an `Engine`
        """Let what is under way come to its end."""
        for job in self.jobs:
            await job.wait()
        await asyncio.sleep(0.01)  # whoever waited for them as well
        self.jobs.clear()
        self.known = Known()

    async def ask(self, document: Document, offset: int) -> Ghost | None:
        """Answer by the program's rule."""
        text = document.text
        return await self.answer(Place(text.slice(0, offset), text.slice(offset, len(text))))

    async def answer(self, place: Place) -> Ghost | None:
        """Answer at a place."""
        raise NotImplementedError

    def send(self, before: str, after: str) -> Job:
        """Send a request."""
        prompt, suffix = self.window(before, after)
        self.jobs = [job for job in self.jobs if job.running]
        self.jobs.append(Job(self.model, FimRequest("m", prompt, suffix, self.max_tokens)))
        return self.jobs[-1]

    def close_all(self) -> None:
        """Close what is under way."""
        for job in self.jobs:
            job.close()


def ghost(place: Place, said: str, *, remembered: bool = False) -> Ghost | None:
    """Return what is shown: no second line in the middle of one, no repeated suffix."""
    lines = said.split("\n")
    rest, _, below = place.after.partition("\n")
    if rest.strip():
        lines = lines[:1]
        lines[0] = lines[0].removesuffix(rest.strip())
    following = next((line.strip() for line in below.split("\n") if line.strip()), "")
    kept = []
    for number, line in enumerate(lines):
        if number and following and line.strip() == following:
            break
        kept.append(line)
    text = "\n".join(kept).rstrip()
    return Ghost(text, remembered) if len(text.strip()) >= _LEAST else None


@dataclass(slots=True)
class Pauses(Peer):
    """The baseline: whoever pauses is asked for, and nothing is kept."""

    pause_s: float = 0.3

    async def answer(self, place: Place) -> Ghost | None:
        """Wait, ask, and close it when the next key comes."""
        await asyncio.sleep(self.pause_s)
        job = self.send(place.before, place.after)
        try:
            return ghost(place, await job.wait())
        finally:
            job.close()


@dataclass(slots=True)
class Minuet(Peer):
    """Debounce and throttle; a request closes those before it."""

    sent: float = -1.0
    shown: tuple[str, str] = ("", "")

    async def answer(self, place: Place) -> Ghost | None:
        """Go on with what is shown, or ask after a pause."""
        before, text = self.shown
        typed = place.before[len(before) :]
        if text and place.before.startswith(before) and text.startswith(typed) and typed != text:
            return Ghost(text[len(typed) :], remembered=True)
        self.shown = ("", "")
        await asyncio.sleep(0.4)
        now = asyncio.get_running_loop().time()
        if now - self.sent < 1.0 and self.sent >= 0:
            return None
        self.sent = now
        self.close_all()
        found = ghost(place, await self.send(place.before, place.after).wait())
        if found is not None:
            self.shown = place.before, found.text
        return found


@dataclass(slots=True)
class Tabby(Peer):
    """An adaptive pause before everything, forwarding entries, one request at a time."""

    gaps: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    last: float = -1.0

    def changed(self, before: Document, span: Span, text: str) -> None:  # noqa: ARG002
        """Measure the gap between keys."""
        now = asyncio.get_running_loop().time()
        if self.last >= 0:
            self.gaps = [*self.gaps[-99:], now - self.last]
        self.last = now

    def pause_s(self, place: Place) -> float:
        """Return the pause: rarer keys and dull places wait longer, slow answers less."""
        mean = sum(self.gaps) / len(self.gaps) if len(self.gaps) >= 20 else 0.2
        interval = min(max(mean, 0.1), 0.4)
        rest = place.after.partition("\n")[0]
        score = 0.5 * (not place.before[-1:].isalnum()) + 0.4 * (not rest.strip())
        score += 0.1 * (not place.after.strip())
        waited = sum(self.waits) / len(self.waits) if self.waits else 0.0
        return min(max((3.0 - 1.5 * score) * interval - waited, 0.1), 1.0)

    async def answer(self, place: Place) -> Ghost | None:
        """Wait, look up, ask."""
        self.close_all()
        await asyncio.sleep(self.pause_s(place))
        known = self.known.get(place.before, place.after)
        if known is not None:
            return Ghost(known, remembered=True)
        asked = asyncio.get_running_loop().time()
        found = ghost(place, await self.send(place.before, place.after).wait())
        self.waits = [*self.waits[-9:], asyncio.get_running_loop().time() - asked]
        if found is not None:
            for typed in range(min(50, len(found.text) - 1) + 1):
                left = place.before + found.text[:typed]
                self.known.put(left, place.after, found.text[typed:])
        return found


@dataclass(slots=True)
class Continue(Peer):
    """A pause before everything, answers known by their prefix alone, a stream that is kept."""

    flight: tuple[str, Job] | None = None

    async def answer(self, place: Place) -> Ghost | None:
        """Wait, look up, go on with the stream there is, or ask."""
        await asyncio.sleep(0.35)
        known = self.known.get(place.before, "")
        if known is not None:
            return Ghost(known, remembered=True)
        job, typed = self._reused(place)
        # Whatever has come is shown: 2.5 times the model's timeout of 150 ms is the end.
        said = await job.wait(0.375 if job.said else 0.375 + 0.15)
        job.close()
        if not said.startswith(typed):
            return None
        found = ghost(place, said[len(typed) :], remembered=bool(typed))
        if found is not None:
            self.known.put(place.before, "", found.text)
        return found

    def _reused(self, place: Place) -> tuple[Job, str]:
        if self.flight is not None:
            begun, job = self.flight
            typed = place.before[len(begun) :]
            along = job.said.startswith(typed) or (job.running and typed.startswith(job.said))
            if place.before.startswith(begun) and along:
                return job, typed
            job.close()
        job = self.send(place.before, place.after)
        self.flight = place.before, job
        return job, ""


@dataclass(slots=True)
class LlamaVim(Peer):
    """No pause, one request at a time, everything kept, the next one asked for ahead."""

    keepers: set["asyncio.Task[Ghost | None]"] = field(default_factory=set)

    async def answer(self, place: Place) -> Ghost | None:
        """Look up, wait for a free place, ask; then ask for what follows."""
        if len(place.after.partition("\n")[0]) > 8:
            return None
        found = self._look_up(place)
        while found is None:
            if not any(job.running for job in self.jobs):
                found = await asyncio.shield(self._sent(place))
                break
            await asyncio.sleep(0.1)
            found = self._look_up(place)
        if found is not None and found.text:
            following = Place(place.before + found.text, place.after)
            if self._look_up(following) is None and not any(job.running for job in self.jobs):
                _ = self._sent(following)
        return found

    def _sent(self, place: Place) -> "asyncio.Task[Ghost | None]":
        keeper = asyncio.create_task(self._keep(self.send(place.before, place.after), place))
        self.keepers.add(keeper)
        keeper.add_done_callback(self.keepers.discard)
        return keeper

    async def _keep(self, job: Job, place: Place) -> Ghost | None:
        """Keep an answer, also when the cursor has moved since."""
        found = ghost(place, await job.wait())
        self.known.put(place.before, place.after, found.text if found is not None else "")
        return found

    def _look_up(self, place: Place) -> Ghost | None:
        for typed in range(min(128, len(place.before))):
            end = len(place.before) - typed
            known = self.known.get(place.before[:end], place.after)
            along = place.before[end:]
            if known is not None and known.startswith(along) and (known != along or not known):
                return Ghost(known[typed:], remembered=True)
        return None


@dataclass(slots=True)
class LspAi(Peer):
    """The newest request each second; what was sent runs to its end."""

    sent: float = -1.0

    async def answer(self, place: Place) -> Ghost | None:
        """Wait for the second to be over, ask."""
        now = asyncio.get_running_loop().time()
        if self.sent >= 0 and now < self.sent + 1.0:
            await asyncio.sleep(self.sent + 1.0 - now)
        self.sent = asyncio.get_running_loop().time()
        return ghost(place, await self.send(place.before, place.after).wait())


PEERS: Final[dict[str, Callable[[Model], Peer]]] = {
    "minuet": lambda model: Minuet(model, sliding, copies=3),
    "tabby": lambda model: Tabby(model, lines(20, 20), 64),
    "continue": lambda model: Continue(model, continued),
    "llama.vim": lambda model: LlamaVim(model, lines(256, 64), 128),
    "lsp-ai": lambda model: LspAi(model, half_and_half, 64),
    "pauses": lambda model: Pauses(model, anchored, 64),
}
"""By name; `pauses` is the baseline and no program."""
