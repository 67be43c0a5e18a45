"""A server in a workspace: its completions know the other files, and never the secret ones."""

import asyncio
from typing import Any

import pytest

from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tests.e2e.process import WAIT_S, Served, served

pytestmark = pytest.mark.asyncio(loop_scope="function")

FILES = {
    "prices.py": "def net_price(gross, tax_rate):\n    return gross / (1 + tax_rate)\n",
    "cart.py": "from prices import net_price\n\n\ndef total(gross):\n    return \n",
    ".env": "DATABASE_PASSWORD=hunter2\n",
}


async def known(server: Served, files: int) -> None:
    """Wait until the index knows so many files and rests."""
    async with asyncio.timeout(WAIT_S):
        while True:
            status = await server.client.request("tandem/status", None)
            if status["indexedFiles"] >= files and not status["indexing"]:
                return
            await asyncio.sleep(0.02)


async def prompt(server: Served, name: str, text: str, line: int, character: int) -> str:
    """Open a file of the workspace and complete; return the prompt that was sent."""
    before = len(server.completions())
    uri = server.open(text, name)
    server.api.script(Reply("net_price(gross, 0.2)"))
    _, answer = server.begin(uri, line, character)
    await asyncio.wait_for(answer, WAIT_S)
    (exchange,) = server.completions()[before:]
    body: Any = exchange.body
    return str(body["prompt"])


async def test_a_completion_is_told_of_other_files_as_they_are_now(tmp_path):
    async with SimulatedApi() as api, served(api, tmp_path, FILES) as server:
        await known(server, 2)
        said = await prompt(server, "cart.py", FILES["cart.py"], 4, 11)
        assert "def net_price(gross, tax_rate)" in said
        assert said.endswith("def total(gross):\n    return ")
        assert "hunter2" not in said

        (server.root / "fees.py").write_text(
            "def shipping_fee(parcel_weight):\n    pass\n", "utf-8"
        )
        await known(server, 3)
        text = "from fees import shipping_fee\n\nfee = \n"
        assert "parcel_weight" in await prompt(server, "more.py", text, 2, 6)


async def test_an_open_secret_is_not_told_to_other_files(tmp_path):
    async with SimulatedApi() as api, served(api, tmp_path, FILES) as server:
        await known(server, 2)
        secret = server.open("DATABASE_PASSWORD=hunter2\nDATABASE_", ".env")
        here = {"line": 1, "character": 9}
        change = {"range": {"start": here, "end": here}, "text": "U"}
        document = {"uri": secret, "version": 2}
        params = {"textDocument": document, "contentChanges": [change]}
        server.client.notify("textDocument/didChange", params)
        said = await prompt(server, "db.py", "DATABASE_PASSWORD = \n", 0, 20)
        assert "hunter2" not in said


async def test_without_an_index_the_open_file_is_all_there_is(tmp_path):
    async with SimulatedApi() as api, served(api, tmp_path, FILES, index__enabled=False) as server:
        said = await prompt(server, "cart.py", FILES["cart.py"], 4, 11)
        assert said == FILES["cart.py"][: FILES["cart.py"].index("return ") + 7]
