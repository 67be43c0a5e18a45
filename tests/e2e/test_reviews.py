"""Reviews of a real server: from a change of a real repository to diagnostics, and their end."""

import asyncio
import json
import subprocess
from typing import Any

import pytest

from fixtures.api.replies import Reply, ToolCall
from fixtures.api.requests import Request
from fixtures.api.server import SimulatedApi
from tandem.commands.client import CAPABILITIES
from tests.e2e.process import WAIT_S, Served, served
from tests.e2e.test_codebase import known
from tests.lsp.test_plans import ABLE

pytestmark = pytest.mark.asyncio(loop_scope="function")

CART = "def total(items):\n    return sum(items)\n"
CHANGED = "def total(items, rate):\n    return sum(items) * rate\n"
TILL = "from cart import total\n\n\ndef pay(items):\n    return total(items)\n"
FILES = {"cart.py": CART, "till.py": TILL}
PUSHES: dict[str, Any] = {
    **CAPABILITIES,
    "window": ABLE["window"],
    "workspace": ABLE["workspace"],
    "textDocument": {
        **CAPABILITIES.get("textDocument", {}),
        "publishDiagnostics": {
            "relatedInformation": True, "codeDescriptionSupport": True, "dataSupport": True,
        },
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix", "source"]}},
        },
    },
}  # fmt: skip
PULLS: dict[str, Any] = {
    **PUSHES,
    "workspace": {**ABLE["workspace"], "diagnostics": {"refreshSupport": True}},
    "textDocument": {**PUSHES["textDocument"], "diagnostic": {"dynamicRegistration": False}},
}
CLAIM = {
    "file": "cart.py", "quote": "return sum(items) * rate", "severity": "error",
    "category": "data", "claim": "The total is no longer rounded to cents.",
    "why": "parts of a cent", "check": "pay with a rate of 1.175", "symbols": ["total"],
    "places": ["till.py:5"],
    "suggestion": "return round(sum(items) * rate, 2)", "confidence": 0.8,
}  # fmt: skip


def model(request: Request) -> Reply:
    if request.max_tokens == 1:
        return Reply("OK")
    if any("A reviewer claims" in str(one["content"]) for one in request.messages):
        return Reply(json.dumps({"refuted": False, "line": "", "why": "nothing shows it"}))
    return Reply(tool_calls=(ToolCall("submit_findings", json.dumps({"findings": [CLAIM]})),))


def commit(served: Served) -> None:
    for words in (
        ("init", "-q"), ("add", "."),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "Begin"),
    ):  # fmt: skip
        subprocess.run(["git", "-C", str(served.root), *words], check=True, capture_output=True)


def diagnostics(server: Served, name: str) -> list[dict[str, Any]]:
    uri = (server.root / name).as_uri()
    told = [
        one["params"]["diagnostics"]
        for one in server.client.notifications
        if one["method"] == "textDocument/publishDiagnostics" and one["params"]["uri"] == uri
    ]
    return told[-1] if told else []


async def asked(server: Served, method: str, params: object) -> Any:
    return await asyncio.wait_for(server.client.request(method, params), WAIT_S)


def edited(server: Served, uri: str, version: int, line: int, new: str) -> None:
    place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 0}}
    server.client.notify(
        "textDocument/didChange",
        {
            "textDocument": {"uri": uri, "version": version},
            "contentChanges": [{"range": place, "text": new}],
        },
    )


async def test_evidence_alone_shows_where_the_user_looks(tmp_path):
    async with (
        SimulatedApi(first_token_ms=0, replies=model) as api,
        served(api, tmp_path, FILES, PUSHES) as server,
    ):
        commit(server)
        await known(server, 2)
        uri = server.open(CHANGED, "cart.py")  # not saved
        told = await asked(server, "tandem/reviewDiff", {"scope": "uncommitted", "evidence": True})
        assert (told["findings"], told["asked"]) == (1, False)
        (one,) = diagnostics(server, "till.py")
        assert one["source"] == "Tandem"
        assert one["code"] == "changed-signature"
        assert one["range"]["start"] == {"line": 4, "character": 4}
        assert one["relatedInformation"][0]["location"]["uri"] == uri
        assert one["codeDescription"]["href"].endswith("#changed-signature")
        assert server.completions() == []


async def test_pro_is_asked_and_its_finding_follows_the_edits(tmp_path):
    async with (
        SimulatedApi(first_token_ms=0, replies=model) as api,
        served(api, tmp_path, FILES, PUSHES) as server,
    ):
        commit(server)
        await known(server, 2)
        uri = server.open(CHANGED, "cart.py")
        told = await asked(server, "tandem/reviewDiff", {})
        assert (told["findings"], told["asked"]) == (2, True)
        (one,) = diagnostics(server, "cart.py")
        assert one["message"].startswith("The total is no longer rounded")
        assert one["range"]["start"]["line"] == 1

        edited(server, uri, 2, 0, "import math\n")
        await asked(server, "tandem/status", None)
        (one,) = diagnostics(server, "cart.py")
        assert one["range"]["start"]["line"] == 2

        place = {"start": {"line": 2, "character": 4}, "end": {"line": 2, "character": 4}}
        menu = await asked(
            server, "textDocument/codeAction",
            {"textDocument": {"uri": uri}, "range": place, "context": {"diagnostics": [one]}},
        )  # fmt: skip
        titles = [a["title"] for a in menu]
        assert any(title.startswith("Fix: The total") for title in titles)
        assert sum("xplain" in title for title in titles) == 1
        take = next(a for a in menu if a["title"].startswith("Take the suggestion"))
        (edit,) = take["edit"]["documentChanges"][0]["edits"]
        assert edit["newText"] == "    return round(sum(items) * rate, 2)"

        edited(server, uri, 3, 2, "# mended ")
        await asked(server, "tandem/status", None)
        assert diagnostics(server, "cart.py") == []


async def test_what_is_dismissed_stays_away(tmp_path):
    async with (
        SimulatedApi(first_token_ms=0, replies=model) as api,
        served(api, tmp_path, FILES, PUSHES) as server,
    ):
        commit(server)
        await known(server, 2)
        server.open(CHANGED, "cart.py")
        await asked(server, "tandem/reviewDiff", {})
        (one,) = diagnostics(server, "till.py")
        key = one["data"]["tandemFinding"]
        await asked(server, "tandem/dismissFinding", {"key": key})
        assert diagnostics(server, "till.py") == []
        bought = len(server.completions())
        again = await asked(server, "tandem/reviewDiff", {})
        assert (again["findings"], again["dropped"]) == (1, 1)
        assert len(server.completions()) == bought  # what was judged is not judged again


async def test_a_client_that_pulls_is_told_to_and_gets_nothing_twice(tmp_path):
    async with (
        SimulatedApi(first_token_ms=0, replies=model) as api,
        served(api, tmp_path, FILES, PULLS) as server,
    ):
        commit(server)
        await known(server, 2)
        uri = server.open(CHANGED, "cart.py")
        await asked(server, "tandem/reviewDiff", {})
        assert diagnostics(server, "cart.py") == []  # it is open: pulled
        assert len(diagnostics(server, "till.py")) == 1  # it is not: pushed
        report = await asked(server, "textDocument/diagnostic", {"textDocument": {"uri": uri}})
        assert [one["code"] for one in report["items"]] == ["data"]
        assert "workspace/diagnostic/refresh" in [one["method"] for one in server.client.asked]
