"""A small language client over a real server process, for the demo and the benches.

Standard library only: what it measures and shows must not depend on the library under the server.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tandem.lsp.frames import FrameDecoder, frame

_ANSWER_S: Final = 60.0
_EXIT_S: Final = 10.0
_POLL_S: Final = 0.02

CAPABILITIES: Final[dict[str, Any]] = {
    "general": {"positionEncodings": ["utf-32"]},
    "window": {"workDoneProgress": True},
    "textDocument": {"inlineCompletion": {}},
}
"""The demo's client: counts code points, shows ghost text and progress."""


class ResponseError(Exception):
    """The server answered a request with an error; `code` is JSON-RPC's."""

    def __init__(self, code: int, message: str) -> None:
        """Keep what the server said."""
        super().__init__(message)
        self.code = code


class Client:
    """One connection to one server process.

    `asked` are the server's own requests; `answer` says what their results are.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take a started process with piped stdin and stdout."""
        self.process = process
        self._ids = 0
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._gone = False
        self.notifications: list[dict[str, Any]] = []
        self.responses: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.answer: Callable[[dict[str, Any]], Any] = lambda _message: None
        self._reader = asyncio.create_task(self._read())

    def send(self, message: Mapping[str, Any]) -> None:
        """Send one message as it is."""
        if self.process.stdin is not None:
            self.process.stdin.write(frame(json.dumps({"jsonrpc": "2.0", **message}).encode()))

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self.send({"method": method, "params": params})

    def begin(self, method: str, params: Any) -> "tuple[int, asyncio.Future[Any]]":
        """Send a request; return its id and a future of its result."""
        self._ids += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[self._ids] = future
        if self._gone:  # nobody would answer
            future.set_exception(ConnectionError("the server has gone"))
            return self._ids, future
        self.send({"id": self._ids, "method": method, "params": params})
        return self._ids, future

    async def request(self, method: str, params: Any) -> Any:
        """Send a request and return its result. Raises ResponseError, TimeoutError."""
        _, future = self.begin(method, params)
        return await asyncio.wait_for(future, _ANSWER_S)

    def cancel(self, number: int) -> None:
        """Cancel a request."""
        self.notify("$/cancelRequest", {"id": number})

    async def _read(self) -> None:
        decoder = FrameDecoder()
        stdout = self.process.stdout
        while stdout is not None and (data := await stdout.read(1 << 16)):
            for body in decoder.feed(data):
                self._take(json.loads(body))
        self._gone = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("the server has gone"))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self.responses.append(message)
            future = self._waiting.pop(message.get("id") or -1, None)
            if future is None or future.done():
                return
            error = message.get("error")
            if error is None:
                future.set_result(message.get("result"))
            else:
                future.set_exception(ResponseError(error["code"], error["message"]))
        elif "id" in message:
            self.asked.append(message)
            self.send({"id": message["id"], "result": self.answer(message)})
        else:
            self.notifications.append(message)

    # -- the life of a session -----------------------------------------------------------------

    async def initialize(
        self,
        root: Path,
        options: Mapping[str, Any],
        capabilities: Mapping[str, Any] = CAPABILITIES,
    ) -> dict[str, Any]:
        """Open the session; return the server's answer."""
        result: dict[str, Any] = await self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": root.as_uri(),
                "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                "capabilities": capabilities,
                "initializationOptions": options,
            },
        )
        self.notify("initialized", {})
        return result

    async def until(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask for ``tandem/status`` until it is as wanted; return it. Raises TimeoutError."""
        async with asyncio.timeout(_ANSWER_S):
            while True:
                status: dict[str, Any] = await self.request("tandem/status", None)
                if reached(status):
                    return status
                await asyncio.sleep(_POLL_S)

    async def learned(self) -> dict[str, Any]:
        """Wait until the repository engine has learned the workspace, however little there is."""
        return await self.until(lambda status: not status["learning"])

    async def settled(self) -> dict[str, Any]:
        """Wait until every call to a model is settled."""
        return await self.until(lambda status: status["callsRunning"] == 0)

    def open(self, uri: str, language: str, text: str, version: int = 1) -> None:
        """Open a document."""
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def close_document(self, uri: str) -> None:
        """Close a document."""
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def insert(self, uri: str, version: int, line: int, character: int, text: str) -> None:
        """Type a text at a position."""
        place = {"line": line, "character": character}
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"range": {"start": place, "end": place}, "text": text}],
            },
        )

    async def exit(self) -> int:
        """Shut the server down as the protocol asks; kill it if it does not end."""
        with contextlib.suppress(ConnectionError, ResponseError, TimeoutError):
            await self.request("shutdown", None)
            self.notify("exit", None)
        try:
            status = await asyncio.wait_for(self.process.wait(), _EXIT_S)
        except TimeoutError:
            self.process.kill()
            status = await self.process.wait()
        await self._reader
        return status


def inline_params(uri: str, line: int, character: int, *, invoked: bool = False) -> dict[str, Any]:
    """Return the parameters of ``textDocument/inlineCompletion``."""
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1 if invoked else 2},
    }


@asynccontextmanager
async def started(
    environment: Mapping[str, str], command: Sequence[str] = ()
) -> AsyncGenerator[Client]:
    """Start `tandem serve` (or another command) and connect; ends the process in any case."""
    process = await asyncio.create_subprocess_exec(
        *(command or (sys.executable, "-m", "tandem", "serve")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(environment),
    )
    client = Client(process)
    try:
        yield client
    finally:
        await client.exit()
