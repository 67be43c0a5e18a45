"""What was suggested, accepted and kept, from the editor's messages to ``tandem usage``."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal
from typing import Any

from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tests.e2e.process import WAIT_S, Served, environment, served

CALL = "session.execute(query)"
SOURCE = "def find(session, query):\n    return "
HERE = (1, len("    return "))


async def offered(server: Served) -> tuple[str, dict[str, Any]]:
    """Have the call suggested in a new document; return its address and the item."""
    server.api.script(Reply(CALL))
    uri = server.open(SOURCE)
    _, answer = server.begin(uri, *HERE, invoked=True)
    (item,) = (await asyncio.wait_for(answer, WAIT_S))["items"]
    assert item["insertText"].endswith(CALL)
    return uri, item


async def by_command(server: Served) -> None:
    """Accept as Neovim and VS Code do: the edit, then the item's command."""
    uri, item = await offered(server)
    server.client.insert(uri, 2, *HERE, CALL)
    await server.client.request("workspace/executeCommand", item["command"])


async def by_edit(server: Served) -> None:
    """Accept where nothing is told, and change a word of it."""
    uri, _ = await offered(server)
    server.client.insert(uri, 2, *HERE, CALL)
    start = {"line": HERE[0], "character": HERE[1]}
    change = {"range": {"start": start, "end": {**start, "character": HERE[1] + 7}}, "text": "db"}
    document = {"uri": uri, "version": 3}
    params = {"textDocument": document, "contentChanges": [change]}
    server.client.notify("textDocument/didChange", params)


async def a_part_by_edit(server: Served) -> None:
    """Accept two words of it."""
    uri, _ = await offered(server)
    server.client.insert(uri, 2, *HERE, "session.execute")
    server.client.close_document(uri)


async def by_hand(server: Served) -> None:
    """Type the beginning of it, then close the document."""
    uri, _ = await offered(server)
    for number, key in enumerate("ses"):
        server.client.insert(uri, 2 + number, HERE[0], HERE[1] + number, key)
    server.client.close_document(uri)


async def test_usage_relates_what_was_spent_to_what_was_kept(tmp_path):
    async with SimulatedApi() as api, served(api, tmp_path) as server:
        for way in (by_command, by_edit, a_part_by_edit, by_hand):
            await way(server)
        await server.settled()
        log = server.log_file
    home = environment(server.home)
    command = [sys.executable, "-m", "tandem", "usage", "--json"]
    done = subprocess.run(command, env=home, capture_output=True, check=True)
    (found,) = json.loads(done.stdout)["suggestions"]

    counts = {name: found[name] for name in ("shown", "accepted", "partly", "ignored")}
    assert counts == {"shown": 4, "accepted": 2, "partly": 1, "ignored": 1}
    size, part = len(CALL), len("session.execute")
    assert found["shown_characters"] == 4 * size
    assert found["accepted_characters"] == 2 * size + part
    kept = {"characters": 2 * size + part - len("session"), "of": 2 * size + part}
    assert (found["kept_30s"], found["kept_5m"]) == (kept, kept)
    price = Decimal(found["cost_usd"]) * 1000 / kept["characters"]
    assert 0 <= price - Decimal(found["usd_per_1000_kept"]) < Decimal(10) ** -12
    assert found["cost_usd"] != "0"
    data = (server.home / "state" / "ledger.db").read_bytes() + log.read_bytes()
    assert b"execute" not in data
    assert b"document_" not in data
