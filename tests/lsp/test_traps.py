"""What pygls does to an unwary server, one test each: a new version of it must not bring it back.

Which of them need a process (pipes, sockets) are in ``tests/e2e``.
"""

import asyncio
from typing import Any

import pytest
from lsprotocol import types as lsp
from pygls.feature_manager import is_thread_function

from tandem.core.text import Encoding, Text
from tandem.lsp.convert import from_lsp_position, to_lsp_range
from tests.lsp.harness import URI, Peer, inline, insertion, place, turns

PARAMS, CANCELLED, MODIFIED = -32602, -32800, -32801
in_thread: Any = is_thread_function


async def started(peer: Peer, text: str = "total = ") -> int:
    """Ask for a completion of a document's first line; return when the engine thinks."""
    peer.engine.hold = asyncio.Event()
    peer.engine.text = "sum(values)"
    peer.open(text)
    number = peer.begin("textDocument/inlineCompletion", inline(0, len(text)))
    await peer.engine.thinking.wait()
    return number


# -- 1: a request whose parameters cannot be read was never answered -------------------------------


@pytest.mark.parametrize(
    "params",
    [
        None,
        5,
        [],
        {},
        {"textDocument": {"uri": URI}},
        {**inline(0, 0), "context": {"triggerKind": 3}},
        {**inline(0, 0), "context": {"triggerKind": "1"}},
        {**inline(0, 0), "context": 5},
        {**inline(0, 0), "position": {"line": "0", "character": []}},
        {**inline(0, 0), "textDocument": 7},
    ],
)
async def test_trap_1_bad_parameters_have_exactly_one_answer(peer, params):
    peer.open("x = ")
    before = len(peer.wire.messages)
    peer.send(id=5, method="textDocument/inlineCompletion", params=params)
    await turns()

    (answer,) = peer.wire.messages[before:]
    assert (answer["id"], answer["error"]["code"]) == (5, PARAMS)
    assert "data" not in answer["error"]


async def test_trap_1_a_trigger_kind_of_zero_is_an_invocation(peer):
    """VS Code's own enumeration begins at 0; once seen, its 1 is the automatic trigger."""
    peer.engine.text = "1"
    peer.open("x = ")
    peer.notify("workspace/didChangeConfiguration", {"settings": {"tandem": {}}})
    invoked = await peer.result("textDocument/inlineCompletion", inline(0, 4, trigger=0))
    automatic = await peer.result("textDocument/inlineCompletion", inline(0, 4, trigger=1))

    assert invoked["items"][0]["insertText"] == "x = 1"
    assert automatic == {**invoked, "items": [{**invoked["items"][0], **commanded(automatic)}]}


def commanded(result: dict[str, Any]) -> dict[str, Any]:
    """Return the part of an item that is its own: the command with its number."""
    return {"command": result["items"][0]["command"]}


@pytest.mark.parametrize(
    ("kinds", "shown"),
    [
        ([1], [True]),
        ([2], [False]),
        ([0, 1], [True, False]),
        ([1, 0, 1], [True, True, False]),
    ],
)
async def test_trap_1_who_asks_is_understood_in_both_countings(peer, kinds, shown):
    """Inside a word only a person is answered, so the answer tells how the number was read."""
    peer.engine.text = "ue"
    peer.open("val")
    results = [
        await peer.result("textDocument/inlineCompletion", inline(0, 2, trigger=kind))
        for kind in kinds
    ]

    assert [bool(result["items"]) for result in results] == shown


# -- 2: thread handlers share the pool that reads stdin --------------------------------------------


async def test_trap_2_no_handler_runs_in_a_thread_pool(peer):
    features = peer.protocol.fm
    handlers = [*features.features.values(), *features.commands.values()]
    handlers += features.builtin_features.values()

    assert len(handlers) > 20
    assert not [handler for handler in handlers if in_thread(handler)]


async def test_trap_2_a_session_never_makes_the_pool(peer):
    peer.engine.text = "1"
    peer.open("x = ")
    await peer.result("textDocument/inlineCompletion", inline(0, 4))
    await peer.result("tandem/status", None)
    await peer.result("workspace/executeCommand", {"command": "tandem.accepted", "arguments": []})
    await peer.result("shutdown", None)

    assert peer.server._thread_pool is None


# -- 3: what can be canceled, and what only seemed to be -------------------------------------------


async def test_trap_3_a_cancel_reaches_the_handler_and_is_answered_at_once(peer):
    number = await started(peer)
    peer.cancel(number)
    await turns(5)

    assert [answer["error"]["code"] for answer in peer.wire.answers(number)] == [CANCELLED]
    assert peer.engine.cancelled == 1


async def test_trap_3_a_cancel_in_the_same_read_is_answered_too(peer):
    peer.open("x = ")
    number = peer.begin("textDocument/inlineCompletion", inline(0, 4))
    peer.cancel(number)
    await turns(5)

    assert [answer["error"]["code"] for answer in peer.wire.answers(number)] == [CANCELLED]
    assert peer.engine.asked == []


async def test_trap_3_a_cancel_after_the_answer_changes_nothing(peer):
    number = peer.begin("tandem/status", None)
    await peer.answer(number)
    peer.cancel(number)
    await turns()

    assert len(peer.wire.answers(number)) == 1


async def test_trap_3_a_canceled_command_really_stops(peer):
    running, ended = asyncio.Event(), list[str]()

    @peer.server.command("test.long")
    async def long(*_arguments):
        running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("canceled")
            raise

    number = peer.begin("workspace/executeCommand", {"command": "test.long"})
    await running.wait()
    peer.cancel(number)
    await turns(5)

    assert ended == ["canceled"]
    assert [answer["error"]["code"] for answer in peer.wire.answers(number)] == [CANCELLED]


