"""The session's life: ``initialize`` to ``shutdown``, configuration, what the user is told."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from tandem.core import bug
from tandem.core.errors import TandemError
from tandem.core.suggestion import Happened, Offer
from tandem.features.inline.complete import Nothing, Ports
from tandem.lsp.client import Client
from tandem.lsp.ext import Status
from tandem.lsp.progress import Bars
from tandem.workspace.documents import Document
from tandem.workspace.paths import of_uri
from tandem.workspace.progress import Report
from tandem.workspace.session import Session, Snapshot

if TYPE_CHECKING:  # off the start-up path
    from tandem.lsp.handlers.actions import ActionPorts
    from tandem.lsp.plan_ports import PlanPorts
    from tandem.lsp.review_ports import ReviewPorts
    from tandem.workspace.documents import Change
    from tandem.workspace.live_index import LiveIndex

logger = logging.getLogger(__name__)

SECTION = "tandem"
_EDITOR_S = 5.0


class Start(Protocol):
    """Begins what takes a while."""

    def __call__(self, report: Report, *, client_watches: bool) -> Coroutine[Any, Any, None]:
        """Run until everything that completions need is there."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the composition root offers to the protocol layer."""

    session: Session
    configure: Callable[[Path | None, Mapping[str, Any]], tuple[str, ...]]
    start: "Start"
    stop: Callable[[], Awaitable[None]]
    ports: Callable[[], Ports]
    actions: "Callable[[str], ActionPorts]"
    plans: "Callable[[], PlanPorts]"
    has_plans: Callable[[], bool]
    reviews: "Callable[[], ReviewPorts]"
    status: Callable[[], Awaitable[Status]]
    index: "Callable[[], LiveIndex | None]"
    opened: Callable[[Document], None]
    changed: "Callable[[Document, Sequence[Change]], None]"
    closed: Callable[[str], None]
    record: Callable[[Offer | Happened], None]


class Lifecycle:
    """The life of one connection."""

    def __init__(
        self,
        server: LanguageServer,
        services: Services,
        watch_files: Callable[[Client], Awaitable[bool]],
    ) -> None:
        """Begin before ``initialize``; `watch_files` asks the editor to watch.

        `started` is called once everything is there, if there are plans of the workspace.
        """
        self.started: Callable[[], None] = lambda: None
        self._server = server
        self._services = services
        self._watch_files = watch_files
        self._report = Bars(server, self.client).report
        self._client: Client | None = None
        self._said: set[str] = set()
        self._starting: asyncio.Task[None] | None = None

    def client(self) -> Client:
        """Return what the editor can do. Raises before ``initialize``, when nobody can ask."""
        if self._client is None:
            raise RuntimeError("no initialize yet")
        return self._client

    def initialize(self, params: lsp.InitializeParams) -> None:
        """Read capabilities, folders and settings; runs before the answer is built."""
        self._client = Client.of(params.capabilities)
        session = self._services.session
        session.encoding = self._client.encoding
        session.root = _root(params)
        options = params.initialization_options
        values = options if isinstance(options, dict) else {}
        problems = self._services.configure(session.root, values.get(SECTION, values))
        for sentence in problems:
            self._say(sentence)

    def initialized(self, _params: lsp.InitializedParams) -> None:
        """Do what may take a while, now that the editor has its answer."""
        self._starting = asyncio.create_task(self._start())

    async def _start(self) -> None:
        try:
            if self.client().pulls_configuration:
                await self._pull_configuration()
            watches = await self._watch_files(self.client())
            await self._services.start(self._report, client_watches=watches)
            if self._services.has_plans():
                self.started()
        except TandemError as error:
            self._say(str(error))
        except Exception:
            bug.seen["start"] += 1
            logger.exception("start.crashed")

    async def _pull_configuration(self) -> None:
        item = lsp.ConfigurationItem(section=SECTION)
        try:
            async with asyncio.timeout(_EDITOR_S):
                answer = await self._server.workspace_configuration_async(
                    lsp.ConfigurationParams([item])
                )
        except (TimeoutError, JsonRpcException):
            logger.warning("configuration.refused")
            return
        if answer and isinstance(answer[0], dict) and answer[0]:
            self._configure(answer[0])

    def configuration_changed(self, params: lsp.DidChangeConfigurationParams) -> None:
        """Use the editor's new settings."""
        values = params.settings
        if isinstance(values, dict) and isinstance(values.get(SECTION, values), dict):
            self._configure(values.get(SECTION, values))

    def _configure(self, values: Mapping[str, Any]) -> None:
        for sentence in self._services.configure(self._services.session.root, values):
            self._say(sentence)

    async def shutdown(self) -> None:
        """Stop everything that is under way and settle it."""
        if self._starting is not None:
            self._starting.cancel()
        await self._services.stop()

    async def status(self, _snapshot: Snapshot, _params: object) -> dict[str, Any]:
        """Answer ``tandem/status``."""
        return (await self._services.status()).to_json()

    def failed(self, nothing: Nothing) -> None:
        """Tell the user once, in words, when the outside world needs their attention."""
        logger.debug("completion.nothing", extra={"fields": {"reason": nothing.reason}})
        if nothing.error is not None:
            self._say(nothing.reason)

    def _say(self, sentence: str) -> None:
        if sentence in self._said:
            return
        self._said.add(sentence)
        warning = lsp.MessageType.Warning
        self._server.window_show_message(lsp.ShowMessageParams(warning, f"Tandem: {sentence}"))


def _root(params: lsp.InitializeParams) -> Path | None:
    """Return the first workspace folder; older clients only have a root."""
    folders = params.workspace_folders or []
    uri = folders[0].uri if folders else params.root_uri
    path = of_uri(uri) if uri else params.root_path
    return Path(path) if path else None
