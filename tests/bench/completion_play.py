"""An editor in virtual time: plays the keys of a session to an engine and keeps the score.

As VS Code does: each key asks by itself, a newer request cancels the older one, ghost text stays
while one types along it, Tab takes it. The user takes what is exactly what they were going to type,
a word at least, once it has stood there for `REACTION_S`; nothing else is ever taken.

The loop's time only jumps, and whatever would run in a thread runs at once: the score is a function
of keys, engine and model, on any machine. What the processor needs is not in it (`ghost` measures
that). Waiting for something real is an error here, not a wait.

Invariant: a text is shown only for the document as it is then; what does not fit counts as stale.
"""

import asyncio
import re
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from tandem.core.text import Span, Text
from tandem.workspace.documents import Document
from tests.bench.completion_model import Model, Scene
from tests.bench.typing import Hunk, Key, Next, Stay

T = TypeVar("T")

REACTION_S: Final = 0.35
PAUSE_S: Final = 0.5
"""A moment this long is a pause in which something might be shown."""

_DWELL_S: Final = 1.5  # looked at the finished hunk before moving on
_BEFORE: Final = 40_000  # of the file in a scene: what the model says has to make sense in it
_AFTER: Final = 40_000
_EXAMPLES: Final = 20
_WORD: Final = re.compile(r"\w\w\w")