# -- 5: a nested object with the key "jsonrpc" was taken for a message -----------------------------

LOOKS_LIKE_A_MESSAGE = {"jsonrpc": "2.0", "id": 7, "method": "exit", "params": {}}


async def test_trap_5_options_that_look_like_a_message_are_options(fresh):
    await fresh.initialize(initializationOptions={"tandem": LOOKS_LIKE_A_MESSAGE})

    assert fresh.configured == [(None, LOOKS_LIKE_A_MESSAGE)]
    assert not fresh.protocol.stopped.done()


async def test_trap_5_arguments_that_look_like_a_message_are_arguments(peer):
    taken = list[object]()

    @peer.server.command("test.take")
    async def take(*arguments):  # pygls puts its server before an annotated first argument
        taken.extend(arguments)

    params = {"command": "test.take", "arguments": [LOOKS_LIKE_A_MESSAGE, [LOOKS_LIKE_A_MESSAGE]]}
    await peer.result("workspace/executeCommand", params)

    assert taken == [LOOKS_LIKE_A_MESSAGE, [LOOKS_LIKE_A_MESSAGE]]
    assert not peer.protocol.stopped.done()


async def test_trap_5_parameters_that_look_like_a_message_are_parameters(peer):
    assert await peer.result("tandem/status", LOOKS_LIKE_A_MESSAGE)
    assert not peer.wire.answers(7)


# -- 6: positions past the end ---------------------------------------------------------------------


@pytest.mark.parametrize("encoding", list(Encoding))
@pytest.mark.parametrize(
    ("text", "asked", "end"),
    [
        ("abc", (0, 99), (0, 3)),  # pygls: 2
        ("abc\n", (0, 99), (0, 3)),
        ("abc\n", (1, 5), (1, 0)),
        ("a\nbcd", (1, 99), (1, 3)),
        ("a\nbcd", (7, 0), (1, 3)),
        ("", (3, 3), (0, 0)),
        ("a\r\nbc\r\n", (0, 99), (0, 1)),
    ],
)
def test_trap_6_a_position_past_the_end_is_the_end_and_is_not_mutated(text, asked, end, encoding):
    position = lsp.Position(*asked)
    document = Text.of(text)
    offset = document.offset_at(from_lsp_position(position), encoding)
    found = to_lsp_range(document, offset, offset, encoding).end

    assert (found.line, found.character) == end
    assert (position.line, position.character) == asked


async def test_trap_6_an_item_past_the_end_ends_where_the_line_does(peer):
    peer.engine.text = "def"
    peer.open("x\nabc")
    result = await peer.result("textDocument/inlineCompletion", inline(1, 99))

    (item,) = result["items"]
    assert item["range"] == {"start": place(1, 0), "end": place(1, 3)}
    assert item["insertText"] == "abcdef"
    assert peer.engine.asked[0][1] == len("x\nabc")


# -- 7: the snapshot is that of arrival ------------------------------------------------------------


async def test_trap_7_a_request_sees_the_document_as_it_was_when_it_came(peer):
    peer.engine.text = "sum(values)"
    peer.open("total = ")
    number = peer.begin("textDocument/inlineCompletion", inline(0, 8))
    peer.change(2, [insertion(0, 0, "import math\n")])  # before the handler's first statement
    answer = await peer.answer(number)

    ((document, offset),) = peer.engine.asked
    assert (str(document.text), document.version, offset) == ("total = ", 1, 8)
    assert answer["error"]["code"] == MODIFIED


async def test_trap_7_what_was_typed_along_the_answer_is_not_repeated(peer):
    number = await started(peer)
    peer.change(2, [insertion(0, 8, "sum")])
    peer.change(3, [insertion(0, 11, "(v")])
    peer.engine.hold.set()
    answer = await peer.answer(number)

    (item,) = answer["result"]["items"]
    assert item["insertText"] == "total = sum(values)"
    assert item["range"] == {"start": place(0, 0), "end": place(0, 13)}


@pytest.mark.parametrize(
    "changes",
    [
        [insertion(0, 8, "max")],
        [insertion(0, 8, "sum(values)")],
        [insertion(0, 0, "# ")],
        [{"text": "something else"}],
        [{"range": {"start": place(0, 0), "end": place(0, 3)}, "text": ""}],
    ],
)
async def test_trap_7_an_answer_for_another_document_is_not_given(peer, changes):
    number = await started(peer)
    peer.change(2, changes)
    peer.engine.hold.set()

    assert (await peer.answer(number))["error"]["code"] == MODIFIED


async def test_trap_7_an_answer_for_a_closed_document_is_not_given(peer):
    number = await started(peer)
    peer.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    peer.engine.hold.set()

    assert (await peer.answer(number))["error"]["code"] == MODIFIED


async def test_trap_7_an_answer_for_a_document_opened_again_is_not_given(peer):
    """As VS Code does when the language of a document is changed."""
    number = await started(peer)
    peer.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
    peer.open("nothing = like it\n")
    peer.engine.hold.set()

    assert (await peer.answer(number)).get("error", {}).get("code") == MODIFIED


async def test_a_document_that_is_not_open_has_no_completion(peer):
    answer = await peer.ask("textDocument/inlineCompletion", inline(0, 0, uri="file:///other.py"))

    assert answer["error"]["code"] == MODIFIED
