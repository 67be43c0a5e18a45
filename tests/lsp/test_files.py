"""What the editor tells of files reaches the index: documents, saves, changes on disk."""

import pytest

from tandem.workspace.watch import Event
from tests.lsp.harness import GHOST, URI, Peer, insertion, turns

WATCHING = {**GHOST, "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}


class Index:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.saves: list[str] = []
        self.events: list[Event] = []

    def saved(self, uri: str) -> None:
        self.saves.append(uri)

    def feed(self, events) -> None:
        self.events += events


async def test_an_editor_that_watches_is_asked_to(fresh: Peer):
    await fresh.initialize(WATCHING)
    await fresh.wire.until(lambda: fresh.wire.asked("client/registerCapability"))
    (request,) = fresh.wire.asked("client/registerCapability")
    (registration,) = request["params"]["registrations"]

    assert registration["method"] == "workspace/didChangeWatchedFiles"
    fresh.send(id=request["id"], result=None)
    await turns()
    assert fresh.client_watches is True


@pytest.mark.parametrize("answer", [{"error": {"code": -32601, "message": "no"}}, {"result": None}])
async def test_one_that_refuses_is_not_relied_on(fresh: Peer, answer):
    await fresh.initialize(WATCHING)
    await fresh.wire.until(lambda: fresh.wire.asked("client/registerCapability"))
    (request,) = fresh.wire.asked("client/registerCapability")
    fresh.send(id=request["id"], **answer)
    await turns()

    assert fresh.client_watches is ("result" in answer)


async def test_one_that_cannot_is_not_asked(peer: Peer):
    await turns()

    assert peer.client_watches is False
    assert peer.wire.asked("client/registerCapability") == []


async def test_news_of_files_and_of_typing_arrive(peer: Peer):
    index = peer.index = Index()
    peer.open("a\n")
    peer.change(2, [insertion(0, 1, "b")])
    peer.notify("textDocument/didSave", {"textDocument": {"uri": URI}})
    changes = [
        {"uri": "file:///w/new.py", "type": 1},
        {"uri": "file:///w/gone%20by.py", "type": 3},
        {"uri": "untitled:1", "type": 2},
    ]
    peer.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    assert [(d.version, c[0].text) for d, c in peer.changed] == [(2, "b")]
    assert index.saves == [URI]
    assert index.events == [Event("/w/new.py"), Event("/w/gone by.py", removed=True)]