class _Skipping(selectors.DefaultSelector):
    """Never waits: moves the time on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("nothing will ever happen any more")
        if not ready and timeout:
            self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time has nothing to do with the machine's.

    Beside `tests.support.clock`, whose loop waits a real millisecond per jump for threads (10,000
    keys make 60,000 jumps) and counts real time too.
    """

    def __init__(self) -> None:
        """Begin at zero."""
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        """Return the virtual time."""
        return self._skipping.now

    def run_in_executor(  # type: ignore[override]  # its type variables are private
        self,
        executor: Any,  # noqa: ARG002
        func: Callable[..., T],
        *args: Any,
    ) -> "asyncio.Future[T]":
        """Run it here and now."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)
        return future


def run_virtually(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


@dataclass(frozen=True, slots=True)
class Ghost:
    """What an engine answers: a text to insert, and whether it was known before."""

    text: str
    remembered: bool = False


class Engine(Protocol):
    """What is played against."""

    def arrived(self, stay: Stay, document: Document, offset: int) -> None:
        """Note that the cursor came to another place of a document, at its first place too."""
        ...

    def changed(self, before: Document, span: Span, text: str) -> None:
        """Note a change of a document as it was before."""
        ...

    async def ask(self, document: Document, offset: int) -> Ghost | None:
        """Answer an automatic request."""
        ...

    def accepted(self) -> None:
        """Note that the text shown last was taken."""
        ...

    async def left(self, stay: Stay) -> None:
        """Note that the file was closed; end what goes on."""
        ...


@dataclass(slots=True)
class Moments:
    """The moments between keys of one kind, and in how many something was shown."""

    all: int = 0
    shown: int = 0

    def add(self, *, shown: bool) -> None:
        """Count one."""
        self.all += 1
        self.shown += shown

    @property
    def share(self) -> float:
        """The share in which something was shown."""
        return self.shown / max(1, self.all)


@dataclass(slots=True)
class Score:
    """What came of the keys."""

    keys: int = 0
    lines: int = 0
    characters: int = 0
    taken: int = 0  # of the characters
    tabs: int = 0
    answers: int = 0
    remembered: int = 0
    stale: int = 0
    fitting: int = 0  # of the new ghosts that could be taken
    ghosts: int = 0
    latencies: list[float] = field(default_factory=list)  # seconds, of what was not known before
    moments: dict[Next, Moments] = field(
        default_factory=lambda: {n: Moments() for n in ("type", "wrong", "delete", "move")}
    )
    pauses: Moments = field(default_factory=Moments)
    examples: list[str] = field(default_factory=list)  # of what is wrong, for people

    @property
    def quiet(self) -> float:
        """The share of the moments before a deletion or a move in which nothing was shown."""
        both = [self.moments["delete"], self.moments["move"]]
        return 1 - sum(m.shown for m in both) / max(1, sum(m.all for m in both))


class Editor:
    """One user at one file after the other."""

    def __init__(self, engine: Engine, model: Model) -> None:
        """Play against `engine`, which asks `model`."""
        self.score = Score()
        self._engine = engine
        self._model = model
        self._document = Document("", "", 0, Text.of(""))
        self._offset = 0
        self._hunk: Hunk | None = None
        self._done = 0
        self._middle = ""
        self._ghost = ""
        self._since = 0.0
        self._asked = 0.0
        self._asking: asyncio.Task[Ghost | None] | None = None
        self._next: Next | None = None  # of the moment that goes on
        self._began = 0.0
        self._was_shown = False

    async def play(self, stay: Stay) -> None:
        """Type one file's changes; raises AssertionError if the text does not come out."""
        uri = f"file:///{stay.path}"
        self._document = Document(uri, "python", 1, Text.of(stay.old))
        for number, hunk in enumerate(stay.hunks):
            await self._place(stay, hunk, number)
        await self._engine.left(stay)
        assert str(self._document.text) == stay.new, stay.path

    async def _place(self, stay: Stay, hunk: Hunk, number: int) -> None:
        text, end = self._document.text, hunk.start + len(hunk.removed)
        self._hunk, self._done, self._middle = hunk, 0, hunk.removed
        self._offset = hunk.start
        before = text.slice(hunk.start - _BEFORE, hunk.start)
        name = f"{stay.commit}:{stay.path}:{number}"
        self._model.scene = Scene(before, hunk, text.slice(end, end + _AFTER), name)
        self._engine.arrived(stay, self._document, hunk.start)
        self.score.lines += hunk.lines
        self.score.characters += len(hunk.target)
        at = 0
        while at < len(hunk.keys):
            key = hunk.keys[at]
            taken = await self._wait(key.pause_s)
            at = hunk.after(self._done) if taken else at + 1
            if not taken:
                self._press(hunk, key)
        await self._wait(_DWELL_S, final=True)
        self._close_moment()
        self._cancel()
        self._ghost = ""

    # -- keys ----------------------------------------------------------------------------------

    def _press(self, hunk: Hunk, key: Key) -> None:
        self._close_moment()
        self.score.keys += 1
        typed = hunk.target[self._done : key.done] if not key.wrong else ""
        brought = hunk.closers(key.done) != hunk.closers(self._done)
        along = typed and not brought and self._ghost.startswith(typed)
        self._ghost = self._ghost[len(typed) :] if along else ""
        self._become(hunk, key.done, key.wrong)
        self._open_moment(key.next)
        self._ask()

    def _take(self, hunk: Hunk) -> None:
        """Press Tab."""
        self._close_moment()
        done = self._done + len(self._ghost)
        self.score.taken += len(self._ghost)
        self.score.tabs += 1
        self._ghost = ""
        self._engine.accepted()
        self._become(hunk, done, "")
        self._open_moment("type" if hunk.after(done) < len(hunk.keys) else "move")
        self._ask()

    def _become(self, hunk: Hunk, done: int, wrong: str) -> None:
        """Change the document to what stands there at a key, by the smallest edit."""
        left = hunk.target[:done] + wrong
        middle = left + hunk.closers(done)
        old, self._middle, self._done = self._middle, middle, done
        span, text = _smallest(old, middle)
        self._offset = hunk.start + len(left)
        if span == Span(0, 0) and not text:
            return
        span = Span(hunk.start + span.start, hunk.start + span.end)
        before = self._document
        self._document = Document(
            before.uri, before.language, before.version + 1, before.text.replace(span, text)
        )
        self._engine.changed(before, span, text)

    # -- requests ------------------------------------------------------------------------------

    def _ask(self) -> None:
        self._cancel()
        self._asked = asyncio.get_running_loop().time()
        self._asking = asyncio.create_task(self._engine.ask(self._document, self._offset))

    def _cancel(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    async def _wait(self, seconds: float, *, final: bool = False) -> bool:
        """Let time pass until the next key; tell whether a ghost was taken instead."""
        loop = asyncio.get_running_loop()
        due = loop.time() + seconds
        while True:
            take = self._since + REACTION_S if not final and self._takeable() else due
            now = loop.time()
            if take <= now < due and self._hunk is not None:
                self._take(self._hunk)
                return True
            if now >= due:
                return False
            pause = min(due, take) - now
            if self._asking is None:
                await asyncio.sleep(pause)
            elif (await asyncio.wait({self._asking}, timeout=pause))[0]:
                asking, self._asking = self._asking, None
                self._answered(asking.result())

    def _answered(self, ghost: Ghost | None) -> None:
        if ghost is None or not ghost.text:
            return
        score, now = self.score, asyncio.get_running_loop().time()
        score.answers += 1
        score.remembered += ghost.remembered
        before = self._document.text.slice(self._offset - _BEFORE, self._offset)
        if self._model.trace(before, ghost.text) is None:
            score.stale += 1
            self._example("stale", ghost.text)
            return
        if ghost.text == self._ghost:
            return
        self._ghost, self._since, self._was_shown = ghost.text, now, True
        if not ghost.remembered:
            score.latencies.append(now - self._asked)
        if self._next == "type" and self._hunk is not None:
            score.ghosts += 1
            score.fitting += self._hunk.gold(self._done).startswith(ghost.text)
        elif self._next is not None:
            self._example(f"shown before a {self._next}", ghost.text)

    def _takeable(self) -> bool:
        if self._hunk is None or not self._ghost or self._next != "type":
            return False
        rest = self._hunk.gold(self._done)
        if not rest.startswith(self._ghost) or not _WORD.search(self._ghost):
            return False
        cut = rest[len(self._ghost) - 1 : len(self._ghost) + 1]
        return not (len(cut) > 1 and cut.replace("_", "a").isalnum())  # half a word

    # -- moments -------------------------------------------------------------------------------

    def _open_moment(self, following: Next) -> None:
        self._next = following
        self._began = asyncio.get_running_loop().time()
        self._was_shown = bool(self._ghost)

    def _close_moment(self) -> None:
        if self._next is None:
            return
        self.score.moments[self._next].add(shown=self._was_shown)
        if self._next == "type" and asyncio.get_running_loop().time() - self._began >= PAUSE_S:
            self.score.pauses.add(shown=self._was_shown)
        self._next = None

    def _example(self, what: str, text: str) -> None:
        if len(self.score.examples) < _EXAMPLES:
            at = self._document.text
            left = at.slice(self._offset - 60, self._offset)
            right = at.slice(self._offset, self._offset + 40)
            self.score.examples.append(f"{what}: {left!r} ⟦{text!r}⟧ {right!r}")


def _smallest(old: str, new: str) -> tuple[Span, str]:
    """Return the smallest replacement that makes one text the other."""
    most = min(len(old), len(new))
    head = next((n for n in range(most) if old[n] != new[n]), most)
    tail = next((n for n in range(most - head) if old[-1 - n] != new[-1 - n]), most - head)
    return Span(head, len(old) - tail), new[head : len(new) - tail]
