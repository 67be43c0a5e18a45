"""A client without ghost text: a menu entry, at once, whatever the model does."""

import asyncio
import time

import pytest
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from fixtures.api.replies import Reply
from fixtures.api.server import SimulatedApi
from tandem.commands.client import started
from tandem.lsp.handlers.completion import MENU_S
from tests.e2e.process import WAIT_S, Served, environment

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-8"]},
    "textDocument": {"completion": {"completionItem": {"labelDetailsSupport": True}}},
}
MARGIN_S = 0.4  # of a machine that is busy with other tests
BEFORE = '\U0001f600 = "\xe9"; result = comp'


async def menu(server: Served, uri: str, character: int) -> tuple[lsp.CompletionList, float]:
    """Ask for a menu; return it and how long it took."""
    place = {"line": 0, "character": character}
    params = {"textDocument": {"uri": uri}, "position": place}
    begun = time.monotonic()
    _, answer = server.client.begin("textDocument/completion", params)
    result = await asyncio.wait_for(answer, WAIT_S)
    took = time.monotonic() - begun
    return get_converter().structure(result, lsp.CompletionList), took


@pytest.fixture
async def server(tmp_path):
    home, root = tmp_path / "home", tmp_path / "workspace"
    root.mkdir()
    settings = {"local__enabled": False, "completion__delay_ms": 0}
    async with SimulatedApi() as api, started(environment(home, api, **settings)) as client:
        answer = await client.initialize(root, {}, CAPABILITIES)
        assert answer["capabilities"]["positionEncoding"] == "utf-8"
        assert "inlineCompletionProvider" not in answer["capabilities"]
        await api.wait_for(lambda: len(api.requests), WAIT_S)
        yield Served(api, client, home, root)


async def test_a_menu_never_waits_for_the_model_and_has_its_answer_next_time(server):
    end = len(BEFORE.encode())
    server.api.script(Reply("ute(values)", first_token_ms=1500))
    uri = server.open(BEFORE + "\n")
    first, took = await menu(server, uri, end)

    assert took < MENU_S + MARGIN_S
    assert (first.is_incomplete, list(first.items)) == (True, [])
    # A slow model is not asked again by a menu that is opened again, but answers into the next.
    await server.api.wait_for(lambda: len(server.completions()) == 1, WAIT_S)
    await server.api.wait_for(lambda: server.completions()[0].outcome == "done", WAIT_S)
    await server.settled()
    second, took = await menu(server, uri, end)
    assert took < MENU_S + MARGIN_S
    (item,) = second.items
    assert second.is_incomplete
    assert (item.label, item.filter_text) == ("compute(values)", "compute(values)")
    assert item.kind == lsp.CompletionItemKind.Text
    assert item.sort_text == "~"
    assert item.label_details == lsp.CompletionItemLabelDetails(description="tandem flash")
    assert item.detail is None
    start = lsp.Position(0, end - len("comp"))
    span = lsp.Range(start, lsp.Position(0, end))
    assert item.text_edit == lsp.TextEdit(span, "compute(values)")
    assert item.command is not None
    assert item.command.command == "tandem.accepted"
    assert len(server.completions()) == 1

    # Typing along the answer costs nothing either.
    server.client.insert(uri, 2, 0, end, "ute")
    third, _ = await menu(server, uri, end + 3)
    (item,) = third.items
    assert item.text_edit == lsp.TextEdit(
        lsp.Range(start, lsp.Position(0, end + 3)), "compute(values)"
    )
    assert len(server.completions()) == 1
