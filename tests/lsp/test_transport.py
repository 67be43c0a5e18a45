"""The pieces that move bytes: a writer that never blocks the loop, one TCP client, clean ends."""

import asyncio
import os
import threading

import pytest

from tandem.lsp import transport
from tandem.lsp.frames import frame
from tandem.lsp.transport import _ThreadWriter, serve_tcp

WAIT_S = 10.0
MEGABYTE = 1 << 20


class Pipe:
    """A pipe with a writer's thread on one side; the test reads the other."""

    def __init__(self) -> None:
        self.reading, writing = os.pipe()
        self.broken = threading.Event()
        self.writer = _ThreadWriter(writing, self.broken.set)
        self._writing = writing
        self._open = True

    def read(self, count: int) -> bytes:
        """Read exactly so many bytes."""
        parts = []
        while count:
            parts.append(os.read(self.reading, min(count, 1 << 16)))
            count -= len(parts[-1])
        return b"".join(parts)

    def stop_reading(self) -> None:
        """Close the reader's end, as an editor that has died."""
        if self._open:
            os.close(self.reading)
            self._open = False

    def end(self) -> None:
        """Close everything."""
        self.stop_reading()
        self.writer.close()
        assert not self.writer._thread.is_alive()
        os.close(self._writing)


@pytest.fixture
def pipe():
    made = Pipe()
    yield made
    made.end()


def test_trap_4_writing_never_waits_for_the_reader(pipe):
    """A pipe holds 64 kB; eight megabytes are taken at once and come out in order."""
    parts = [bytes([65 + n]) * MEGABYTE for n in range(8)]
    for part in parts:
        pipe.writer.write(part)  # on this thread: if it blocked, nobody would ever read

    assert pipe.read(8 * MEGABYTE) == b"".join(parts)
    assert not pipe.broken.is_set()


def test_a_client_that_never_reads_is_given_up_and_not_memory(pipe):
    piece = bytes(MEGABYTE)
    for _ in range(64):
        pipe.writer.write(piece)
    assert not pipe.broken.is_set()
    pipe.writer.write(piece)

    assert pipe.broken.is_set()
    assert pipe.writer._queue.qsize() <= 64


def test_a_reader_that_has_gone_is_noticed(pipe):
    pipe.stop_reading()
    pipe.writer.write(b"x")

    assert pipe.broken.wait(WAIT_S)


def test_close_sends_what_is_queued_first(pipe):
    pipe.writer.write(b"a" * 1000)
    pipe.writer.write(b"last")
    pipe.writer.close()

    assert pipe.read(1004) == b"a" * 1000 + b"last"


def test_what_was_read_is_not_counted_as_unread(pipe, monkeypatch):
    """More than the limit in all, never at once: two threads count, and none loses the other's."""
    monkeypatch.setattr(transport, "_UNREAD_LIMIT", 100)

    class Interrupted(bytes):
        """Bytes whose length is asked for while the other thread counts the earlier ones."""

        __slots__ = ()

        def __len__(self) -> int:
            if threading.current_thread() is threading.main_thread():
                pipe.read(pipe.writer._queued - sum(taken))
                taken.append(pipe.writer._queued - sum(taken))
                while pipe.writer._written < pipe.writer._queued:
                    pass
            return super().__len__()

    taken = [0]
    for _ in range(20):
        pipe.writer.write(Interrupted(b"x" * 30))
    pipe.read(30)

    assert sum(taken) == 570
    assert not pipe.broken.is_set()


# -- TCP -------------------------------------------------------------------------------------------


class Echo:
    """The protocol's side: answers a body with itself; "exit" ends with status 7."""

    def connected(self, writer) -> None:
        self.writer = writer
        self.stopped: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def received(self, body: bytes) -> None:
        if body == b"exit":
            self.stopped.set_result(7)
        else:
            self.writer.write(frame(body))


async def over_tcp(*pieces: bytes, half_close: bool = False) -> tuple[bytes, int, bool]:
    """Send pieces to an echo server.

    Returns what came back, the server's status, and whether it closed the connection by itself.
    """
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    echo = Echo()
    async with asyncio.timeout(WAIT_S), asyncio.TaskGroup() as group:
        serving = group.create_task(serve_tcp(echo, 0, ready.set_result))
        reader, writer = await asyncio.open_connection("127.0.0.1", await ready)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            if half_close:
                writer.write_eof()
            status = await serving  # while the client keeps its side open
            closed = echo.writer.is_closing()
        finally:
            echo.writer.close()
            writer.close()
        return await reader.read(), status, closed


async def test_tcp_serves_its_client_until_exit():
    pieces = (frame(b"a"), frame(b"b")[:7], frame(b"b")[7:] + frame(b"exit"))
    out, status, _ = await over_tcp(*pieces)

    assert (out, status) == (frame(b"a") + frame(b"b"), 7)


async def test_tcp_closes_the_connection_when_it_is_done():
    _, _, closed = await over_tcp(frame(b"exit"))

    assert closed


async def test_tcp_ends_when_the_client_goes():
    out, status, _ = await over_tcp(frame(b"a"), half_close=True)

    assert (out, status) == (frame(b"a"), 1)


async def test_tcp_ends_when_the_stream_is_out_of_step():
    out, status, _ = await over_tcp(frame(b"a") + b"nonsense\n\n")

    assert (out, status) == (frame(b"a"), 1)
