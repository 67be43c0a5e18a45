"""Trap 4: an editor that stops reading must not stop the server."""

import asyncio
import json

from fixtures.api.server import SimulatedApi
from tandem.commands.client import CAPABILITIES, inline_params
from tandem.lsp.frames import FrameDecoder, frame
from tests.e2e.process import COMMAND, WAIT_S, environment

COUNT = 4000  # answers of 250 bytes: a megabyte, where a pipe and our own buffer hold 0.2


async def test_trap_4_an_editor_that_stops_reading_does_not_stop_the_server(tmp_path):
    async with SimulatedApi() as api:
        settings = {"local__enabled": False, "completion__delay_ms": 0}
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment(tmp_path, api, **settings),
        )
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def send(method: str, params: object, **more: object) -> None:
            message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
            stdin.write(frame(json.dumps(message).encode()))

        start = {"processId": None, "rootUri": None, "capabilities": CAPABILITIES}
        send("initialize", start, id=0)
        send("initialized", {})
        await api.wait_for(lambda: len(api.requests), WAIT_S)  # the server has its model
        for number in range(1, COUNT + 1):
            send("tandem/status", None, id=number)
        item = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "x = "}
        send("textDocument/didOpen", {"textDocument": item})
        send("textDocument/inlineCompletion", inline_params("file:///a.py", 0, 4), id="last")
        async with asyncio.timeout(WAIT_S):
            await stdin.drain()  # everything is taken, though nothing is read

        # Nothing was read so far, and still the server goes on to ask the model.
        await api.wait_for(lambda: len(api.requests) == 2, WAIT_S)
        decoder, seen = FrameDecoder(), list[object]()

        async def read_until(number: object) -> None:
            while number not in seen:
                data = await stdout.read(1 << 16)
                assert data
                bodies = [json.loads(body) for body in decoder.feed(data)]
                seen.extend(body["id"] for body in bodies if "method" not in body)

        async with asyncio.timeout(WAIT_S):
            await read_until("last")
            send("shutdown", None, id="end")
            await read_until("end")
            send("exit", None)
            assert await stdout.read() == b""
            assert await process.wait() == 0
        stdin.close()

    assert len(seen) == len(set(seen)) == COUNT + 3
