"""How a server process ends: never by itself, always with its client, with the right status."""

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from tandem.lsp.frames import FrameDecoder, frame
from tests.e2e.process import COMMAND, WAIT_S, environment

STATUS = {"jsonrpc": "2.0", "id": 2, "method": "tandem/status", "params": None}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}
INITIALIZED = {"jsonrpc": "2.0", "method": "initialized", "params": {}}
SHUTDOWN = {"jsonrpc": "2.0", "id": 3, "method": "shutdown"}
EXIT = {"jsonrpc": "2.0", "method": "exit"}


def framed(*messages: Mapping[str, object]) -> bytes:
    return b"".join(frame(json.dumps(message).encode()) for message in messages)


def decoded(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(body) for body in FrameDecoder().feed(data)]


async def run(
    folder, data: bytes, *, then: bytes = b"", close: bool = False
) -> tuple[int, list[dict[str, Any]], str]:
    """Start a server, send it bytes, and more of them behind its first answer to a shutdown.

    Returns its status, its messages and its standard error.
    """
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(folder, local__enabled=False),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write(data)
    if close:
        process.stdin.close()
    async with asyncio.timeout(WAIT_S):
        out = await process.stdout.readuntil(b'"result": null') if then else b""
        process.stdin.write(then)
        rest, err = await asyncio.gather(process.stdout.read(), process.stderr.read())
        status = await process.wait()
    process.stdin.close()
    return status, decoded(out + rest), err.decode()


async def test_shutdown_and_exit_end_with_zero_while_stdin_stays_open(tmp_path):
    data = framed(INITIALIZE, INITIALIZED, STATUS, SHUTDOWN)
    status, messages, errors = await run(tmp_path, data, then=framed(EXIT))

    assert (status, errors) == (0, "")
    assert sorted(m["id"] for m in messages) == [1, 2, 3]


async def test_an_exit_that_does_not_wait_for_the_answer_to_shutdown_is_clean(tmp_path):
    """Editors that are in a hurry do that; the specification only says they should wait."""
    data = framed(INITIALIZE, INITIALIZED, SHUTDOWN, EXIT)
    status, messages, errors = await run(tmp_path, data)

    assert (status, errors) == (0, "")
    assert messages[0]["id"] == 1  # whether the shutdown is still answered is open


async def test_exit_without_shutdown_ends_with_one(tmp_path):
    data = framed(INITIALIZE, INITIALIZED, EXIT)
    status, messages, errors = await run(tmp_path, data)

    assert (status, errors) == (1, "")
    assert [m["id"] for m in messages] == [1]


async def test_a_client_that_goes_away_ends_the_server(tmp_path):
    status, messages, errors = await run(tmp_path, framed(INITIALIZE, INITIALIZED), close=True)

    assert (status, errors) == (1, "")
    assert [m["id"] for m in messages] == [1]


async def test_a_stream_that_is_out_of_step_ends_the_server(tmp_path):
    data = framed(INITIALIZE) + b"Content-Length: many\r\n\r\n{}"
    status, messages, errors = await run(tmp_path, data)

    assert (status, errors) == (1, "")
    assert [m["id"] for m in messages] == [1]
    log = (tmp_path / "state" / "tandem.log").read_text("utf-8")
    assert [json.loads(line)["event"] for line in log.splitlines()] == ["transport.out_of_step"]


async def test_tcp_serves_one_client(tmp_path):
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--tcp", "0",
        stderr=asyncio.subprocess.PIPE,
        env=environment(tmp_path, local__enabled=False),
    )  # fmt: skip
    assert process.stderr is not None
    async with asyncio.timeout(WAIT_S):
        said = (await process.stderr.readline()).decode()
        port = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", said)
        assert port is not None
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", int(port[1]))
        except ConnectionError:
            await process.communicate()
            raise
        second_reader, second = await asyncio.open_connection("127.0.0.1", int(port[1]))
        # A change in the same write as a request comes too late for it: it is not open any more.
        place = {"line": 0, "character": 4}
        uri = {"uri": "file:///a.py"}
        asked = {"textDocument": uri, "position": place}
        item = {**uri, "languageId": "python", "version": 1, "text": "x = "}
        writer.write(
            framed(
                INITIALIZE,
                INITIALIZED,
                {"jsonrpc": "2.0", "method": "textDocument/didOpen",
                 "params": {"textDocument": item}},
                {"jsonrpc": "2.0", "id": 4, "method": "textDocument/completion", "params": asked},
                {"jsonrpc": "2.0", "method": "textDocument/didClose",
                 "params": {"textDocument": uri}},
                SHUTDOWN,
            )
        )  # fmt: skip
        out = await reader.readuntil(b'"result": null')
        writer.write(framed(EXIT))
        status = await process.wait()  # though the client keeps its side open
        answers = {m["id"]: m for m in decoded(out + await reader.read()) if "method" not in m}
        assert await second_reader.read() == b""
        errors = await process.stderr.read()
        for connection in (writer, second):
            connection.close()

    assert (status, errors) == (0, b"")
    assert set(answers) == {1, 3, 4}
