"""Real server processes for tests: their environment, their log, their ledger, a model behind."""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tandem
from fixtures.api.record import Exchange
from fixtures.api.server import SimulatedApi
from tandem.commands.client import CAPABILITIES, Client, inline_params, started

COMMAND: Final = (sys.executable, "-m", "tandem", "serve")
KEY: Final = "sk-sim-test"
WAIT_S: Final = 20.0
CANCELLED, MODIFIED = -32800, -32801


def environment(home: Path, api: SimulatedApi | None = None, **settings: object) -> dict[str, str]:
    """Return a server's environment: nothing of the user's, settings as ``section__name``."""
    own = ("TANDEM_", "DEEPSEEK_", "XDG_")
    world = os.environ  # noqa: TID251 - the test process's own
    given = {name: value for name, value in world.items() if not name.startswith(own)}
    given |= {"TANDEM_HOME": str(home), "PYTHONPATH": str(Path(tandem.__file__).parents[1])}
    if api is not None:
        given |= {"DEEPSEEK_API_KEY": KEY, "TANDEM_API__BASE_URL": api.base_url}
    given |= {f"TANDEM_{name.upper()}": str(value) for name, value in settings.items()}
    return given


@dataclass(slots=True, eq=False)
class Served:
    """A server process that asks a simulated API, and its client."""

    api: SimulatedApi
    client: Client
    home: Path
    root: Path
    _documents: int = 0
    _read: int = 0

    def open(self, text: str, name: str = "") -> str:
        """Open a document of the workspace, a new one without a name; return its address."""
        self._documents += 1
        uri = (self.root / (name or f"document_{self._documents}.py")).as_uri()
        self.client.open(uri, "python", text)
        return uri

    def begin(
        self, uri: str, line: int, character: int, *, invoked: bool = False
    ) -> "tuple[int, asyncio.Future[Any]]":
        """Ask for ghost text; return the request's id and a future of its result."""
        params = inline_params(uri, line, character, invoked=invoked)
        return self.client.begin("textDocument/inlineCompletion", params)

    async def complete(self, text: str) -> list[dict[str, Any]]:
        """Open a new document and complete at its end; return the items."""
        uri = self.open(text)
        lines = text.split("\n")
        _, answer = self.begin(uri, len(lines) - 1, len(lines[-1]))
        result = await asyncio.wait_for(answer, WAIT_S)
        items: list[dict[str, Any]] = result["items"]
        return items

    def completions(self) -> list[Exchange]:
        """Return the completions that the API was asked for."""
        return [exchange for exchange in self.api.requests if exchange.path.endswith("completions")]

    async def settled(self) -> None:
        """Wait until no call of the server is under way."""
        async with asyncio.timeout(WAIT_S):
            while (await self.client.request("tandem/status", None))["callsRunning"]:
                pass

    def new_log(self) -> list[dict[str, Any]]:
        """Return the log's lines since it was last read."""
        with self.log_file.open("rb") as log:
            log.seek(self._read)
            data = log.read()
            self._read = log.tell()
        return [json.loads(line) for line in data.decode().splitlines()]

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self.home / "state" / "tandem.log"

    def ledger(self) -> list[dict[str, Any]]:
        """Return all reservations with their settlements, oldest first."""
        path = self.home / "state" / "ledger.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute(
                "SELECT r.id, r.amount_pico, s.outcome, s.cost_pico, s.estimated, s.output"
                " FROM reservation r LEFT JOIN settlement s ON s.reservation = r.id ORDER BY r.id"
            )
            return [dict(row) for row in rows]


@asynccontextmanager
async def served(
    api: SimulatedApi,
    folder: Path,
    files: Mapping[str, str] | None = None,
    capabilities: Mapping[str, Any] = CAPABILITIES,
    **settings: object,
) -> AsyncIterator[Served]:
    """Start a server whose completions all come from the API, and open a session."""
    home, root = folder / "home", folder / "workspace"
    root.mkdir()
    for name, text in (files or {}).items():
        (root / name).write_text(text, "utf-8")
    settings = {"local__enabled": False, "completion__delay_ms": 0, **settings}
    async with started(environment(home, api, **settings)) as client:
        await client.initialize(root, {}, capabilities)
        # The server asks for the models first, to open a connection; then it is ready.
        await api.wait_for(lambda: len(api.requests), WAIT_S, "a first request of the server")
        await api.wait_for(lambda: not api.in_flight, WAIT_S)
        assert (await client.request("tandem/status", None))["models"]
        yield Served(api, client, home, root)
