"""Bytes in and out of the process: stdio on two threads of its own, or one TCP connection.

pygls's own loop is not used: it reads stdin on the pool its thread handlers share (a few busy
handlers and nothing is read, not even a cancel), takes a thread hop per header line, and writes
stdout inside the event loop, so that a client that stops reading stops the server.
Invariant: stdout belongs to the protocol; whatever prints, prints to stderr.
"""

import asyncio
import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol

from tandem.lsp.frames import FrameDecoder, FramingError

logger = logging.getLogger(__name__)

_READ: Final = 1 << 16
_UNREAD_LIMIT: Final = 64 << 20  # bytes a client may leave unread before it is given up
_FLUSH_S: Final = 2.0

Receive = Callable[[bytes], None]


class Endpoint(Protocol):
    """The protocol side of a transport."""

    def connected(self, writer: "Writer") -> None:
        """Use `writer` from now on."""
        ...

    def received(self, body: bytes) -> None:
        """Handle one message body; never raises."""
        ...

    @property
    def stopped(self) -> "asyncio.Future[int]":
        """Resolves to the exit status when the client says exit."""
        ...


class Writer(Protocol):
    """Where messages go; pygls calls these two methods."""

    def write(self, data: bytes) -> None:
        """Send bytes without blocking."""
        ...

    def close(self) -> None:
        """Send what is queued, then end."""
        ...


class _ThreadWriter:
    """Writes to a file descriptor on its own thread."""

    def __init__(self, fd: int, on_broken: Callable[[], None]) -> None:
        self._fd = fd
        self._on_broken = on_broken
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        # One counter for each thread: `+=` from two threads loses counts.
        self._queued = self._written = 0
        self._thread = threading.Thread(target=self._run, name="tandem-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        self._queued += len(data)
        if self._queued - self._written > _UNREAD_LIMIT:
            self._on_broken()
        else:
            self._queue.put(data)

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join(_FLUSH_S)

    def _run(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._fd, view) :]
            except OSError:
                self._on_broken()
                return
            self._written += len(data)


async def serve_stdio(endpoint: Endpoint) -> int:
    """Serve the process's stdin and stdout until exit or end of input; return the exit status."""
    loop = asyncio.get_running_loop()
    stdin, stdout = _take_stdio()
    gone: asyncio.Future[None] = loop.create_future()
    decoder = FrameDecoder()

    def lost() -> None:
        with contextlib.suppress(RuntimeError):  # the loop may be gone already
            loop.call_soon_threadsafe(_resolve, gone)

    def feed(data: bytes) -> None:
        if not _feed(decoder, data, endpoint.received):
            _resolve(gone)

    def read() -> None:
        with contextlib.suppress(OSError, RuntimeError):
            while data := os.read(stdin, _READ):
                loop.call_soon_threadsafe(feed, data)
        lost()

    writer = _ThreadWriter(stdout, lost)
    endpoint.connected(writer)
    threading.Thread(target=read, name="tandem-stdin", daemon=True).start()
    status = await _until_done(endpoint, gone)
    writer.close()
    return status


async def serve_tcp(endpoint: Endpoint, port: int, announce: Callable[[int], None]) -> int:
    """Serve one client on a loopback port (0: any, see `announce`); return the exit status."""
    loop = asyncio.get_running_loop()
    gone: asyncio.Future[None] = loop.create_future()
    served: asyncio.Future[asyncio.StreamWriter] = loop.create_future()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if served.done():  # one process is one session
            writer.close()
            return
        endpoint.connected(writer)
        served.set_result(writer)
        decoder = FrameDecoder()
        with contextlib.suppress(OSError):
            while data := await reader.read(_READ):
                if not _feed(decoder, data, endpoint.received):
                    break
        _resolve(gone)

    server = await asyncio.start_server(client, "127.0.0.1", port)
    announce(server.sockets[0].getsockname()[1])
    async with server:
        writer = await served
        status = await _until_done(endpoint, gone)
        writer.close()  # from Python 3.12 on, the server's end waits for its connections
        return status


async def _until_done(endpoint: Endpoint, gone: "asyncio.Future[None]") -> int:
    waiting: set[asyncio.Future[Any]] = {endpoint.stopped, gone}
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    # A client that vanishes without `exit` has died; there is nobody left to serve.
    return endpoint.stopped.result() if endpoint.stopped.done() else 1


def _feed(decoder: FrameDecoder, data: bytes, receive: Receive) -> bool:
    try:
        for body in decoder.feed(data):
            receive(body)
    except FramingError as error:
        logger.error("transport.out_of_step", extra={"fields": {"reason": str(error)}})  # noqa: TRY400
        return False
    return True


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def _take_stdio() -> tuple[int, int]:
    """Keep the real stdin and stdout for the protocol; everyone else gets stderr and nothing."""
    stdin, stdout = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if os.name == "nt":  # pragma: no cover - text mode would rewrite line ends
        import msvcrt  # noqa: PLC0415

        msvcrt.setmode(stdin, os.O_BINARY)  # type: ignore[attr-defined]
        msvcrt.setmode(stdout, os.O_BINARY)  # type: ignore[attr-defined]
    return stdin, stdout
