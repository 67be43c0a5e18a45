"""From a key to ghost text in real time: the server's process over stdio, beside another program's.

Both stand before a model that takes 150 ms to its first token and writes 200 a second, on this
machine, in turns. Asked automatically: at places never seen (the start of a line, and behind an
`=`), each again at once, and while eight keys are typed at 120 ms, each request giving up the one
before. What is shown is taken, as its command tells the server.

ghost_p50_ms, ghost_p95_ms   key to text at a place never seen, the debounce included
memo_p50_ms                  the same request again
burst_billed                 requests billed for eight keys
burst_ms                     from the last of the eight keys to its answer

``tabby_`` in front: tabby-agent 1.5.0 (`textDocument/completion`, before an API of its own that
answers after the same time), installed into the bench's cache; left out where Node or the registry
is not to be had. Other programs need an account, an editor or a toolchain to run at all.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from fixtures.api.replies import Reply
from fixtures.api.requests import Request
from fixtures.api.server import SimulatedApi
from fixtures.api.tokens import count
from tandem.app import World
from tandem.commands.client import CAPABILITIES, Client, inline_params, started
from tests.bench.results import median, percentile

ROUNDS: Final = 12
FIRST_TOKEN_MS: Final = 150
TOKENS_PER_S: Final = 200
TYPED: Final = "return a"
KEY_S: Final = 0.12
BURSTS: Final = 3
TABBY: Final = "tabby-agent@1.5.0"
_SAID: Final = ("return a + b  # sum of both", "a + b")
_INSTALL_S: Final = 150
_SETTLE_S: Final = 0.3
_WARM: Final = 2  # rounds not counted


def said(prompt: str) -> str:
    """Return what the model says behind a prompt."""
    line = prompt.rpartition("\n")[2].lstrip()
    if _SAID[0].startswith(line):
        return _SAID[0][len(line) :]
    return _SAID[1]


@dataclass(slots=True, eq=False)
class Program:
    """A server under test: how it is asked, and how many requests its model got."""

    name: str
    client: Client
    method: str
    billed: list[float]  # of the model, one entry per request
    uri: str = ""
    version: int = 1
    uncached: list[float] = field(default_factory=list)
    cached: list[float] = field(default_factory=list)
    bursts: list[float] = field(default_factory=list)
    bills: list[int] = field(default_factory=list)

    def change(self, text: str) -> None:
        """Replace the whole document."""
        self.version += 1
        document = {"uri": self.uri, "version": self.version}
        changes = [{"text": text}]
        self.client.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": changes}
        )

    def key(self, line: int, column: int, char: str) -> None:
        """Type a character."""
        self.version += 1
        self.client.insert(self.uri, self.version, line, column, char)

    async def ask(self, line: int, column: int) -> tuple[float, bool]:
        """Ask; return the milliseconds and whether there was a text."""
        began = time.perf_counter()
        result = await self.client.request(self.method, inline_params(self.uri, line, column))
        spent = (time.perf_counter() - began) * 1000
        items = (result or {}).get("items", [])
        if items and items[0].get("command"):
            await self.client.request("workspace/executeCommand", items[0]["command"])
        return spent, bool(items)


async def _round(program: Program, number: int) -> None:
    """Ask at a place never seen, then again."""
    head = f"def add_{number}(a, b):\n    "
    typed = head + ("" if number % 2 else f"value_{number} =")
    program.change(typed[:-1])
    await asyncio.sleep(_SETTLE_S)
    line, column = 1, len(typed) - typed.rindex("\n") - 1
    program.key(line, column - 1, typed[-1])
    if number % 2 == 0:
        program.key(line, column, " ")
        column += 1
    spent, found = await program.ask(line, column)
    again, known = await program.ask(line, column)
    if number >= _WARM and found:
        program.uncached.append(spent)
    if number >= _WARM and known:
        program.cached.append(again)


async def _burst(program: Program, number: int) -> None:
    """Type eight keys, each giving up the request before."""
    program.change(f"def burst_{number}(a, b):\n    ")
    await asyncio.sleep(_SETTLE_S)
    before, numbers, futures = len(program.billed), list[int](), list[asyncio.Future[Any]]()
    for column, char in enumerate(TYPED, 4):
        await asyncio.sleep(KEY_S)
        program.key(1, column, char)
        if numbers:
            program.client.cancel(numbers[-1])
        asked, future = program.client.begin(
            program.method, inline_params(program.uri, 1, column + 1)
        )
        numbers.append(asked)
        futures.append(future)
    began = time.perf_counter()
    await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 30)
    program.bursts.append((time.perf_counter() - began) * 1000)
    await asyncio.sleep(1.0)  # what was given up comes to its end
    program.bills.append(len(program.billed) - before)


# -- programs ----------------------------------------------------------------------------------


@asynccontextmanager
async def _tandem(folder: Path) -> AsyncIterator[Program]:
    billed: list[float] = []

    def reply(request: Request) -> Reply:
        billed.append(time.perf_counter())
        return Reply(said(request.prompt))

    clock = World.real().clock
    async with SimulatedApi(
        replies=reply,
        first_token_ms=FIRST_TOKEN_MS,
        tokens_per_second=TOKENS_PER_S,
        clock=clock.now,
    ) as api:
        environment = dict(World.real().environment) | {
            "TANDEM_HOME": str(folder / "home"),
            "DEEPSEEK_API_KEY": "sk-sim-bench",
            "TANDEM_API__BASE_URL": api.base_url,
            "TANDEM_LOCAL__ENABLED": "false",
            # asked for by looking at a suggestion, not by a key
            "TANDEM_COMPLETION__PREFETCH": "false",
        }
        async with started(environment) as client:
            await client.initialize(folder, {})
            program = Program("", client, "textDocument/inlineCompletion", billed)
            _open(program, folder)
            await client.until(lambda status: status["models"])
            yield program


@asynccontextmanager
async def _tabby(folder: Path, command: Path) -> AsyncIterator[Program]:
    with _tabby_api() as (port, billed):
        home = folder / "tabby"
        settings = home / ".tabby-client" / "agent"
        settings.mkdir(parents=True)
        (settings / "config.toml").write_text(
            f'[server]\nendpoint = "http://127.0.0.1:{port}"\ntoken = "x"\n'
            "[anonymousUsageTracking]\ndisable = true\n"
        )
        environment = dict(World.real().environment) | {"HOME": str(home), "NO_PROXY": "*"}
        node = ["node", str(command), "--lsp", "--stdio"]
        async with started(environment, node) as client:
            # A capability more would have it ask for what the small client does not answer.
            document: dict[str, object] = {"inlineCompletion": {}, "completion": {}}
            capabilities = {**CAPABILITIES, "textDocument": document, "window": {}}
            server = {"endpoint": f"http://127.0.0.1:{port}", "token": "x"}
            await client.initialize(folder, {"config": {"server": server}}, capabilities)
            program = Program("tabby_", client, "textDocument/completion", billed)
            _open(program, folder)
            await asyncio.sleep(2.0)  # until it has found its API healthy
            yield program


def _open(program: Program, folder: Path) -> None:
    program.uri = (folder / "sums.py").as_uri()
    program.client.open(program.uri, "python", "\n")


@contextmanager
def _tabby_api() -> Generator[tuple[int, list[float]]]:
    """Serve what tabby-agent asks for; a completion takes as long as Tandem's model would."""
    billed: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def answer(self, value: Mapping[str, object]) -> None:
            body = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            version = dict.fromkeys(("build_date", "build_timestamp", "git_sha"), "x")
            health = {"model": "m", "device": "cpu", "arch": "x", "cpu_info": "x", "cpu_count": 2}
            described = {**version, "git_describe": "v0.30.0"}
            self.answer({**health, "cuda_devices": [], "chat_model": "m", "version": described})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            if "completions" not in self.path:
                return self.do_GET() if "health" in self.path else self.answer({})
            billed.append(time.perf_counter())
            text = said(body.get("segments", {}).get("prefix", ""))
            time.sleep(FIRST_TOKEN_MS / 1000 + (count(text) - 1) / TOKENS_PER_S)
            return self.answer({"id": "c", "choices": [{"index": 0, "text": text}]})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # it closes what it aborts
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, billed
    finally:
        server.shutdown()
        server.server_close()


