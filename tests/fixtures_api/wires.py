"""A client that sees bytes: what the real client hides is checked with it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fixtures.api.server import SimulatedApi

FIM = {"model": "deepseek-flash", "prompt": "def add(a, b):\n", "suffix": "\n"}


def request_bytes(body: object, path: str = "/beta/completions") -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-sim-1\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


@asynccontextmanager
async def connection(
    api: SimulatedApi,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    port = int(api.base_url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**25)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def read_until_end(api: SimulatedApi, body: object) -> bytes:
    """Send one request and read until the last chunk or the end of the connection."""
    async with connection(api) as (reader, writer):
        writer.write(request_bytes(body))
        async with asyncio.timeout(5):
            received = bytearray()
            while not received.endswith(b"0\r\n\r\n"):
                data = await reader.read(2**16)
                if not data:
                    break
                received += data
        return bytes(received)
