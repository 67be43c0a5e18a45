"""``initialize`` as real editors send it: the answer is valid, and completion works for each.

The files are in ``fixtures/capabilities``, captured from the editors.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter

from tests.lsp.harness import URI, Peer, at, inline, insertion, place

FOLDER = Path(__file__).parents[2] / "fixtures" / "capabilities"
EDITORS = {  # the encoding each must get, and whether it shows ghost text
    "emacs-eglot": ("utf-32", False),
    "helix": ("utf-8", False),
    "helix-25.01.1": ("utf-8", False),
    "neovim": ("utf-8", True),
    "neovim-0.10": ("utf-16", False),
    "neovim-0.11": ("utf-8", False),
    "vscode": ("utf-16", True),
}
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
STRUCTURED = get_converter()

every_editor = pytest.mark.parametrize("editor", sorted(EDITORS))


def captured(editor: str) -> dict[str, object]:
    params: dict[str, object] = json.loads((FOLDER / f"{editor}.json").read_text("utf-8"))
    return params


def units(text: str, encoding: str) -> int:
    codec, width = CODECS[encoding]
    return len(text.encode(codec)) // width


async def opened(peer: Peer, editor: str) -> lsp.InitializeResult:
    peer.send(id="start", method="initialize", params=captured(editor))
    answer = await peer.answer("start")
    peer.notify("initialized", {})
    return STRUCTURED.structure(answer["result"], lsp.InitializeResult)


def test_every_file_is_replayed():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(EDITORS)
    described = (FOLDER / "README.md").read_text("utf-8")
    assert all(f"`{editor}.json`" in described for editor in EDITORS)


@every_editor
async def test_the_answer_is_valid_and_offers_one_kind_of_completion(fresh, editor):
    encoding, ghost = EDITORS[editor]
    result = await opened(fresh, editor)
    offered = result.capabilities

    assert offered.position_encoding == lsp.PositionEncodingKind(encoding)
    assert (offered.inline_completion_provider is not None) is ghost
    assert (offered.completion_provider is not None) is not ghost
    sync = offered.text_document_sync
    assert isinstance(sync, lsp.TextDocumentSyncOptions)
    assert (sync.open_close, sync.change) == (True, lsp.TextDocumentSyncKind.Incremental)
    assert offered.execute_command_provider is not None
    assert "tandem.accepted" in offered.execute_command_provider.commands
    assert result.server_info is not None
    assert result.server_info.name == "tandem"


@every_editor
async def test_the_workspace_is_found(fresh, editor):
    await opened(fresh, editor)

    assert fresh.session.root == Path("/workspace")


@every_editor
async def test_completion_works_behind_astral_characters(fresh, editor):
    encoding, ghost = EDITORS[editor]
    await opened(fresh, editor)
    before, typed, after = 's = "😀é你" + ', "na", " # 😀\nx = 1\n"
    fresh.open(f"# \u2028\f\n{after}")
    fresh.change(2, [insertion(1, 0, before)])
    fresh.change(3, [insertion(1, units(before, encoding), typed)])
    assert fresh.text() == f"# \u2028\f\n{before}{typed}{after}"

    fresh.engine.text = "me"
    character = units(before + typed, encoding)
    if ghost:
        params = inline(1, character)
        result = await fresh.result("textDocument/inlineCompletion", params)
        items: Any = STRUCTURED.structure(result, lsp.InlineCompletionList).items
        (item,) = result["items"]
        edit = {"range": item["range"], "newText": item["insertText"]}
        start, text = 0, f"{before}{typed}me"
    else:
        result = await fresh.result("textDocument/completion", at(1, character))
        menu = STRUCTURED.structure(result, lsp.CompletionList)
        items, edit = menu.items, result["items"][0]["textEdit"]
        start, text = units(before, encoding), "name"
        assert menu.is_incomplete
    (typed_item,) = items
    assert typed_item.command is not None
    assert edit == {
        "range": {"start": place(1, start), "end": place(1, character)},
        "newText": text,
    }
    assert [offset for _, offset in fresh.engine.asked] == [len(f"# \u2028\f\n{before}{typed}")]


@every_editor
async def test_taking_an_item_runs_its_command(fresh, editor):
    _, ghost = EDITORS[editor]
    await opened(fresh, editor)
    fresh.engine.text = "1"
    fresh.open("x = ", uri=URI)
    method = "textDocument/inlineCompletion" if ghost else "textDocument/completion"
    result = await fresh.result(method, inline(0, 4) if ghost else at(0, 4))
    command = result["items"][0]["command"]

    assert command["arguments"][0] == {
        "id": 1,
        "source": "local",
        "model": "",
        "confidence": 1.0,
        "remembered": not ghost,
    }
    params = {"command": command["command"], "arguments": command["arguments"]}
    assert await fresh.result("workspace/executeCommand", params) is None


@every_editor
async def test_the_other_kind_of_completion_is_not_there(fresh, editor):
    """An editor that got both would show the same text twice."""
    _, ghost = EDITORS[editor]
    await opened(fresh, editor)
    fresh.open("x = ")
    method = "textDocument/completion" if ghost else "textDocument/inlineCompletion"
    answer = await fresh.ask(method, at(0, 4) if ghost else inline(0, 4))

    assert answer["error"]["code"] == -32601
