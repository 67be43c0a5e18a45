"""Plans of a real server: from the wish to the edit, and past its death."""

import asyncio
import json
import signal
from typing import Any

import pytest

from fixtures.api.replies import Reply, ToolCall
from fixtures.api.requests import Request
from fixtures.api.server import SimulatedApi
from tandem.commands.client import CAPABILITIES, started
from tests.e2e.process import WAIT_S, Served, environment, served
from tests.e2e.test_codebase import known
from tests.lsp.test_plans import ABLE

pytestmark = pytest.mark.asyncio(loop_scope="function")

EDIT = "workspace/applyEdit"
CART = "class Cart:\n    def total(self):\n        return 0\n"
TILL = "from cart import Cart\n\n\ndef pay():\n    return Cart().total()\n"
FILES = {"cart.py": CART, "till.py": TILL}
ABILITIES = {**CAPABILITIES, "window": ABLE["window"], "workspace": ABLE["workspace"]}


def step(name: str, title: str, path: str, **more: object) -> dict[str, object]:
    return {
        "id": name, "title": title, "files": [path], "new_files": [], "removed_files": [],
        "anchors": [], "expects": ["sum"], "after": [], "check": "it is called sum", **more,
    }  # fmt: skip


PLAN = {
    "goal": "Call it sum",
    "steps": [step("s1", "Rename", "cart.py"), step("s2", "Follow", "till.py", after=["s1"])],
    "risks": [],
    "untouched": [],
}
ANSWERS = {
    "s1": "cart.py\n<<<<<<< SEARCH\n    def total(self):\n=======\n    def sum(self):\n"
    ">>>>>>> REPLACE\n",
    "s2": "till.py\n<<<<<<< SEARCH\n    return Cart().total()\n=======\n    return Cart().sum()\n"
    ">>>>>>> REPLACE\n",
}
VERDICT = {"accept": True, "reason": "it is called sum", "redo": []}


def model(request: Request) -> Reply:
    users = [str(one["content"]) for one in request.messages if one["role"] == "user"]
    for name, answer in ANSWERS.items():
        if any(f"Your step is {name}:" in text for text in users):
            return Reply(answer)
    if request.max_tokens == 1:
        return Reply("OK")
    judging = any("This plan was carried out" in text for text in users)
    call = ("submit_verdict", VERDICT) if judging else ("submit_plan", PLAN)
    return Reply(tool_calls=(ToolCall(call[0], json.dumps(call[1])),))


def says(**answers: str) -> Any:
    """Return a client that answers questions by a word of theirs, and takes every edit."""

    def answer(message: dict[str, Any]) -> Any:
        method = message["method"]
        if method == "window/showMessageRequest":
            said = message["params"]["message"]
            title = next((title for word, title in answers.items() if word in said), None)
            return {"title": title} if title else None
        return {
            "window/showDocument": {"success": True},
            "workspace/applyEdit": {"applied": True},
        }.get(method)

    return answer


async def asked(server: Served, method: str, params: object) -> dict[str, Any]:
    result: dict[str, Any] = await asyncio.wait_for(server.client.request(method, params), WAIT_S)
    return result


async def test_a_plan_becomes_one_edit_of_two_files(tmp_path):
    async with (
        SimulatedApi(first_token_ms=0, replies=model) as api,
        served(api, tmp_path, FILES, ABILITIES) as server,
    ):
        await known(server, 2)
        uri = server.open(CART, "cart.py")
        server.client.answer = says(files="Apply")
        place = {"start": {"line": 1, "character": 8}, "end": {"line": 1, "character": 8}}
        wish = {"instruction": "Call it sum", "textDocument": {"uri": uri}, "range": place}
        made = await asked(server, "tandem/planRefactor", wish)
        assert made["problems"] == []
        ran = await asked(server, "tandem/runPlan", {"number": made["number"]})
        assert (ran["phase"], ran["files"]) == ("applied", ["cart.py", "till.py"])
        (edit,) = [one for one in server.client.asked if one["method"] == "workspace/applyEdit"]
        first, second = edit["params"]["edit"]["documentChanges"]
        assert first["textDocument"]["version"] == 1
        assert first["edits"][0]["newText"] == "    def sum(self):\n"
        assert second["textDocument"] == {
            "uri": (server.root / "till.py").as_uri(), "version": None
        }  # fmt: skip
        notes = edit["params"]["edit"]["changeAnnotations"]
        assert set(notes) == {"s1: Rename", "s2: Follow"}


async def test_a_plan_outlives_a_server_that_is_killed(tmp_path):
    async with SimulatedApi(first_token_ms=0, replies=model) as api:
        async with served(api, tmp_path, FILES, ABILITIES) as server:
            await known(server, 2)
            made = await asked(server, "tandem/planRefactor", {"instruction": "Rename `total`"})
            folder = next((server.home / "state" / "plans").glob(f"*/{made['number']}"))
            journal = folder / "journal.jsonl"
            api.script(Reply(ANSWERS["s1"]), Reply(ANSWERS["s2"], tokens_per_second=2))
            server.client.begin("tandem/runPlan", {"number": made["number"]})
            async with asyncio.timeout(WAIT_S):
                while '"Done"' not in journal.read_text("ascii"):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            # Else the slow answer would be left for the server that goes on.
            await api.wait_for(lambda: any("Your step is s2" in str(r.body) for r in api.requests))
            server.client.process.send_signal(signal.SIGKILL)
            await server.client.process.wait()
        before = len(api.requests)
        async with started(environment(tmp_path / "home", api, local__enabled=False)) as client:
            client.answer = says(interrupted="Go on", files="Apply")
            await client.initialize(tmp_path / "workspace", {}, ABILITIES)
            async with asyncio.timeout(WAIT_S):
                while not any(one["method"] == EDIT for one in client.asked):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            assert any("1 of 2 steps are done" in str(one) for one in client.asked)
            again = list(api.requests)[before:]
            assert not any("Your step is s1" in str(one.body) for one in again)