def tabby_agent() -> Path | str:
    """Return the installed program, installing it once, or a sentence why there is none."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "tabby-agent is left out: Node and npm are not installed here"
    home = os.environ.get("XDG_CACHE_HOME")  # noqa: TID251 - a bench is its own root
    folder = Path(home or Path.home() / ".cache") / "tandem-bench" / TABBY.replace("@", "-")
    program = folder / "node_modules" / "tabby-agent" / "dist" / "cli.js"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        command = ["npm", "install", "--prefix", str(folder), *flags, TABBY]
        try:
            subprocess.run(command, check=True, timeout=_INSTALL_S, stdout=subprocess.DEVNULL)
        except (subprocess.SubprocessError, OSError) as error:
            return f"tabby-agent is left out: it could not be installed ({error})"
    return program


# -- measuring ---------------------------------------------------------------------------------


def measure(*, quiet: bool) -> dict[str, float]:
    """Run both in turns; return their figures."""
    found = tabby_agent()
    if isinstance(found, str) and not quiet:
        print(f"# {found}")
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        return asyncio.run(_measure(Path(folder).resolve(), found))


async def _measure(folder: Path, tabby: Path | str) -> dict[str, float]:
    async with _tandem(folder) as ours:
        if isinstance(tabby, str):
            await _take_turns([ours])
            return _metrics(ours)
        async with _tabby(folder, tabby) as theirs:
            await _take_turns([ours, theirs])
        metrics = _metrics(ours) | _metrics(theirs)
        if theirs.uncached and ours.uncached:
            ratio = median(ours.uncached) / median(theirs.uncached)
            metrics["ghost_over_tabby"] = ratio
        return metrics


async def _take_turns(programs: list[Program]) -> None:
    for number in range(ROUNDS + _WARM):
        for program in programs:
            await _round(program, number)
    for number in range(BURSTS):
        for program in programs:
            await _burst(program, number)


def _metrics(program: Program) -> dict[str, float]:
    name = program.name
    metrics = {
        f"{name}burst_billed": float(max(program.bills)),
        f"{name}burst_ms": median(program.bursts),
        f"{name}ghost_answered": float(len(program.uncached)),
    }
    if program.uncached:
        metrics[f"{name}ghost_p50_ms"] = median(program.uncached)
        metrics[f"{name}ghost_p95_ms"] = percentile(program.uncached, 0.95)
    if program.cached:
        metrics[f"{name}memo_p50_ms"] = median(program.cached)
    return metrics
