"""The protocol layer without a process: messages in, recorded bytes out, fakes behind the ports."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tandem.engine.harness import Experience
from tandem.features.fixes.fix import no_check
from tandem.features.fixes.paid import Paid
from tandem.features.inline.complete import Ports
from tandem.features.inline.flights import Flights
from tandem.features.inline.memo import Memo
from tandem.features.inline.typing_history import TypingHistory
from tandem.index.lm.model import Suggestion
from tandem.lsp.ext import Status
from tandem.lsp.frames import FrameDecoder
from tandem.lsp.handlers.actions import ActionPorts
from tandem.lsp.handlers.lifecycle import Services
from tandem.lsp.server import build
from tandem.workspace.documents import Change, Document
from tandem.workspace.progress import Report
from tandem.workspace.session import Session

if TYPE_CHECKING:
    from tandem.core.clock import Clock as Time
    from tandem.core.suggestion import Happened, Offer

WAIT_S: Final = 10.0
GHOST: Final[dict[str, Any]] = {"textDocument": {"inlineCompletion": {}}}
URI: Final = "file:///workspace/a.py"


class NoReviews:
    """Reviews of a workspace in which nothing changed."""

    def is_changed(self, _uri: str, _lines: Sequence[int]) -> bool:
        return False

    def path_of(self, _uri: str) -> str | None:
        return None


class Wire:
    """A writer that keeps what it is given, as bytes and as messages."""

    def __init__(self) -> None:
        self.raw = b""
        self.messages: list[dict[str, Any]] = []
        self._decoder = FrameDecoder()
        self._news = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.raw += data
        self.messages += [json.loads(body) for body in self._decoder.feed(data)]
        self._news.set()

    def close(self) -> None:
        """Have nothing to flush."""

    def answers(self, number: object) -> list[dict[str, Any]]:
        """Return the responses to a request; there should be one."""
        return [m for m in self.messages if "method" not in m and m["id"] == number]

    def asked(self, method: str) -> list[dict[str, Any]]:
        """Return what the server sent of a method."""
        return [m for m in self.messages if m.get("method") == method]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition on what was written holds."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                self._news.clear()
                await self._news.wait()


@dataclass(slots=True, eq=False)
class Engine:
    """A repository engine that always says the same; `hold` makes it think until told."""

    text: str = ""
    hold: asyncio.Event | None = None
    asked: list[tuple[Document, int]] = field(default_factory=list)
    thinking: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: int = 0

    async def suggest(self, document: Document, offset: int) -> Suggestion | None:
        self.asked.append((document, offset))
        self.thinking.set()
        try:
            if self.hold is not None:
                await self.hold.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        return Suggestion(self.text, 1.0) if self.text else None


class Clock:
    """A clock that stands still and never waits."""

    def monotonic(self) -> float:
        return 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 12, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        del seconds


@dataclass(slots=True, eq=False)
class Actions:
    """Who helps with code actions: nobody, unless a test says so."""

    gateway: Any = None
    without_model: str = "no API key"
    code: Any = None
    path: str | None = None
    kept: list[tuple[str, str]] = field(default_factory=list)
    paid: Paid = field(default_factory=Paid)

    def ports(self, clock: "Time") -> ActionPorts:
        async def keep(title: str, text: str) -> str:
            self.kept.append((title, text))
            return "file:///state/texts/it.md"

        return ActionPorts(
            gateway=self.gateway,
            without_model="" if self.gateway is not None else self.without_model,
            code=self.code,
            path=self.path,
            experience=Experience(),
            check=no_check,
            paid=self.paid,
            clock=clock,
            keep=keep,
        )


class Peer:
    """A client on the other side of a protocol endpoint, all in this process."""

    def __init__(self, clock: "Time | None" = None) -> None:
        self.plans: Any = None
        self.reviews: Any = NoReviews()
        self.session = Session()
        self.clock = clock or Clock()
        self.engine = Engine()
        self.memo = Memo()
        self.flights = Flights()
        self.history = TypingHistory()
        self.configured: list[tuple[Path | None, Mapping[str, Any]]] = []
        self.problems: tuple[str, ...] = ()
        self.stopping: Callable[[], Awaitable[None]] | None = None
        self.closed: list[str] = []
        self.records: list[Offer | Happened] = []
        self.changed: list[tuple[Document, Sequence[Change]]] = []
        self.client_watches: bool | None = None
        self.index: Any = None
        self.actions = Actions()
        self.protocol = build(self._services())
        self.server = self.protocol._server
        self.wire = Wire()
        self.protocol.connected(self.wire)
        self._ids = 0

    def _services(self) -> Services:
        async def start(report: Report, *, client_watches: bool) -> None:
            del report
            self.client_watches = client_watches

        async def stop() -> None:
            if self.stopping is not None:
                await self.stopping()

        async def status() -> Status:
            return Status(
                "0",
                models=False,
                learning=False,
                local_tokens=0,
                indexing=False,
                indexed_files=0,
                spent_today_usd="0",
                calls_today=0,
                calls_running=0,
                estimated_today=0,
            )

        def configure(root: Path | None, values: Mapping[str, Any]) -> tuple[str, ...]:
            self.configured.append((root, values))
            return self.problems

        return Services(
            session=self.session,
            configure=configure,
            start=start,
            stop=stop,
            ports=lambda: Ports(
                self.memo, self.engine, None, self.clock, self.flights, self.history
            ),
            actions=lambda _uri: self.actions.ports(self.clock),
            plans=lambda: self.plans,
            has_plans=lambda: False,
            reviews=lambda: self.reviews,
            status=status,
            index=lambda: self.index,
            opened=lambda _document: None,
            changed=lambda document, changes: self.changed.append((document, changes)),
            closed=self.closed.append,
            record=self.records.append,
        )

    # -- sending -------------------------------------------------------------------------------

    def bytes(self, body: bytes) -> None:
        """Send a body as it is."""
        self.protocol.received(body)

    def send(self, **message: Any) -> None:
        """Send one message."""
        self.bytes(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.send(method=method, params=params)

    def begin(self, method: str, params: Any) -> int:
        """Send a request; return its id."""
        self._ids += 1
        self.send(id=self._ids, method=method, params=params)
        return self._ids

    def cancel(self, number: int) -> None:
        """Cancel a request."""
        self.notify("$/cancelRequest", {"id": number})

    async def answer(self, number: object) -> dict[str, Any]:
        """Wait for the response to a request."""
        await self.wire.until(lambda: self.wire.answers(number))
        return self.wire.answers(number)[0]

    async def ask(self, method: str, params: Any) -> dict[str, Any]:
        """Send a request; return its response."""
        return await self.answer(self.begin(method, params))

    async def result(self, method: str, params: Any) -> Any:
        """Send a request; return its result."""
        answer = await self.ask(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    # -- the life of a session -----------------------------------------------------------------

    async def initialize(self, capabilities: Mapping[str, Any] = GHOST, **more: Any) -> Any:
        """Open the session; return the server's answer."""
        params = {"processId": None, "rootUri": None, "capabilities": capabilities, **more}
        result = await self.result("initialize", params)
        self.notify("initialized", {})
        return result

    def open(self, text: str, uri: str = URI, version: int = 1) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def change(self, version: int, changes: list[dict[str, Any]], uri: str = URI) -> None:
        """Change a document."""
        document = {"uri": uri, "version": version}
        params = {"textDocument": document, "contentChanges": changes}
        self.notify("textDocument/didChange", params)

    def text(self, uri: str = URI) -> str:
        """Return a document as the server has it."""
        return str(self.session.snapshot().documents[uri].text)


def place(line: int, character: int) -> dict[str, int]:
    """Return a position."""
    return {"line": line, "character": character}


def insertion(line: int, character: int, text: str) -> dict[str, Any]:
    """Return a change that types a text."""
    here = place(line, character)
    return {"range": {"start": here, "end": here}, "text": text}


def inline(line: int, character: int, uri: str = URI, trigger: int = 2) -> dict[str, Any]:
    """Return the parameters of an inline completion."""
    return {
        "textDocument": {"uri": uri},
        "position": place(line, character),
        "context": {"triggerKind": trigger},
    }


def at(line: int, character: int, uri: str = URI) -> dict[str, Any]:
    """Return a document's place, the parameters of a menu completion."""
    return {"textDocument": {"uri": uri}, "position": place(line, character)}


async def turns(count: int = 20) -> None:
    """Let everything that is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)
