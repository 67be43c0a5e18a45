"""What a client tells of an item, and what its edits tell, becomes records."""

import asyncio
import logging
from typing import Any

import pytest

from tandem.core import bug
from tandem.core.suggestion import Happened, Offer
from tests.lsp.harness import URI, Peer, at, inline, insertion, place
from tests.support.clock import LoopClock, run_jumping

SOURCE = "def f(session):\n    return "
CALL = "session.execute(query)"
END = (1, len("    return "))


async def offered(peer: Peer) -> dict[str, Any]:
    """Open a document and have the call suggested at its end; return the item."""
    peer.engine.text = CALL
    peer.open(SOURCE)
    (item,) = (await peer.result("textDocument/inlineCompletion", inline(*END)))["items"]
    assert item["insertText"] == "    return " + CALL
    return dict(item)


async def run_command(peer: Peer, item: dict[str, Any]) -> None:
    await peer.result("workspace/executeCommand", item["command"])


def news(peer: Peer) -> list[tuple[object, ...]]:
    happened = [record for record in peer.records if isinstance(record, Happened)]
    return [(one.number, one.what, one.characters, one.closed) for one in happened]


async def test_an_item_carries_the_number_of_its_record(peer):
    item = await offered(peer)
    (offer,) = peer.records

    assert isinstance(offer, Offer)
    assert item["command"]["arguments"][0]["id"] == offer.number == 1
    assert (offer.source, offer.language, offer.characters) == ("local", "python", len(CALL))


async def test_edit_and_command_are_one_acceptance_and_the_gate_hears_of_it(peer, caplog):
    caplog.set_level(logging.DEBUG, "tandem")
    item = await offered(peer)
    peer.change(2, [{"range": item["range"], "text": item["insertText"]}])
    await run_command(peer, item)

    assert peer.text() == SOURCE + CALL
    assert news(peer) == [(1, "accepted", len(CALL), False)]
    assert peer.history.recent(URI, 0.0).accepted
    (line,) = [record for record in caplog.records if record.message == "completion.accepted"]
    assert line.fields == {"id": 1}
    assert "execute" not in caplog.text


async def test_several_changes_of_one_message_are_followed_in_their_order(peer):
    await offered(peer)
    line, character = END
    head = CALL[:9]
    peer.change(
        2,
        [
            insertion(line, character, head),
            insertion(0, 0, "import x\n"),
            insertion(line + 1, character + 9, "!"),
        ],
    )
    peer.notify("textDocument/didClose", {"textDocument": {"uri": URI}})

    assert news(peer) == [
        (1, "partly", 9, False),
        (1, "kept_30s", 9, True),
        (1, "kept_5m", 9, True),
    ]


async def test_a_change_without_a_range_is_followed_too(peer):
    await offered(peer)
    peer.change(2, [{"text": SOURCE + CALL}])

    assert news(peer) == [(1, "accepted", len(CALL), False)]


async def test_positions_are_the_clients(fresh):
    await fresh.initialize()
    fresh.engine.text = "greet(name)"
    fresh.open('name = "\U0001f600" + \n')
    (item,) = (await fresh.result("textDocument/inlineCompletion", inline(0, 14)))["items"]
    fresh.change(2, [insertion(0, 14, "greet(name)")])
    await run_command(fresh, item)

    assert news(fresh) == [(1, "accepted", 11, False)]


async def test_copilots_clients_are_understood(peer):
    item = await offered(peer)
    peer.notify("textDocument/didShowCompletion", {"item": item})
    length = len("    return session.")
    told = {"item": item, "acceptedLength": length}
    peer.notify("textDocument/didPartiallyAcceptCompletion", told)
    peer.notify("textDocument/didPartiallyAcceptCompletion", told)
    # copilot.el sends the command alone
    peer.notify(
        "textDocument/didPartiallyAcceptCompletion",
        {"item": {"command": item["command"]}, "acceptedLength": length + 7},
    )

    assert news(peer) == [
        (1, "displayed", 0, False),
        (1, "partly", 8, False),
        (1, "partly", 7, False),
    ]


@pytest.mark.parametrize(
    "params",
    [
        None,
        [],
        {},
        {"item": None},
        {"item": {"command": None}, "acceptedLength": 3},
        {"item": {"command": {"arguments": []}}, "acceptedLength": 3},
        {"item": {"command": {"arguments": ["uuid"]}}, "acceptedLength": 3},
        {"item": {"command": {"arguments": [{"id": "1"}]}}, "acceptedLength": 3},
        {"item": {"command": {"arguments": [{"id": 1}]}}, "acceptedLength": "3"},
        {"item": {"command": {"arguments": [{"id": 1}]}}, "acceptedLength": -3},
        {"item": {"command": {"arguments": [{"id": 1}]}, "insertText": 7}, "acceptedLength": 0},
        {"item": {"command": {"arguments": [{"id": 99}]}}, "acceptedLength": 3},
    ],
)
async def test_what_is_none_is_passed_over(peer, params):
    await offered(peer)
    before = bug.seen.total()
    peer.notify("textDocument/didPartiallyAcceptCompletion", params)
    if not (params and "acceptedLength" in params):
        peer.notify("textDocument/didShowCompletion", params)

    assert news(peer) == []
    assert bug.seen.total() == before


async def test_a_menus_entry_is_recorded_and_accepted(fresh):
    await fresh.initialize({})
    fresh.engine.text = CALL
    fresh.open(SOURCE)
    (item,) = (await fresh.result("textDocument/completion", at(*END)))["items"]
    fresh.change(2, [{"range": item["textEdit"]["range"], "text": item["textEdit"]["newText"]}])
    await run_command(fresh, item)

    assert news(fresh) == [(1, "accepted", len(CALL), False)]


async def test_a_document_that_is_opened_again_was_closed(peer):
    item = await offered(peer)
    peer.change(2, [{"range": item["range"], "text": item["insertText"]}])
    peer.open("something else\n")

    size = len(CALL)
    assert news(peer)[1:] == [(1, "kept_30s", size, True), (1, "kept_5m", size, True)]


async def test_shutdown_looks_for_the_last_time(peer):
    item = await offered(peer)
    peer.change(2, [{"range": item["range"], "text": item["insertText"]}])
    start = {"start": place(1, 11), "end": place(1, 18)}
    peer.change(3, [{"range": start, "text": "s"}])
    await peer.result("shutdown", None)

    left = len(CALL) - len("session")
    assert news(peer)[1:] == [(1, "kept_30s", left, True), (1, "kept_5m", left, True)]


def test_what_was_accepted_is_looked_at_when_its_time_has_come():
    async def story() -> None:
        peer = Peer(LoopClock())
        await peer.initialize()
        item = await offered(peer)
        peer.change(2, [{"range": item["range"], "text": item["insertText"]}])
        await asyncio.sleep(29)
        assert len(news(peer)) == 1
        peer.change(3, [insertion(1, 33, " # more")])
        await asyncio.sleep(2)
        assert news(peer)[1:] == [(1, "kept_30s", len(CALL), False)]
        peer.change(4, [{"range": {"start": place(1, 11), "end": place(1, 33)}, "text": ""}])
        await asyncio.sleep(270)
        assert news(peer)[2:] == [(1, "kept_5m", 0, False)]
        await peer.result("shutdown", None)
        assert len(news(peer)) == 3

    run_jumping(story)
