"""A whole session of an editor with a real server process, with what an editor says it can do."""

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
import pytest_lsp
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pytest_lsp import ClientServerConfig, LanguageClient

from tests.e2e.process import COMMAND, WAIT_S, environment

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.filterwarnings(f"error::{pytest_lsp.LspSpecificationWarning.__module__}."
                               f"{pytest_lsp.LspSpecificationWarning.__name__}"),
]  # fmt: skip

CAPABILITIES = Path(__file__).parents[2] / "fixtures" / "capabilities"
LINE = "    return session.execute(select(User).where(User.name == name)).scalar_one()\n"
SOURCE = "".join(f"def find_{n}(session, name):\n{LINE}\n\n" for n in range(6))
TYPED = "def find(session, name):\n    return session.execute(select(User)"


def editor(name: str, root: Path) -> lsp.InitializeParams:
    """Return what an editor sends, for another workspace."""
    captured = json.loads((CAPABILITIES / f"{name}.json").read_text("utf-8"))
    folder = {"uri": root.as_uri(), "name": root.name}
    captured |= {"rootUri": root.as_uri(), "rootPath": str(root), "workspaceFolders": [folder]}
    return get_converter().structure(
        {**captured, "processId": None, "workDoneToken": None}, lsp.InitializeParams
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def session(tmp_path_factory):
    """Start the server on a workspace whose files repeat themselves; shut it down in the end."""
    folder = tmp_path_factory.mktemp("session")
    root = folder / "workspace"
    root.mkdir()
    for n in range(3):
        (root / f"module_{n}.py").write_text(SOURCE, "utf-8")
    config = ClientServerConfig(
        server_command=list(COMMAND), server_env=environment(folder / "home")
    )
    client = await config.start()
    assert isinstance(client, LanguageClient)
    result = await client.initialize_session(editor("neovim", root))
    yield client, result, root
    await client.shutdown_session()
    server = client._server
    await cast("Any", client).stop()
    assert server is not None
    assert server.returncode == 0
    log = (folder / "home" / "state" / "tandem.log").read_text("utf-8")
    assert '"level": "error"' not in log
    assert "scalar_one" not in log


async def learned(client: LanguageClient) -> int:
    """Wait until the repository engine has learned the workspace."""
    async with asyncio.timeout(WAIT_S):
        while True:
            status = await cast("Any", client.protocol).send_request_async("tandem/status", {})
            if status.localTokens:
                return int(status.localTokens)


async def test_the_engine_learns_and_shows_progress(session):
    client, _, _ = session

    assert await learned(client) > 100
    reports = client.progress_reports["tandem/local"]
    assert isinstance(reports[0], lsp.WorkDoneProgressBegin)
    assert reports[0].message == "learning 3 files"


async def test_a_line_of_the_repository_is_offered_and_accepted(session):
    client, result, root = session
    assert result.capabilities.inline_completion_provider is not None
    await learned(client)
    uri = (root / "new.py").as_uri()
    document = lsp.TextDocumentItem(uri, "python", 1, "\U0001f600 = 1\n" + TYPED)
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(document))
    line = TYPED.split("\n")[1]
    offered = await client.text_document_inline_completion_async(
        lsp.InlineCompletionParams(
            context=lsp.InlineCompletionContext(lsp.InlineCompletionTriggerKind.Automatic),
            text_document=lsp.TextDocumentIdentifier(uri),
            position=lsp.Position(2, len(line)),
        )
    )

    assert isinstance(offered, lsp.InlineCompletionList)
    (item,) = offered.items
    assert item.insert_text == LINE.rstrip("\n")
    assert item.range == lsp.Range(lsp.Position(2, 0), lsp.Position(2, len(line)))
    assert item.command is not None
    params = lsp.ExecuteCommandParams(item.command.command, item.command.arguments)
    assert await client.workspace_execute_command_async(params) is None


async def test_without_a_key_nothing_is_spent_and_nothing_complained_about(session):
    client, _, _ = session
    status = await client.protocol.send_request_async("tandem/status", {})

    assert (status.models, status.spentTodayUsd, status.callsRunning) == (False, "0", 0)
    assert client.messages == []
