"""Code actions of a real server: free ones from the index, paid ones only after a choice."""

import asyncio
from typing import Any

import pytest

from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tests.e2e.process import WAIT_S, Served, served
from tests.e2e.test_codebase import known
from tests.lsp.test_actions import FULL

pytestmark = pytest.mark.asyncio(loop_scope="function")

FILES = {
    "prices.py": "def net_price(gross, tax_rate):\n    return gross / (1 + tax_rate)\n",
    "cart.py": "def total(gross):\n    return net_price(gross, tax)\n",
}
TAX = {
    "range": {"start": {"line": 1, "character": 28}, "end": {"line": 1, "character": 31}},
    "message": '"tax" is not defined',
    "source": "Pyright",
    "code": "reportUndefinedVariable",
}
MISSING = {
    "range": {"start": {"line": 1, "character": 11}, "end": {"line": 1, "character": 20}},
    "message": '"net_price" is not defined',
    "source": "Pyright",
    "code": "reportUndefinedVariable",
}
GOOD = """\
    return net_price(gross, tax)
=======
    return net_price(gross, 0.2)
>>>>>>> REPLACE
"""


async def actions(server: Served, uri: str, diagnostic: dict[str, Any]) -> list[dict[str, Any]]:
    params = {
        "textDocument": {"uri": uri},
        "range": diagnostic["range"],
        "context": {"diagnostics": [diagnostic]},
    }
    found: list[dict[str, Any]] = await server.client.request("textDocument/codeAction", params)
    return found


def chats(server: Served) -> int:
    return sum(one.path.endswith("/chat/completions") for one in server.api.requests)


async def test_offers_are_free_and_a_choice_is_carried_out(tmp_path):
    async with SimulatedApi() as api, served(api, tmp_path, FILES, FULL) as server:
        await known(server, 2)
        uri = server.open(FILES["cart.py"], "cart.py")
        await asyncio.sleep(0)
        free = await actions(server, uri, MISSING)
        assert free[0]["title"] == "Import `net_price` from `prices` (free)"
        (change,) = free[0]["edit"]["documentChanges"]
        assert "from prices import net_price" in change["edits"][0]["newText"]

        found = await actions(server, uri, TAX)
        fix = next(one for one in found if one["title"].startswith("Fix:"))
        assert chats(server) == 0
        api.script(Reply(GOOD))
        request = server.client.request("codeAction/resolve", fix)
        resolved = await asyncio.wait_for(request, WAIT_S)
        (change,) = resolved["edit"]["documentChanges"]
        assert change["textDocument"]["version"] == 1
        assert [one["newText"] for one in change["edits"]] == ["0.2"]
        assert chats(server) == 1
        status = await server.client.request("tandem/status", None)
        assert status["spentTodayUsd"] != "0"
