"""No traceback, no path, no key and no document text leaves the server in an error."""

import json
import traceback
from pathlib import Path
from typing import Any

import pytest

import tandem
from tandem.core.errors import StaleError, TandemError
from tandem.lsp.boundary import Boundary
from tests.lsp.harness import URI, Peer, at, inline, turns

DOCUMENT = "canary_in_document_4711"
KEY = "sk-canary-key-4711"
SOURCES = str(Path(tandem.__file__).parent)


def leaks(raw: bytes) -> list[str]:
    """Return what may not be in something that was sent."""
    text = raw.decode()
    canaries = (DOCUMENT, KEY, "Traceback", "traceback", 'File \\"', SOURCES, "site-packages")
    return [canary for canary in canaries if canary in text]


async def test_the_check_sees_a_leak():
    with pytest.raises(ValueError, match=KEY) as caught:
        int(KEY)
    text = "".join(traceback.format_exception(caught.value)) + DOCUMENT

    found = leaks(json.dumps({"error": text}).encode())
    assert {DOCUMENT, KEY, "Traceback", 'File \\"'} <= set(found)


async def test_no_refusal_quotes_what_was_sent(fresh):
    fresh.send(id="early", method="tandem/status", params={"text": DOCUMENT})
    fresh.bytes(DOCUMENT.encode())
    fresh.bytes(json.dumps({"text": DOCUMENT}).encode())
    await fresh.initialize()
    fresh.open(f"{DOCUMENT} = 1\n")
    fresh.notify("textDocument/didOpen", {"text": DOCUMENT})
    fresh.notify("workspace/didChangeConfiguration", {"text": DOCUMENT})
    place = {"line": DOCUMENT, "character": 0}
    bad = [
        ("textDocument/inlineCompletion", {**inline(0, 0), "position": place}),
        ("textDocument/inlineCompletion", {**inline(0, 0), "text": DOCUMENT, "context": 5}),
        ("textDocument/inlineCompletion", inline(0, 0, uri="file:///no/such.py")),
        ("textDocument/completion", at(0, 0)),
        ("workspace/executeCommand", {"command": 5, "arguments": [DOCUMENT]}),
        ("workspace/executeCommand", {"command": "no.such", "arguments": [DOCUMENT]}),
        ("initialize", {"capabilities": {}, "text": DOCUMENT}),
        ("no/such", {"text": DOCUMENT}),
    ]
    for method, params in bad:
        assert "error" in await fresh.ask(method, params)

    assert leaks(fresh.wire.raw) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError(f"{DOCUMENT} {KEY}"), -32603),
        (RuntimeError(SOURCES), -32603),
        (AssertionError(DOCUMENT), -32603),
        (KeyError(KEY), -32603),
        (TandemError("the budget is spent: raise budget.daily_usd"), -32803),
        (StaleError("the document changed"), -32801),
        (TimeoutError(DOCUMENT), -32803),
        (ExceptionGroup(DOCUMENT, [ValueError(KEY)]), -32603),
    ],
)
async def test_a_crash_in_a_handler_is_one_sentence(peer, error, code):
    async def crash(_snapshot, _params):
        raise error

    peer.server.feature("test/crash")(Boundary().request(crash, deadline_s=1.0))
    answer = await peer.ask("test/crash", {})

    assert answer["error"]["code"] == code
    assert set(answer["error"]) == {"code", "message"}
    assert leaks(peer.wire.raw) == []


async def test_a_crash_in_a_notification_is_logged_and_not_shown(peer, caplog):
    def crash(_params):
        raise ValueError(DOCUMENT)

    peer.server.feature("textDocument/willSave")(Boundary().notification(crash))
    before = len(peer.wire.messages)
    peer.notify("textDocument/willSave", {"textDocument": {"uri": URI}, "reason": 1})
    await turns()

    assert "notification.crashed" in caplog.messages
    assert peer.wire.messages[before:] == []
    assert "result" in await peer.ask("tandem/status", None)


async def test_an_error_inside_pygls_is_logged_and_not_shown(peer, caplog):
    before = len(peer.wire.messages)
    cell = {"uri": "file:///no/such.ipynb", "version": 1}
    peer.notify("notebookDocument/didChange", {"notebookDocument": cell, "change": {}})
    await turns()

    assert "server.error" in caplog.messages
    assert peer.wire.messages[before:] == []
    assert "result" in await peer.ask("tandem/status", None)


async def test_a_crash_in_a_command_is_one_sentence(peer):
    @peer.server.command("test.crash")
    async def crash(*_arguments):
        raise ValueError(f"{DOCUMENT} {KEY}")

    answer = await peer.ask("workspace/executeCommand", {"command": "test.crash"})

    assert answer["error"]["code"] == -32603
    assert leaks(peer.wire.raw) == []


@pytest.mark.parametrize("where", ["rootUri", "workspaceFolders", "configure"])
async def test_a_crash_in_initialize_is_one_sentence(fresh: Peer, where):
    bad = f"file://[{DOCUMENT}"
    more: dict[str, Any] = {
        "rootUri": {"rootUri": bad},
        "workspaceFolders": {"workspaceFolders": [{"uri": bad, "name": "x"}]},
        "configure": {},
    }
    if where == "configure":
        fresh.problems = None  # type: ignore[assignment]  # a bug that raises
    params = {"processId": None, "rootUri": None, "capabilities": {}, **more[where]}
    await fresh.ask("initialize", params)

    assert leaks(fresh.wire.raw) == []


async def test_a_crash_in_shutdown_is_one_sentence(peer):
    async def crash():
        raise ValueError(f"{DOCUMENT} {KEY}")

    peer.stopping = crash
    assert (await peer.ask("shutdown", None))["error"]["code"] == -32603
    assert leaks(peer.wire.raw) == []


async def test_an_exit_after_a_shutdown_that_crashed_is_clean(peer):
    async def crash():
        raise ValueError

    peer.stopping = crash
    await peer.ask("shutdown", None)
    peer.notify("exit", None)

    assert peer.protocol.stopped.result() == 0
